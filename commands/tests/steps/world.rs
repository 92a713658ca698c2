//! One log, one vault and one clock, and the nodes that work on them.

use crate::place::{Kept, Place};
use commands::testing::{KeptSnapshots, Mailbox, ManualClock, key, parts};
pub use commands::testing::{done, request};
use commands::{Clock, CommandDependencies, CommandSettings, Commands, Request};
use domain::{Event, StoreId};
use eventlog::{EventLog, ExpectedRevision, NewEvent, Position, StreamName};
use journal::testing::to_append;
use journal::{Journal, Tail};
use std::sync::Arc;
use vault::MemoryVault;

/// What outlives a crash.
#[derive(Clone)]
pub struct World {
    place: Place,
    kept: Kept,
    pub vault: Arc<MemoryVault>,
    pub clock: Arc<ManualClock>,
    pub mailbox: Arc<Mailbox>,
    pub snapshots: Arc<KeptSnapshots>,
}

impl World {
    /// With its log in memory.
    pub fn new() -> Self {
        Self::of(Place::Memory, Kept::Memory(Arc::default()))
    }

    /// With its log in memory, which takes only so many bytes at once.
    pub fn limited(max_append_bytes: usize) -> Self {
        Self::of(Place::Memory, Kept::Memory(Arc::new(eventlog::MemoryLog::with_max_append_bytes(max_append_bytes))))
    }

    /// With its log in that place.
    pub async fn on(place: Place) -> Self {
        Self::of(place, place.new_log().await)
    }

    fn of(place: Place, kept: Kept) -> Self {
        Self {
            place,
            kept,
            vault: Arc::new(MemoryVault::default()),
            clock: Arc::default(),
            mailbox: Arc::default(),
            snapshots: Arc::default(),
        }
    }

    /// The log itself.
    pub fn log(&self) -> Arc<dyn EventLog> {
        self.kept.log()
    }

    /// The same world with its log, which is in memory, as it was at the position, restored from a backup of then.
    pub fn restored(&self, position: Position) -> Self {
        match &self.kept {
            Kept::Memory(log) => Self { kept: Kept::Memory(Arc::new(log.as_of(position))), ..self.clone() },
            #[cfg(feature = "eventstoredb")]
            Kept::EventStoreDb { .. } => unreachable!("there is no backup of it"),
        }
    }

    /// The same history in a log of its own: what is done to one is not seen by the other.
    pub async fn copy(&self) -> Self {
        let kept = self.place.new_log().await;
        self.copy_into(&*kept.log()).await;
        Self { kept, snapshots: Arc::default(), ..self.clone() }
    }

    /// As [`Self::copy`], into a log in memory that takes only so many bytes at once.
    pub async fn copy_limited(&self, max_append_bytes: usize) -> Self {
        let copy = Self { snapshots: Arc::default(), ..self.clone() };
        let limited = Self { kept: Self::limited(max_append_bytes).kept, ..copy };
        self.copy_into(&*limited.log()).await;
        limited
    }

    async fn copy_into(&self, log: &dyn EventLog) {
        for event in self.log().read_all(Position::START, usize::MAX).await.expect("the log is there") {
            let new = NewEvent {
                id: event.id,
                event_type: event.event_type.to_string(),
                data: event.data,
                metadata: event.metadata,
            };
            let expected = ExpectedRevision::of_length(event.revision);
            log.append(&event.stream, expected, vec![new]).await.expect("the history fits");
        }
    }

    pub fn journal(&self) -> Journal {
        Journal::new(self.log(), Arc::clone(&self.vault) as Arc<dyn journal::Keys>)
    }

    /// A node that works on the log itself.
    pub fn node(&self) -> Commands {
        self.node_on(self.log())
    }

    /// A node that sees the log through something that a test controls.
    pub fn node_on(&self, log: Arc<dyn EventLog>) -> Commands {
        Commands::new(self.parts(log))
    }

