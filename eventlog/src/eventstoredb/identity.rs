//! Which log this is, and the format of its events: a stream of its own says both. Its first event is appended by whoever comes
//! first; another one whenever a program is about to write what earlier programs can't read.

use super::appender::append_request;
use super::failure::ServerFailure;
use super::reader::{Reader, place};
use super::wire::*;
use crate::event::NewEvent;
use crate::ids::new_id;
use crate::port::{FIRST_FORMAT, LogError, LogId};
use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

const CREATED: &str = "LogCreated";
const RAISED: &str = "LogFormatRaised";
/// More formats than there will ever be.
const MOST_EVENTS: usize = 1_000;
/// How often an announcement is tried again because another node was faster.
const ATTEMPTS: usize = 10;

#[derive(Serialize, Deserialize)]
struct LogCreated {
    log_id: LogId,
    /// Nothing of ours was appended before this: a log is given its identity before its first event. Earlier programs did not
    /// hold to that, nor say it.
    #[serde(default)]
    is_first: bool,
}

#[derive(Serialize, Deserialize)]
struct LogFormatRaised {
    format: u32,
}

/// The identity, once it is known.
pub(super) struct Identity {
    log_id: Mutex<Option<LogId>>,
    /// Of what this program writes; the highest that it reads.
    format: u32,
    /// The log says that it may hold events of that format.
    announced: AtomicBool,
}

/// Why it is not known to be the log that it was, or one that this program may write to.
#[derive(Debug, thiserror::Error)]
enum NotOurs {
    #[error("it was log {known}, and is log {found} now")]
    Other { known: LogId, found: LogId },
    #[error("it was log {known}, and is gone")]
    Gone { known: LogId },
    #[error(
        "it has format {format}, and this version reads formats up to {reads}; start a version of cartlog that is as new as the one \
         that wrote it"
    )]
    Newer { format: u32, reads: u32 },
    #[error("its stream {stream} doesn't say which log it is: {source}")]
    Nameless { stream: String, source: serde_json::Error },
    #[error("its stream {stream} doesn't say which format it has: {source}")]
    Formless { stream: String, source: serde_json::Error },
    #[error("what it is can't be written down: {0}")]
    Unwritable(#[source] serde_json::Error),
    #[error("the format of its events can't be announced")]
    Unannounced,
}

/// What the stream says.
struct LogHeader {
    log_id: LogId,
    format: u32,
    /// The number of its events.
    length: u64,
}

impl Identity {
    pub fn new(format: u32) -> Self {
        // What has always been written needs no word.
        Self { log_id: Mutex::default(), format, announced: AtomicBool::new(format == FIRST_FORMAT) }
    }

    pub fn known(&self) -> Option<LogId> {
        *self.log_id.lock()
    }

    /// The log's identity; a new log is given one.
    ///
    /// # Errors
    /// [`LogError::Damaged`] for a log that a later program wrote to.
    pub async fn find(&self, reader: &Reader) -> Result<LogId, LogError> {
        if let Some(log_id) = self.known() {
            return Ok(log_id);
        }
        Ok(self.header(reader).await?.log_id)
    }

    /// Checks that the server still holds the log that it held before, if it is known which, and that this program can still
    /// read it.
    pub async fn verify(&self, reader: &Reader) -> Result<(), LogError> {
        let Some(known) = self.known() else { return Ok(()) };
        match read(reader).await? {
            Some(header) if header.log_id == known => self.check(&header),
            Some(LogHeader { log_id, .. }) => Err(LogError::Damaged(NotOurs::Other { known, found: log_id }.into())),
            None => Err(LogError::Damaged(NotOurs::Gone { known }.into())),
        }
    }

