//! Stored events of every version of every type, checked in, are read for ever (`domain/samples`).
//!
//! A sample is an event as it is stored; `personal` beside it says what its sealed data opens to, with the keys of
//! `journal::testing`. To add one for a new type or version, write it into its category's file; never change one.

use crate::support::*;
use cartlog_journal::{Delivery, Envelope, Keys, Tail, ToAppend};
use domain::{Category, CustomerId, Event, Personal};
use eventlog::{NewEvent, StreamName};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    stream: StreamName,
    id: Uuid,
    #[serde(rename = "type")]
    event_type: String,
    metadata: Value,
    data: Value,
    #[serde(default)]
    personal: Option<Value>,
}

impl Sample {
    fn version(&self) -> u64 {
        self.metadata["v"].as_u64().unwrap()
    }

    /// The data as an auditor sees it.
    fn open_data(&self) -> Value {
        let mut data = self.data.clone();
        if let Some(personal) = &self.personal {
            data["personal"] = personal.clone();
        }
        data
    }
}

fn samples(category: Category) -> Vec<Sample> {
    let path = format!("{}/../domain/samples/{category}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn all_samples() -> Vec<Sample> {
    Category::ALL.into_iter().flat_map(samples).collect()
}

fn current_version(sample: &Sample) -> u64 {
    let types = Event::TYPES.iter().flat_map(|(_, types)| types.iter()).chain(Event::COMMON_TYPES);
    types.filter(|(name, _)| *name == sample.event_type).map(|(_, version)| u64::from(*version)).next().unwrap()
}

/// The samples, read from a log that holds them as they are.
async fn read(samples: &[Sample]) -> Vec<Envelope> {
    let desk = Desk::new();
    for sample in samples {
        if let Some((Category::Customer, id)) = Category::of_stream(sample.stream.as_str()) {
            desk.keys.key_or_new(CustomerId(id.parse().unwrap())).await.unwrap();
        }
        let event = NewEvent {
            id: sample.id,
            event_type: sample.event_type.clone(),
            data: sample.data.to_string().into(),
            metadata: sample.metadata.to_string().into(),
        };
        let length = desk.journal.log().read_stream(&sample.stream, 0, usize::MAX).await.unwrap().len();
        let expected = eventlog::ExpectedRevision::of_length(length as u64);
        desk.journal.log().append(&sample.stream, expected, vec![event]).await.unwrap();
    }
    let read = desk.read().await;
    read.into_iter()
        .map(|delivery| match delivery {
            Delivery::Event(envelope) => Arc::unwrap_or_clone(envelope),
            Delivery::Unreadable(unreadable) => panic!("{unreadable}"),
        })
        .collect()
}

#[test]
fn every_version_of_every_type_has_a_sample() {
    for (category, types) in Event::TYPES {
        let has: BTreeSet<(String, u64)> =
            samples(category).iter().map(|sample| (sample.event_type.clone(), sample.version())).collect();
        let wanted = types
            .iter()
            .chain(Event::COMMON_TYPES)
            .flat_map(|(name, now)| (1..=*now).map(|v| ((*name).to_owned(), u64::from(v))));
        let wanted: BTreeSet<(String, u64)> = wanted.collect();
        assert_eq!(has, wanted, "domain/samples/{category}.json");
    }
}

/// What of a format earlier programs can't read: a new type, or a new version of one, raises [`domain::FORMAT`] once a version with
/// the format before was released, and stands in `formats.json` under it. What stands there of earlier formats never changes.
#[test]
fn every_type_and_version_belongs_to_a_format() {
    let path = format!("{}/../domain/samples/formats.json", env!("CARGO_MANIFEST_DIR"));
    let formats: BTreeMap<u32, BTreeMap<String, Vec<String>>> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(formats.keys().max(), Some(&domain::FORMAT));
    let listed: BTreeSet<(String, String)> = formats
        .values()
        .flatten()
        .flat_map(|(category, types)| types.iter().map(|listed| (category.clone(), listed.clone())))
        .collect();
    let versions = |(category, types): &(Category, &[(&str, u32)])| {
        let each =
            |(name, now): &(&str, u32)| (1..=*now).map(|version| format!("{name} {version}")).collect::<Vec<_>>();
        let types = types.iter().chain(Event::COMMON_TYPES);
        types.flat_map(each).map(|listed| (category.to_string(), listed)).collect::<Vec<_>>()
    };
    let written: BTreeSet<(String, String)> = Event::TYPES.iter().flat_map(versions).collect();
    assert_eq!(listed, written, "domain/samples/formats.json");
}

#[tokio::test]
async fn every_sample_is_read_and_says_today_what_it_said_then() {
    let samples = all_samples();
    let read = read(&samples).await;
    assert_eq!(read.len(), samples.len());
    for (sample, envelope) in samples.iter().zip(&read) {
        assert_eq!(envelope.event.event_type(), sample.event_type);
        if sample.version() == current_version(sample) {
            assert_eq!(envelope.open_data().unwrap(), sample.open_data(), "{}", sample.event_type);
        }
        let metadata = serde_json::to_value(&envelope.metadata).unwrap();
        assert_eq!(metadata, sample.metadata, "{}", sample.event_type);
    }
}

#[tokio::test]
async fn every_event_is_read_as_it_was_written() {
    let samples = all_samples();
    let desk = Desk::new();
    let written = read(&samples).await;
    for envelope in &written {
        let event = ToAppend { id: envelope.id, event: envelope.event.clone(), metadata: envelope.metadata.clone() };
        desk.append(&envelope.stream, &[event]).await;
    }
    for (written, read) in written.iter().zip(desk.read().await) {
        let Delivery::Event(read) = read else { panic!("{read:?}") };
        assert_eq!((&read.stream, read.revision, read.id), (&written.stream, written.revision, written.id));
        assert!(read.event == written.event, "{}", written.event.event_type());
        // Whatever version it was read in, it is written in today's.
        let schema_version = written.event.schema_version();
        let metadata =
            cartlog_journal::Metadata { prev: read.metadata.prev, schema_version, ..written.metadata.clone() };
        assert_eq!(read.metadata, metadata);
    }
    let stored = desk.stored().await;
    let bytes: Vec<u8> = stored.iter().flat_map(|event| event.data.to_vec()).collect();
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("ann@example.com") && !text.contains("Elm St"), "a person stands in the log");
}

#[tokio::test]
async fn a_sample_tells_a_person_from_an_erased_one() {
    let customers = samples(Category::Customer);
    let mut people = 0;
    for (sample, envelope) in customers.iter().zip(read(&customers).await) {
        let mut event = envelope.event;
        assert_eq!(event.personal_mut().is_some(), sample.personal.is_some(), "{}", sample.event_type);
        people += usize::from(matches!(event.personal_mut(), Some(Personal::Open(_))));
    }
    assert_eq!(people, 5);
    let tail = Desk::new().journal.read_stream(&customer_stream(1), Tail::default(), 1).await.unwrap().tail;
    assert_eq!(tail, Tail::default());
}
