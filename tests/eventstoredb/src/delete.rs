//! `Streams.Delete` and `Streams.Tombstone`.

use crate::append::{expected, stream_deleted, stream_name};
use crate::faults::exception;
use crate::log::Refused;
use crate::service::Context;
use crate::wire::*;
use tonic::{Request, Response, Status};

pub(crate) async fn delete(context: Context, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
    let options = request.into_inner().options.unwrap_or_default();
    let stream = stream_name(&options);
    let deleted = context.shared.log.delete(&stream, expected(&options)?).await;
    answer(&stream, deleted)
}

pub(crate) async fn tombstone(context: Context, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
    let options = request.into_inner().options.unwrap_or_default();
    let stream = stream_name(&options);
    let deleted = context.shared.log.tombstone(&stream, expected(&options)?).await;
    answer(&stream, deleted)
}

/// Unlike an append's, its 'wrong expected version' is an error with trailers.
fn answer(stream: &str, deleted: Result<u64, Refused>) -> Result<Response<DeleteResp>, Status> {
    match deleted {
        Ok(position) => {
            let position = Some(DeletePosition::Position(Position::of(position)));
            Ok(Response::new(DeleteResp { position }))
        }
        Err(Refused::Deleted) => Err(stream_deleted(stream)),
        Err(Refused::WrongExpectedVersion(current)) => {
            let actual = current.map_or("-1".to_owned(), |revision| revision.to_string());
            let sentence =
                format!("Delete failed due to WrongExpectedVersion. Stream: {stream}, Actual version: {actual}");
            let details =
                [("exception", "wrong-expected-version"), ("stream-name", stream), ("actual-version", &*actual)];
            Err(exception(Status::failed_precondition(sentence), &details))
        }
    }
}