    /// Says in the log, before anything is appended to it, that it may hold events of this program's format.
    ///
    /// # Errors
    /// As [`find`](Self::find); nothing must be appended then.
    pub async fn announce(&self, reader: &Reader) -> Result<(), LogError> {
        if self.announced.load(Ordering::Acquire) {
            // That it has an identity must stand there before anything else does.
            return self.find(reader).await.map(drop);
        }
        for _ in 0..ATTEMPTS {
            let header = self.header(reader).await?;
            if header.format == self.format {
                self.announced.store(true, Ordering::Release);
                return Ok(());
            }
            let event = event(new_id(), RAISED, &LogFormatRaised { format: self.format })?;
            // Whatever the server says: reading tells what stands.
            append(reader, Expected::Revision(header.length - 1), event).await.or_else(|trouble| match trouble {
                ServerFailure::Unsure(_) | ServerFailure::NotDone(_) | ServerFailure::NotLeader { .. } => Ok(()),
                ServerFailure::TooLarge
                | ServerFailure::NoSuchPosition
                | ServerFailure::Refused(_)
                | ServerFailure::Gone(_) => Err(trouble),
            })?;
        }
        Err(LogError::Unavailable(NotOurs::Unannounced.into()))
    }

    async fn header(&self, reader: &Reader) -> Result<LogHeader, LogError> {
        let header = match read(reader).await? {
            Some(header) => header,
            None => create(reader).await?,
        };
        self.check(&header)?;
        self.log_id.lock().get_or_insert(header.log_id);
        Ok(header)
    }

    fn check(&self, header: &LogHeader) -> Result<(), LogError> {
        if header.format <= self.format {
            return Ok(());
        }
        Err(LogError::Damaged(NotOurs::Newer { format: header.format, reads: self.format }.into()))
    }
}

async fn read(reader: &Reader) -> Result<Option<LogHeader>, LogError> {
    let stream = reader.names.log_stream();
    let events = reader.first_events(&stream, MOST_EVENTS).await?;
    let Some((created, later)) = events.split_first() else { return Ok(None) };
    let nameless = |source| LogError::Damaged(NotOurs::Nameless { stream: stream.clone(), source }.into());
    let created: LogCreated = serde_json::from_slice(&created.data).map_err(nameless)?;
    if let (true, Some(first)) = (created.is_first, events.first()) {
        reader.stretches.note(Position::of(0), place(first));
    }
    let raised = later.iter().filter(|event| event.metadata.get("type").is_some_and(|name| name == RAISED));
    let formats =
        raised.map(|event| serde_json::from_slice::<LogFormatRaised>(&event.data).map(|raised| raised.format));
    let mut format = FIRST_FORMAT;
    for raised in formats {
        let formless = |source| LogError::Damaged(NotOurs::Formless { stream: stream.clone(), source }.into());
        format = format.max(raised.map_err(formless)?);
    }
    Ok(Some(LogHeader { log_id: created.log_id, format, length: events.len() as u64 }))
}

/// Appends an identity, and answers with the one that stands: whoever else came first is as good.
async fn create(reader: &Reader) -> Result<LogHeader, LogError> {
    let log_id = LogId(new_id());
    let created = event(log_id.0, CREATED, &LogCreated { log_id, is_first: true })?;
    // Whatever it says: reading tells what stands.
    let appended = append(reader, Expected::NoStream(Empty {}), created).await;
    match (read(reader).await?, appended) {
        (Some(header), _) => Ok(header),
        (None, Err(trouble)) => Err(trouble.into()),
        (None, Ok(())) => Err(ServerFailure::nonsense("an event that was appended is not there").into()),
    }
}

fn event(id: uuid::Uuid, event_type: &str, data: &impl Serialize) -> Result<NewEvent, LogError> {
    let unwritable = |source| LogError::Damaged(NotOurs::Unwritable(source).into());
    let data = serde_json::to_vec(data).map_err(unwritable)?;
    Ok(NewEvent { id, event_type: event_type.to_owned(), data: data.into(), metadata: Bytes::from_static(b"{}") })
}

async fn append(reader: &Reader, expected: Expected, event: NewEvent) -> Result<(), ServerFailure> {
    let request = append_request(&reader.names.log_stream(), expected, &[event]);
    reader.retrying(|| reader.server.append(request.clone())).await.map(drop)
}
