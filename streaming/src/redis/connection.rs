//! One server or a cluster, and what a failure of theirs means.

use super::target::{Addresses, Target};
use crate::store::WindowStoreError;
use eventlog::CausedBy;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, ServerErrorKind, Value};
use std::time::Duration;
use tokio::sync::OnceCell;

const CONNECTED_WITHIN: Duration = Duration::from_secs(2);
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// Tries of one connection attempt, and the longest pause between two.
const TRIES: usize = 2;
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Where the windows are.
pub(super) struct Servers {
    deployment: Deployment,
    has_tls: bool,
}

enum Deployment {
    One(ConnectionManager),
    Cluster(Box<Cluster>),
}

/// Connected to at the first use.
pub(super) struct Cluster {
    client: ClusterClient,
    connection: OnceCell<ClusterConnection>,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "windows_url is no URL of Redis, or names certificates that can't be read; write redis://HOST:6379 or redis-cluster://HOST:6379,…, \
     and rediss for TLS"
)]
struct NoUrl;

/// A way to them; cheap to clone, and shared.
#[derive(Clone)]
pub(super) enum Connection {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Servers {
    pub(super) fn of(url: &str) -> Result<Self, WindowStoreError> {
        // The library's error could show the password.
        let refused = |_: RedisError| WindowStoreError::Damaged(NoUrl.into());
        let Target { place, has_tls, certificates } = Target::parse(url)?;
        let url = match place {
            Addresses::One(url) => url,
            Addresses::Cluster(nodes) => {
                let mut client = ClusterClient::builder(nodes)
                    .connection_timeout(CONNECTED_WITHIN)
                    .response_timeout(ANSWERED_WITHIN);
                if let Some(certificates) = certificates {
                    client = client.certs(certificates);
                }
                let cluster = Cluster { client: client.build().map_err(refused)?, connection: OnceCell::new() };
                return Ok(Servers { deployment: Deployment::Cluster(Box::new(cluster)), has_tls });
            }
        };
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(ANSWERED_WITHIN))
            .set_number_of_retries(TRIES)
            .set_max_delay(LONGEST_PAUSE);
        let client = match certificates {
            Some(certificates) => Client::build_with_tls(url, certificates),
            None => Client::open(url),
        };
        let manager = client.and_then(|client| ConnectionManager::new_lazy_with_config(client, config));
        Ok(Servers { deployment: Deployment::One(manager.map_err(refused)?), has_tls })
    }

    /// What to look at where a server that never answered kept silent, or hung up: it may be spoken to otherwise.
    pub(super) fn other_way(&self, reason: &str) -> &'static str {
        let keeps_silent =
            ["timed out", "not done after", "reset by peer", "roken pipe", "closed", "eof", "corrupt message"];
        match (keeps_silent.iter().any(|words| reason.contains(words)), self.has_tls) {
            (false, _) => "",
            (true, true) => "; it may speak no TLS: then windows_url is a redis:// URL",
            (true, false) => "; it may want TLS: then windows_url is a rediss:// URL",
        }
    }

    pub(super) async fn connection(&self) -> Result<Connection, WindowStoreError> {
        match &self.deployment {
            Deployment::One(manager) => Ok(Connection::One(manager.clone())),
            Deployment::Cluster(cluster) => {
                let connected = cluster.connection.get_or_try_init(|| cluster.client.get_async_connection()).await;
                Ok(Connection::Cluster(connected.map_err(|error| trouble("connecting", &error))?.clone()))
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Connection::One(manager) => manager.req_packed_command(cmd),
            Connection::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Connection::One(manager) => manager.req_packed_commands(cmd, offset, count),
            Connection::Cluster(cluster) => cluster.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Connection::One(manager) => manager.get_db(),
            Connection::Cluster(cluster) => cluster.get_db(),
        }
    }
}

/// Reads; once more when the connection turns out to be a dead one, as after a restart of the server.
pub(super) async fn again<T, Fut>(connection: &Connection, read: impl Fn(Connection) -> Fut) -> RedisResult<T>
where
    Fut: Future<Output = RedisResult<T>>,
{
    match read(connection.clone()).await {
        Err(error) if error.is_connection_dropped() || error.is_io_error() && !error.is_timeout() => {
            read(connection.clone()).await
        }
        outcome => outcome,
    }
}

/// What a failure of Redis means.
pub(super) fn trouble(doing: &'static str, error: &RedisError) -> WindowStoreError {
    let reason = CausedBy::of(doing, error.clone());
    // One kind for two things: a value of another type, and words that broke off or are none, which a new connection mends.
    let is_broken_off = error.to_string().contains("Parse error at");
    let damaged = error.code() == Some("WRONGTYPE")
        || !is_broken_off
            && matches!(
                error.kind(),
                ErrorKind::UnexpectedReturnType | ErrorKind::Parse | ErrorKind::Server(ServerErrorKind::CrossSlot)
            );
    if damaged { WindowStoreError::Damaged(reason) } else { WindowStoreError::Unavailable(reason) }
}
