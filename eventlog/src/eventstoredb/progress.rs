//! Up to where the log was seen, and from where it is safe to go on.

use super::wire::Position;

/// What the subscription has brought so far.
///
/// With a filter the server sends checkpoints, so that others' events need not be looked through again. Some of its versions
/// sent them too early: beyond events that were still to come, at the place of the next event, beyond any place. So a
/// checkpoint counts only once the next one has come with no event before it in between; until then the one before counts.
/// The commit and the prepare position both matter: a checkpoint may stand between events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    last_event: Position,
    safe: Position,
    pending: Option<Position>,
}

impl Progress {
    /// All of ours up to `last_event` is known, and nothing of ours stands after it up to `end`.
    pub fn new(last_event: Position, end: Position) -> Self {
        Self { last_event, safe: end.max(last_event), pending: None }
    }

    /// From after where to go on.
    pub fn safe(&self) -> Position {
        self.safe
    }

    /// The last event of ours.
    pub fn last_event(&self) -> Position {
        self.last_event
    }

    /// An event has come; says whether it is a new one.
    pub fn event(&mut self, at: Position) -> bool {
        if at <= self.last_event {
            return false;
        }
        // Also back from a checkpoint that proved too early.
        *self = Self { last_event: at, safe: at, pending: None };
        true
    }

    pub fn checkpoint(&mut self, at: Position) {
        if at.commit > Position::GREATEST || at <= self.safe {
            return;
        }
        match self.pending {
            Some(pending) if pending < at => self.safe = pending,
            // It went back, so that the greater one was too early.
            Some(_) | None => {}
        }
        self.pending = Some(at);
    }
}
