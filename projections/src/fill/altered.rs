//! Whether the last events that views have folded are still what they were.

use crate::store::{Generation, GenerationState};
use eventlog::chain::EventHash;
use eventlog::{LogError, Position};
use journal::Journal;

/// Tells of an event that was altered since a view folded it. Nothing is filled anew because of that: it would fold what was altered.
pub(super) async fn tell(journal: &Journal, generations: &[Generation]) -> Result<(), LogError> {
    let answers = generations.iter().filter(|generation| generation.state != GenerationState::Retired);
    let mut seen: Vec<(Position, EventHash)> =
        answers.filter_map(|known| Some((known.checkpoint.position, known.event_hash?))).collect();
    seen.sort_unstable_by_key(|(position, hash)| (*position, *hash.as_bytes()));
    seen.dedup();
    for (position, hash) in seen {
        if journal.is_altered(position, hash).await? {
            tracing::error!(
                position = position.0,
                "the event at this position of the log is not what the views have folded: it was altered since. They go on with \
                 what they have of it; `cartlog audit history` of its object tells more"
            );
        }
    }
    Ok(())
}
