//! The HTTP server: connections in, requests to the router, a graceful end.
//!
//! What doesn't live here: one connection (`connection`), what is answered (`api`). The guarantee: a client that sends slowly or not at all holds one
//! connection and nothing else, and a stop lets requests finish.

use crate::connection;
use anyhow::{Context, Result, anyhow};
use axum::Json;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use serde_json::json;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Clients that may wait to be let in; those beyond try again after a second. The system may have a lower bound of its own.
const BACKLOG: u32 = 1_024;
/// How long it is waited after a connection could not be accepted: mostly some must close first.
const ACCEPTS_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How long requests may take to finish once the server stops.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// Takes the address.
///
/// # Errors
/// One sentence with what to do, most of all when the port is taken.
pub async fn bind(listen: &str) -> Result<TcpListener> {
    listening(listen).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("{listen} is taken by another process; stop it, or choose another with --listen (port 0 picks a free one)")
        }
        ErrorKind::PermissionDenied => anyhow!("this user may not listen on {listen}; choose a port above 1023 with --listen"),
        ErrorKind::AddrNotAvailable => anyhow!("{listen} is no address of this machine; try --listen 0.0.0.0:8080"),
        ErrorKind::InvalidInput => no_address(listen),
        _ => anyhow!("can't listen on {listen}: {error}"),
    })
}

/// Listens on the first of the name's addresses that can be had.
async fn listening(listen: &str) -> std::io::Result<TcpListener> {
    let mut refusal = std::io::Error::from(ErrorKind::InvalidInput);
    for address in tokio::net::lookup_host(listen).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // So that the next start need not wait for connections of the last.
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Refuses what can't be an address to listen on, whatever machine this is.
///
/// # Errors
/// One sentence with what to write.
pub fn check(listen: &str) -> Result<()> {
    let port = listen.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    match port {
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) | None => Err(no_address(listen)),
    }
}

fn no_address(listen: &str) -> anyhow::Error {
    anyhow!("'{listen}' is no address to listen on; write --listen HOST:PORT")
}

/// The address that a listener got.
pub fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().context("the listener has no address")
}

/// Serves until told to stop, and then until the requests under way are answered, at most [`DRAIN_WITHIN`].
pub async fn serve(listener: Arc<TcpListener>, router: Router, most: usize, stop: CancellationToken) {
    let (places, connections) = (Arc::new(Semaphore::new(most)), TaskTracker::new());
    let letting_in = || {
        let door = Door { listener: Arc::clone(&listener), places: Arc::clone(&places), router: router.clone() };
        door.let_in(connections.clone(), stop.clone())
    };
    tasks::keep("http", &stop, letting_in).await;
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN_WITHIN, connections.wait()).await.is_err() {
        tracing::warn!("some requests did not finish within {} s", DRAIN_WITHIN.as_secs());
    }
}

/// The router without anything but `/healthz`, `/readyz` and `/metrics`: of a process that does not answer clients.
pub fn service_only(router: Router) -> Router {
    router.layer(middleware::from_fn(|request: Request, next: Next| async move {
        match request.uri().path().trim_end_matches('/') {
            "/healthz" | "/readyz" | "/metrics" => next.run(request).await,
            _ => (StatusCode::NOT_FOUND, "this process does not have the role api\n").into_response(),
        }
    }))
}

/// What is answered while the server starts: it lives, and is not ready. Pages of these origins may read it.
pub fn starting(origins: &[HeaderValue]) -> Router {
    let not_ready = |uri: Uri| async move {
        if uri.path().trim_end_matches('/') == "/healthz" {
            return Json(json!({ "result": "ok" })).into_response();
        }
        api::unavailable("the server is starting: its views are catching up with the log")
    };
    let router = Router::new().fallback(not_ready);
    match api::cors(origins) {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// Where clients come in.
struct Door {
    listener: Arc<TcpListener>,
    /// As many as are served at one time.
    places: Arc<Semaphore>,
    router: Router,
}

impl Door {
    /// Lets clients in until told to stop.
    async fn let_in(self, connections: TaskTracker, stop: CancellationToken) -> tasks::Ended {
        let http = connection::http();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                accepted = self.accept() => accepted,
            };
            let (stream, peer, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection can't be accepted");
                    tokio::time::sleep(ACCEPTS_AGAIN_AFTER).await;
                    continue;
                }
            };
            let serving = connection::serve(http.clone(), stream, peer.ip(), self.router.clone(), stop.clone());
            connections.spawn(async move {
                serving.await;
                drop(place);
            });
        }
    }

    async fn accept(&self) -> std::io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(std::io::Error::other)?;
        let (stream, peer) = self.listener.accept().await?;
        // Answers are written in one piece; waiting for more would only delay them.
        // Of a client that is gone already it fails, and reading from it will tell.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_of_allowed_origins_can_read_that_the_server_is_starting() {
        let origin = "https://shop.example";
        let listener = Arc::new(bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{error}")));
        let url = address(&listener).map(|address| format!("http://{address}/store")).unwrap_or_default();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, starting(&[HeaderValue::from_static(origin)]), 10, stop.clone()));
        let asked = reqwest::Client::new().get(url).header("Origin", origin).send().await;
        let answer = asked.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["access-control-allow-origin"], origin);
        let problem: serde_json::Value = answer.json().await.unwrap_or_default();
        assert!(problem["type"].as_str().is_some_and(|uri| uri.ends_with("/errors/unavailable")), "{problem}");
        stop.cancel();
        assert!(serving.await.is_ok());
    }
}
