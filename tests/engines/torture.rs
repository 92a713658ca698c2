//! Each part of a cluster is killed in turn, under load: two nodes that answer, two that fill views, two that count and forward;
//! PostgreSQL, Redis, Kafka. Whatever was answered is there afterwards, once, and all that follows from the log is right.
//!
//! One round is everybody's; `tests/torture` does ten.

use super::crowd::{Crowd, Urls};
use super::services::Services;
use crate::cli::run::on_files;
use crate::endurance::books::Books;
use crate::endurance::client::Client;
use crate::endurance::everything::{Known, everything};
use crate::endurance::knobs::{self, Repeatable};
use crate::endurance::load::{self, Shopper};
use crate::endurance::operator;
use crate::support::{Server, number};
use eventstoredb_double::Double;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SHOPPERS: usize = 3;
/// Commands that are done between one blow and the next.
const BETWEEN: usize = 15;
/// The nodes by what they do, each twice. The first ones are asked.
const NODES: [&str; 6] = ["api", "api", "views", "views", "stream", "stream"];

/// A blow, and what makes it good again.
enum Blow {
    Node(usize),
    Postgres,
    PostgresAtOnce,
    Redis,
    RedisForgets,
    Kafka,
}

const BLOWS: [Blow; 11] = [
    Blow::Node(0),
    Blow::Node(2),
    Blow::Node(3),
    Blow::Node(4),
    Blow::Node(5),
    Blow::Node(1),
    Blow::Postgres,
    Blow::PostgresAtOnce,
    Blow::Redis,
    Blow::RedisForgets,
    Blow::Kafka,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_nothing_answered_is_lost_and_all_that_follows_is_right() {
    for seed in knobs::seeds(1) {
        let _repeatable = Repeatable::new("engines::torture", seed);
        let cluster = Cluster::start().await;
        let client = Client::open(&cluster.urls()[0], json!({ "tax_rate_in_basis_points": 700 })).await;
        let (stage, shoppers) = load::set_stage(&client, SHOPPERS, seed).await;
        let mut crowd = Crowd::begin(shoppers, &cluster.urls);
        for round in 1..=knobs::count("CARTLOG_TEST_ROUNDS", 1) {
            for blow in &BLOWS {
                crowd.have_done(BETWEEN).await;
                let during = crowd.count();
                cluster.suffer(blow).await;
                println!("round {round}: {} done while {} was away", crowd.count() - during, cluster.name(blow));
            }
        }
        crowd.have_done(BETWEEN).await;
        let shoppers = crowd.end().await;

        let client = client.moved_to(&cluster.urls()[0]);
        let last = cluster.settle(&client, shoppers[0].customers().next().expect("customers")).await;
        tokio::task::block_in_place(|| cluster.check_forwarded(last));
        for answered in shoppers.iter().flat_map(|shopper| &shopper.answered) {
            load::assert_repeated(&client, answered).await;
        }
        let books = Books::read(&client).await;
        books.check();
        books.check_stocked(&stage.stocked);
        assert_eq!(
            top(&client).await,
            added(&client, &shoppers).await,
            "most added: counted as it came, and in the log"
        );
        let known = Known::read(&client, &[]).await;
        let before = everything(&client, &known).await;
        tokio::task::block_in_place(|| cluster.rebuild());
        before.assert_same(&everything(&client, &known).await);
    }
}

/// How often each product was put into carts, as it was counted.
async fn top(client: &Client) -> BTreeMap<String, i64> {
    let products = client.get("/streaming/toptencartitems/100?window=24h").await.expect(200);
    let products = products.at("/products").as_array().expect("products").clone();
    let count = |product: &Value| {
        let id = product["product_id"].as_str().expect("an id");
        (id.to_owned(), product["number_of_cart_adds"].as_i64().expect("a number"))
    };
    products.iter().map(count).collect()
}

/// The same by the log: what the customers' carts have been through.
async fn added(client: &Client, shoppers: &[Shopper]) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for customer in shoppers.iter().flat_map(Shopper::customers) {
        let events = client.list(&format!("/customer/{customer}/cart/history?limit=250"), "events").await;
        for event in events.iter().filter(|event| event["type"] == "CartItemAdded") {
            let product = event["data"]["product_id"].as_str().expect("an id");
            *counts.entry(product.to_owned()).or_default() += event["data"]["quantity"].as_i64().expect("a number");
        }
    }
    counts
}

/// Six nodes on services of their own.
struct Cluster {
    services: Services,
    log: Double,
    namespace: String,
    nodes: Mutex<Vec<Server>>,
    /// Of the nodes that answer.
    urls: Urls,
}

