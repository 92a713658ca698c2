//! One connection: HTTP/1.1, or HTTP/2 in clear text by prior knowledge, as its first bytes say.
//!
//! What doesn't live here: who may connect (`http`), what is answered (`api`). The guarantee: a connection on which nothing is
//! asked is closed after a while, whatever it speaks, and one that asks much holds little.

use api::Peer;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send a request's head; also how long an idle connection is kept.
const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// The most bytes of a request's head.
const LARGEST_HEAD: u32 = 64 * 1024;
/// The most headers of a request.
const MOST_HEADERS: usize = 100;
/// Requests at one time on one connection of HTTP/2.
const MOST_STREAMS: u32 = 100;
/// What a client of HTTP/2 may send before somebody reads it, of all requests on the connection.
const WINDOW: u32 = 64 * 1024;
/// What waits to be sent on one request of HTTP/2.
const SEND_BUFFER: usize = 64 * 1024;
/// How often a client of HTTP/2 is asked whether it is still there, and how long it may take to say so.
const ASKED_EVERY: Duration = Duration::from_secs(30);

/// How connections are served. Cheap to clone.
pub type Http = auto::Builder<TokioExecutor>;

pub fn http() -> Http {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD as usize)
        .max_headers(MOST_HEADERS);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(LARGEST_HEAD)
        .max_concurrent_streams(MOST_STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(ASKED_EVERY)
        .keep_alive_timeout(ASKED_EVERY);
    http
}

/// Serves the connection to its end; once told to stop, until the requests under way are answered.
pub async fn serve(http: Http, stream: TcpStream, peer: IpAddr, router: Router, stop: CancellationToken) {
    let activity = Arc::new(Activity::new());
    let service = Routed { inner: TowerToHyperService::new(router), peer, activity: Arc::clone(&activity) };
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut is_ending = false;
    let outcome = loop {
        tokio::select! {
            outcome = connection.as_mut() => break outcome,
            () = async { tokio::select! { () = stop.cancelled() => {}, () = activity.is_over() => {} } }, if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(error, "a connection broke off");
    }
}

/// When somebody last asked on a connection.
struct Activity {
    began: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
}

impl Activity {
    fn new() -> Self {
        Self { began: Instant::now(), last: AtomicU64::new(0) }
    }

    fn asked(&self) {
        // 500 million years fit.
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Comes back once nothing has been asked for as long as a head may take; what was asked before may still be under way.
    async fn is_over(&self) {
        loop {
            let last = self.began + Duration::from_millis(self.last.load(Ordering::Relaxed));
            match HEAD_WITHIN.checked_sub(last.elapsed()) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }
}

/// The router, told who asks.
struct Routed {
    inner: TowerToHyperService<Router>,
    peer: IpAddr,
    activity: Arc<Activity>,
}

impl Service<Request<Incoming>> for Routed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(Peer(self.peer));
        self.activity.asked();
        self.inner.call(request)
    }
}
