//! What a record looks like: CloudEvents 1.0 in Kafka's binary mode. The value is the event's data as it is stored, personal
//! data sealed; the stored metadata stands in a header, so that a consumer can verify the hash chain of a stream.

use crate::record::{CONTENT_TYPE, SOURCE, SPEC_VERSION, TYPE_PREFIX, header};
use chrono::{DateTime, SecondsFormat, Utc};
use eventlog::RecordedEvent;
use eventlog::chain::{self, EventHash};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use std::num::ParseIntError;
use std::str::Utf8Error;
use uuid::Uuid;

fn text<'a>(key: &'static str, value: &'a str) -> Header<'static, &'a str> {
    Header { key, value: Some(value) }
}

/// The headers of an event's record.
pub(super) fn headers(event: &RecordedEvent) -> OwnedHeaders {
    OwnedHeaders::new_with_capacity(10)
        .insert(text(header::SPEC_VERSION, SPEC_VERSION))
        .insert(text(header::ID, &event.id.to_string()))
        .insert(text(header::SOURCE, SOURCE))
        .insert(text(header::TYPE, &format!("{TYPE_PREFIX}{}", event.event_type)))
        .insert(text(header::SUBJECT, event.stream.as_str()))
        .insert(text(header::TIME, &event.recorded_at.to_rfc3339_opts(SecondsFormat::Millis, true)))
        .insert(text(header::PARTITION_KEY, event.stream.as_str()))
        .insert(text(header::REVISION, &event.revision.to_string()))
        .insert(text(header::CONTENT_TYPE, CONTENT_TYPE))
        .insert(Header { key: header::METADATA, value: Some(event.metadata.as_ref()) })
}

/// The record's own timestamp, in milliseconds: when the event was recorded, but not later than now. Brokers refuse what is stamped
/// more than an hour ahead of their clock (`message.timestamp.after.max.ms`), and a clock that was ahead for one event would hold up all
/// that follow. The header has the time as it was recorded.
pub(super) fn stamp(recorded_at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    recorded_at.min(now).timestamp_millis()
}

/// An event as it was forwarded.
pub(super) struct Forwarded {
    pub stream: String,
    pub revision: u64,
    pub id: Uuid,
    /// As the hash chain has it.
    pub hash: EventHash,
}

/// What is wrong with a record that we can't have written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ForeignRecord {
    #[error("it has no headers")]
    NoHeaders,
    #[error("it has no header {0}")]
    NoHeader(&'static str),
    #[error("its header {0} is no text")]
    NoText(&'static str, #[source] Utf8Error),
    // Said whole, as it stands in a report: no cause comes after it.
    #[error("its revision can't be read: {0}")]
    Revision(ParseIntError),
    #[error("its id can't be read: {0}")]
    Id(uuid::Error),
    #[error("its type is {0}")]
    Type(String),
    #[error("it has no metadata")]
    NoMetadata,
}

/// Reads a record.
pub(super) fn read(record: &impl Message) -> Result<Forwarded, ForeignRecord> {
    let headers = record.headers().ok_or(ForeignRecord::NoHeaders)?;
    let find = |name: &str| headers.iter().find(|found| found.key == name).and_then(|found| found.value);
    let text = |name: &'static str| {
        let value = find(name).ok_or(ForeignRecord::NoHeader(name))?;
        std::str::from_utf8(value).map_err(|error| ForeignRecord::NoText(name, error))
    };
    let stream = text(header::SUBJECT)?.to_owned();
    let revision = text(header::REVISION)?.parse().map_err(ForeignRecord::Revision)?;
    let id = text(header::ID)?.parse().map_err(ForeignRecord::Id)?;
    let named = text(header::TYPE)?;
    let event_type = named.strip_prefix(TYPE_PREFIX).ok_or_else(|| ForeignRecord::Type(named.to_owned()))?;
    let metadata = find(header::METADATA).ok_or(ForeignRecord::NoMetadata)?;
    let hash = chain::hash(&stream, revision, id, event_type, record.payload().unwrap_or_default(), metadata);
    Ok(Forwarded { stream, revision, id, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_is_stamped_ahead_of_the_clock() {
        let at = |millis| DateTime::from_timestamp_millis(millis).unwrap_or_default();
        assert_eq!(stamp(at(1_000), at(2_000)), 1_000);
        assert_eq!(stamp(at(2_000), at(2_000)), 2_000);
        assert_eq!(stamp(at(2_001), at(2_000)), 2_000);
    }
}
