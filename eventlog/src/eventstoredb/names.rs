//! Which of the server's streams are ours, what they are called there, and how an event of theirs becomes one of ours.

use super::failure::{ServerFailure, Why};
use super::wire::{self, Expression, Filter, FilterOptions};
use crate::event::{Position, RecordedEvent, StreamName};
use chrono::{DateTime, Utc};

/// Where the log's identity stands, beside all streams of events.
const LOG_STREAM: &str = "cartlog-log";
/// Where it stands what was looked through in vain.
const STRETCHES_STREAM: &str = "cartlog-stretches";
/// How many events of others the server looks at before it answers; also how often a subscription gets a checkpoint.
const WINDOW: u32 = 1024;
/// The server's times are counted in these.
const TICKS_A_MILLISECOND: u64 = 10_000;

pub(super) struct Names {
    namespace: String,
    prefixes: Vec<String>,
}

impl Names {
    pub fn new(namespace: &str, prefixes: &[String]) -> Self {
        let in_server = |prefix: &String| format!("{namespace}{prefix}");
        Self { namespace: namespace.to_owned(), prefixes: prefixes.iter().map(in_server).collect() }
    }

    pub fn in_server(&self, stream: &StreamName) -> String {
        format!("{}{stream}", self.namespace)
    }

    pub fn log_stream(&self) -> String {
        format!("{}{LOG_STREAM}", self.namespace)
    }

    pub fn stretches_stream(&self) -> String {
        format!("{}{STRETCHES_STREAM}", self.namespace)
    }

    /// What the server is told, so that it doesn't send what is none of ours.
    pub fn filter(&self) -> Filter {
        Filter::By(FilterOptions {
            stream_identifier: Some(Expression { prefix: self.prefixes.clone() }),
            max_window: Some(WINDOW),
            checkpoint_interval_multiplier: 1,
        })
    }

    /// The event, if it is one of ours. Not ours are those of other streams (the server compares prefixes by its own culture),
    /// and the server's own in our streams: tombstones, links.
    pub fn ours(&self, event: wire::RecordedEvent) -> Result<Option<RecordedEvent>, ServerFailure> {
        let is_ours = |name: &&str| self.prefixes.iter().any(|prefix| name.starts_with(prefix));
        let name = event.stream_identifier.as_ref().and_then(|name| std::str::from_utf8(&name.stream_name).ok());
        let is_about_the_log = |name: &&str| *name == self.log_stream() || *name == self.stretches_stream();
        let Some(name) = name.filter(is_ours).filter(|name| !is_about_the_log(name)) else { return Ok(None) };
        self.recorded(name, &event)
    }

    /// As [`ours`](Self::ours), of an event whose stream is known to be.
    pub fn recorded(&self, name: &str, event: &wire::RecordedEvent) -> Result<Option<RecordedEvent>, ServerFailure> {
        let property = |name: &str| event.metadata.get(name).map(String::as_str);
        let event_type = property("type").unwrap_or_default();
        if event_type.starts_with('$') {
            return Ok(None);
        }
        let Some(id) = event.id.as_ref().and_then(wire::Uuid::id) else {
            return Err(ServerFailure::nonsense("an event without an id"));
        };
        if event.commit_position > wire::Position::GREATEST {
            return Err(ServerFailure::Refused(Why::TooOld));
        }
        Ok(Some(RecordedEvent {
            stream: StreamName::new(name.strip_prefix(&self.namespace).unwrap_or(name)),
            revision: event.stream_revision,
            position: Position(event.commit_position),
            id,
            event_type: event_type.into(),
            data: event.data.clone(),
            metadata: event.custom_metadata.clone(),
            recorded_at: created(property("created")),
        }))
    }
}

/// When the server took the event, in whole milliseconds as all logs have it.
fn created(ticks: Option<&str>) -> DateTime<Utc> {
    let ticks = ticks.and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or_default();
    DateTime::from_timestamp_millis((ticks / TICKS_A_MILLISECOND) as i64).unwrap_or_default()
}
