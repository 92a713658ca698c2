//! Many appends one after the other, sent before the one before is answered.
//!
//! The server takes what comes over one call in the order in which it comes, each at an exact revision. So what stands in the log
//! when this breaks off, wherever it does, is a beginning of what was sent.

use super::Client;
use super::appender::{on_the_wire, proposed, size, too_large};
use super::failure::{ServerFailure, Why};
use super::wire::*;
use crate::event::StreamName;
use crate::port::{AppendError, Piece};

impl Client {
    /// Appends the pieces in their order; stops at the first that is refused.
    pub(super) async fn append_in_order(&self, pieces: &[Piece]) -> Result<(), AppendError> {
        // What the server would refuse for its size is not sent, nor what comes after it: that it would take.
        let fitting = pieces.iter().position(|piece| size(&piece.events) > self.options.max_append_bytes);
        let (sent, refused) = pieces.split_at(fitting.unwrap_or(pieces.len()));
        self.send(sent).await?;
        match refused.first() {
            Some(piece) => Err(too_large(&piece.stream, &piece.events)),
            None => Ok(()),
        }
    }

    async fn send(&self, pieces: &[Piece]) -> Result<(), AppendError> {
        let Some(first) = pieces.first() else { return Ok(()) };
        let server = &self.reader.server;
        let requests = pieces.iter().zip(1u128..).filter_map(|(piece, number)| self.request(piece, number)).collect();
        let mut answers = server.append_many(requests).await.map_err(|trouble| failed(&first.stream, trouble))?;
        for piece in pieces {
            let answer = server.next_appended(&mut answers).await.map_err(|trouble| failed(&piece.stream, trouble))?;
            match answer.and_then(|answer| Some((number_of(&answer)?, answer.result?))) {
                Some((_, BatchResult::Success(_))) => {}
                // Answers to those that are refused at once may come before others.
                Some((number, BatchResult::Error(status))) => {
                    let refused = usize::try_from(number).ok().and_then(|number| pieces.get(number.checked_sub(1)?));
                    return Err(self.refused(refused.unwrap_or(piece), status).await);
                }
                None => return Err(failed(&piece.stream, ServerFailure::nonsense("an append without an outcome"))),
            }
        }
        Ok(())
    }

    fn request(&self, piece: &Piece, number: u128) -> Option<BatchAppendReq> {
        let options = BatchOptions {
            stream_identifier: StreamIdentifier::of(&self.reader.names.in_server(&piece.stream)),
            expected: Some(on_the_wire(piece.expected)?),
        };
        Some(BatchAppendReq {
            correlation_id: Uuid::of(uuid::Uuid::from_u128(number)),
            options: Some(options),
            proposed_messages: piece.events.iter().map(proposed).collect(),
            is_final: true,
        })
    }

    /// What a refusal means is looked for in the stream: the server says it in words.
    async fn refused(&self, piece: &Piece, status: RpcStatus) -> AppendError {
        let Piece { stream, expected, .. } = piece;
        match self.reader.stream_backwards(stream, 1).await {
            Ok(last) => {
                let actual = last.first().map(|event| event.revision);
                if actual.map_or(0, |last| last + 1) != expected.length() {
                    return AppendError::Conflict { stream: stream.clone(), expected: *expected, actual };
                }
                failed(stream, ServerFailure::Unsure(Why::Words(status.message)))
            }
            Err(trouble) => failed(stream, trouble),
        }
    }
}

fn number_of(answer: &BatchAppendResp) -> Option<u128> {
    Some(answer.correlation_id.as_ref()?.id()?.as_u128())
}

fn failed(stream: &StreamName, trouble: ServerFailure) -> AppendError {
    AppendError::OutcomeUnknown { stream: stream.clone(), source: trouble.into() }
}
