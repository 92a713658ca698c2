//! Snapshots are written one after another by one task. Those that wait are bounded in number and bytes: the newest of a stream
//! takes the place of the one before, and what finds no place is dropped, which costs only time. A state that holds personal data
//! is sealed before it is written: once the key is destroyed nobody can read it, as everywhere else.

use super::{Person, Snapshot, SnapshotError, Snapshots};
use eventlog::StreamName;
use journal::Journal;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::watch;

/// Snapshots that may wait.
const MOST: usize = 1_024;
/// What one takes beside its state, about.
const BESIDE: usize = 256;

/// Writes snapshots behind whoever hands them over. Cheap to clone.
#[derive(Clone)]
pub struct SnapshotWriter {
    shared: Arc<WriterState>,
}

struct WriterState {
    snapshots: Arc<dyn Snapshots>,
    journal: Journal,
    waiting: Mutex<WaitingSnapshots>,
    /// Whether the task writes.
    busy: watch::Sender<bool>,
}

struct WaitingSnapshots {
    order: VecDeque<StreamName>,
    by_stream: HashMap<StreamName, (Snapshot, Option<Person>)>,
    bytes: usize,
    most_bytes: usize,
    closed: bool,
}

fn weight(snapshot: &Snapshot) -> usize {
    snapshot.state.len() + BESIDE
}

impl WaitingSnapshots {
    fn new(most_bytes: usize) -> Self {
        Self { order: VecDeque::new(), by_stream: HashMap::new(), bytes: 0, most_bytes, closed: false }
    }

    /// Whether it was taken in.
    fn put(&mut self, stream: &StreamName, snapshot: Snapshot, person: Option<Person>) -> bool {
        let before = self.by_stream.get(stream).map(|(waiting, _)| weight(waiting));
        let bytes = self.bytes - before.unwrap_or(0) + weight(&snapshot);
        let is_full = bytes > self.most_bytes || (before.is_none() && self.order.len() >= MOST);
        if self.closed || is_full {
            return false;
        }
        self.bytes = bytes;
        if before.is_none() {
            self.order.push_back(stream.clone());
        }
        self.by_stream.insert(stream.clone(), (snapshot, person));
        true
    }

    fn take(&mut self) -> Option<(StreamName, Snapshot, Option<Person>)> {
        let stream = self.order.pop_front().filter(|_| !self.closed)?;
        let (snapshot, person) = self.by_stream.remove(&stream)?;
        self.bytes -= weight(&snapshot);
        Some((stream, snapshot, person))
    }
}

impl SnapshotWriter {
    /// What waits takes so many bytes at most.
    pub fn new(snapshots: Arc<dyn Snapshots>, journal: Journal, most_bytes: usize) -> Self {
        let (waiting, busy) = (Mutex::new(WaitingSnapshots::new(most_bytes)), watch::Sender::new(false));
        Self { shared: Arc::new(WriterState { snapshots, journal, waiting, busy }) }
    }

    /// What was handed over or saved of the stream last, opened; `None` also once the person's key was destroyed.
    pub async fn load(&self, stream: &StreamName, person: Option<Person>) -> Result<Option<Snapshot>, SnapshotError> {
        let waiting = self.shared.waiting.lock().by_stream.get(stream).map(|(snapshot, _)| snapshot.clone());
        if waiting.is_some() {
            return Ok(waiting);
        }
        let Some(saved) = self.shared.snapshots.load(stream).await? else { return Ok(None) };
        let Some(person) = person else { return Ok(Some(saved)) };
        let opened = self.shared.journal.open_state(stream, person, &saved.state).await?;
        Ok(opened.map(|state| Snapshot { state, ..saved }))
    }

    /// What waits to be written takes so many bytes, about.
    pub fn bytes(&self) -> usize {
        self.shared.waiting.lock().bytes
    }

    /// Has the snapshot written, if there is room; within a runtime. Sealed, if it holds what is a person's.
    pub fn save(&self, stream: &StreamName, snapshot: Snapshot, person: Option<Person>) {
        let mut waiting = self.shared.waiting.lock();
        if !waiting.put(stream, snapshot, person) {
            metrics::counter!("cartlog_snapshots_dropped_total").increment(1);
            return;
        }
        // Under the lock: the task ends only when it has seen under it that nothing waits.
        if !self.shared.busy.send_replace(true) {
            let shared = Arc::clone(&self.shared);
            // One that can't be written, whatever it does to the task, is lost; the next ones are not.
            tokio::spawn(tasks::keep_on("snapshots", move || write(Arc::clone(&shared))));
        }
    }

    /// Waits for the one that is being written; those that wait are dropped, and so is what comes.
    pub async fn close(&self) {
        self.shared.waiting.lock().closed = true;
        let mut busy = self.shared.busy.subscribe();
        // The sender lives as long as this.
        let _ = busy.wait_for(|busy| !busy).await;
    }
}

async fn write(shared: Arc<WriterState>) -> tasks::Ended {
    loop {
        let next = {
            let mut waiting = shared.waiting.lock();
            let next = waiting.take();
            if next.is_none() {
                shared.busy.send_replace(false);
            }
            next
        };
        let Some((stream, snapshot, person)) = next else { return Ok(()) };
        if let Err(error) = shared.write(&stream, snapshot, person).await {
            tracing::warn!(%stream, %error, "a snapshot can't be saved");
        }
    }
}

