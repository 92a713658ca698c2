//! Creations that a stream's state is too small to hold: where they stand is asked of the views, what they were is read from
//! the stream itself.

use super::loaded::failed;
use super::memory::{Recall, Remembered};
use super::{ExecutorContext, StreamFailure};
use crate::keys::Keyed;
use domain::StoreId;
use eventlog::{Position, StreamName};
use journal::{Envelope, Tail};

/// A creation has no more events than this before its last.
const MOST_BEFORE: u64 = 8;

/// What the index says of a key that the stream's state, which is at the position, does not know; asked once the views have come
/// as far.
///
/// # Errors
/// [`StreamFailure::Views`] when they are away or late: then nobody knows.
pub(super) async fn recall(
    shared: &ExecutorContext,
    stream: &StreamName,
    position: Position,
    store: StoreId,
    asked: &Keyed,
) -> Result<Recall, StreamFailure> {
    let away = |source| StreamFailure::Views { stream: stream.to_string(), source };
    let found = shared.lookups.creation(position, store, &asked.idempotency.key).await.map_err(away)?;
    let Some(found) = found.filter(|found| found.stream == stream.as_str()) else { return Ok(Recall::Unknown) };
    let from = Tail { length: found.revision.saturating_sub(MOST_BEFORE), last_hash: None };
    // With the one after it, which tells whether it is the last.
    let count = usize::try_from(found.revision - from.length + 2).unwrap_or(usize::MAX);
    let slice = shared.journal.read_stream(stream, from, count).await.map_err(|error| failed(stream, error))?;
    let remembered = command(&slice.events, &asked.idempotency.key, found.revision);
    Ok(remembered.map_or(Recall::Unknown, |remembered| remembered.answer(asked)))
}

/// The command of the key whose last event stands at the revision; `None` when it went on, and was no creation then.
fn command(events: &[Envelope], key: &str, last: u64) -> Option<Remembered> {
    let carries = |event: &&Envelope| event.metadata.idempotency.as_ref().is_some_and(|carried| carried.key == key);
    let last = events.iter().find(|event| event.revision == last).filter(carries)?;
    let same = |event: &&Envelope| carries(event) && event.metadata.occurred_at == last.metadata.occurred_at;
    if events.iter().any(|event| event.revision == last.revision + 1 && same(&event)) {
        return None;
    }
    let before = events.iter().rev().skip_while(|event| event.revision >= last.revision).take_while(same);
    let revision = before.last().map_or(last.revision, |first| first.revision);
    Some(Remembered {
        fingerprint: last.metadata.idempotency.as_ref()?.fingerprint.clone(),
        revision,
        events: last.revision + 1 - revision,
        at: last.metadata.occurred_at,
    })
}
