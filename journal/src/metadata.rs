//! What stands beside every event's data.

use domain::{ActorId, StoreId, Timestamp, TokenId};
use eventlog::EventId;
use eventlog::chain::EventHash;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The metadata of an event, stored as JSON beside its data. Its type stands in the log itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The schema version of the data.
    #[serde(rename = "v")]
    pub schema_version: u32,
    /// The store that the event belongs to. Claims on an `app_id` name the store they are for.
    pub store_id: StoreId,
    /// When it happened: never before the stream's previous event.
    pub occurred_at: Timestamp,
    pub actor: Actor,
    /// Whom it was done for, as far as `actor` does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// The request that it happened in; its id is in the server's log lines too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Of the request, when it carried an `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// The event that it is a reaction to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// The same for all that one request set off.
    pub correlation_id: EventId,
    /// The hash of the stream's previous event; absent at its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<EventHash>,
}

impl Metadata {
    /// Whom all was done for that cartlog does by itself because of this event.
    pub fn passed_on(&self) -> Option<By> {
        By::passed_on(self.actor, self.by.as_ref())
    }
}

/// Whom something was done for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The token of the request that set it off, where cartlog itself acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenId>,
    /// The person whom the request named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<NamedPerson>,
}

impl By {
    /// Of what cartlog does by itself, because of what `actor` did for `by`.
    pub fn passed_on(actor: Actor, by: Option<&By>) -> Option<By> {
        match actor {
            Actor::Token(token) => Some(By { token: Some(token), person: by.and_then(|by| by.person.clone()) }),
            Actor::System => by.cloned(),
            Actor::Anonymous => None,
        }
    }

    /// What a client's own events say beside its token.
    pub fn person(person: NamedPerson) -> By {
        By { token: None, person: Some(person) }
    }
}

/// Somebody at a store's desk: nobody reads the name without the vault's key, which can be destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPerson {
    pub id: ActorId,
    /// The name, sealed under the person's own key ([`crate::seal_name`]).
    pub name: Arc<str>,
}

/// Who made it happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A client of the store, by its token's id.
    Token(TokenId),
    /// A client without a token: it creates a store, asks for a token, or opens a confirmation link.
    Anonymous,
    /// cartlog itself: a reaction, a recovery, an expiry, a job.
    System,
}

/// HMACs, keyed per store, in hex: a log alone gives neither away by brute force. Whoever has the vault's keys beside it can
/// try words, so no secret or password goes into a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// Of (method, path, key).
    pub key: String,
    /// Of the request: with `v2:` before it, of its canonical form without its secrets; plain, as earlier versions wrote it, of
    /// its query and body as they came.
    pub fingerprint: String,
    /// What the clock said, where that is before the event's `occurred_at`: it had been set back. A key's age is counted from
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
}
