//! A log whose appends wait until the test lets each of them through.

use super::Schedule;
use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::port::{AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, LogUnit, Subscription};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Stands before one log that several nodes share. Reads and subscriptions pass; each append waits for the test.
///
/// Deterministic as long as what runs on a node ends, or comes to an append, without waiting for anything else.
pub struct Gate {
    inner: Arc<dyn EventLog>,
    state: Mutex<GateState>,
    /// Rises with every change of the state.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct GateState {
    open: bool,
    next_ticket: u64,
    /// By node and ticket, so that their order doesn't depend on who came first.
    waiting: BTreeMap<(String, u64), Held>,
    /// The number of tasks under way on each node.
    running: BTreeMap<String, usize>,
    /// Let through, but not answered by the log yet.
    passing: BTreeSet<u64>,
}

struct Held {
    stream: StreamName,
    event_types: Vec<String>,
    pass: oneshot::Sender<()>,
}

/// An append that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Names it to [`Gate::release`].
    pub ticket: u64,
    /// The label of the node that it comes from.
    pub node: String,
    pub stream: StreamName,
    pub event_types: Vec<String>,
}

impl Gate {
    pub fn new(inner: Arc<dyn EventLog>) -> Arc<Self> {
        Arc::new(Self { inner, state: Mutex::default(), changed: watch::Sender::new(0) })
    }

    /// The log as the node with this label sees it.
    pub fn node(self: &Arc<Self>, label: &str) -> GateLog {
        GateLog { gate: Arc::clone(self), label: label.to_owned() }
    }

    /// Runs a task of the node: [`settled`](Gate::settled) waits until it has ended or has come to an append.
    pub fn run<F>(self: &Arc<Self>, label: &str, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let running = Running::begin(self, label);
        tokio::spawn(async move {
            let output = task.await;
            drop(running);
            output
        })
    }

    /// Waits until every node that has a task under way has an append waiting too, and gives all that wait, by node.
    /// None are left once all tasks have ended.
    pub async fn settled(&self) -> Vec<Waiting> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(waiting) = self.state.lock().settled() {
                return waiting;
            }
            if changed.changed().await.is_err() {
                return Vec::new();
            }
        }
    }

    /// Lets one append through. Returns once the log beneath has answered it.
    ///
    /// # Panics
    /// If no append with this ticket waits.
    pub async fn release(&self, ticket: u64) {
        let held = self.let_through(ticket);
        assert!(held, "no append with ticket {ticket} is waiting");
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if !self.state.lock().passing.contains(&ticket) || changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Lets everything through, now and from now on.
    pub fn open(&self) {
        self.change(|state| {
            state.open = true;
            for ((_, ticket), held) in std::mem::take(&mut state.waiting) {
                state.let_pass(ticket, held);
            }
        });
    }

    /// Lets appends through one after another as the schedule says, until all tasks have ended; gives them in their order.
    pub async fn play(&self, schedule: &mut Schedule) -> Vec<Waiting> {
        let mut played = Vec::new();
        loop {
            let mut waiting = self.settled().await;
            if waiting.is_empty() {
                return played;
            }
            let next = waiting.swap_remove(schedule.choose(waiting.len()));
            self.release(next.ticket).await;
            played.push(next);
        }
    }

    fn let_through(&self, ticket: u64) -> bool {
        self.change(|state| {
            let key = state.waiting.keys().find(|key| key.1 == ticket).cloned();
            let Some(held) = key.and_then(|key| state.waiting.remove(&key)) else {
                return false;
            };
            state.let_pass(ticket, held);
            true
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut GateState) -> T) -> T {
        let outcome = change(&mut self.state.lock());
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
        outcome
    }
}

impl GateState {
    fn line_up(&mut self, label: &str, held: Held) -> u64 {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        if self.open {
            self.let_pass(ticket, held);
        } else {
            self.waiting.insert((label.to_owned(), ticket), held);
        }
        ticket
    }

    fn let_pass(&mut self, ticket: u64, held: Held) {
        self.passing.insert(ticket);
        // If nobody listens any more, the place is being given up, which ends the passing too.
        held.pass.send(()).ok();
    }

    fn settled(&self) -> Option<Vec<Waiting>> {
        let waits = |node: &String| self.waiting.keys().any(|(label, _)| label == node);
        if !self.passing.is_empty() || !self.running.keys().all(waits) {
            return None;
        }
        let waiting = |((node, ticket), held): (&(String, u64), &Held)| Waiting {
            ticket: *ticket,
            node: node.clone(),
            stream: held.stream.clone(),
            event_types: held.event_types.clone(),
        };
        Some(self.waiting.iter().map(waiting).collect())
    }
}

/// A task under way, until it is dropped: also by a panic.
struct Running {
    gate: Arc<Gate>,
    label: String,
}

impl Running {
    fn begin(gate: &Arc<Gate>, label: &str) -> Self {
        gate.change(|state| *state.running.entry(label.to_owned()).or_default() += 1);
        Self { gate: Arc::clone(gate), label: label.to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gate.change(|state| {
            if let Some(count) = state.running.get_mut(&self.label) {
                *count -= 1;
            }
            state.running.retain(|_, count| *count > 0);
        });
    }
}

/// The log as one node sees it.
pub struct GateLog {
    gate: Arc<Gate>,
    label: String,
}

impl GateLog {
    /// Waits for the test. The place says that the append waits or is under way, until it is dropped.
    async fn pass(&self, stream: &StreamName, events: &[NewEvent]) -> Place<'_> {
        let (pass, passed) = oneshot::channel();
        let event_types = events.iter().map(|event| event.event_type.clone()).collect();
        let held = Held { stream: stream.clone(), event_types, pass };
        let place = Place { log: self, ticket: self.gate.change(|state| state.line_up(&self.label, held)) };
        // An error means the same as a word: it doesn't stand in the line any more.
        drop(passed.await);
        place
    }
}

/// A place in the line, and then beyond the gate. Given up also when whoever waits goes away.
struct Place<'a> {
    log: &'a GateLog,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.log.gate.change(|state| {
            state.waiting.remove(&(self.log.label.clone(), self.ticket));
            state.passing.remove(&self.ticket);
        });
    }
}

#[async_trait]
impl EventLog for GateLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let _place = self.pass(stream, &events).await;
        self.gate.inner.append(stream, expected, events).await
    }

    fn max_append_bytes(&self) -> usize {
        self.gate.inner.max_append_bytes()
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.gate.inner.read_stream(stream, from, limit).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.gate.inner.read_stream_backwards(stream, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.gate.inner.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.gate.inner.head().await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.gate.inner.log_id().await
    }

    fn damage(&self) -> Option<String> {
        self.gate.inner.damage()
    }

    fn unit(&self) -> LogUnit {
        self.gate.inner.unit()
    }

    fn scanned(&self, after: Position) -> Position {
        self.gate.inner.scanned(after)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.gate.inner.subscribe(after)
    }
}
