//! How the process's memory is shared out: the one place. What each part holds, it weighs in bytes by itself.
//!
//! What doesn't live here: requests' bodies, which have a setting of their own, and what a process takes however little it
//! remembers (docs/operations.md, Memory).

use crate::config::Memory;

/// What the parts may hold, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// States of streams that nothing waits on.
    pub states: usize,
    /// Decoded rows of the views, of one generation.
    pub rows: usize,
    /// Rows that one batch touches, while it is folded.
    pub folded: usize,
    /// Recent events, decoded for all who follow the log.
    pub recent: usize,
    /// Events that one follower is given at once.
    pub batch: usize,
    /// Recent events, as the log has them.
    pub log: usize,
    /// Appends that wait for the disk.
    pub appends: usize,
    /// Snapshots that wait to be written.
    pub snapshots: usize,
    /// Tokens, credentials and keys seen lately.
    pub known: usize,
}

/// What the budget is divided into.
const PARTS: usize = 64;
/// Generations of a view that may have rows in memory: the one that answers, and one that a rebuild fills. Each folds a batch.
const GENERATIONS: usize = 2;
/// Batches of events that may be in memory: of the views three live and four in a rebuild, one of the windows, one of the
/// reactions.
const BATCHES: usize = 9;

impl Shares {
    pub fn of(memory: Memory) -> Self {
        let part = memory.bytes() / PARTS;
        Self {
            states: 14 * part,
            rows: 16 * part / GENERATIONS,
            folded: 8 * part / GENERATIONS,
            recent: 6 * part,
            batch: 6 * part / BATCHES,
            log: 2 * part,
            // The largest append must have room alone.
            appends: (6 * part).max(eventlog::MAX_APPEND_BYTES),
            snapshots: 3 * part,
            known: 3 * part,
        }
    }

    pub fn of_commands(self) -> commands::Memory {
        commands::Memory { states: self.states as u64, snapshots: self.snapshots, known: self.known as u64 }
    }

    pub fn of_followers(self) -> journal::Memory {
        journal::Memory { recent: self.recent, batch: self.batch }
    }

    pub fn of_views(self) -> projections::ProjectionSettings {
        projections::ProjectionSettings {
            cache_bytes: self.rows as u64,
            batch_bytes: self.batch,
            rows_bytes: self.folded,
            ..projections::ProjectionSettings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shares_together_are_the_budget() {
        let memory: Memory = serde_json::from_str("256").expect("a number of MiB");
        let shares = Shares::of(memory);
        let Shares { states, rows, folded, recent, batch, log, appends, snapshots, known } = shares;
        let all = states + GENERATIONS * (rows + folded) + recent + BATCHES * batch + log + appends + snapshots + known;
        assert!((memory.bytes() - PARTS..=memory.bytes()).contains(&all), "{all} of {}", memory.bytes());
    }
}
