//! A log that fails at a chosen append.

use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::port::{AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, LogUnit, Subscription};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;

/// At which append the fault happens, counted from 1 since [`FaultLog::arm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It is not done.
    Before(u64),
    /// It is done, but its answer never arrives.
    After(u64),
}

/// What happens from the fault on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// No call returns any more, as in a process that was killed. Wait for [`FaultLog::stopped`], drop the node under
    /// test, and go on with a new one on the log beneath.
    Hang,
    /// Every call is answered `Unavailable`, as when the log has gone away.
    Unavailable,
    /// That append alone is answered `Unavailable`; then the log works again.
    GoOn,
}

/// Passes everything on to the log beneath, until the fault.
pub struct FaultLog {
    inner: Arc<dyn EventLog>,
    state: Arc<Mutex<FaultState>>,
    stopped: watch::Sender<bool>,
}

struct FaultState {
    appends: u64,
    fault: Option<(Cut, Then)>,
}

/// What becomes of one append.
enum Fate {
    Passes,
    NotDone(Then),
    Unanswered(Then),
}

impl FaultLog {
    /// Without a fault: it only counts.
    pub fn new(inner: Arc<dyn EventLog>) -> Self {
        let state = Arc::new(Mutex::new(FaultState { appends: 0, fault: None }));
        Self { inner, state, stopped: watch::Sender::new(false) }
    }

    /// Starts to count anew, and fails at the cut.
    pub fn arm(&self, cut: Cut, then: Then) {
        *self.state.lock() = FaultState { appends: 0, fault: Some((cut, then)) };
    }

    /// The appends that were tried, also those that met a conflict, since the log was armed or made.
    pub fn appends(&self) -> u64 {
        self.state.lock().appends
    }

    /// Whether the world has stopped; with [`Then::GoOn`] it never does.
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Returns once the world has stopped.
    pub async fn stopped(&self) {
        wait_until_stopped(self.stopped.subscribe()).await;
    }

    fn fate(&self) -> Fate {
        let mut state = self.state.lock();
        state.appends += 1;
        match state.fault {
            Some((Cut::Before(nth), then)) if nth == state.appends => Fate::NotDone(then),
            Some((Cut::After(nth), then)) if nth == state.appends => Fate::Unanswered(then),
            Some(_) | None => Fate::Passes,
        }
    }

    /// Appends, or not, as it is fated.
    async fn append_by(
        &self,
        stream: &StreamName,
        append: impl Future<Output = Result<Appended, AppendError>> + Send,
    ) -> Result<Appended, AppendError> {
        let unavailable = |source| AppendError::Unavailable { stream: stream.clone(), source };
        let unknown = |source| AppendError::OutcomeUnknown { stream: stream.clone(), source };
        if self.is_stopped() {
            return Err(unavailable(silence(&self.state).await));
        }
        let fate = self.fate();
        if let Fate::NotDone(then) = fate {
            return Err(unavailable(self.strike(then).await));
        }
        let answer = append.await;
        if let Fate::Unanswered(then) = fate {
            return Err(unknown(self.strike(then).await));
        }
        if self.is_stopped() { Err(unknown(silence(&self.state).await)) } else { answer }
    }

    /// The fault happens to this call.
    async fn strike(&self, then: Then) -> LogError {
        match then {
            Then::GoOn => away(),
            Then::Hang | Then::Unavailable => {
                self.stopped.send_replace(true);
                silence(&self.state).await
            }
        }
    }

    /// A call that has not returned when the world stops does not return.
    async fn unless_stopped<T>(&self, call: impl Future<Output = Result<T, LogError>>) -> Result<T, LogError> {
        if self.is_stopped() {
            return Err(silence(&self.state).await);
        }
        let answer = call.await;
        if self.is_stopped() { Err(silence(&self.state).await) } else { answer }
    }
}

#[async_trait]
impl EventLog for FaultLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.append_by(stream, self.inner.append(stream, expected, events)).await
    }

    async fn append_recorded(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: DateTime<Utc>,
    ) -> Result<Appended, AppendError> {
        self.append_by(stream, self.inner.append_recorded(stream, expected, events, recorded_at)).await
    }

    fn keeps_recorded_times(&self) -> bool {
        self.inner.keeps_recorded_times()
    }

    fn max_append_bytes(&self) -> usize {
        self.inner.max_append_bytes()
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.unless_stopped(self.inner.read_stream(stream, from, limit)).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.unless_stopped(self.inner.read_stream_backwards(stream, limit)).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.unless_stopped(self.inner.read_all(after, limit)).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.unless_stopped(self.inner.head()).await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.unless_stopped(self.inner.log_id()).await
    }

    fn damage(&self) -> Option<String> {
        self.inner.damage()
    }

    fn unit(&self) -> LogUnit {
        self.inner.unit()
    }

    fn scanned(&self, after: Position) -> Position {
        self.inner.scanned(after)
    }

    /// Falls silent, or ends with an error, when the world stops.
    fn subscribe(&self, after: Position) -> Subscription {
        let state = Arc::clone(&self.state);
        let end = stream::once(async move { Err(silence(&state).await) });
        let stop = Box::pin(wait_until_stopped(self.stopped.subscribe()));
        self.inner.subscribe(after).take_until(stop).chain(end).boxed()
    }
}

/// What calls get once the world has stopped.
async fn silence(state: &Mutex<FaultState>) -> LogError {
    let fault = state.lock().fault;
    match fault {
        Some((_, Then::Hang)) => std::future::pending().await,
        Some((_, Then::Unavailable | Then::GoOn)) | None => away(),
    }
}

async fn wait_until_stopped(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        // The log is gone, and can't stop any more.
        std::future::pending().await
    }
}

fn away() -> LogError {
    LogError::Unavailable(std::io::Error::other("the test stopped it").into())
}
