//! What can go wrong with a call, by what it means for the caller.

use crate::event::StreamName;
use crate::port::LogError;
use hyper_util::client::legacy;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Status};

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ServerFailure {
    /// The server did not do it.
    #[error(transparent)]
    NotDone(Why),
    /// The server may have done it, or may yet.
    #[error(transparent)]
    Unsure(Why),
    /// Another node leads. This one did not do it.
    #[error("its leader is {host}:{port} by now")]
    NotLeader { host: String, port: u32 },
    /// The append holds more than the server takes.
    #[error("the server finds it too large")]
    TooLarge,
    /// No event begins at the position that was to be read from.
    #[error("no event begins at that position")]
    NoSuchPosition,
    /// Trying again doesn't help.
    #[error("the server refuses: {0}")]
    Refused(#[source] Why),
    /// Of a stream something is gone for good.
    #[error(transparent)]
    Gone(Loss),
}

/// What the server said, or what was seen of it.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Why {
    /// With what its words give to add.
    #[error("{said}{hint}")]
    Status {
        #[source]
        said: Arc<ServerStatus>,
        hint: &'static str,
    },
    #[error("access denied")]
    Denied,
    #[error("it does not lead, and knows nobody who does")]
    NobodyLeads,
    #[error("another node leads")]
    AnotherLeads,
    #[error("the server kept silent for {0:?}")]
    Silent(Duration),
    #[error("the server's answer was not complete after {0:?}")]
    TooSlow(Duration),
    #[error("it has fallen silent, or behind")]
    Behind,
    #[error("the server ended the subscription")]
    Ended,
    #[error("another one is asked from now on")]
    Left,
    /// An answer that can't be one.
    #[error("the server answered nonsense: {0}")]
    Nonsense(&'static str),
    #[error("it does not say where an event stands in $all; EventStoreDB 22.10 or newer does")]
    TooOld,
    /// Of one append among many the server says nothing but this.
    #[error("{0}")]
    Words(String),
    #[error(transparent)]
    Unwritable(Arc<serde_json::Error>),
    /// What was asked beside, of the same server.
    #[error(transparent)]
    Log(LogError),
}

/// What is gone.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Loss {
    #[error("the stream was deleted for ever: {}", .0.message())]
    Deleted(Arc<Status>),
    #[error(
        "revisions {from} to {to} of {stream} are gone: it was deleted and begun anew, or its $maxCount, $maxAge or $tb took them"
    )]
    Revisions { stream: StreamName, from: u64, to: u64 },
}

impl ServerFailure {
    pub fn of(status: Status) -> Self {
        let trailer = |name: &str| status.metadata().get(name).and_then(|value| value.to_str().ok());
        match trailer("exception") {
            Some("not-leader") => {
                let port = trailer("leader-endpoint-port").and_then(|port| port.parse().ok());
                return match trailer("leader-endpoint-host").zip(port) {
                    Some((host, port)) => ServerFailure::NotLeader { host: host.to_owned(), port },
                    None => ServerFailure::NotDone(Why::NobodyLeads),
                };
            }
            Some("maximum-append-size-exceeded" | "maximum-append-event-size-exceeded") => {
                return ServerFailure::TooLarge;
            }
            Some("stream-deleted") => return ServerFailure::Gone(Loss::Deleted(Arc::new(status))),
            Some(_) | None => {}
        }
        let message = status.message();
        match status.code() {
            _ if is_invalid_position(message) => ServerFailure::NoSuchPosition,
            _ if was_not_sent(&status) => ServerFailure::NotDone(status.into()),
            // Of a server that starts, is busy or has no leader, see `RpcExceptions` in its source.
            Code::Unavailable if message.starts_with("Server Is") => ServerFailure::NotDone(status.into()),
            Code::Unknown if message.starts_with("No leader info") => ServerFailure::NotDone(status.into()),
            Code::Unauthenticated | Code::PermissionDenied => ServerFailure::Refused(Why::Denied),
            Code::InvalidArgument | Code::FailedPrecondition | Code::Unimplemented => {
                ServerFailure::Refused(status.into())
            }
            _ => ServerFailure::Unsure(status.into()),
        }
    }

    pub fn silence(timeout: Duration) -> Self {
        ServerFailure::Unsure(Why::Silent(timeout))
    }

    pub fn too_slow(timeout: Duration) -> Self {
        ServerFailure::Unsure(Why::TooSlow(timeout))
    }

    /// The same, with what its words give to add.
    pub fn with(self, more: impl Fn(&str) -> &'static str) -> Self {
        let longer = |why| match why {
            Why::Status { said, .. } => {
                let hint = more(&said.to_string());
                Why::Status { said, hint }
            }
            other => other,
        };
        match self {
            ServerFailure::NotDone(why) => ServerFailure::NotDone(longer(why)),
            ServerFailure::Unsure(why) => ServerFailure::Unsure(longer(why)),
            other => other,
        }
    }

    /// An answer that can't be one.
    pub fn nonsense(what: &'static str) -> Self {
        ServerFailure::Unsure(Why::Nonsense(what))
    }
}

impl From<Status> for Why {
    fn from(status: Status) -> Self {
        Why::Status { said: Arc::new(ServerStatus(status)), hint: "" }
    }
}

/// For whoever only reads, and so need not know whether something was done.
impl From<ServerFailure> for LogError {
    fn from(failure: ServerFailure) -> Self {
        match failure {
            ServerFailure::NotDone(_) | ServerFailure::Unsure(_) | ServerFailure::NotLeader { .. } => {
                LogError::Unavailable(failure.into())
            }
            ServerFailure::TooLarge
            | ServerFailure::NoSuchPosition
            | ServerFailure::Refused(_)
            | ServerFailure::Gone(_) => LogError::Damaged(failure.into()),
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

/// The status in its own sentence, and those beneath it: 'transport error' alone says little.
#[derive(Debug)]
pub(super) struct ServerStatus(Status);

impl fmt::Display for ServerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = match self.0.message() {
            "" => self.0.code().description().to_owned(),
            message => message.to_owned(),
        };
        for cause in causes(&self.0) {
            let sentence = cause.to_string();
            if !said.contains(&sentence) {
                said = format!("{said}: {sentence}");
            }
        }
        f.write_str(&said)
    }
}

impl Error for ServerStatus {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(status.source(), |&cause| cause.source())
}
