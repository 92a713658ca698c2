//! Misbehaviour on command. What lives here: what can be told to go wrong with the next call, step by step. What doesn't:
//! chance and time; nothing goes wrong by itself.

use crate::wire::{Position, ReadContent, ReadResp};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};

/// Far less than any client waits for an answer.
const DRIPS_EVERY: Duration = Duration::from_millis(1);

/// Whose next call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Append,
    ReadStream,
    ReadAll,
}

/// Before the call did anything, or after: the append was taken, the first event of a read was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// What goes wrong.
#[derive(Debug)]
pub enum Act {
    /// The connection, with all calls on it, is cut.
    Cut,
    /// The call ends with this.
    Refuse(Status),
    /// The append is answered by 'wrong expected version', with what is true by then.
    WrongExpectedVersion,
    /// The append is answered well, but without its position, as a repeated one can be by the true server.
    NoPosition,
    /// An answer that says nothing: instead of the outcome of an append, before what a read brings.
    Nonsense,
    /// Nothing goes wrong; the one after it may.
    Pass,
    /// Of a read: answers that say nothing, one after the other, until the client is gone.
    Drip,
    /// Nothing happens until the test goes on; made by [`crate::Double::hold_next`].
    Wait { arrived: oneshot::Sender<()>, go_on: oneshot::Receiver<()> },
}

/// A call that waits for the test. Dropping it lets the call go on.
pub struct Held {
    arrived: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

impl Held {
    pub(crate) fn new() -> (Self, Act) {
        let (arrived_sender, arrived) = oneshot::channel();
        let (go_on, go_on_receiver) = oneshot::channel();
        (Self { arrived, go_on }, Act::Wait { arrived: arrived_sender, go_on: go_on_receiver })
    }

    /// Waits until the call is there.
    pub async fn arrived(&mut self) {
        // An error is a server that is gone; whoever waits for the call's outcome will see.
        let _ = (&mut self.arrived).await;
    }

    pub fn go_on(self) {
        let _ = self.go_on.send(());
    }
}

/// One step of a subscription that a test directs.
#[derive(Clone, Debug)]
pub enum Turn {
    /// The next events that match, as many; waits for them.
    Events(usize),
    /// All that stands in the log, with its checkpoints, until it is caught up.
    CatchUp,
    /// A checkpoint, true or not.
    Checkpoint(Position),
    /// Whatever a test likes to say; `None` is a message without content.
    Say(Option<ReadContent>),
    /// The subscription ends well, as if there were nothing more to come.
    End,
    /// The subscription ends with an error.
    Refuse(Status),
    /// The connection is cut.
    Cut,
    /// The call stays open, and nothing is ever said again.
    Silence,
    /// As silence, but messages without content go on coming.
    Drip,
}

#[derive(Default)]
pub(crate) struct Faults {
    calls: Mutex<VecDeque<(Call, When, Act)>>,
    subscriptions: Mutex<VecDeque<Vec<Turn>>>,
}

impl Faults {
    pub fn add(&self, call: Call, when: When, act: Act) {
        self.calls.lock().push_back((call, when, act));
    }

    pub fn direct(&self, turns: Vec<Turn>) {
        self.subscriptions.lock().push_back(turns);
    }

    /// What goes wrong with this call, if anything; the oldest that was told.
    pub fn take(&self, call: Call) -> Option<(When, Act)> {
        let mut calls = self.calls.lock();
        let index = calls.iter().position(|(of, _, _)| *of == call)?;
        calls.remove(index).map(|(_, when, act)| (when, act))
    }

    pub fn take_subscription(&self) -> Option<Vec<Turn>> {
        self.subscriptions.lock().pop_front()
    }
}

/// As the true server refuses: a code, a sentence, and trailers that say which exception it was.
pub(crate) fn exception(status: Status, details: &[(&'static str, &str)]) -> Status {
    let mut metadata = MetadataMap::new();
    for (key, value) in details {
        if let Ok(value) = MetadataValue::try_from(*value) {
            metadata.insert(*key, value);
        }
    }
    Status::with_metadata(status.code(), status.message(), metadata)
}

/// Answers that say nothing, one after the other, until the client is gone.
pub(crate) async fn drip(answers: &mpsc::Sender<Result<ReadResp, Status>>) {
    while answers.send(Ok(ReadResp { content: None })).await.is_ok() {
        tokio::time::sleep(DRIPS_EVERY).await;
    }
}

/// What a follower answers to whoever requires the leader.
pub(crate) fn not_leader(leader: SocketAddr) -> Status {
    let (host, port) = (leader.ip().to_string(), leader.port().to_string());
    let details = [("exception", "not-leader"), ("leader-endpoint-host", &*host), ("leader-endpoint-port", &*port)];
    exception(Status::not_found("Leader info available"), &details)
}
