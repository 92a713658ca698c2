//! The server as a test holds it: where it listens, what it has been asked, and its switches.

use crate::faults::{Act, Call, Faults, Held, Turn, When};
use crate::log::{Expected, Log, Proposed, Refused, Written};
use crate::service;
use crate::wire::{MemberInfo, Position};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a new database of the true server takes in one append, as of the versions that had no larger default.
const MAX_APPEND_BYTES: usize = 1024 * 1024;

/// How many connections wait to be taken.
const BACKLOG: u32 = 1024;
/// As the true server.
const MAX_CONCURRENT_CALLS: u32 = 100;

/// How the server is to be.
#[derive(Clone, Debug)]
pub struct DoubleOptions {
    pub listen: SocketAddr,
    /// Keeps the log in this file; else it ends with the server.
    pub data: Option<PathBuf>,
    /// The most that one append may hold, as the true server counts it.
    pub max_append_bytes: usize,
    /// Whom it lets in: a name and a password. Else everybody.
    pub user: Option<(String, String)>,
    /// Speaks TLS, and nothing else.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Default for DoubleOptions {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { listen, data: None, max_append_bytes: MAX_APPEND_BYTES, user: None, tls: None }
    }
}

#[derive(Default)]
pub(crate) struct ScanPause {
    /// Of each 8,192 records.
    pub pause: Duration,
    pub owed: Duration,
}

/// What all calls share.
pub(crate) struct Shared {
    pub log: Arc<Log>,
    pub faults: Faults,
    pub max_append_bytes: usize,
    pub user: Option<(String, String)>,
    pub tls: Option<TlsAcceptor>,
    pub appends: AtomicUsize,
    /// How many reads of `$all` were asked for.
    pub reads_of_all: watch::Sender<usize>,
    /// How many records reads of `$all` looked at.
    pub looked_at: AtomicUsize,
    /// How long each 8,192 records take that are looked at in vain.
    pub scan_pause: Mutex<ScanPause>,
    /// Answers nothing, and keeps its connections, while it is so.
    pub frozen: watch::Sender<bool>,
    /// Reads of a stream don't say where its events stand in `$all`.
    pub hides_positions: AtomicBool,
    /// Where each subscription that was asked for wanted to start (`None`: the start).
    pub subscriptions: watch::Sender<Vec<Option<Position>>>,
    pub members: Mutex<Vec<MemberInfo>>,
    /// Who leads, if it isn't this one.
    pub leader: Mutex<Option<SocketAddr>>,
}

/// A running server. Dropping it closes it.
pub struct Double {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// Keeps the port, also while nobody listens there.
    _port: TcpSocket,
    presence: Mutex<Presence>,
}

/// That it listens, and who is connected.
struct Presence {
    end: CancellationToken,
    tasks: TaskTracker,
}

impl Double {
    /// One in memory that behaves.
    pub async fn start() -> Self {
        Self::start_with(DoubleOptions::default()).await.expect("the loopback has a port, and memory needs no file")
    }

    /// # Errors
    /// The address can't be listened at, or the file can't be opened.
    pub async fn start_with(options: DoubleOptions) -> io::Result<Self> {
        let log = match &options.data {
            Some(path) => Log::in_file(path)?,
            None => Log::in_memory(),
        };
        Self::start_on(Arc::new(log), options)
    }

    /// Another node that has the same log.
    ///
    /// # Errors
    /// The address can't be listened at.
    pub async fn start_beside(&self, options: DoubleOptions) -> io::Result<Self> {
        Self::start_on(Arc::clone(&self.shared.log), options)
    }

