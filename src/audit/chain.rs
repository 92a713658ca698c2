//! The check of a stream's hash chain, event by event as it is stored, and of what others have seen of it.
//!
//! An event is vouched for by the one after it, which carries its hash. So nothing in the log vouches for the last one: that is
//! compared with what others have kept of it ([`Witness`]). Whoever can change the log and all of them leaves no trace that is looked
//! for here.

use super::report::{Chain, LastEvent, Unread};
use super::testimony::{Finding, NotAsked, Sighting, Witness};
use eventlog::RecordedEvent;
use eventlog::chain::{self, EventHash};
use serde::Deserialize;

/// Unreadable events that are named at most; that there are more is said by their number.
const NAMED: usize = 100;

/// Takes the events of one stream, oldest first.
#[derive(Debug, Default)]
pub struct ChainCheck {
    length: u64,
    last: Option<EventHash>,
    broken: Option<String>,
    covered: u64,
    unreadable: u64,
    first_unreadable: Vec<Unread>,
    /// What was seen of events that have not come yet.
    seen: Vec<Sighting>,
    witnesses: Vec<Witness>,
    not_asked: Vec<NotAsked>,
}

#[derive(Deserialize)]
struct Link {
    prev: Option<EventHash>,
}

impl ChainCheck {
    /// With what others have seen of the stream; before it is read, so that it has all that they have seen.
    pub fn with(seen: Vec<Sighting>, not_asked: Vec<NotAsked>) -> Self {
        Self { seen, not_asked, ..Self::default() }
    }

    /// Takes the next event, with the reason where it can't be read. Gives its hash.
    pub fn take(&mut self, event: &RecordedEvent, unreadable: Option<&str>) -> EventHash {
        if self.broken.is_none() {
            self.broken = self.fault(event);
        }
        if self.broken.is_none() {
            self.covered = event.revision;
        }
        if let Some(reason) = unreadable {
            self.unreadable += 1;
            if self.first_unreadable.len() < NAMED {
                let (revision, position) = (event.revision, event.position.0);
                self.first_unreadable.push(Unread { revision, position, reason: reason.to_owned() });
            }
        }
        let hash = chain::hash_of(event);
        self.hear(event, hash);
        self.length = event.revision + 1;
        self.last = Some(hash);
        hash
    }

    fn fault(&self, event: &RecordedEvent) -> Option<String> {
        let revision = event.revision;
        if revision != self.length {
            return Some(format!("revision {revision} follows where revision {} belongs", self.length));
        }
        match serde_json::from_slice::<Link>(&event.metadata) {
            Ok(link) if link.prev == self.last => None,
            Ok(_) => Some(format!("revision {revision} does not carry the hash of the event before it")),
            Err(error) => Some(format!("the metadata of revision {revision} can't be read: {error}")),
        }
    }

    /// Compares the event with what was seen of it.
    fn hear(&mut self, event: &RecordedEvent, hash: EventHash) {
        for seen in self.seen.extract_if(.., |seen| seen.is_of(event)) {
            let finding = if seen.hash == hash { Finding::Agrees } else { Finding::Differs };
            self.witnesses.push(seen.witness(event.revision, finding));
        }
    }

    /// What the check has found.
    pub fn finish(mut self) -> Chain {
        // A place without a revision may be of any other stream.
        for seen in std::mem::take(&mut self.seen) {
            if let Some(revision) = seen.revision {
                self.witnesses.push(seen.witness(revision, Finding::Missing));
            }
        }
        let last_event = self.length.checked_sub(1).map(|last| self.of_last(last));
        let altered = self.witnesses.iter().filter(|witness| witness.finding == Finding::Differs);
        let first_altered = altered.map(|witness| witness.revision).min();
        let intact = self.broken.is_none();
        let agree = self.witnesses.iter().all(|witness| witness.finding == Finding::Agrees);
        Chain {
            sound: intact && self.unreadable == 0 && agree,
            intact,
            broken: self.broken,
            // What an event that was altered says of the one before it is worth nothing.
            covered: first_altered.map_or(self.covered, |revision| self.covered.min(revision.saturating_sub(1))),
            last_event,
            witnesses: self.witnesses,
            not_asked: self.not_asked,
            unreadable: self.unreadable,
            first_unreadable: self.first_unreadable,
            tip: self.last.map(|hash| hash.to_string()),
        }
    }

    fn of_last(&self, last: u64) -> LastEvent {
        let found = |finding| self.witnesses.iter().any(|seen| seen.revision == last && seen.finding == finding);
        if found(Finding::Differs) {
            LastEvent::Altered
        } else if found(Finding::Agrees) {
            LastEvent::Vouched
        } else {
            LastEvent::Unvouched
        }
    }
}
