//! One log, one vault and one clock, and the nodes that work on them.

use commands::testing::{CountedLookups, KeptSnapshots, Mailbox, ManualClock};
use commands::vault::MemoryVault;
use commands::{CommandError, Commands, Done, IdempotencyKey, Parts, Request, Settings};
use domain::StoreId;
use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, StreamName};
use journal::{Actor, Journal};
use std::sync::Arc;

/// What outlives a crash.
#[derive(Clone)]
pub struct World {
    pub log: Arc<MemoryLog>,
    pub vault: Arc<MemoryVault>,
    pub clock: Arc<ManualClock>,
    pub mailbox: Arc<Mailbox>,
    pub snapshots: Arc<KeptSnapshots>,
}

impl World {
    pub fn new() -> Self {
        Self {
            log: Arc::new(MemoryLog::new()),
            vault: Arc::new(MemoryVault::default()),
            clock: Arc::default(),
            mailbox: Arc::default(),
            snapshots: Arc::default(),
        }
    }

    /// The same world with its log as it was at the position, restored from a backup of then.
    pub fn restored(&self, position: Position) -> Self {
        Self { log: Arc::new(self.log.as_of(position)), ..self.clone() }
    }

    /// The same history in a log of its own: what is done to one is not seen by the other.
    pub async fn copy(&self) -> Self {
        let log = MemoryLog::new();
        for event in self.log.read_all(Position::START, usize::MAX).await.expect("a log in memory") {
            let new = NewEvent {
                id: event.id,
                event_type: event.event_type.to_string(),
                data: event.data,
                metadata: event.metadata,
            };
            let expected = ExpectedRevision::of_length(event.revision);
            log.append(&event.stream, expected, vec![new]).await.expect("the history fits");
        }
        Self { log: Arc::new(log), snapshots: Arc::default(), ..self.clone() }
    }

    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.log) as Arc<dyn EventLog>, Arc::clone(&self.vault) as Arc<dyn journal::Keys>)
    }

    /// A node that works on the log itself.
    pub fn node(&self) -> Commands {
        self.node_on(Arc::clone(&self.log) as Arc<dyn EventLog>)
    }

    /// A node that sees the log through something that a test controls.
    pub fn node_on(&self, log: Arc<dyn EventLog>) -> Commands {
        Commands::new(self.parts(log))
    }

    /// What such a node is made of.
    pub fn parts(&self, log: Arc<dyn EventLog>) -> Parts {
        let journal = Journal::new(log, Arc::clone(&self.vault) as Arc<dyn journal::Keys>);
        Parts {
            lookups: Arc::new(CountedLookups::new(journal.clone())),
            journal,
            vault: Arc::clone(&self.vault) as Arc<dyn commands::vault::Vault>,
            snapshots: Arc::new(commands::snapshots::NoSnapshots),
            progress: Arc::new(commands::snapshots::NoSnapshots),
            mailer: Arc::clone(&self.mailbox) as Arc<dyn commands::Mailer>,
            clock: Arc::clone(&self.clock) as Arc<dyn commands::Clock>,
            settings: Settings::default(),
        }
    }

    /// A node that saves the states of streams after so many events, and how far its worker and its jobs are.
    pub fn saving_node(&self, snapshot_every: u64) -> Commands {
        let parts = self.parts(Arc::clone(&self.log) as Arc<dyn EventLog>);
        let snapshots = Arc::clone(&self.snapshots) as Arc<dyn commands::snapshots::Snapshots>;
        let progress = Arc::clone(&snapshots);
        Commands::new(Parts { snapshots, progress, settings: Settings { snapshot_every, ..parts.settings }, ..parts })
    }

    /// Appends to the stream, so often, what nobody can read.
    pub async fn damage(&self, stream: &StreamName, times: u64) {
        let length = self.log.read_stream(stream, 0, usize::MAX).await.expect("a log in memory").len() as u64;
        for length in length..length + times {
            let (id, event_type) = (uuid::Uuid::now_v7(), "Nonsense".to_owned());
            let nonsense = NewEvent { id, event_type, data: "{}".into(), metadata: "{}".into() };
            let expected = ExpectedRevision::of_length(length);
            self.log.append(stream, expected, vec![nonsense]).await.expect("a log in memory");
        }
    }

    /// The types of the events after the position.
    pub async fn types_after(&self, position: Position) -> Vec<String> {
        let events = self.log.read_all(position, usize::MAX).await.expect("a log in memory");
        events.iter().map(|event| event.event_type.to_string()).collect()
    }

    pub async fn head(&self) -> Position {
        self.log.head().await.expect("a log in memory")
    }

    /// Lets a node start alone on the log, as after a crash, and do what was left undone.
    pub async fn recover(&self) -> Commands {
        let node = self.node();
        let mut reactions = node.reactions(true).await.expect("the worker starts");
        reactions.step().await.expect("what was left undone can be done");
        node
    }
}

/// A request of the store's client without a key.
pub fn request(store_id: StoreId) -> Request {
    Request { store_id, actor: Actor::System, request_id: None, idempotency: None, if_match: None }
}

/// A request with an `Idempotency-Key`; `path` keeps different commands apart.
pub fn keyed(store_id: StoreId, path: &str, key: &str) -> Request {
    let key = IdempotencyKey {
        method: "POST".to_owned(),
        path: path.to_owned(),
        key: key.to_owned(),
        query: String::new(),
        body: bytes::Bytes::new(),
    };
    Request { idempotency: Some(key), ..request(store_id) }
}

/// The outcome of a command that a test relies on.
#[track_caller]
pub fn done<T>(outcome: Result<Done<T>, CommandError>) -> T {
    match outcome {
        Ok(done) => done.outcome,
        Err(error) => panic!("refused: {error}"),
    }
}
