//! `Streams.BatchAppend`: what comes over one call is taken in the order in which it comes, and answered as it gets durable.

use crate::append::{proposed, success};
use crate::faults::{Act, Call, When};
use crate::log::{Expected, Proposed, Refused};
use crate::service::Context;
use crate::wire::*;
use futures::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::{Request, Response, Status, Streaming};

/// Appends that wait for the disk at the same time.
const UNDER_WAY: usize = 1024;

pub(crate) type Answers = Pin<Box<dyn Stream<Item = Result<BatchAppendResp, Status>> + Send>>;

pub(crate) async fn batch_append(
    context: Context,
    request: Request<Streaming<BatchAppendReq>>,
) -> Result<Response<Answers>, Status> {
    // Once a connection is to be cut, nothing that comes after is taken.
    let is_over = Arc::new(AtomicBool::new(false));
    let taking = context.clone();
    let taken = request.into_inner().then(move |message| {
        let (context, is_over) = (taking.clone(), Arc::clone(&is_over));
        async move {
            let taken = match is_over.load(Ordering::Relaxed) {
                true => Err(Status::cancelled("the connection is cut")),
                false => take(&context, message?).await,
            };
            if matches!(&taken, Ok((_, _, Some((_, Act::Cut)))) | Err(_)) {
                is_over.store(true, Ordering::Relaxed);
            }
            taken
        }
    });
    let answers = taken.map(move |taken| {
        let context = context.clone();
        async move {
            let (answer, records, fault) = taken?;
            context.shared.log.until_readable(records).await;
            match fault {
                Some((_, act)) => misbehave(&context, act, answer).await,
                None => Ok(answer),
            }
        }
    });
    Ok(Response::new(Box::pin(answers.buffered(UNDER_WAY))))
}

/// Does what was told to do about an append that was taken, or not.
async fn misbehave(context: &Context, act: Act, mut answer: BatchAppendResp) -> Result<BatchAppendResp, Status> {
    match act {
        Act::Cut => context.cut().await,
        Act::Refuse(status) => Err(status),
        Act::Pass | Act::Drip => Ok(answer),
        Act::Wait { arrived, go_on } => {
            let _ = arrived.send(());
            let _ = go_on.await;
            Ok(answer)
        }
        Act::NoPosition => {
            if let Some(BatchResult::Success(success)) = &mut answer.result {
                success.position = Some(SuccessPosition::NoPosition(Empty {}));
            }
            Ok(answer)
        }
        Act::Nonsense | Act::WrongExpectedVersion => {
            answer.result = None;
            Ok(answer)
        }
    }
}

type Taken = (BatchAppendResp, usize, Option<(When, Act)>);

/// One after the other, so that what came first is appended first.
async fn take(context: &Context, message: BatchAppendReq) -> Result<Taken, Status> {
    context.shared.appends.fetch_add(1, Ordering::Relaxed);
    let mut fault = context.shared.faults.take(Call::Append);
    if let Some((When::Before, Act::Wait { arrived, go_on })) = fault {
        let _ = arrived.send(());
        let _ = go_on.await;
        fault = None;
    }
    let options = message.options.unwrap_or_default();
    let stream = options.stream_identifier.as_ref().map(StreamIdentifier::name).unwrap_or_default();
    let expected = match options.expected {
        Some(ExpectedRevision::Revision(revision)) => Expected::Revision(revision),
        Some(ExpectedRevision::NoStream(_)) => Expected::NoStream,
        Some(ExpectedRevision::Any(_)) => Expected::Any,
        Some(ExpectedRevision::StreamExists(_)) => Expected::StreamExists,
        None => return Err(Status::invalid_argument("'None' is not a valid ExpectedStreamPositionOneofCase")),
    };
    let events: Vec<Proposed> = message.proposed_messages.into_iter().map(proposed).collect::<Result<_, _>>()?;
    let answer = |result| BatchAppendResp {
        correlation_id: message.correlation_id,
        result: Some(result),
        stream_identifier: options.stream_identifier.clone(),
    };
    if matches!(fault, Some((When::Before, _))) {
        return Ok((answer(BatchResult::Error(RpcStatus::default())), 0, fault));
    }
    let error = |code, said: &str| BatchResult::Error(RpcStatus { code, message: said.to_owned() });
    let log = Arc::clone(&context.shared.log);
    Ok(match log.append_at_once(&stream, expected, events) {
        Ok((written, records)) => {
            let AppendResult::Success(success) = success(written) else { unreachable!("it is one") };
            (answer(BatchResult::Success(success)), records, fault)
        }
        // As `google.rpc.Code` has them: INVALID_ARGUMENT stands for both in the true server, which says more in its details.
        Err(Refused::WrongExpectedVersion(_)) => (answer(error(3, "WrongExpectedVersion")), 0, fault),
        Err(Refused::Deleted) => (answer(error(3, "StreamDeleted")), 0, fault),
    })
}
