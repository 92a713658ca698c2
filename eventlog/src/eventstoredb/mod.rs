//! The log in an EventStoreDB (KurrentDB) server, which several processes share.
//!
//! What lives here: [`EventStoreDbLog`]: appends ([`appender`]), reads ([`reader`]) and one subscription of the process
//! ([`tail`]) by calls of our own ([`server`]) in the server's protocol ([`wire`]). What doesn't: what an event means.
//! The guarantee: an append is answered once the server has it on most of its nodes; a server that is away makes the log
//! answer `Unavailable` until it is back, and its followers wait.

mod appender;
mod cluster;
mod failure;
mod heads;
mod http;
mod identity;
mod names;
mod options;
mod pipeline;
mod progress;
mod reader;
mod recall;
mod scan;
mod server;
mod stretches;
mod tail;
mod target;
mod tls;
mod wire;

pub use options::{EventStoreDbOptions, Pauses};

use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::follow::{Batch, Source, follow};
use crate::port::{
    AppendError, Appended, EventLog, ExpectedRevision, LogEnded, LogError, LogId, LogUnit, Piece, Subscription,
};
use crate::recent::Recent;
use crate::size::Room;
use appender::Appender;
use async_trait::async_trait;
use heads::Heads;
use identity::Identity;
use names::Names;
use parking_lot::Mutex;
use progress::Progress;
use reader::Reader;
use server::Server;
use std::sync::{Arc, OnceLock};
use stretches::Stretches;
use target::Target;
use tokio::sync::{OnceCell, watch};
use tokio_util::sync::CancellationToken;

/// The most events, and about the most bytes of them, that a subscription gets at once.
const BATCH: Room = Room { events: 512, bytes: 1024 * 1024 };

/// A log in an EventStoreDB server. Dropping it ends its subscriptions with [`LogError::Unavailable`].
pub struct EventStoreDbLog {
    client: Arc<Client>,
    head: watch::Receiver<Position>,
}

/// What subscriptions keep alive.
struct Client {
    options: EventStoreDbOptions,
    reader: Reader,
    /// By a connection of its own, which is the tail's.
    follower: Reader,
    identity: Identity,
    heads: Heads,
    recent: Recent,
    /// Up to where the tail has seen the log, once it has begun.
    progress: Mutex<Option<Progress>>,
    /// Taken when the tail starts, by whoever needs it first.
    unstarted: Mutex<Option<watch::Sender<Position>>>,
    closed: CancellationToken,
    /// Why the log can't be used any more, if so.
    broken: OnceLock<LogError>,
    /// Why it can't be used for now: the server has less than it had.
    suspended: Mutex<Option<LogError>>,
    /// The last event that the tail has seen.
    last_id: Mutex<Option<uuid::Uuid>>,
}

impl EventStoreDbLog {
    /// Whether the connection string can be used, asking no server.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check(url: &str) -> Result<(), LogError> {
        Target::parse(url).map(drop)
    }

    /// Opens the log. Asks the server nothing yet: it may be away.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the connection string, or a file that it names, can't be used.
    pub fn open(options: EventStoreDbOptions) -> Result<Self, LogError> {
        let target = Arc::new(Target::parse(&options.url)?);
        let server = Server::new(target, options.request_timeout);
        let names = Arc::new(Names::new(&options.namespace, &options.stream_prefixes));
        let (sender, head) = watch::channel(Position::START);
        let by_another = server.by_another_connection();
        let (turns, ends): (Arc<tokio::sync::Mutex<()>>, Arc<tokio::sync::Mutex<()>>) = Default::default();
        let reader = |server, names, stretches| {
            let (turns, ends) = (Arc::clone(&turns), Arc::clone(&ends));
            Reader { server, names, stretches, recalled: OnceCell::new(), turns, ends }
        };
        let stretches: Arc<Stretches> = Arc::default();
        let client = Arc::new(Client {
            follower: reader(by_another, Arc::clone(&names), Arc::clone(&stretches)),
            reader: reader(server, names, stretches),
            identity: Identity::new(options.format),
            heads: Heads::default(),
            // Nothing is recent until the tail has begun.
            recent: Recent::new(Position(u64::MAX), options.recent_events, options.recent_bytes),
            progress: Mutex::default(),
            unstarted: Mutex::new(Some(sender)),
            closed: CancellationToken::new(),
            broken: OnceLock::new(),
            suspended: Mutex::default(),
            last_id: Mutex::default(),
            options,
        });
        Ok(Self { client, head })
    }
}

impl Drop for EventStoreDbLog {
    fn drop(&mut self) {
        self.client.closed.cancel();
        self.client.unstarted.lock().take();
    }
}

impl Client {
    /// Refuses if the log can't be used any more.
    fn check(&self) -> Result<(), LogError> {
        self.broken.get().cloned().or_else(|| self.suspended.lock().clone()).map_or(Ok(()), Err)
    }

    fn start_tail(self: &Arc<Self>) {
        if let Some(sender) = self.unstarted.lock().take() {
            let (client, sender) = (Arc::clone(self), Arc::new(sender));
            tokio::spawn(tasks::keep_on("log subscription", move || {
                tail::run(Arc::clone(&client), Arc::clone(&sender))
            }));
        }
    }

    fn progress(&self) -> Option<Progress> {
        *self.progress.lock()
    }

    fn start_at(&self, head: Position, progress: Progress) {
        self.recent.restart(head);
        *self.progress.lock() = Some(progress);
    }

