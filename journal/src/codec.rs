//! An event of the domain as stored bytes, and back.

use crate::{Envelope, JournalError, Keys, Metadata, SealingKey, ToAppend, Unreadable, seal, upcast};
use domain::numbers::NumberingEvent;
use domain::{Category, CustomerId, Event, Personal};
use eventlog::chain::{self, EventHash};
use eventlog::{NewEvent, RecordedEvent, StreamName, with_causes};
use std::collections::HashMap;
use std::sync::Arc;

/// Encodes events that follow one another in a stream, from `length` events on, chained from `prev`. Personal data is
/// sealed. Gives the stored events and the last one's hash.
pub async fn encode(
    stream: &StreamName,
    length: u64,
    prev: Option<EventHash>,
    events: &[ToAppend],
    keys: &dyn Keys,
) -> Result<(Vec<NewEvent>, EventHash), JournalError> {
    let key = match events.iter().any(|event| event.event.has_personal()) {
        true => Some(sealing_key(stream, keys).await?),
        false => None,
    };
    let mut prev = prev;
    let mut stored = Vec::with_capacity(events.len());
    for (event, revision) in events.iter().zip(length..) {
        let data = encode_data(stream, event, key.as_ref())?;
        let metadata = serde_json::to_vec(&Metadata {
            prev,
            schema_version: event.event.schema_version(),
            ..event.metadata.clone()
        })?;
        let event_type = event.event.event_type();
        prev = Some(chain::hash(stream.as_str(), revision, event.id, event_type, &data, &metadata));
        stored.push(NewEvent {
            id: event.id,
            event_type: event_type.to_owned(),
            data: data.into(),
            metadata: metadata.into(),
        });
    }
    prev.map(|last| (stored, last)).ok_or(JournalError::NothingToAppend)
}

/// Whether an event has personal data. Asked of copies: events of customers are rare and small.
trait HasPersonal {
    fn has_personal(&self) -> bool;
}

impl HasPersonal for Event {
    fn has_personal(&self) -> bool {
        matches!(self, Event::Customer(event) if event.clone().personal_mut().is_some())
    }
}

async fn sealing_key(stream: &StreamName, keys: &dyn Keys) -> Result<SealingKey, JournalError> {
    let customer = customer_of(stream).ok_or_else(|| JournalError::Misplaced(stream.clone()))?;
    keys.key_or_new(customer).await?.ok_or(JournalError::Erased(customer))
}

fn encode_data(stream: &StreamName, event: &ToAppend, key: Option<&SealingKey>) -> Result<Vec<u8>, JournalError> {
    if !event.event.has_personal() {
        return Ok(serde_json::to_vec(&event.event)?);
    }
    let mut sealed = event.event.clone();
    if let (Some(personal), Some(key)) = (sealed.personal_mut(), key)
        && let Personal::Open(data) = &*personal
    {
        *personal = Personal::Sealed(seal::seal(key, stream.as_str(), event.id, data)?);
    }
    Ok(serde_json::to_vec(&sealed)?)
}

/// The customer whose stream it is; `None` for any other stream.
fn customer_of(stream: &StreamName) -> Option<CustomerId> {
    match Category::of_stream(stream.as_str()) {
        Some((Category::Customer, id)) => id.parse().ok(),
        _ => None,
    }
}

/// Decodes stored events in their order, opening personal data; each key is asked for once.
pub async fn decode(
    events: Vec<RecordedEvent>,
    keys: &dyn Keys,
) -> Result<Vec<Result<Envelope, Unreadable>>, JournalError> {
    let mut read: Vec<_> = events.into_iter().map(decode_sealed).collect();
    let mut customers: Vec<CustomerId> =
        read.iter_mut().filter_map(|event| event.as_mut().ok().and_then(sealed_for)).collect();
    customers.sort_unstable();
    customers.dedup();
    if customers.is_empty() {
        return Ok(read);
    }
    let found = keys.keys(&customers).await?;
    let keys: HashMap<CustomerId, Option<SealingKey>> = customers.into_iter().zip(found).collect();
    for slot in &mut read {
        let Ok(envelope) = slot else { continue };
        if let Err(reason) = open_personal(envelope, &keys) {
            *slot = Err(unreadable(envelope, reason));
        }
    }
    Ok(read)
}

