//! What is told of one object: its events, and what vouches for them.

use super::testimony::{NotAsked, Witness};
use ::audit::Change;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault::behind::Behind;

/// One event of a history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub revision: u64,
    pub position: u64,
    pub event_id: String,
    #[serde(rename = "type")]
    pub event_type: String,
    /// In words, for people.
    pub happened: String,
    /// What it changed of the object, field by field; null where that can't be told.
    pub changes: Option<Vec<Change>>,
    /// RFC 3339; null where the event can't be read.
    pub occurred_at: Option<String>,
    pub recorded_at: String,
    /// Who made it happen, in words.
    pub actor: Option<String>,
    /// Whom it was done for; null where the event can't be read.
    pub by: Option<By>,
    pub request_id: Option<String>,
    pub causation_id: Option<String>,
    /// Its own hash, which the next event carries.
    pub hash: String,
    /// Personal data open, or null once the person was erased.
    pub data: Value,
}

/// Whom an event was done for, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The token that made it happen, or set it off.
    pub token_id: Option<String>,
    /// What the store calls it.
    pub token_name: Option<String>,
    /// The person at the store's desk.
    pub actor_id: Option<String>,
    /// Null once the person was forgotten.
    pub actor_name: Option<String>,
}

impl From<Behind> for By {
    fn from(behind: Behind) -> Self {
        let (token_id, token_name) = behind.token.map(|token| (token.id.to_string(), token.name)).unzip();
        let (actor_id, actor_name) = behind.person.map(|person| (person.id.to_string(), person.name)).unzip();
        Self { token_id, token_name: token_name.flatten(), actor_id, actor_name: actor_name.flatten() }
    }
}

/// What was found of a stream. It is what was written as far as this says, and no further.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Nothing speaks against it: the chain is intact, every event can be read, and no witness has seen anything else. Not that
    /// somebody vouches for the last event.
    pub sound: bool,
    /// Every event carries the hash of the one before it, without a gap.
    pub intact: bool,
    /// The first place where that is not so, in words.
    pub broken: Option<String>,
    /// How many events, from the first on, are vouched for by the hash in the event after them, as far as nothing speaks against that
    /// one.
    pub covered: u64,
    /// `null` without an event.
    pub last_event: Option<LastEvent>,
    /// Who else has seen an event of this stream, and whether it is still what they have seen.
    pub witnesses: Vec<Witness>,
    /// Those that could not be asked.
    pub not_asked: Vec<NotAsked>,
    /// How many events can't be read.
    pub unreadable: u64,
    /// The first of them.
    pub first_unreadable: Vec<Unread>,
    /// The hash of the last event: whoever keeps it can tell later whether what is here now was altered or cut off.
    pub tip: Option<String>,
}

/// What is known of the event that none follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastEvent {
    /// A witness has seen it as it is.
    Vouched,
    /// Nobody has kept its hash.
    Unvouched,
    /// A witness has seen another one.
    Altered,
}

/// An event that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    pub revision: u64,
    pub position: u64,
    pub reason: String,
}
