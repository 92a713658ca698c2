//! Where in the log the events stand that are not settled.

use eventlog::{Checkpoint, Position};
use std::collections::BTreeMap;

/// The checkpoints before them, each as often as it was added.
#[derive(Default)]
pub(super) struct Outstanding(BTreeMap<Position, (Checkpoint, usize)>);

impl Outstanding {
    pub(super) fn add(&mut self, before: Checkpoint) {
        self.0.entry(before.position).or_insert((before, 0)).1 += 1;
    }

    pub(super) fn remove(&mut self, before: Checkpoint) {
        if let Some((_, count)) = self.0.get_mut(&before.position) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&before.position);
            }
        }
    }

    pub(super) fn oldest(&self) -> Option<Checkpoint> {
        self.0.first_key_value().map(|(_, (before, _))| *before)
    }
}