/// The customer whose key opens the envelope's personal data, where it has any.
fn sealed_for(envelope: &mut Envelope) -> Option<CustomerId> {
    envelope.event.personal_mut()?;
    customer_of(&envelope.stream)
}

fn open_personal(
    envelope: &mut Envelope,
    keys: &HashMap<CustomerId, Option<SealingKey>>,
) -> Result<(), seal::SealError> {
    let Some(customer) = customer_of(&envelope.stream) else {
        return Ok(());
    };
    let Some(personal) = envelope.event.personal_mut() else {
        return Ok(());
    };
    let Personal::Sealed(sealed) = &*personal else {
        return Ok(());
    };
    *personal = match keys.get(&customer) {
        Some(Some(key)) => Personal::Open(seal::open(key, envelope.stream.as_str(), envelope.id, sealed)?),
        Some(None) | None => Personal::Erased,
    };
    Ok(())
}

fn unreadable(envelope: &Envelope, reason: seal::SealError) -> Unreadable {
    Unreadable {
        stream: envelope.stream.clone(),
        revision: envelope.revision,
        position: envelope.position,
        id: envelope.id,
        event_type: envelope.event.event_type().into(),
        hash: envelope.hash,
        store_id: Some(envelope.metadata.store_id),
        numbering: NumberingEvent::of(&envelope.event, envelope.metadata.occurred_at).map(Box::new),
        is_locked: matches!(reason, seal::SealError::Damaged),
        reason: match reason {
            seal::SealError::Damaged => reason.into(),
            seal::SealError::Json(_) => Illegible::Personal.into(),
        },
    }
}

/// Decodes one stored event; personal data stays sealed.
#[allow(clippy::result_large_err, reason = "an event that can be read is larger")]
fn decode_sealed(recorded: RecordedEvent) -> Result<Envelope, Unreadable> {
    let hash = chain::hash_of(&recorded);
    match read_parts(&recorded) {
        Ok((metadata, event)) => Ok(Envelope {
            stream: recorded.stream,
            revision: recorded.revision,
            position: recorded.position,
            id: recorded.id,
            recorded_at: recorded.recorded_at.into(),
            hash,
            metadata,
            event,
        }),
        Err(reason) => Err(illegible(recorded, hash, reason)),
    }
}

/// What can be told of an event all the same. Its metadata are read field by field, so that one that is wrong hides no other.
fn illegible(recorded: RecordedEvent, hash: EventHash, reason: Illegible) -> Unreadable {
    let metadata: serde_json::Value = serde_json::from_slice(&recorded.metadata).unwrap_or_default();
    let text = |field: &str| metadata.get(field).and_then(serde_json::Value::as_str);
    let at = text("occurred_at").and_then(|time| time.parse().ok());
    Unreadable {
        store_id: text("store_id").and_then(|id| id.parse().ok()),
        numbering: NumberingEvent::of_stored(&recorded.event_type, &recorded.data, at).map(Box::new),
        stream: recorded.stream,
        revision: recorded.revision,
        position: recorded.position,
        id: recorded.id,
        event_type: Arc::clone(&recorded.event_type),
        hash,
        reason: reason.into(),
        is_locked: false,
    }
}

/// Why a stored event can't be read.
#[derive(Debug, thiserror::Error)]
enum Illegible {
    #[error("the stream is not one of ours")]
    Stream,
    #[error("its metadata: {0}")]
    Metadata(#[source] serde_json::Error),
    #[error("{}", with_causes(.0))]
    Event(#[from] domain::UnreadableEvent),
    #[error("its schema version {version} is newer than this program's {known}")]
    Newer { version: u32, known: u32 },
    /// What was read of it is a person's, and the error that says where it is wrong may show some of it.
    #[error("the personal data can't be written or read")]
    Personal,
}

fn read_parts(recorded: &RecordedEvent) -> Result<(Metadata, Event), Illegible> {
    let (category, _) = Category::of_stream(recorded.stream.as_str()).ok_or(Illegible::Stream)?;
    let metadata: Metadata = serde_json::from_slice(&recorded.metadata).map_err(Illegible::Metadata)?;
    let data = upcast::upcast(category, &recorded.event_type, metadata.schema_version, &recorded.data)?;
    let event = Event::decode(category, &recorded.event_type, &data)?;
    let (version, known) = (metadata.schema_version, event.schema_version());
    if version > known {
        return Err(Illegible::Newer { version, known });
    }
    Ok((metadata, event))
}
