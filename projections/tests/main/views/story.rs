//! How a row comes about, told event by event: what each one changes, and that it changes nothing else.

use cartlog_projections::View;
use domain::{Event, StoreId, Timestamp};
use eventlog::{Position, StreamName};
use journal::{Actor, Envelope, Metadata};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::marker::PhantomData;
use uuid::Uuid;

pub const STORE: StoreId = StoreId(id(1));

/// The ids of a story are small numbers.
pub const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The moment of a story's event with that number, from 0.
pub fn moment(number: i64) -> Timestamp {
    Timestamp::from_millis(crate::world::BEGINNING + number * 1_000)
}

/// The same, as answers have it.
pub fn at(number: i64) -> Value {
    json!(moment(number))
}

/// Of a row of the view, told in events of the aggregate.
pub struct Story<V: View, E> {
    key: Uuid,
    stream: StreamName,
    row: Option<V::Row>,
    /// Of the next event.
    number: u64,
    revisions: HashMap<StreamName, u64>,
    events: PhantomData<E>,
}

impl<V: View, E: Into<Event>> Story<V, E> {
    /// Of the row with that key, whose events stand in the stream `<category>-<id>`.
    pub fn of(key: Uuid, stream: impl Into<String>) -> Self {
        let stream = StreamName::new(stream.into());
        Self { key, stream, row: None, number: 0, revisions: HashMap::new(), events: PhantomData }
    }

    /// The next events stand in another stream.
    pub fn in_stream(mut self, stream: impl Into<String>) -> Self {
        self.stream = StreamName::new(stream.into());
        self
    }

    fn next(&mut self, event: impl Into<E>) -> Envelope {
        let revision = self.revisions.entry(self.stream.clone()).or_default();
        let envelope = Envelope {
            stream: self.stream.clone(),
            revision: *revision,
            position: Position(self.number + 1),
            id: id(u128::from(self.number) + 1_000_000),
            recorded_at: moment(self.number as i64 + 500),
            hash: [0; 32].into(),
            metadata: Metadata {
                schema_version: 1,
                store_id: STORE,
                occurred_at: moment(self.number as i64),
                actor: Actor::System,
                by: None,
                request_id: None,
                idempotency: None,
                causation_id: None,
                correlation_id: id(0),
                prev: None,
            },
            event: event.into().into(),
        };
        *revision += 1;
        self.number += 1;
        envelope
    }

    /// The event happens, and exactly these fields of the row are other than before.
    #[track_caller]
    pub fn then(mut self, event: impl Into<E>, changes: Value) -> Self {
        let envelope = self.next(event);
        let told = envelope.event.event_type();
        assert!(
            V::keys(&envelope, &V::Store::default()).as_slice().contains(&self.key.into()),
            "{told} is about another row"
        );
        assert!(V::SOURCE.has(envelope.event.category()), "{told} stands where the view does not look");
        let before = fields(&self.row);
        V::apply(&mut self.row, self.key.into(), &envelope, &V::Store::default())
            .unwrap_or_else(|misfit| panic!("{told}: {misfit}"));
        assert_eq!(Value::Object(changed(before, fields(&self.row))), changes, "{told}");
        self
    }

    /// The event happens, whatever it changes.
    #[track_caller]
    pub fn then_anything(mut self, event: impl Into<E>) -> Self {
        let envelope = self.next(event);
        let told = envelope.event.event_type();
        V::apply(&mut self.row, self.key.into(), &envelope, &V::Store::default())
            .unwrap_or_else(|misfit| panic!("{told}: {misfit}"));
        self
    }

    /// The event happens, and is not about the row.
    #[track_caller]
    pub fn passing_by(mut self, event: impl Into<E>) -> Self {
        let envelope = self.next(event);
        assert!(
            !V::keys(&envelope, &V::Store::default()).as_slice().contains(&self.key.into()),
            "{}",
            envelope.event.event_type()
        );
        self
    }

    /// The event can't follow on what the row is: that stays as it was.
    #[track_caller]
    pub fn unfit(mut self, event: impl Into<E>) -> Self {
        let envelope = self.next(event);
        let before = self.row.clone();
        let told = envelope.event.event_type();
        assert!(V::apply(&mut self.row, self.key.into(), &envelope, &V::Store::default()).is_err(), "{told}");
        assert_eq!(self.row, before, "{told}");
        self
    }

    pub fn row(&self) -> &V::Row {
        self.row.as_ref().expect("a row")
    }
}

fn fields(row: &Option<impl serde::Serialize>) -> Map<String, Value> {
    match serde_json::to_value(row).expect("JSON") {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn changed(before: Map<String, Value>, after: Map<String, Value>) -> Map<String, Value> {
    after.into_iter().filter(|(name, value)| before.get(name) != Some(value)).collect()
}
