//! Which events of a history are wanted.

use domain::Timestamp;
use journal::{Actor, Envelope};

/// What an event must be to be told; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub event_type: Option<String>,
    pub actor: Option<Actor>,
    pub request_id: Option<String>,
    /// It occurred then or later.
    pub from: Option<Timestamp>,
    /// It occurred before then.
    pub until: Option<Timestamp>,
}

impl Filter {
    pub fn has(&self, envelope: &Envelope) -> bool {
        let metadata = &envelope.metadata;
        let is =
            |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|text| Some(text) == found);
        is(&self.event_type, Some(envelope.event.event_type()))
            && is(&self.request_id, metadata.request_id.as_deref())
            && self.actor.is_none_or(|actor| metadata.actor == actor)
            && self.from.is_none_or(|from| metadata.occurred_at >= from)
            && self.until.is_none_or(|until| metadata.occurred_at < until)
    }

    /// Whether an event is told of which nobody knows what it is: where nothing in particular is wanted.
    pub fn has_unreadable(&self, event_type: &str) -> bool {
        let Filter { event_type: wanted, actor, request_id, from, until } = self;
        wanted.as_deref().is_none_or(|text| text == event_type)
            && actor.is_none()
            && request_id.is_none()
            && from.is_none()
            && until.is_none()
    }
}