    fn start_on(log: Arc<Log>, options: DoubleOptions) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            log,
            faults: Faults::default(),
            max_append_bytes: options.max_append_bytes,
            user: options.user,
            tls: options.tls.map(TlsAcceptor::from),
            appends: AtomicUsize::new(0),
            reads_of_all: watch::Sender::new(0),
            looked_at: AtomicUsize::new(0),
            scan_pause: Mutex::default(),
            frozen: watch::Sender::new(false),
            hides_positions: AtomicBool::new(false),
            subscriptions: watch::Sender::new(Vec::new()),
            members: Mutex::default(),
            leader: Mutex::default(),
        });
        let port = bind(options.listen)?;
        let address = port.local_addr()?;
        let presence = Mutex::new(Presence::start(address, &shared)?);
        Ok(Self { shared, address, _port: port, presence })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection string for it.
    pub fn url(&self) -> String {
        format!("esdb://{}?tls={}", self.address, self.shared.tls.is_some())
    }

    /// Stops listening and cuts all connections; the log stays. It is away when this returns.
    pub async fn go_away(&self) {
        let tasks = {
            let presence = self.presence.lock();
            presence.end.cancel();
            presence.tasks.close();
            presence.tasks.clone()
        };
        tasks.wait().await;
    }

    /// Listens again where it did.
    pub fn come_back(&self) {
        let presence = Presence::start(self.address, &self.shared);
        *self.presence.lock() = presence.expect("the port was kept");
    }

    /// Another database stands there now: an empty one.
    pub fn wipe(&self) {
        self.shared.log.wipe();
    }

    /// Goes wrong with the next call of the kind that nothing was told for yet.
    pub fn on_next(&self, call: Call, when: When, act: Act) {
        self.shared.faults.add(call, when, act);
    }

    /// Makes the next call of the kind wait for the test.
    pub fn hold_next(&self, call: Call, when: When) -> Held {
        let (held, act) = Held::new();
        self.on_next(call, when, act);
        held
    }

    /// Directs the next subscription; when the turns are over, it goes on as it should.
    pub fn direct_next_subscription(&self, turns: impl Into<Vec<Turn>>) {
        self.shared.faults.direct(turns.into());
    }

    /// Where the nth subscription that was asked for, from 0, wanted to start (`None`: the start). Waits for it.
    pub async fn subscription(&self, nth: usize) -> Option<Position> {
        let mut subscriptions = self.shared.subscriptions.subscribe();
        let asked = subscriptions.wait_for(|asked| asked.len() > nth).await;
        asked.expect("the sender lives as long as the server")[nth]
    }

    /// How many subscriptions were asked for so far.
    pub fn subscriptions(&self) -> usize {
        self.shared.subscriptions.borrow().len()
    }

    /// How many appends were asked for so far, whatever became of them.
    pub fn appends(&self) -> usize {
        self.shared.appends.load(Ordering::Relaxed)
    }

    /// How many reads of `$all` were asked for so far.
    pub fn reads_of_all(&self) -> usize {
        *self.shared.reads_of_all.borrow()
    }

    /// Waits until so many reads of `$all` were asked for.
    pub async fn until_reads_of_all(&self, count: usize) {
        let mut reads = self.shared.reads_of_all.subscribe();
        reads.wait_for(|&reads| reads >= count).await.expect("the sender lives as long as the server");
    }

    /// How many records reads of `$all` looked at so far, whether they matched or not.
    pub fn looked_at(&self) -> usize {
        self.shared.looked_at.load(Ordering::Relaxed)
    }

    /// Somebody else's events, so many; they are made when they are looked at.
    pub fn others_fill(&self, events: usize) {
        self.shared.log.push_stretch(events);
    }

    /// How long it takes to look at each 8,192 of them in vain.
    pub fn scan_slowly(&self, pause: Duration) {
        self.shared.scan_pause.lock().pause = pause;
    }

    /// From now on nothing is answered any more, not even to pings, though connections are taken: as a process that was stopped.
    pub fn freeze(&self) {
        self.shared.frozen.send_replace(true);
    }

    pub fn thaw(&self) {
        self.shared.frozen.send_replace(false);
    }

    /// As servers before 22.10: reads of a stream don't say where its events stand in `$all`.
    pub fn hide_positions_in_streams(&self) {
        self.shared.hides_positions.store(true, Ordering::Relaxed);
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.shared.log.len()
    }

    /// Another database stands there now: of this one no more than its first so many records.
    pub fn set_back(&self, records: usize) {
        self.shared.log.set_back(records);
    }

    /// What was deleted or cut off is taken out for good, as the true server does it at somebody's command; here also in the part of the
    /// log that is still written to.
    pub fn scavenge(&self) {
        self.shared.log.scavenge();
    }

    /// Reads see no more than the first so many records, as on a node that is behind, until it shows all again.
    pub fn show(&self, records: usize) {
        self.shared.log.show(records);
    }

    /// Whom the server names as the members of its cluster.
    pub fn set_members(&self, members: Vec<MemberInfo>) {
        *self.shared.members.lock() = members;
    }

    /// Makes it a follower: whoever requires the leader is sent there.
    pub fn set_leader(&self, leader: SocketAddr) {
        *self.shared.leader.lock() = Some(leader).filter(|leader| *leader != self.address);
    }

    /// Appends without a client.
    ///
    /// # Errors
    /// The stream isn't as expected.
    pub async fn append(&self, stream: &str, expected: Expected, events: Vec<Proposed>) -> Result<Written, Refused> {
        self.shared.log.append(stream, expected, events).await
    }

    /// Ends the stream for ever.
    ///
    /// # Errors
    /// It has no event, or a tombstone already.
    pub async fn tombstone(&self, stream: &str) -> Result<u64, Refused> {
        self.shared.log.tombstone(stream, Expected::Any).await
    }

    /// Hides the stream's events from reads of it.
    ///
    /// # Errors
    /// It has no event, or a tombstone.
    pub async fn delete(&self, stream: &str) -> Result<u64, Refused> {
        self.shared.log.delete(stream, Expected::Any).await
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.presence.lock().end.cancel();
    }
}