    fn advance<T: Default>(&self, step: impl FnOnce(&mut Progress) -> T) -> T {
        self.progress.lock().as_mut().map(step).unwrap_or_default()
    }

    /// The position of the last event, as the server has it now: others append as well.
    async fn head(self: &Arc<Self>) -> Result<Position, LogError> {
        let client = Arc::clone(self);
        let look = move || {
            let client = Arc::clone(&client);
            async move { client.look_for_head().await }
        };
        self.heads.ask(look).await
    }

    /// Looks only at what is new since the subscription's last word.
    async fn look_for_head(&self) -> Result<Position, LogError> {
        let Some(progress) = self.progress() else {
            return Ok(self.reader.last().await?.unwrap_or(Position::START));
        };
        let new = self.reader.last_after(progress.safe()).await?;
        Ok(new.unwrap_or(Position(progress.last_event().commit)))
    }

    async fn all_after(&self, after: Position, enough: Room) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.reader.all_after(after, enough).await?)
    }

    /// Reads, and waits while the server is away.
    async fn patiently<T, F>(&self, read: impl Fn() -> F) -> Result<T, LogError>
    where
        F: Future<Output = Result<T, LogError>>,
    {
        let mut failures = 0;
        loop {
            self.check()?;
            match read().await {
                Err(LogError::Unavailable(reason)) => {
                    failures += 1;
                    tracing::debug!(%reason, failures, "a follower of the event log waits for it");
                }
                read => return read,
            }
            tokio::select! {
                () = tokio::time::sleep((self.options.pauses)(failures)) => {}
                () = self.closed.cancelled() => return Err(LogError::Unavailable(LogEnded::Closed.into())),
            }
        }
    }
}

#[async_trait]
impl EventLog for EventStoreDbLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let client = &self.client;
        client.check().map_err(|source| AppendError::Unavailable { stream: stream.clone(), source })?;
        if events.is_empty() {
            return Err(AppendError::Empty { stream: stream.clone() });
        }
        if appender::size(&events) > client.options.max_append_bytes {
            return Err(appender::too_large(stream, &events));
        }
        let announcing = client.identity.announce(&client.reader).await;
        announcing.map_err(|source| AppendError::Unavailable { stream: stream.clone(), source })?;
        let EventStoreDbOptions { pauses, append_deadline, .. } = &client.options;
        let appender = Appender { reader: &client.reader, pauses, deadline: *append_deadline };
        appender.append(stream, expected, &events).await
    }

    fn max_append_bytes(&self) -> usize {
        self.client.options.max_append_bytes
    }

    async fn append_in_order(&self, pieces: Vec<Piece>) -> Result<(), AppendError> {
        let client = &self.client;
        let Some(first) = pieces.first() else { return Ok(()) };
        let unavailable = |source| AppendError::Unavailable { stream: first.stream.clone(), source };
        client.check().map_err(unavailable)?;
        client.identity.announce(&client.reader).await.map_err(unavailable)?;
        client.append_in_order(&pieces).await
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.read_stream_within(stream, from, Room::for_events(limit)).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.client.check()?;
        Ok(self.client.reader.stream_backwards(stream, limit).await?)
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.read_all_within(after, Room::for_events(limit)).await
    }

    async fn read_stream_within(
        &self,
        stream: &StreamName,
        from: u64,
        room: Room,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        self.client.check()?;
        if from > wire::Position::GREATEST {
            return Ok(Vec::new());
        }
        Ok(self.client.reader.stream(stream, from, room).await?)
    }

    async fn read_all_within(&self, after: Position, room: Room) -> Result<Vec<RecordedEvent>, LogError> {
        self.client.check()?;
        // The ring may not have the last ones yet; but what it has is right.
        match self.client.recent.after(after, room) {
            Some(events) if room.is_filled_by(&events) => Ok(events),
            _ => self.client.all_after(after, room).await,
        }
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.client.check()?;
        self.client.start_tail();
        self.client.head().await
    }

    /// An append that the leader has to refuse.
    async fn probe(&self) -> Result<(), LogError> {
        self.client.check()?;
        let EventStoreDbOptions { pauses, append_deadline, .. } = &self.client.options;
        let appender = Appender { reader: &self.client.reader, pauses, deadline: *append_deadline };
        appender.probe().await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.client.check()?;
        self.client.identity.find(&self.client.reader).await
    }

    fn unit(&self) -> LogUnit {
        LogUnit::Bytes
    }

    fn scanned(&self, after: Position) -> Position {
        let skipped = self.client.reader.stretches.skip(after.0).map_or(after, |to| Position(to.commit));
        skipped.max(after)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        follow(Arc::new(Tail(Arc::clone(&self.client))), self.head.clone(), after)
    }
}

/// What a follower reads from: the ring, or the server.
struct Tail(Arc<Client>);

#[async_trait]
impl Source for Tail {
    async fn next_batch(&self, after: Position, _head: Position) -> Result<Batch, LogError> {
        self.0.check()?;
        match self.0.recent.after(after, BATCH) {
            Some(events) if !events.is_empty() => Ok(Batch { events, fell_behind: false }),
            _ => {
                let events = self.0.patiently(|| self.0.all_after(after, BATCH)).await?;
                Ok(Batch { events, fell_behind: true })
            }
        }
    }

    async fn head_now(&self, _known: Position) -> Result<Position, LogError> {
        self.0.start_tail();
        self.0.patiently(|| self.0.head()).await
    }
}