    /// What such a node is made of. It saves how far its worker and its jobs are.
    pub fn parts(&self, log: Arc<dyn EventLog>) -> CommandDependencies {
        let journal = Journal::new(log, Arc::clone(&self.vault) as Arc<dyn journal::Keys>);
        CommandDependencies {
            progress: Arc::clone(&self.snapshots) as Arc<dyn commands::snapshots::Snapshots>,
            ..parts(journal, &self.vault, &self.clock, Arc::clone(&self.mailbox) as Arc<dyn commands::Mailer>)
        }
    }

    /// A node that saves the states of streams after so many events.
    pub fn saving_node(&self, snapshot_every: u64) -> Commands {
        let parts = self.parts(self.log());
        let snapshots = Arc::clone(&self.snapshots) as Arc<dyn commands::snapshots::Snapshots>;
        Commands::new(CommandDependencies {
            snapshots,
            settings: CommandSettings { snapshot_every, ..parts.settings },
            ..parts
        })
    }

    /// Appends an event to the stream, as another version of this program may have done.
    pub async fn write(&self, store: StoreId, stream: &str, event: impl Into<Event>) {
        self.append(store, stream, [event]).await;
    }

    /// Appends events to the stream as if some node had decided them.
    pub async fn append<E: Into<Event>>(&self, store_id: StoreId, stream: &str, events: impl IntoIterator<Item = E>) {
        let (journal, stream) = (self.journal(), StreamName::new(stream));
        let read = journal.read_stream(&stream, Tail::default(), usize::MAX).await.expect("the log is there");
        let now = self.clock.now();
        let to_append = |event: E| to_append(uuid::Uuid::now_v7(), store_id, now, event);
        let events: Vec<_> = events.into_iter().map(to_append).collect();
        journal.append(&stream, read.tail, &events).await.expect("the log is there");
    }

    /// The stream folded, as a node finds it that never saw it.
    pub async fn folded<A: domain::Decider>(&self, id: &A::Id) -> A {
        let stream = StreamName::new(format!("{}-{id}", A::CATEGORY));
        let read = self.journal().read_stream(&stream, Tail::default(), usize::MAX).await.expect("the log is there");
        let mut state = A::default();
        for envelope in read.events {
            let event = A::event(envelope.event).expect("an event of the aggregate");
            state.evolve(&event, envelope.metadata.occurred_at).expect("a history that can be");
        }
        state
    }

    /// The ids of the streams of the category, in the order of their first events.
    pub async fn ids<T: std::str::FromStr>(&self, category: domain::Category) -> Vec<T> {
        let events = self.log().read_all(Position::START, usize::MAX).await.expect("the log is there");
        let firsts = events.iter().filter(|event| event.revision == 0);
        let ids = firsts.filter_map(|event| domain::Category::of_stream(event.stream.as_str()));
        ids.filter(|(of, _)| *of == category).filter_map(|(_, id)| id.parse().ok()).collect()
    }

    /// Appends to the stream, so often, what nobody can read.
    pub async fn damage(&self, stream: &StreamName, times: u64) {
        let length = self.log().read_stream(stream, 0, usize::MAX).await.expect("the log is there").len() as u64;
        for length in length..length + times {
            let (id, event_type) = (uuid::Uuid::now_v7(), "Nonsense".to_owned());
            let nonsense = NewEvent { id, event_type, data: "{}".into(), metadata: "{}".into() };
            let expected = ExpectedRevision::of_length(length);
            self.log().append(stream, expected, vec![nonsense]).await.expect("the log is there");
        }
    }

    /// The types of the events after the position.
    pub async fn types_after(&self, position: Position) -> Vec<String> {
        let events = self.log().read_all(position, usize::MAX).await.expect("the log is there");
        events.iter().map(|event| event.event_type.to_string()).collect()
    }

    pub async fn head(&self) -> Position {
        self.log().head().await.expect("the log is there")
    }

    /// Lets a node start alone on the log, as after a crash, and do what was left undone.
    pub async fn recover(&self) -> Commands {
        let node = self.node();
        let mut reactions = node.reactions(true).await.expect("the worker starts");
        reactions.step().await.expect("what was left undone can be done");
        node
    }
}

/// A request with an `Idempotency-Key`; `path` keeps different commands apart.
pub fn keyed(store_id: StoreId, path: &str, key: &str) -> Request {
    Request { idempotency: Some(self::key(path, key, "")), ..request(store_id) }
}
