//! Where a tree's growth begins: whether what is kept is of this log, and of what it holds.
//!
//! The rule. A tree is made of the log alone, so it may be built anew at any time, and then says so ([`WhyAnew`]); what nobody can undo
//! is what was signed for it before, which is kept elsewhere and tells whether the log was rewritten. So:
//! 1. A tree of another log is left as it is: another data directory or schema was meant. It is built anew if that was said.
//! 2. A tree by other rules is left as it is.
//! 3. The last event that the tree looked at is not in the log, or another one stands there: the log was put back from a backup, and may
//!    have gone on since. The tree is built anew.
//! 4. That event is there, but one of the leaves of the open block is not what it was: no backup does that. Building the tree anew would
//!    hide it, so it is an error that names the leaf, until somebody asks for a new tree.
//! 5. What is kept contradicts itself or is not whole: it is built anew.

use super::error::FollowError;
use super::status::WhyAnew;
use crate::batch::State;
use crate::builder::{Builder, Edge, LEVELS, partial};
use crate::filter::BLOCK;
use crate::rules::RulesInForce;
use crate::span::SPAN;
use crate::store::{TreeStore, TreeStoreError};
use crate::subtree::{rows, subtrees};
use crate::tree::{Part, TreeError, walk};
use eventlog::{Checkpoint, EventLog, LogError, Mismatch, Position};
use proof::hash::{Hash, node_hash};

/// Where to begin.
pub(super) enum Start {
    From(Box<Builder>),
    /// What is there has to be taken away first.
    Anew(WhyAnew),
}

/// Looks at what is kept, and at the log.
///
/// # Errors
/// As the rule says; or one of both is away.
pub(super) async fn start(
    store: &dyn TreeStore,
    log: &dyn EventLog,
    rules: &RulesInForce,
    accept_log: bool,
) -> Result<Start, FollowError> {
    let log_id = log.log_id().await?;
    let Some(state) = store.state().await? else {
        return Ok(Start::From(Box::new(Builder::new(rules.clone(), log_id))));
    };
    let of = state.checkpoint.log_id;
    if of != log_id {
        return match accept_log {
            true => Ok(Start::Anew(WhyAnew::OtherLog(of))),
            false => Err(FollowError::OtherLog { of, log: log_id }),
        };
    }
    if state.rules != *rules.rules() {
        return Err(FollowError::OtherRules { of: state.rules });
    }
    if let Some(mismatch) = mismatch(log, &state.checkpoint).await? {
        return Ok(Start::Anew(WhyAnew::PutBack(mismatch)));
    }
    match resume(store, log, rules, state.clone()).await {
        Ok(builder) => Ok(Start::From(Box::new(builder))),
        // Somebody else has written between two reads: no damage.
        Err(_) if store.state().await?.as_ref() != Some(&state) => {
            Err(TreeStoreError::Moved(state.checkpoint.position).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// What stands in the log at the checkpoint, if not its event.
async fn mismatch(log: &dyn EventLog, checkpoint: &Checkpoint) -> Result<Option<Mismatch>, LogError> {
    let Some(before) = checkpoint.position.0.checked_sub(1) else { return Ok(None) };
    let found = log.read_all(Position(before), 1).await?;
    Ok(match found.first().filter(|event| event.position == checkpoint.position) {
        None => Some(Mismatch::NoEvent),
        Some(event) if event.id != checkpoint.event_id => Some(Mismatch::OtherEvent(event.id)),
        Some(_) => None,
    })
}

/// The builder of a tree that stands there. The events of the open block are read again, as their keys are kept nowhere; where the last
/// block is complete, those of the last span are, so that the tree's end is always looked at.
async fn resume(
    store: &dyn TreeStore,
    log: &dyn EventLog,
    rules: &RulesInForce,
    state: State,
) -> Result<Builder, TreeError> {
    let size = state.size();
    let edge = edge(store, &state).await?;
    let mut builder = Builder::resume(rules.clone(), state, edge);
    let open = size - size % BLOCK;
    let from = open.min(size.saturating_sub(1));
    for span in from / SPAN..size.div_ceil(SPAN) {
        let visit = &mut |walked: crate::tree::Walked<'_>| {
            if walked.index >= open {
                builder.recall(walked.index, walked.event, walked.counted, walked.place);
            }
        };
        walk((store, log, rules), span, size, visit).await?;
    }
    Ok(builder)
}

/// The partial tiles, which have to be those that the tree's root is made of.
async fn edge(store: &dyn TreeStore, state: &State) -> Result<Edge, TreeError> {
    let mut levels: [Vec<u8>; LEVELS as usize] = Default::default();
    let mut parts: Vec<Hash> = Vec::new();
    for (level, kept) in (0..LEVELS).zip(&mut levels) {
        let (index, width) = partial(level, state.size());
        if width == 0 {
            continue;
        }
        let part = Part::Tile { level, index };
        *kept = store.tile(level, index).await?.ok_or(TreeError::Lacks(part))?;
        if kept.len() as u64 != width * Hash::BYTES as u64 {
            return Err(TreeError::Malformed(part));
        }
        // From the right: lower levels stand behind higher ones.
        parts.splice(0..0, subtrees(&rows(kept)));
    }
    let root = parts.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    match root.is_none_or(|root| root == state.root()) {
        true => Ok(Edge::of(levels)),
        false => Err(TreeError::Malformed(Part::Tile { level: 0, index: partial(0, state.size()).0 })),
    }
}
