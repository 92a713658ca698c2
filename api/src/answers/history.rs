//! What happened to one thing, event by event (api.md §12).

use super::audit::actor;
use super::{Time, list};
use journal::Envelope;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A stored event.
#[derive(Serialize, ToSchema)]
pub struct HistoryEvent {
    pub event_id: Uuid,
    /// What happened, as in `CartItemAdded`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its place in its stream, from 0.
    pub revision: u64,
    /// Its place in the log.
    pub position: u64,
    /// When it happened.
    pub occurred_at: Time,
    /// When the log stored it, by the log's own time.
    pub recorded_at: Time,
    /// `token:` and a token's id, `anonymous`, or `system`.
    pub actor: String,
    /// The request that it happened in.
    pub request_id: Option<String>,
    /// The event that it is a reaction to.
    pub causation_id: Option<Uuid>,
    /// What is stored of it, by its `type` as `GET /asyncapi.json` has it, but opened: `personal` is not sealed here, and null once the
    /// person was erased. New types may come.
    pub data: Value,
}

list! {
    /// One page of events, oldest first.
    History { events: HistoryEvent }
}

impl TryFrom<&Envelope> for HistoryEvent {
    type Error = serde_json::Error;

    fn try_from(envelope: &Envelope) -> Result<Self, serde_json::Error> {
        let metadata = &envelope.metadata;
        Ok(Self {
            event_id: envelope.id,
            kind: envelope.event.event_type(),
            revision: envelope.revision,
            position: envelope.position.0,
            occurred_at: metadata.occurred_at.into(),
            recorded_at: envelope.recorded_at.into(),
            actor: actor(metadata.actor),
            request_id: metadata.request_id.clone(),
            causation_id: metadata.causation_id,
            data: envelope.open_data()?,
        })
    }
}
