//! The bounded queue between those who append, or ask whether they could, and the thread that writes.

use super::errors::FileFailure;
use super::options::SqliteOptions;
use crate::append::check;
use crate::event::{NewEvent, StreamName};
use crate::port::{AppendError, Appended, ExpectedRevision, LogError};
use crate::size::OVERHEAD_BYTES;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// What the thread that writes is asked for.
pub(super) enum Request {
    Append(AppendRequest),
    /// Whether an append would be stored.
    Probe(oneshot::Sender<Result<(), LogError>>),
}

/// One append that waits to be written.
pub(super) struct AppendRequest {
    pub(super) stream: StreamName,
    pub(super) expected: ExpectedRevision,
    pub(super) events: Vec<NewEvent>,
    /// As another log recorded them; `None`: this one's time.
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) answer: oneshot::Sender<Result<Appended, AppendError>>,
    /// Its share of the bytes that may wait; given back when it has been answered.
    _room: OwnedSemaphorePermit,
}

/// Bounded by appends and by bytes: who finds it full waits, in the order of arrival.
pub(super) struct Queue {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
    /// In bytes, as is `room`.
    whole_room: u32,
    max_append_bytes: usize,
}

impl Queue {
    pub(super) fn new(options: &SqliteOptions) -> (Self, mpsc::Receiver<Request>) {
        let (requests, receiver) = mpsc::channel(options.queued_appends.max(1));
        let whole_room = u32::try_from(options.queued_bytes).unwrap_or(u32::MAX).max(1);
        let room = Arc::new(Semaphore::new(whole_room as usize));
        let max_append_bytes = options.max_append_bytes;
        (Self { requests, room, whole_room, max_append_bytes }, receiver)
    }

    /// Waits for room, then for the answer. Who stops waiting for the answer may still find the events appended.
    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: Option<DateTime<Utc>>,
    ) -> Result<Appended, AppendError> {
        let bytes = check(stream, &events, self.max_append_bytes)? + events.len() * OVERHEAD_BYTES;
        let share = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.whole_room);
        let room = Arc::clone(&self.room).acquire_many_owned(share);
        let room = room.await.map_err(|_| closed(stream))?;
        let (answer, answered) = oneshot::channel();
        let request = AppendRequest { stream: stream.clone(), expected, events, recorded_at, answer, _room: room };
        self.requests.send(Request::Append(request)).await.map_err(|_| closed(stream))?;
        // The writer answers everything it takes, so this fails only when it has died, at whatever step.
        answered
            .await
            .unwrap_or_else(|_| Err(AppendError::OutcomeUnknown { stream: stream.clone(), source: stopped() }))
    }

    /// Waits for its turn, and for the disk.
    pub(super) async fn probe(&self) -> Result<(), LogError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Probe(answer)).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// The writer is gone.
pub(super) fn closed(stream: &StreamName) -> AppendError {
    AppendError::Unavailable { stream: stream.clone(), source: stopped() }
}

pub(super) fn stopped() -> LogError {
    FileFailure::WriterStopped.into()
}
