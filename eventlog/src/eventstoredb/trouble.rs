//! What can go wrong with a call, by what it means for the caller.

use crate::port::LogError;
use hyper_util::client::legacy;
use std::error::Error;
use std::time::Duration;
use tonic::{Code, Status};

#[derive(Clone, Debug)]
pub(super) enum ServerFailure {
    /// The server did not do it.
    NotDone(String),
    /// The server may have done it, or may yet.
    Unsure(String),
    /// Another node leads. This one did not do it.
    NotLeader { host: String, port: u32 },
    /// The append holds more than the server takes.
    TooLarge,
    /// No event begins at the position that was to be read from.
    NoSuchPosition,
    /// Trying again doesn't help.
    Refused(String),
    /// Of a stream something is gone for good.
    Gone(String),
}

impl ServerFailure {
    pub fn of(status: &Status) -> Self {
        let trailer = |name: &str| status.metadata().get(name).and_then(|value| value.to_str().ok());
        let message = status.message().to_owned();
        match trailer("exception") {
            Some("not-leader") => {
                let port = trailer("leader-endpoint-port").and_then(|port| port.parse().ok());
                return match trailer("leader-endpoint-host").zip(port) {
                    Some((host, port)) => ServerFailure::NotLeader { host: host.to_owned(), port },
                    None => ServerFailure::NotDone("it does not lead, and knows nobody who does".to_owned()),
                };
            }
            Some("maximum-append-size-exceeded" | "maximum-append-event-size-exceeded") => {
                return ServerFailure::TooLarge;
            }
            Some("stream-deleted") => {
                return ServerFailure::Gone(format!("the stream was deleted for ever: {message}"));
            }
            Some(_) | None => {}
        }
        match status.code() {
            _ if is_invalid_position(&message) => ServerFailure::NoSuchPosition,
            _ if was_not_sent(status) => ServerFailure::NotDone(reason(status)),
            // Of a server that starts, is busy or has no leader, see `RpcExceptions` in its source.
            Code::Unavailable if message.starts_with("Server Is") => ServerFailure::NotDone(message),
            Code::Unknown if message.starts_with("No leader info") => ServerFailure::NotDone(message),
            Code::Unauthenticated | Code::PermissionDenied => ServerFailure::Refused("access denied".to_owned()),
            Code::InvalidArgument | Code::FailedPrecondition | Code::Unimplemented => ServerFailure::Refused(message),
            _ => ServerFailure::Unsure(reason(status)),
        }
    }

    pub fn silence(timeout: Duration) -> Self {
        ServerFailure::Unsure(format!("the server kept silent for {timeout:?}"))
    }

    pub fn too_slow(timeout: Duration) -> Self {
        ServerFailure::Unsure(format!("the server's answer was not complete after {timeout:?}"))
    }

    /// The same, with what its reason gives to add.
    pub fn with(self, more: impl Fn(&str) -> &'static str) -> Self {
        let longer = |reason: String| format!("{reason}{}", more(&reason));
        match self {
            ServerFailure::NotDone(reason) => ServerFailure::NotDone(longer(reason)),
            ServerFailure::Unsure(reason) => ServerFailure::Unsure(longer(reason)),
            other => other,
        }
    }

    /// An answer that can't be one.
    pub fn nonsense(what: &str) -> Self {
        ServerFailure::Unsure(format!("the server answered nonsense: {what}"))
    }
}

/// For whoever only reads, and so need not know whether something was done.
impl From<ServerFailure> for LogError {
    fn from(trouble: ServerFailure) -> Self {
        match trouble {
            ServerFailure::NotDone(reason) | ServerFailure::Unsure(reason) => LogError::Unavailable(reason),
            ServerFailure::NotLeader { host, port } => {
                LogError::Unavailable(format!("its leader is {host}:{port} by now"))
            }
            ServerFailure::TooLarge => LogError::Damaged("the server finds it too large".to_owned()),
            ServerFailure::NoSuchPosition => LogError::Damaged("no event begins at that position".to_owned()),
            ServerFailure::Refused(reason) => LogError::Damaged(format!("the server refuses: {reason}")),
            ServerFailure::Gone(reason) => LogError::Damaged(reason),
        }
    }
}

/// The server reads at any byte it is told to and finds nonsense there. A filtered read and a subscription say so differently.
fn is_invalid_position(message: &str) -> bool {
    message.contains("AllResult: InvalidPosition") || message.starts_with("Trying to read from an invalid position")
}

/// There was no connection to send it on.
fn was_not_sent(status: &Status) -> bool {
    causes(status).any(|cause| cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect))
}

/// The status's own sentence, and those beneath it: 'transport error' alone says little.
fn reason(status: &Status) -> String {
    let mut reason = match status.message() {
        "" => status.code().description().to_owned(),
        message => message.to_owned(),
    };
    for cause in causes(status) {
        let sentence = cause.to_string();
        if !reason.contains(&sentence) {
            reason = format!("{reason}: {sentence}");
        }
    }
    reason
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(status.source(), |&cause| cause.source())
}
