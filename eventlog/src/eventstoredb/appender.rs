//! Appending at an exact revision, until it is known what became of it.
//!
//! An append whose answer was lost is sent again as it was: the same ids at the same revision. It stands once whatever became
//! of the first try, as the revision is exact. Where the stream turns out to be longer than expected, the events that stand
//! there are read back: ours, by their ids, mean that it was done.

use super::failure::ServerFailure;
use super::options::Pauses;
use super::reader::Reader;
use super::server::Server;
use super::wire::*;
use crate::event::{self, NewEvent, StreamName};
use crate::ids::new_id;
use crate::port::{AppendError, Appended, ExpectedRevision, LogError};
use crate::size::Room;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How often an append that is surely not done is sent again at once: the leader changed, the connection was old.
const RESENT: u32 = 2;

/// A stream that is never written.
const PROBED: &str = "probe-0";

pub(super) struct Appender<'a> {
    pub reader: &'a Reader,
    pub pauses: &'a Pauses,
    pub deadline: Duration,
}

/// What no append may come to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Nonsense {
    #[error("the server took an append that it had to refuse")]
    Taken,
    #[error("its events were deleted before, so that these stand at revision {revision}")]
    Elsewhere { revision: u64 },
}

/// What the server says of an append.
enum Outcome {
    Done {
        revision: u64,
        position: Option<Position>,
    },
    /// The stream isn't as expected; its last revision.
    Otherwise(Option<u64>),
}

impl Appender<'_> {
    pub async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let unavailable = |source: LogError| AppendError::Unavailable { stream: stream.clone(), source };
        let Some(on_the_wire) = on_the_wire(expected) else {
            // No stream is that long, and the server would take it for another number.
            let actual = self.last_revision(stream).await.map_err(|trouble| unavailable(trouble.into()))?;
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        };
        let request = append_request(&self.reader.names.in_server(stream), on_the_wire, events);
        let end = Instant::now() + self.deadline;
        let (mut failures, mut is_unsure) = (0, false);
        loop {
            let trouble = match timeout_at(end, self.once(stream, expected, events, &request)).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(trouble)) => trouble,
                Err(_) => ServerFailure::silence(self.deadline),
            };
            failures += 1;
            is_unsure |= matches!(trouble, ServerFailure::Unsure(_));
            let given_up = |source: LogError| match is_unsure {
                true => AppendError::OutcomeUnknown { stream: stream.clone(), source },
                false => unavailable(source),
            };
            match &trouble {
                ServerFailure::TooLarge => return Err(too_large(stream, events)),
                ServerFailure::Refused(_) | ServerFailure::Gone(_) | ServerFailure::NoSuchPosition => {
                    return Err(given_up(trouble.into()));
                }
                // The server is away, which the caller had better know at once.
                ServerFailure::NotDone(_) | ServerFailure::NotLeader { .. } if !is_unsure && failures > RESENT => {
                    return Err(unavailable(trouble.into()));
                }
                ServerFailure::NotDone(_) | ServerFailure::NotLeader { .. } if !is_unsure => continue,
                ServerFailure::NotDone(_) | ServerFailure::NotLeader { .. } | ServerFailure::Unsure(_) => {}
            }
            let pause = (self.pauses)(failures);
            if Instant::now() + pause >= end {
                return Err(given_up(trouble.into()));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether the server takes appends: one to a stream that is not there, and would have to be very long.
    pub async fn probe(&self) -> Result<(), LogError> {
        let event = NewEvent { id: new_id(), event_type: "Probe".to_owned(), data: "{}".into(), metadata: "{}".into() };
        match self.append(&StreamName::new(PROBED), ExpectedRevision::Exact(Position::GREATEST - 1), &[event]).await {
            // It says so once it knows that it leads, and where the stream ends.
            Err(AppendError::Conflict { .. }) => Ok(()),
            Err(AppendError::Unavailable { source, .. } | AppendError::OutcomeUnknown { source, .. }) => Err(source),
            Ok(_) | Err(AppendError::Empty { .. } | AppendError::TooLarge { .. }) => {
                Err(LogError::Damaged(Nonsense::Taken.into()))
            }
        }
    }

    /// Sends it once and makes sure of the answer. The outer error is what may pass.
    async fn once(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: &[NewEvent],
        request: &[AppendReq],
    ) -> Result<Result<Appended, AppendError>, ServerFailure> {
        match outcome(&self.reader.server, request).await? {
            // Of a stream that was deleted, but not for ever, the numbers go on.
            Outcome::Done { revision, .. } if revision.checked_add(1) != expected_length(expected, events) => {
                let source = LogError::Damaged(Nonsense::Elsewhere { revision }.into());
                Ok(Err(AppendError::OutcomeUnknown { stream: stream.clone(), source }))
            }
            Outcome::Done { revision, position: Some(position) } => {
                Ok(Ok(Appended { revision, position: event::Position(position.commit) }))
            }
            // As of a repeat that the server knows from elsewhere than its index.
            Outcome::Done { revision, position: None } => {
                let position = self.position_of(stream, revision).await?;
                Ok(Ok(Appended { revision, position }))
            }
            Outcome::Otherwise(actual) => {
                let repeated = self.repeated(stream, expected, events).await?;
                Ok(repeated.ok_or_else(|| AppendError::Conflict { stream: stream.clone(), expected, actual }))
            }
        }
    }

    /// Where the events stand already, if those that follow the expected revision are they.
    async fn repeated(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: &[NewEvent],
    ) -> Result<Option<Appended>, ServerFailure> {
        let stored = self.reader.stream(stream, expected.length(), Room::for_events(events.len())).await?;
        let is_same = stored.iter().map(|event| event.id).eq(events.iter().map(|event| event.id));
        let last = stored.last().filter(|_| is_same);
        Ok(last.map(|last| Appended { revision: last.revision, position: last.position }))
    }

    async fn position_of(&self, stream: &StreamName, revision: u64) -> Result<event::Position, ServerFailure> {
        match self.reader.stream(stream, revision, Room::for_events(1)).await?.first() {
            Some(event) if event.revision == revision => Ok(event.position),
            Some(_) | None => Err(ServerFailure::nonsense("an event that was appended is not there")),
        }
    }

    async fn last_revision(&self, stream: &StreamName) -> Result<Option<u64>, ServerFailure> {
        Ok(self.reader.stream_backwards(stream, 1).await?.first().map(|event| event.revision))
    }
}

