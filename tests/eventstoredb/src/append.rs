//! `Streams.Append`: one stream, one expected revision, its events as messages of their own.

use crate::faults::{Act, Call, When, exception};
use crate::log::{Expected, Proposed, Refused, Written};
use crate::service::Context;
use crate::wire::*;
use std::sync::atomic::Ordering;
use tonic::{Request, Response, Status, Streaming};

pub(crate) async fn append(
    context: Context,
    request: Request<Streaming<AppendReq>>,
) -> Result<Response<AppendResp>, Status> {
    let (options, events) = receive(request.into_inner(), context.shared.max_append_bytes).await?;
    context.shared.appends.fetch_add(1, Ordering::Relaxed);
    let fault = context.shared.faults.take(Call::Append);
    let (before, after) = match fault {
        Some((When::Before, act)) => (Some(act), None),
        Some((When::After, act)) => (None, Some(act)),
        None => (None, None),
    };
    if let Some(instead) = misbehave(&context, before, &options, None).await {
        return instead.map(Response::new);
    }
    let outcome = write(&context, &options, events).await?;
    if let Some(instead) = misbehave(&context, after, &options, Some(&outcome)).await {
        return instead.map(Response::new);
    }
    Ok(Response::new(AppendResp { result: Some(outcome) }))
}

async fn receive(
    mut messages: Streaming<AppendReq>,
    max_append_bytes: usize,
) -> Result<(WriteOptions, Vec<Proposed>), Status> {
    let Some(AppendReq { content: Some(AppendContent::Options(options)) }) = messages.message().await? else {
        return Err(Status::unknown("Exception was thrown by handler."));
    };
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(message) = messages.message().await? {
        let Some(AppendContent::ProposedMessage(message)) = message.content else {
            return Err(Status::unknown("Exception was thrown by handler."));
        };
        let event = proposed(message)?;
        bytes += size(&event);
        if bytes > max_append_bytes {
            return Err(too_large(max_append_bytes));
        }
        events.push(event);
    }
    Ok((options, events))
}

/// As the true server counts: a character of the type takes two bytes.
fn size(event: &Proposed) -> usize {
    event.data.len() + event.metadata.len() + 2 * event.event_type.encode_utf16().count()
}

fn too_large(max_append_bytes: usize) -> Status {
    let status = Status::invalid_argument(format!("Maximum Append Size of {max_append_bytes} Exceeded."));
    let details =
        [("exception", "maximum-append-size-exceeded"), ("maximum-append-size", &*max_append_bytes.to_string())];
    exception(status, &details)
}

pub(crate) fn proposed(message: ProposedMessage) -> Result<Proposed, Status> {
    let property = |name: &str| {
        let missing = || {
            let status = Status::invalid_argument(format!("Required Metadata Property '{name}' is missing"));
            exception(status, &[("exception", "missing-required-metadata-property")])
        };
        message.metadata.get(name).ok_or_else(missing)
    };
    let nonsense = || Status::unknown("Exception was thrown by handler.");
    Ok(Proposed {
        id: message.id.as_ref().and_then(Uuid::id).filter(|id| !id.is_nil()).ok_or_else(nonsense)?,
        event_type: property("type").cloned()?,
        is_json: property("content-type")? == "application/json",
        data: message.data,
        metadata: message.custom_metadata,
    })
}

async fn write(context: &Context, options: &WriteOptions, events: Vec<Proposed>) -> Result<AppendResult, Status> {
    let stream = stream_name(options);
    match context.shared.log.append(&stream, expected(options)?, events).await {
        Ok(written) => Ok(success(written)),
        Err(Refused::WrongExpectedVersion(current)) => Ok(wrong_expected_version(options, current)),
        Err(Refused::Deleted) => Err(stream_deleted(&stream)),
    }
}

pub(crate) fn stream_name(options: &WriteOptions) -> String {
    options.stream_identifier.as_ref().map(StreamIdentifier::name).unwrap_or_default()
}

