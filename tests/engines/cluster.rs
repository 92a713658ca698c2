//! Nodes on the same engines, each a process of its own.

use super::gate::Gate;
use crate::support::{Server, number};
use eventstoredb_double::Double;

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
        let log = format!("esdb://{}?tls=false", self.log.address());
        let views = without_tls(&self.postgres.replace(&self.postgres_gate.address, &gate.address));
        let (redis, namespace, roles) = (self.redis.clone(), self.namespace.clone(), roles.to_owned());
        let name = format!("node-{}", number());
        // It comes back once the node serves; the double and the gates go on meanwhile.
        let starting = move || {
            Server::start_with(&[
                "--log-url",
                &log,
                "--views-url",
                &views,
                "--windows-url",
                &redis,
                "--namespace",
                &namespace,
                "--role",
                &roles,
                "--node",
                &name,
            ])
        };
        tokio::task::spawn_blocking(starting).await.expect("it starts")
    }
}
