//! `cartlog kafka check` and `forward`, against a real broker: what was forwarded is equal, what is not is named, and what was lost is
//! made good.

use super::cluster::service;
use super::confirmed_customer;
use crate::cli::run::{Ran, on_files, signal};
use crate::support::{Server, TestShop, new_product, number};
use serde_json::{Value, json};
use std::path::Path;

/// A store whose events go to topics of its own.
struct Forwarded {
    data: tempfile::TempDir,
    brokers: String,
    namespace: String,
}

impl Forwarded {
    fn new() -> Self {
        let namespace = format!("check_{}_{}", std::process::id(), number());
        Self { data: tempfile::tempdir().expect("a directory"), brokers: service("CARTLOG_TEST_KAFKA"), namespace }
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    fn serve(&self) -> Server {
        Server::on_files(self.path(), &["--kafka-brokers", &self.brokers, "--namespace", &self.namespace])
    }

    /// The command, told where the topics are, as it must be where no server runs.
    fn check(&self, more: &[&str]) -> Ran {
        let topics = ["kafka", "check", "--kafka-brokers", &self.brokers, "--namespace", &self.namespace];
        on_files(self.path(), &[&topics, more].concat())
    }

    /// Compares until the position is forwarded. It gets there by itself, a moment after it was answered.
    fn once_forwarded(&self, position: u64) -> Value {
        loop {
            let ran = self.check(&["--json"]);
            if ran.code != 0 {
                // Before the first transaction.
                assert!(ran.failed().contains("nothing was ever forwarded"));
                continue;
            }
            let report = ran.json();
            if report["position"].as_u64() >= Some(position) {
                return report;
            }
        }
    }
}

fn stop(mut server: Server) {
    signal(server.pid(), "TERM");
    server.wait();
}

async fn made_something(server: &Server) -> u64 {
    let shop = TestShop::on(server).await;
    confirmed_customer(&shop).await;
    confirmed_customer(&shop).await;
    shop.post("/product", new_product(json!({}))).await.expect(201).position()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_forwarded_is_equal_with_a_server_and_without() {
    let store = Forwarded::new();
    let server = store.serve();
    let position = made_something(&server).await;
    let report = store.once_forwarded(position);
    assert_eq!((&report["equal"], &report["count"], &report["differences"]), (&json!(true), &json!(0), &json!([])));
    assert_eq!(report["in_log"], report["in_topics"]);
    assert!(report["in_log"].as_u64() >= Some(10), "{report:#}");
    // The server knows how far it is, and where it forwards to.
    let status = on_files(store.path(), &["status", "--json"]).json();
    let followers = status["followers"].as_array().expect("followers");
    let kafka = followers.iter().find(|follower| follower["name"] == "kafka").expect("the forwarder is one");
    assert!(kafka["position"].as_u64() >= report["position"].as_u64(), "{kafka}");
    assert_eq!((&kafka["lag_events"], &kafka["state"]), (&json!(0), &json!("well")), "{kafka}");
    let text = on_files(store.path(), &["kafka", "check"]).succeeded();
    assert!(text.contains("log and topics are equal up to position"), "{text}");
    let elsewhere = on_files(store.path(), &["kafka", "check", "--namespace", "nobodys"]).failed();
    assert!(elsewhere.contains("'nobodys'"), "{elsewhere}");
    stop(server);
    let alone = store.check(&["--json"]).json();
    assert_eq!((&alone["equal"], &alone["in_log"]), (&json!(true), &alone["in_topics"]));
    assert!(alone["position"].as_u64() >= report["position"].as_u64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_were_not_forwarded_are_named() {
    let store = Forwarded::new();
    let server = store.serve();
    let position = made_something(&server).await;
    store.once_forwarded(position);
    stop(server);
    let forwarded = store.check(&["--json"]).json()["position"].as_u64().expect("a position");

    let silent = Server::on_files(store.path(), &[]);
    let shop = TestShop::on(&silent).await;
    let made = shop.post("/product", new_product(json!({}))).await.expect(201);
    let (product, up_to) = (made.text("/product/product_id"), made.position().to_string());
    stop(silent);
    let ran = store.check(&["--up-to", &up_to, "--json"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&report["equal"], &report["forwarded"]), (&json!(false), &json!(forwarded)));
    let differences = report["differences"].as_array().expect("differences");
    assert_eq!(report["count"].as_u64(), Some(differences.len() as u64));
    assert!(differences.iter().all(|difference| difference["kind"] == "missing"), "{report:#}");
    let stream = format!("product-{product}");
    let missed = differences.iter().find(|difference| difference["stream"] == stream.as_str()).expect("the product");
    assert_eq!((&missed["revision"], &missed["topic"]), (&json!(0), &json!(format!("{}.product", store.namespace))));
    assert_eq!(missed["position"].as_u64(), up_to.parse().ok());
    let told = store.check(&["--up-to", &up_to]);
    assert!(told.code == 3 && told.stderr.is_empty(), "{}", told.stderr);
    for part in ["LOG AND TOPICS DIFFER", "missing", &stream] {
        assert!(told.stdout.contains(part), "no '{part}' in\n{}", told.stdout);
    }
    // It is well once it is forwarded.
    let server = store.serve();
    assert_eq!(store.once_forwarded(made.position())["equal"], true);
    stop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_are_in_no_log_are_named() {
    let store = Forwarded::new();
    let server = store.serve();
    let position = made_something(&server).await;
    store.once_forwarded(position);
    stop(server);
    // A backup of the log, and a store that went on without it.
    let backup = tempfile::tempdir().expect("a directory");
    for file in ["log.sqlite", "log.sqlite-wal"] {
        let from = store.path().join(file);
        if from.exists() {
            std::fs::copy(&from, backup.path().join(file)).expect("it can be copied");
        }
    }
    let server = store.serve();
    let later = made_something(&server).await;
    store.once_forwarded(later);
    stop(server);
    let arguments = ["kafka", "check", "--kafka-brokers", &store.brokers, "--namespace", &store.namespace];
    let refused = on_files(backup.path(), &arguments).failed();
    assert!(refused.contains("the log was restored"), "{refused}");
    let ran = on_files(backup.path(), &[&arguments[..], &["--json", "--up-to", &position.to_string()]].concat());
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((ran.code, &report["in_log"]), (3, &report["in_topics"]));
    let differences = report["differences"].as_array().expect("differences");
    assert!(!differences.is_empty() && differences.iter().all(|found| found["kind"] == "unknown"), "{report:#}");
    assert!(differences.iter().all(|found| found["offset"].is_u64() && found["event_id"].is_string()), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_topic_is_named_with_the_command_that_fills_it_and_then_it_goes_on() {
    let store = Forwarded::new();
    let server = store.serve();
    let position = made_something(&server).await;
    store.once_forwarded(position);
    stop(server);
    let topic = format!("{}.product", store.namespace);
    streaming::testing::delete_topic(&store.brokers, &topic).await;
    let server = store.serve();
    let named = loop {
        let status = on_files(store.path(), &["status", "--json"]).json();
        let followers = status["followers"].as_array().expect("followers");
        let kafka = followers.iter().find(|follower| follower["name"] == "kafka").expect("the forwarder is one");
        let state = kafka["state"].as_str().expect("a text").to_owned();
        if state.contains("cartlog kafka forward") {
            break state;
        }
    };
    assert!(named.contains(&format!("cartlog kafka forward --topic {topic} --from 0")), "{named}");
    let unknown = on_files(store.path(), &["kafka", "forward", "--topic", "nobodys"]).failed();
    assert!(unknown.contains("'nobodys'") && unknown.contains(&topic), "{unknown}");
    let known = on_files(store.path(), &["kafka", "forward", "--resume"]).failed();
    assert!(known.contains("nothing to find"), "{known}");
    let filled = on_files(store.path(), &["kafka", "forward", "--topic", &topic, "--from", "0"]).succeeded();
    assert!(filled.contains("is whole again"), "{filled}");
    let shop = TestShop::on(&server).await;
    let later = shop.post("/product", new_product(json!({}))).await.expect(201).position();
    assert_eq!(store.once_forwarded(later)["equal"], true);
    stop(server);
}