/// A revision of `u64::MAX` is the true server's 'no stream', as its numbers have a sign.
pub(crate) fn expected(options: &WriteOptions) -> Result<Expected, Status> {
    match options.expected {
        Some(ExpectedRevision::Revision(u64::MAX) | ExpectedRevision::NoStream(_)) => Ok(Expected::NoStream),
        Some(ExpectedRevision::Revision(revision)) => Ok(Expected::Revision(revision)),
        Some(ExpectedRevision::Any(_)) => Ok(Expected::Any),
        Some(ExpectedRevision::StreamExists(_)) => Ok(Expected::StreamExists),
        None => Err(Status::invalid_argument("'None' is not a valid ExpectedStreamRevisionOneofCase")),
    }
}

pub(crate) fn stream_deleted(stream: &str) -> Status {
    let status = Status::failed_precondition(format!("Event stream '{stream}' is deleted."));
    exception(status, &[("exception", "stream-deleted"), ("stream-name", stream)])
}

pub(crate) fn success(written: Written) -> AppendResult {
    AppendResult::Success(AppendSuccess {
        revision: Some(SuccessRevision::CurrentRevision(written.revision)),
        position: Some(SuccessPosition::Position(Position::of(written.position))),
    })
}

fn wrong_expected_version(options: &WriteOptions, current: Option<u64>) -> AppendResult {
    let (expected, expected_20_6_0) = match options.expected {
        Some(ExpectedRevision::Revision(revision)) => {
            (ExpectedOption::Revision(revision), ExpectedRevision20_6_0::Revision(revision))
        }
        Some(ExpectedRevision::StreamExists(_)) => {
            (ExpectedOption::StreamExists(Empty {}), ExpectedRevision20_6_0::StreamExists(Empty {}))
        }
        Some(ExpectedRevision::Any(_)) => (ExpectedOption::Any(Empty {}), ExpectedRevision20_6_0::Any(Empty {})),
        Some(ExpectedRevision::NoStream(_)) | None => {
            (ExpectedOption::NoStream(Empty {}), ExpectedRevision20_6_0::Revision(u64::MAX))
        }
    };
    let (current, current_20_6_0) = match current {
        Some(revision) => (CurrentRevision::Revision(revision), CurrentRevision20_6_0::Revision(revision)),
        None => (CurrentRevision::NoStream(Empty {}), CurrentRevision20_6_0::NoStream(Empty {})),
    };
    AppendResult::WrongExpectedVersion(WrongExpectedVersion {
        current_20_6_0: Some(current_20_6_0),
        expected_20_6_0: Some(expected_20_6_0),
        current: Some(current),
        expected: Some(expected),
    })
}

/// Does what was told, if anything; gives what is answered instead of the truth.
async fn misbehave(
    context: &Context,
    act: Option<Act>,
    options: &WriteOptions,
    outcome: Option<&AppendResult>,
) -> Option<Result<AppendResp, Status>> {
    let result = match act? {
        Act::Cut => context.cut().await,
        Act::Refuse(status) => return Some(Err(status)),
        Act::Nonsense => None,
        Act::Pass => return None,
        Act::WrongExpectedVersion => {
            let current = context.shared.log.last_revision(&stream_name(options));
            Some(wrong_expected_version(options, current))
        }
        Act::NoPosition => Some(match outcome? {
            AppendResult::Success(success) => {
                let position = Some(SuccessPosition::NoPosition(Empty {}));
                AppendResult::Success(AppendSuccess { position, ..*success })
            }
            AppendResult::WrongExpectedVersion(wrong) => AppendResult::WrongExpectedVersion(*wrong),
        }),
        Act::Wait { arrived, go_on } => {
            let _ = arrived.send(());
            let _ = go_on.await;
            return None;
        }
        // Of reads.
        Act::Drip => return None,
    };
    Some(Ok(AppendResp { result }))
}
