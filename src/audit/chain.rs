//! The check of a stream's hash chain, event by event as it is stored.

use eventlog::RecordedEvent;
use eventlog::chain::{self, EventHash};
use serde::{Deserialize, Serialize};

/// Whether a stream is as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Every event carries the hash of the one before it, without a gap.
    pub intact: bool,
    /// The first place where that is not so, in words.
    pub broken: Option<String>,
    /// The hash of the last event: whoever keeps it can tell later whether what is here now was altered or cut off.
    pub tip: Option<String>,
}

/// Takes the events of one stream, oldest first.
#[derive(Debug, Default)]
pub struct ChainCheck {
    length: u64,
    last: Option<EventHash>,
    broken: Option<String>,
}

#[derive(Deserialize)]
struct Link {
    prev: Option<EventHash>,
}

impl ChainCheck {
    /// Takes the next event. Gives its hash.
    pub fn take(&mut self, event: &RecordedEvent) -> EventHash {
        if self.broken.is_none() {
            self.broken = self.fault(event);
        }
        let hash = chain::hash_of(event);
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

    /// What the check has found.
    pub fn finish(self) -> Chain {
        Chain { intact: self.broken.is_none(), broken: self.broken, tip: self.last.map(|hash| hash.to_string()) }
    }
}