/// A socket on the address, which others of ours may share.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Presence {
    fn start(address: SocketAddr, shared: &Arc<Shared>) -> io::Result<Self> {
        let listener = bind(address)?.listen(BACKLOG)?;
        let presence = Self { end: CancellationToken::new(), tasks: TaskTracker::new() };
        let accepting = accept(listener, Arc::clone(shared), presence.end.clone(), presence.tasks.clone());
        presence.tasks.spawn(accepting);
        Ok(presence)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, end: CancellationToken, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = end.cancelled() => return,
        };
        if let Ok((stream, _)) = accepted {
            tasks.spawn(serve(stream, Arc::clone(&shared), end.child_token()));
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, connection: CancellationToken) {
    // Else small answers wait for one another.
    let _ = stream.set_nodelay(true);
    match shared.tls.clone() {
        None => speak(stream, shared, connection).await,
        // Whoever does not speak it, or trusts nobody here, has hung up.
        Some(tls) => {
            let met = tokio::select! {
                met = tls.accept(stream) => met,
                () = connection.cancelled() => return,
            };
            if let Ok(stream) = met {
                speak(stream, shared, connection).await;
            }
        }
    }
}

async fn speak<S>(stream: S, shared: Arc<Shared>, connection: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (cut, frozen) = (connection.clone(), shared.frozen.subscribe());
    let answer = hyper::service::service_fn(move |request| service::answer(Arc::clone(&shared), cut.clone(), request));
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .max_concurrent_streams(MAX_CONCURRENT_CALLS)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::select! {
        () = unless_frozen(served, frozen) => {}
        () = connection.cancelled() => {}
    }
}

/// Serves the connection, but not while the server is frozen.
async fn unless_frozen(served: impl Future<Output = Result<(), hyper::Error>>, mut frozen: watch::Receiver<bool>) {
    tokio::pin!(served);
    loop {
        if frozen.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            _ = frozen.wait_for(|frozen| *frozen) => {}
            _ = &mut served => return,
        }
    }
}