impl WriterState {
    async fn write(
        &self,
        stream: &StreamName,
        snapshot: Snapshot,
        person: Option<Person>,
    ) -> Result<(), SnapshotError> {
        let Some(person) = person else { return self.snapshots.save(stream, snapshot).await };
        let sealed = self.journal.seal_state(stream, person, &snapshot.state).await?;
        // Without a key nothing of the person is written any more.
        let Some(state) = sealed else { return Ok(()) };
        self.snapshots.save(stream, Snapshot { state, ..snapshot }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use eventlog::LogId;
    use tokio::sync::{Semaphore, mpsc};
    use uuid::Uuid;

    /// Writes only as many as it is let, and tells of each.
    struct Gated {
        let_through: Semaphore,
        written: mpsc::UnboundedSender<(StreamName, Vec<u8>)>,
    }

    #[async_trait]
    impl Snapshots for Gated {
        async fn load(&self, _stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError> {
            Ok(None)
        }

        async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), SnapshotError> {
            self.let_through.acquire().await.map_err(|error| SnapshotError::Store(error.into()))?.forget();
            self.written.send((stream.clone(), snapshot.state)).map_err(|error| SnapshotError::Store(error.into()))
        }
    }

    type Written = mpsc::UnboundedReceiver<(StreamName, Vec<u8>)>;

    const MOST_BYTES: usize = 32 * 1024 * 1024;

    fn gated() -> (SnapshotWriter, Arc<Gated>, Written) {
        let (written, seen) = mpsc::unbounded_channel();
        let gated = Arc::new(Gated { let_through: Semaphore::new(0), written });
        (writer_to(Arc::clone(&gated) as Arc<dyn Snapshots>), gated, seen)
    }

    fn writer_to(snapshots: Arc<dyn Snapshots>) -> SnapshotWriter {
        let keys = Arc::new(vault::MemoryVault::default());
        let journal = Journal::new(Arc::new(eventlog::MemoryLog::new()), keys);
        SnapshotWriter::new(snapshots, journal, MOST_BYTES)
    }

    fn snapshot(state: Vec<u8>) -> Snapshot {
        Snapshot { log_id: LogId(Uuid::nil()), format: 1, state }
    }

    fn stream(number: usize) -> StreamName {
        StreamName::new(format!("coupon-{number}"))
    }

    #[tokio::test]
    async fn of_a_stream_the_newest_waits_and_what_finds_no_room_is_dropped() {
        let (writer, gated, mut seen) = gated();
        writer.save(&stream(0), snapshot(b"under way".to_vec()), None);
        // The task takes the first before it waits at the gate.
        while writer.shared.waiting.lock().bytes > 0 {
            tokio::task::yield_now().await;
        }
        for state in [b"old", b"new"] {
            writer.save(&stream(1), snapshot(state.to_vec()), None);
        }
        writer.save(&stream(2), snapshot(vec![0; MOST_BYTES]), None);
        for number in 3..3 + 2 * MOST {
            writer.save(&stream(number), snapshot(Vec::new()), None);
        }
        assert_eq!(writer.shared.waiting.lock().order.len(), MOST);
        gated.let_through.add_permits(2 * MOST);
        assert_eq!(seen.recv().await, Some((stream(0), b"under way".to_vec())));
        assert_eq!(seen.recv().await, Some((stream(1), b"new".to_vec())));
        for number in 3..2 + MOST {
            assert_eq!(seen.recv().await, Some((stream(number), Vec::new())));
        }
        writer.close().await;
        assert!(seen.try_recv().is_err(), "nothing else was written");
    }

    /// Panics at what it is told to.
    struct Brittle(mpsc::UnboundedSender<StreamName>);

    #[async_trait]
    impl Snapshots for Brittle {
        async fn load(&self, _stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError> {
            Ok(None)
        }

        async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), SnapshotError> {
            assert!(!snapshot.state.is_empty(), "as a defect would");
            self.0.send(stream.clone()).map_err(|error| SnapshotError::Store(error.into()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_breaks_the_writer_is_lost_and_the_next_ones_are_written() {
        let (written, mut seen) = mpsc::unbounded_channel();
        let writer = writer_to(Arc::new(Brittle(written)));
        writer.save(&stream(0), snapshot(Vec::new()), None);
        writer.save(&stream(1), snapshot(b"state".to_vec()), None);
        assert_eq!(seen.recv().await, Some(stream(1)));
        writer.close().await;
    }

    #[tokio::test]
    async fn closing_waits_for_the_one_under_way_and_drops_the_rest() {
        let (writer, gated, mut seen) = gated();
        (0..3).for_each(|number| writer.save(&stream(number), snapshot(Vec::new()), None));
        while writer.shared.waiting.lock().order.len() > 2 {
            tokio::task::yield_now().await;
        }
        gated.let_through.add_permits(3);
        writer.close().await;
        writer.save(&stream(9), snapshot(Vec::new()), None);
        assert_eq!(seen.try_recv().ok().map(|(stream, _)| stream), Some(stream(0)));
        assert!(seen.try_recv().is_err());
    }
}
