//! What an auditor is told of an object (api.md §12, Audit).

use super::{Time, list, one};
use audit::{AuditedEvent, Kind};
use commands::Behind;
use journal::{Actor, Delivery, Envelope};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A stored event, in words, and what it changed.
#[derive(Serialize, ToSchema)]
pub struct AuditEvent {
    pub event_id: Uuid,
    /// What happened, as in `CartItemAdded`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its place in its stream, from 0.
    pub revision: u64,
    /// Its place in the log.
    pub position: u64,
    /// When it happened; null where the event can't be read.
    pub occurred_at: Option<Time>,
    /// When the log stored it, by the log's own time; null where the event can't be read.
    pub recorded_at: Option<Time>,
    /// `token:` and a token's id, `anonymous`, or `system`; null where the event can't be read.
    pub actor: Option<String>,
    /// Whom it was done for; null where the event can't be read, or nobody is known.
    pub by: Option<AuditBy>,
    /// The request that it happened in.
    pub request_id: Option<String>,
    /// The event that it is a reaction to.
    pub causation_id: Option<Uuid>,
    /// BLAKE3, in hex, over what is stored; the stream's next event carries it.
    pub hash: String,
    /// What happened, in one sentence for people; or why the event can't be read.
    pub happened: String,
    /// What it changed of the object, field by field; null where that can't be told: the event, or one before it, can't be read, or more
    /// than 50,000 events stand before it.
    pub changes: Option<Vec<Change>>,
    /// What is stored of it, by its `type` as `GET /asyncapi.json` has it, but opened: `personal` is not sealed here, and null once the
    /// person was erased. Null where the event can't be read.
    pub data: Value,
}

/// Whom an event was done for: of what cartlog does by itself, whoever set it off.
#[derive(Serialize, ToSchema)]
pub struct AuditBy {
    /// The token that made it happen, or set it off.
    pub token_id: Option<Uuid>,
    /// What the token was called when it was issued.
    pub token_name: Option<String>,
    /// The person whom `Cartlog-Actor` named.
    pub actor_id: Option<Uuid>,
    /// The person's name; null once the person was forgotten.
    pub actor_name: Option<String>,
}

impl AuditBy {
    /// `None` where nobody is known.
    pub fn of(behind: Behind) -> Option<Self> {
        if behind == Behind::default() {
            return None;
        }
        let (token_id, token_name) = behind.token.map(|token| (token.id.0, token.name)).unzip();
        let (actor_id, actor_name) = behind.person.map(|person| (person.id.0, person.name)).unzip();
        Some(Self { token_id, token_name: token_name.flatten(), actor_id, actor_name: actor_name.flatten() })
    }
}

/// A field of the object, before an event and after it.
#[derive(Serialize, ToSchema)]
pub struct Change {
    /// As in `inventory`, or `items[01a2…].quantity`: what stands in a list is named by its id.
    pub field: String,
    /// Null where there was nothing.
    pub before: Value,
    /// Null where there is nothing any more.
    pub after: Value,
}

one! {
    /// What was found, by whatever was known of it.
    AuditFindings {
        /// Each with where its history is.
        objects: Vec<FoundObject>,
        /// Newest first, at most 100.
        events: Vec<FoundEvent>,
        /// Where the log was at the time that was asked for: the last event such that none up to it happened later. Null where no time
        /// was asked for, or nothing had happened yet.
        position: Option<u64>,
        /// False: there are more events, or older ones that were not looked through.
        complete: bool,
    }
}

/// An object that has a history.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FoundObject {
    /// As in `/audit/{kind}/{id}`.
    #[schema(example = "invoice")]
    pub kind: String,
    /// The object's id.
    pub id: Uuid,
    /// Where its history is.
    pub href: String,
}

impl FoundObject {
    pub fn new(kind: Kind, id: Uuid) -> Self {
        Self { kind: kind.as_str().to_owned(), id, href: format!("/audit/{}/{id}", kind.as_str()) }
    }
}

/// An event that was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundEvent {
    pub event_id: Uuid,
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its place in its stream, from 0.
    pub revision: u64,
    /// Its place in the log.
    pub position: u64,
    /// When it happened; null where the event can't be read.
    pub occurred_at: Option<Time>,
    /// The request that it happened in.
    pub request_id: Option<String>,
    /// The event that it is a reaction to.
    pub causation_id: Option<Uuid>,
    /// Whose history it stands in; null where that is of a name that was claimed. Of a cart's events it is the customer's carts.
    pub object: Option<FoundObject>,
}

impl FoundEvent {
    pub fn new(event: &Delivery, object: Option<(Kind, Uuid)>) -> Self {
        let read = match event {
            Delivery::Event(envelope) => Some(envelope),
            Delivery::Unreadable(_) => None,
        };
        let event_type = match event {
            Delivery::Event(envelope) => envelope.event.event_type().to_owned(),
            Delivery::Unreadable(unreadable) => unreadable.event_type.to_string(),
        };
        Self {
            event_id: event.id(),
            event_type,
            revision: event.revision(),
            position: event.position().0,
            occurred_at: read.map(|envelope| envelope.metadata.occurred_at.into()),
            request_id: read.and_then(|envelope| envelope.metadata.request_id.clone()),
            causation_id: read.and_then(|envelope| envelope.metadata.causation_id),
            object: object.map(|(kind, id)| FoundObject::new(kind, id)),
        }
    }
}

list! {
    /// One page of events, oldest first.
    AuditHistory { events: AuditEvent }
}

impl AuditEvent {
    /// An event, and who was behind it.
    ///
    /// # Errors
    /// Its data can't be shown.
    pub fn new(audited: AuditedEvent, by: Option<AuditBy>) -> Result<Self, serde_json::Error> {
        let AuditedEvent { event, happened, changes } = audited;
        let read: Option<&Envelope> = match &event {
            Delivery::Event(envelope) => Some(envelope),
            Delivery::Unreadable(_) => None,
        };
        let event_type = match &event {
            Delivery::Event(envelope) => envelope.event.event_type().to_owned(),
            Delivery::Unreadable(unreadable) => unreadable.event_type.to_string(),
        };
        let change = |change: audit::Change| Change { field: change.field, before: change.before, after: change.after };
        Ok(Self {
            event_id: event.id(),
            event_type,
            revision: event.revision(),
            position: event.position().0,
            occurred_at: read.map(|envelope| envelope.metadata.occurred_at.into()),
            recorded_at: read.map(|envelope| envelope.recorded_at.into()),
            actor: read.map(|envelope| actor(envelope.metadata.actor)),
            by,
            request_id: read.and_then(|envelope| envelope.metadata.request_id.clone()),
            causation_id: read.and_then(|envelope| envelope.metadata.causation_id),
            hash: event.hash().to_string(),
            happened,
            changes: changes.map(|changes| changes.into_iter().map(change).collect()),
            data: read.map_or(Ok(Value::Null), Envelope::open_data)?,
        })
    }
}

/// As clients see who made it happen.
pub fn actor(actor: Actor) -> String {
    match actor {
        Actor::Token(token) => format!("token:{token}"),
        Actor::Anonymous => "anonymous".to_owned(),
        Actor::System => "system".to_owned(),
    }
}
