//! What a stream remembers of `Idempotency-Key`s: 24 hours of them, and the one that created it for ever.

use chrono::TimeDelta;
use domain::Timestamp;
use journal::Idempotency;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// How long a key lives at least (api.md §1), with an hour to spare for clocks that differ.
const LIFETIME: TimeDelta = TimeDelta::hours(25);

/// The keys of the commands that this stream decided.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    creation: Option<(String, Remembered)>,
    recent: HashMap<String, Remembered>,
    /// The keys of `recent` by age, oldest first, each with its place.
    by_age: VecDeque<(Timestamp, u64, String)>,
}

/// A command that was done: its events stand in the stream from `revision` on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    fingerprint: String,
    pub(super) revision: u64,
    pub(super) events: u64,
}

/// What the memory says of a key.
pub(super) enum Recall {
    Unknown,
    Done(Remembered),
    /// The key was used with another request.
    OtherRequest,
}

impl Memory {
    pub(super) fn recall(&self, asked: &Idempotency) -> Recall {
        let creation = self.creation.as_ref().filter(|(key, _)| *key == asked.key).map(|(_, remembered)| remembered);
        match self.recent.get(&asked.key).or(creation) {
            None => Recall::Unknown,
            Some(remembered) if remembered.fingerprint == asked.fingerprint => Recall::Done(remembered.clone()),
            Some(_) => Recall::OtherRequest,
        }
    }

    /// Remembers the key of an event; events of one command follow one another.
    pub(super) fn note(&mut self, idempotency: &Idempotency, revision: u64, at: Timestamp) {
        if let Some(known) = self.recent.get_mut(&idempotency.key)
            && known.revision + known.events == revision
        {
            known.events += 1;
            self.note_creation(idempotency, revision);
            return;
        }
        let remembered = Remembered { fingerprint: idempotency.fingerprint.clone(), revision, events: 1 };
        self.recent.insert(idempotency.key.clone(), remembered);
        self.by_age.push_back((at, revision, idempotency.key.clone()));
        self.note_creation(idempotency, revision);
        self.forget(at.minus(LIFETIME));
    }

    fn note_creation(&mut self, idempotency: &Idempotency, revision: u64) {
        match &mut self.creation {
            None if revision == 0 => {
                let remembered = Remembered { fingerprint: idempotency.fingerprint.clone(), revision, events: 1 };
                self.creation = Some((idempotency.key.clone(), remembered));
            }
            Some((key, created)) if *key == idempotency.key && created.events == revision => created.events += 1,
            None | Some(_) => {}
        }
    }

    fn forget(&mut self, before: Timestamp) {
        while let Some((_, revision, key)) = self.by_age.pop_front_if(|(at, ..)| *at < before) {
            if self.recent.get(&key).is_some_and(|known| known.revision == revision) {
                self.recent.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(memory: &mut Memory, key: &str, revision: u64, hours: i64) {
        let idempotency = Idempotency { key: key.to_owned(), fingerprint: "f".to_owned() };
        memory.note(&idempotency, revision, Timestamp::default().plus(TimeDelta::hours(hours)));
    }

    fn knows(memory: &Memory, key: &str) -> bool {
        let asked = Idempotency { key: key.to_owned(), fingerprint: "f".to_owned() };
        matches!(memory.recall(&asked), Recall::Done(_))
    }

    #[test]
    fn a_key_is_forgotten_after_a_day_but_for_the_one_that_created_the_stream() {
        let mut memory = Memory::default();
        noted(&mut memory, "creation", 0, 0);
        noted(&mut memory, "early", 1, 1);
        noted(&mut memory, "late", 2, 25);
        assert!(["creation", "early", "late"].iter().all(|key| knows(&memory, key)));
        noted(&mut memory, "next day", 3, 27);
        assert!(["creation", "late", "next day"].iter().all(|key| knows(&memory, key)));
        assert!(!knows(&memory, "early"));
        assert_eq!((memory.recent.len(), memory.by_age.len()), (2, 2));
    }

    #[test]
    fn the_events_of_one_command_are_remembered_together() {
        let mut memory = Memory::default();
        (0..3).for_each(|revision| noted(&mut memory, "k", revision, 0));
        let asked = Idempotency { key: "k".to_owned(), fingerprint: "f".to_owned() };
        let Recall::Done(remembered) = memory.recall(&asked) else { panic!("it was noted") };
        assert_eq!((remembered.revision, remembered.events), (0, 3));
    }
}