/// What the server counts of an append: of the type two bytes a character.
pub(super) fn size(events: &[NewEvent]) -> usize {
    let of_event =
        |event: &NewEvent| event.data.len() + event.metadata.len() + 2 * event.event_type.encode_utf16().count();
    events.iter().map(of_event).sum()
}

pub(super) fn too_large(stream: &StreamName, events: &[NewEvent]) -> AppendError {
    AppendError::TooLarge { stream: stream.clone(), bytes: size(events) }
}

/// How many events the stream then has.
fn expected_length(expected: ExpectedRevision, events: &[NewEvent]) -> Option<u64> {
    expected.length().checked_add(events.len() as u64)
}

pub(super) fn on_the_wire(expected: ExpectedRevision) -> Option<Expected> {
    match expected {
        ExpectedRevision::NoStream => Some(Expected::NoStream(Empty {})),
        ExpectedRevision::Exact(revision) if revision < Position::GREATEST => Some(Expected::Revision(revision)),
        ExpectedRevision::Exact(_) => None,
    }
}

async fn outcome(server: &Server, request: &[AppendReq]) -> Result<Outcome, ServerFailure> {
    match server.append(request.to_vec()).await?.result {
        Some(AppendResult::Success(AppendSuccess { current_revision: Some(revision), position })) => {
            Ok(Outcome::Done { revision, position })
        }
        Some(AppendResult::WrongExpectedVersion(wrong)) => Ok(Outcome::Otherwise(wrong.current_revision)),
        Some(AppendResult::Success(_)) | None => Err(ServerFailure::nonsense("an append without an outcome")),
    }
}

/// An append as it goes over the wire: the stream first, then each event.
pub(super) fn append_request(stream: &str, expected: Expected, events: &[NewEvent]) -> Vec<AppendReq> {
    let options = AppendOptions { stream_identifier: StreamIdentifier::of(stream), expected: Some(expected) };
    let contents = std::iter::once(AppendContent::Options(options))
        .chain(events.iter().map(|event| AppendContent::ProposedMessage(proposed(event))));
    contents.map(|content| AppendReq { content: Some(content) }).collect()
}

pub(super) fn proposed(event: &NewEvent) -> ProposedMessage {
    ProposedMessage {
        id: Uuid::of(event.id),
        metadata: HashMap::from([
            ("type".to_owned(), event.event_type.clone()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ]),
        custom_metadata: event.metadata.clone(),
        data: event.data.clone(),
    }
}