impl Cluster {
    async fn start() -> Self {
        let services = tokio::task::spawn_blocking(Services::up).await.expect("they come up");
        let (log, namespace) = (Double::start().await, format!("torture_{}", number()));
        let cluster = Self { services, log, namespace, nodes: Mutex::default(), urls: Urls::default() };
        for which in 0..NODES.len() {
            let node = cluster.node(which).await;
            cluster.nodes.lock().push(node);
        }
        cluster.note_urls();
        cluster
    }

    fn urls(&self) -> Vec<String> {
        self.urls.lock().clone()
    }

    fn note_urls(&self) {
        let nodes = self.nodes.lock();
        let answering = nodes.iter().zip(NODES).filter(|(_, role)| *role == "api");
        *self.urls.lock() = answering.map(|(node, _)| node.url.clone()).collect();
    }

    /// Starts one. What it knew before is gone with its directory.
    async fn node(&self, which: usize) -> Server {
        let named = |option: &str, value: &str| [option.to_owned(), value.to_owned()];
        let arguments = [
            named("--log-url", &format!("esdb://{}?tls=false", self.log.address())),
            named("--views-url", self.services.variable("CARTLOG_VIEWS_URL")),
            named("--windows-url", self.services.variable("CARTLOG_WINDOWS_URL")),
            named("--kafka-brokers", self.services.variable("CARTLOG_KAFKA_BROKERS")),
            named("--namespace", &self.namespace),
            named("--role", NODES[which]),
            named("--node", &format!("{} {which}", NODES[which])),
        ];
        let arguments = arguments.concat();
        // The double goes on meanwhile.
        let starting = move || Server::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        tokio::task::spawn_blocking(starting).await.expect("it starts")
    }

    fn name(&self, blow: &Blow) -> String {
        match blow {
            Blow::Node(which) => format!("node {which} ({})", NODES[*which]),
            Blow::Postgres => "PostgreSQL".to_owned(),
            Blow::PostgresAtOnce => "PostgreSQL, shut down at once,".to_owned(),
            Blow::Redis => "Redis".to_owned(),
            Blow::RedisForgets => "what Redis knew".to_owned(),
            Blow::Kafka => "Kafka".to_owned(),
        }
    }

    async fn suffer(&self, blow: &Blow) {
        match blow {
            Blow::Node(which) => {
                let node = self.nodes.lock().remove(*which);
                node.kill();
                let node = self.node(*which).await;
                self.nodes.lock().insert(*which, node);
                self.note_urls();
            }
            Blow::Postgres => self.restart("kill9", "postgres").await,
            Blow::PostgresAtOnce => self.restart("abort", "postgres").await,
            Blow::Redis => self.restart("kill9", "redis").await,
            Blow::RedisForgets => self.services.flush_redis(),
            Blow::Kafka => self.restart("kill9", "kafka").await,
        }
    }

    /// Ends the service in this way and starts it again on what is left.
    async fn restart(&self, ended: &str, service: &str) {
        tokio::task::block_in_place(|| {
            self.services.tell(&[ended, service]);
            self.services.tell(&["start", service]);
        });
    }

    /// Waits until what was left undone is done, and all that was counted is known. Gives the position of what was answered last.
    async fn settle(&self, client: &Client, customer: &str) -> u64 {
        let last = client.post(&format!("/customer/{customer}/credit/1"), Value::Null).await.position();
        let directories = || self.nodes.lock().iter().map(|node| node.data().to_owned()).collect::<Vec<_>>();
        let reacted = || directories().iter().map(|data| operator::reacted(data)).max();
        // The double and the shoppers' connections go on meanwhile.
        while tokio::task::block_in_place(reacted) < Some(last) {}
        // What they did in turn is what the next command comes after, and its answer is waited for by all queries.
        let last = client.post(&format!("/customer/{customer}/credit/1"), Value::Null).await.position();
        client.get("/streaming/toptencartitems/100?window=24h").await.expect(200);
        last
    }

    /// Kafka has each event up to the position once, in order and as it is in the log; it gets so far by itself.
    fn check_forwarded(&self, last: u64) {
        let nodes = self.nodes.lock();
        let forwards = nodes.iter().zip(NODES).find(|(_, role)| *role == "stream").expect("a node that forwards").0;
        let compared = || on_files(forwards.data(), &["kafka", "check", "--json"]).json();
        loop {
            let report = compared();
            assert_eq!(report["equal"], true, "{report:#}");
            if report["position"].as_u64() >= Some(last) {
                return println!("{} events in Kafka", report["in_topics"]);
            }
        }
    }

    /// Fills the views anew, on the node that does it.
    fn rebuild(&self) {
        let nodes = self.nodes.lock();
        let mut filling = nodes.iter().zip(NODES).filter(|(_, role)| *role == "views");
        assert!(filling.any(|(node, _)| operator::rebuilds(node.data())), "nobody rebuilds");
    }
}
