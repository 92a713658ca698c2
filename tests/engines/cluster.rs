//! Nodes on the same engines, each a process of its own.

use super::gate::Gate;
use crate::support::{Server, number};
use eventstoredb_double::Double;
use std::path::Path;

/// What the nodes share. Everything else is the nodes' own.
pub struct Cluster {
    namespace: String,
    log: Double,
    postgres: String,
    redis: String,
    /// In front of PostgreSQL and Redis, for all nodes.
    pub postgres_gate: Gate,
    pub redis_gate: Gate,
}

pub fn service(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set; run: tests/services up && eval \"$(tests/services env)\""))
}

/// What nodes share beside the log and the vault.
#[derive(Clone, Copy)]
pub struct Shared {
    pub views: bool,
    pub windows: bool,
}

/// The URL of PostgreSQL, for a server that speaks without TLS.
pub fn without_tls(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}sslmode=disable")
}

/// The URL, and in it another address in the place of its own.
async fn gated(url: &str) -> (String, Gate) {
    let (user, rest) = url.rsplit_once('@').expect("a URL with a user");
    let (address, path) = rest.split_once('/').expect("a URL with a path");
    let gate = Gate::before(address).await;
    (format!("{user}@{}/{path}", gate.address), gate)
}

impl Cluster {
    pub async fn start() -> Self {
        let log = Double::start().await;
        let (postgres, postgres_gate) = gated(&service("CARTLOG_TEST_POSTGRES")).await;
        let (redis, redis_gate) = gated(&service("CARTLOG_TEST_REDIS")).await;
        let namespace = format!("cluster_{}_{}", std::process::id(), number());
        Self { namespace, log, postgres, redis, postgres_gate, redis_gate }
    }

    /// Another one in front of PostgreSQL, for whom it concerns.
    pub async fn postgres_gate_of_its_own(&self) -> Gate {
        gated(&service("CARTLOG_TEST_POSTGRES")).await.1
    }

    /// A node with these roles.
    pub async fn node(&self, roles: &str) -> Server {
        self.node_through(&self.postgres_gate, roles).await
    }

    /// One that reaches PostgreSQL by a gate of its own.
    pub async fn node_through(&self, gate: &Gate, roles: &str) -> Server {
        let flags = self.flags(gate, Shared { views: true, windows: true }, roles);
        started(move || Server::start_with(&flags.iter().map(String::as_str).collect::<Vec<_>>())).await
    }

    /// A node on the directory that keeps there what it does not share.
    pub async fn node_on(&self, data: &Path, shared: Shared, roles: &str) -> Server {
        let (data, flags) = (data.to_owned(), self.flags(&self.postgres_gate, shared, roles));
        started(move || Server::on_files(&data, &flags.iter().map(String::as_str).collect::<Vec<_>>())).await
    }

    /// Changes what stands in PostgreSQL, behind the nodes' backs.
    pub fn edit(&self, sql: &str) {
        let search_path = format!("PGOPTIONS=-csearch_path={}", self.namespace);
        let psql = ["psql", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.postgres];
        let done = std::process::Command::new("env").arg(search_path).args(psql).output().expect("psql comes with it");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// What makes a node one of the cluster: pairs of flag and value.
    pub fn shared_flags(&self, shared: Shared) -> Vec<String> {
        self.flags(&self.postgres_gate, shared, "api,views,stream")
    }

    fn flags(&self, gate: &Gate, shared: Shared, roles: &str) -> Vec<String> {
        let log = format!("esdb://{}?tls=false", self.log.address());
        let postgres = without_tls(&self.postgres.replace(&self.postgres_gate.address, &gate.address));
        let name = format!("node-{}", number());
        let of_all = [
            ("--log-url", log.as_str()),
            (if shared.views { "--views-url" } else { "--vault-url" }, &postgres),
            ("--namespace", &self.namespace),
            ("--role", roles),
            ("--node", &name),
        ];
        let windows = shared.windows.then_some(("--windows-url", self.redis.as_str()));
        of_all.into_iter().chain(windows).flat_map(|(flag, value)| [flag.to_owned(), value.to_owned()]).collect()
    }
}

/// It comes back once the node serves; the double and the gates go on meanwhile.
async fn started(starting: impl FnOnce() -> Server + Send + 'static) -> Server {
    tokio::task::spawn_blocking(starting).await.expect("it starts")
}
