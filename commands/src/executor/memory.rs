//! What a stream remembers of `Idempotency-Key`s: those of creations for ever, others for 24 hours.
//!
//! The state holds the stream's first creation and the newest [`CREATIONS`] others; older ones are asked of the index
//! (`index.rs`). Other keys age by the stream's own time ([`Age`]), which no clock that jumped can hurry.

use crate::keys::Keyed;
use chrono::TimeDelta;
use domain::Timestamp;
use journal::Idempotency;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

/// How long a key lives at least (api.md §1), with an hour to spare: six jumps of the clock, and clocks that differ.
const LIFETIME: TimeDelta = TimeDelta::hours(25);
/// Creations that a state holds, beside the stream's first.
const CREATIONS: usize = 1_000;

/// The keys of the commands that this stream decided.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The command that began the stream, where it was a creation.
    first: Option<(String, Remembered)>,
    creations: HashMap<String, Remembered>,
    /// The keys of `creations`, oldest first, each with its revision.
    in_order: VecDeque<(u64, String)>,
    /// Some creations are in the index alone.
    has_dropped: bool,
    recent: HashMap<String, Remembered>,
    /// The keys of `recent`, oldest first, each with its age's beginning and its revision.
    by_age: VecDeque<(Millis, u64, String)>,
    age: Age,
}

/// Milliseconds of a stream's own time.
type Millis = i64;

/// A command that was done: its events stand in the stream from `revision` on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) fingerprint: String,
    pub(super) revision: u64,
    pub(super) events: u64,
    /// When it was decided: all of a command's events say the same.
    pub(super) at: Timestamp,
}

/// What the memory says of a key.
#[derive(Clone, Debug)]
pub(super) enum Recall {
    Unknown,
    Done(Remembered),
    /// The key was used with another request.
    OtherRequest,
}

impl Remembered {
    /// What it says to a request that comes with its key.
    pub(super) fn answer(self, asked: &Keyed) -> Recall {
        if asked.is(&self.fingerprint) { Recall::Done(self) } else { Recall::OtherRequest }
    }

    /// Whether the event is the command's next.
    fn goes_on(&self, revision: u64, at: Timestamp) -> bool {
        self.revision + self.events == revision && self.at == at
    }
}

impl Memory {
    pub(super) fn recall(&self, asked: &Keyed) -> Recall {
        let key = &asked.idempotency.key;
        let first = self.first.as_ref().filter(|(first, _)| first == key).map(|(_, remembered)| remembered);
        let known = self.recent.get(key).or_else(|| self.creations.get(key)).or(first);
        known.map_or(Recall::Unknown, |remembered| remembered.clone().answer(asked))
    }

    /// Whether a key that it doesn't know may be an older creation's: then the index knows.
    pub(super) fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    /// Remembers the key of an event; events of one command follow one another. `creates`: what the command does if this is
    /// its last event.
    pub(super) fn note(&mut self, idempotency: &Idempotency, revision: u64, at: Timestamp, creates: bool) {
        let key = &idempotency.key;
        let remembered = match self.recent.get_mut(key) {
            Some(known) if known.goes_on(revision, at) => {
                known.events += 1;
                known.clone()
            }
            Some(_) | None => {
                let fingerprint = idempotency.fingerprint.clone();
                let new = Remembered { fingerprint, revision, events: 1, at };
                self.recent.insert(key.clone(), new.clone());
                self.age.read(idempotency.clock.unwrap_or(at));
                self.by_age.push_back((self.age.passed, revision, key.clone()));
                self.forget();
                new
            }
        };
        if creates { self.note_creation(key, remembered) } else { self.is_no_creation(key, &remembered) }
    }

    fn note_creation(&mut self, key: &str, created: Remembered) {
        if created.revision == 0 {
            self.first = Some((key.to_owned(), created));
            return;
        }
        let revision = created.revision;
        let before = self.creations.insert(key.to_owned(), created);
        // In a log from before keys were remembered for ever one may have been used twice: the last counts.
        if before.is_none_or(|before| before.revision != revision) {
            self.in_order.push_back((revision, key.to_owned()));
        }
        while self.in_order.len() > CREATIONS {
            let Some((revision, key)) = self.in_order.pop_front() else { return };
            if self.creations.get(&key).is_some_and(|known| known.revision == revision) {
                self.creations.remove(&key);
                self.has_dropped = true;
            }
        }
    }

    /// The command went on: what it made, it made on its way.
    fn is_no_creation(&mut self, key: &str, command: &Remembered) {
        if command.events == 1 {
            return;
        }
        let is_it = |known: &Remembered| known.revision == command.revision;
        if self.first.as_ref().is_some_and(|(first, known)| first == key && is_it(known)) {
            self.first = None;
        }
        if self.creations.get(key).is_some_and(is_it) {
            self.creations.remove(key);
            self.in_order.retain(|(revision, _)| *revision != command.revision);
        }
    }

    fn forget(&mut self) {
        let before = self.age.passed - LIFETIME.num_milliseconds();
        while let Some((_, revision, key)) = self.by_age.pop_front_if(|(since, ..)| *since < before) {
            if self.recent.get(&key).is_some_and(|known| known.revision == revision) {
                self.recent.remove(&key);
            }
        }
    }
}

/// The stream's own time: it moves with what clocks said when its commands were decided, but never by more than a step, however
/// far a clock jumps ahead, and not at all when one is set back. So whatever it is that a clock says, a key dies only once 25
/// hours have passed, less ten minutes for each jump; and between two commands of a quiet stream no more than ten minutes pass,
/// so that it remembers a hundred and fifty keys at most for longer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Age {
    passed: Millis,
    /// What was said last, by one node or another.
    said: VecDeque<Timestamp>,
    /// The moment up to which time has been counted.
    reached: Option<Timestamp>,
}

impl Age {
    /// The most that passes from one command to the next.
    const STEP: TimeDelta = TimeDelta::minutes(10);
    /// So many that agree are believed: one node's clock that is ahead counts for nothing beside the others'.
    const BELIEVED: usize = 16;
    /// Clocks that differ by less are those of several nodes; one that is further back was set.
    const APART: TimeDelta = TimeDelta::hours(1);

    fn read(&mut self, clock: Timestamp) {
        self.said.push_back(clock);
        if self.said.len() > Self::BELIEVED {
            self.said.pop_front();
        }
        let now = self.said.iter().min().copied().unwrap_or(clock);
        match self.reached {
            Some(reached) if now >= reached => {
                let step = (now.as_millis() - reached.as_millis()).min(Self::STEP.num_milliseconds());
                self.passed += step;
                self.reached = Some(now);
            }
            Some(reached) if now > reached.minus(Self::APART) => {}
            Some(_) | None => self.reached = Some(now),
        }
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
