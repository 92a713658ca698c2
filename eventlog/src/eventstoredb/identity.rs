//! Which log this is: the first event of a stream of its own, appended by whoever comes first.

use super::appender::append_request;
use super::reader::Reader;
use super::trouble::Trouble;
use super::wire::*;
use crate::event::NewEvent;
use crate::port::{LogError, LogId};
use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

const EVENT_TYPE: &str = "LogCreated";

#[derive(Serialize, Deserialize)]
struct LogCreated {
    log_id: LogId,
}

/// The identity, once it is known.
#[derive(Default)]
pub(super) struct Identity(Mutex<Option<LogId>>);

impl Identity {
    pub fn known(&self) -> Option<LogId> {
        *self.0.lock()
    }

    /// The log's identity; a new log is given one.
    pub async fn find(&self, reader: &Reader) -> Result<LogId, LogError> {
        if let Some(log_id) = self.known() {
            return Ok(log_id);
        }
        let log_id = match read(reader).await? {
            Some(log_id) => log_id,
            None => create(reader).await?,
        };
        Ok(*self.0.lock().get_or_insert(log_id))
    }

    /// Checks that the server still holds the log that it held before, if it is known which.
    pub async fn verify(&self, reader: &Reader) -> Result<(), LogError> {
        let Some(known) = self.known() else { return Ok(()) };
        match read(reader).await? {
            Some(log_id) if log_id == known => Ok(()),
            Some(log_id) => Err(LogError::Damaged(format!("it was log {known}, and is log {log_id} now"))),
            None => Err(LogError::Damaged(format!("it was log {known}, and is gone"))),
        }
    }
}

async fn read(reader: &Reader) -> Result<Option<LogId>, LogError> {
    let stream = reader.names.log_stream();
    let event = reader.first_event(&stream).await?;
    let Some(event) = event else { return Ok(None) };
    let created: LogCreated = serde_json::from_slice(&event.data)
        .map_err(|error| LogError::Damaged(format!("its stream {stream} doesn't say which log it is: {error}")))?;
    Ok(Some(created.log_id))
}

/// Appends an identity, and answers with the one that stands: whoever else came first is as good.
async fn create(reader: &Reader) -> Result<LogId, LogError> {
    let log_id = LogId(uuid::Uuid::now_v7());
    let data = serde_json::to_vec(&LogCreated { log_id })
        .map_err(|error| LogError::Damaged(format!("its identity can't be written: {error}")))?;
    let event = NewEvent {
        id: log_id.0,
        event_type: EVENT_TYPE.to_owned(),
        data: data.into(),
        metadata: Bytes::from_static(b"{}"),
    };
    let request = append_request(&reader.names.log_stream(), Expected::NoStream(Empty {}), &[event]);
    // Whatever it says: reading tells what stands.
    let appended = reader.retrying(|| reader.server.append(request.clone())).await;
    match (read(reader).await?, appended) {
        (Some(log_id), _) => Ok(log_id),
        (None, Err(trouble)) => Err(trouble.into()),
        (None, Ok(_)) => Err(Trouble::nonsense("an event that was appended is not there").into()),
    }
}
