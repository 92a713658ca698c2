//! A store that grows up: from its directory to EventStoreDB and PostgreSQL, and back.

use super::cluster::{service, without_tls};
use crate::cli::run::{Ran, cartlog, run};
use crate::support::{Server, TestShop, new_product, new_store, number};
use eventlog::{EventLog, EventStoreDbLog, EventStoreDbOptions, ExpectedRevision, NewEvent, StreamName};
use eventstoredb_double::{Act, Call, Double, Held, When};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use uuid::Uuid;

/// A store in a directory, and engines that nobody has used yet.
struct Move {
    directory: tempfile::TempDir,
    log: Double,
    log_url: String,
    vault_url: String,
    namespace: String,
}

impl Move {
    async fn start() -> Self {
        let log = Double::start().await;
        Self {
            directory: tempfile::tempdir().expect("a directory"),
            log_url: format!("esdb://{}?tls=false", log.address()),
            log,
            vault_url: without_tls(&service("CARTLOG_TEST_POSTGRES")),
            namespace: format!("copy_{}_{}", std::process::id(), number()),
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// From the directory to the engines.
    async fn there(&self, data: &Path) -> Ran {
        self.copy(&["--from", &text(data), "--to", &self.log_url, "--to-vault", &self.vault_url]).await
    }

    /// From the engines to the directory, where the configuration names the engines.
    async fn back(&self, data: &Path) -> Ran {
        self.copy(&["--to", &text(data)]).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let secret = self.place("vault-url");
        std::fs::write(&secret, format!("{}\n", self.vault_url)).expect("it can be written");
        let mut command = cartlog(&["copy", "--json", "--namespace", &self.namespace]);
        command.args(arguments).env("CARTLOG_LOG_URL", &self.log_url).env("CARTLOG_VIEWS_URL_FILE", secret);
        command
    }

    async fn copy(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        // The double goes on meanwhile.
        tokio::task::spawn_blocking(move || run(&mut command)).await.expect("it runs")
    }

    /// A server on the engines.
    async fn node(&self) -> Server {
        let data = self.place(&format!("node-{}", number()));
        let (log, vault, namespace) = (self.log_url.clone(), self.vault_url.clone(), self.namespace.clone());
        let starting =
            move || Server::on(&data, &["--log-url", &log, "--views-url", &vault, "--namespace", &namespace]);
        tokio::task::spawn_blocking(starting).await.expect("it starts")
    }
}

/// A store with something in it, and its client.
async fn store(data: &Path) -> (TestShop, Vec<String>, String) {
    let server = Server::on_files(data, &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(9, 1_250).await);
    shop.add(&customer, &product, 2).await.expect(201);
    let invoice = shop.bill(&customer).await;
    shop.post(&format!("/invoice/{invoice}/collected"), Value::Null).await.expect(201);
    for number in 0..40 {
        shop.post("/product", new_product(json!({ "title": format!("Tea no. {number}") }))).await.expect(201);
    }
    let paths = [format!("/customer/{customer}"), format!("/invoice/{invoice}"), format!("/product/{product}")];
    (shop, paths.to_vec(), format!("invoice/{invoice}"))
}

async fn answers(shop: &TestShop, paths: &[String]) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in paths {
        answers.push(shop.get(path).await.expect(200).body);
    }
    answers
}

/// The history without what is each log's own.
fn history(data: &Path, object: &str) -> Value {
    let mut history = crate::cli::run::history(data, object);
    for event in history["events"].as_array_mut().expect("events") {
        event.as_object_mut().expect("an event").remove("recorded_at");
    }
    history
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_to_the_engines_is_served_there_and_comes_back() {
    let moving = Move::start().await;
    let (data, again) = (moving.place("data"), moving.place("again"));
    let (shop, paths, object) = store(&data).await;
    let here = answers(&shop.moved_to(&Server::on_files(&data, &[])), &paths).await;

    let there = moving.there(&data).await.json();
    assert!(there["appended"] == there["events"] && there["events"].as_u64() > Some(50), "{there:#}");
    assert_eq!(there["target"]["log"], "esdb://…");
    let repeated = moving.there(&data).await.json();
    assert_eq!((&repeated["appended"], &repeated["hash"]), (&json!(0), &there["hash"]));

    let back = moving.back(&again).await.json();
    assert_eq!((&back["hash"], &back["vault"]), (&there["hash"], &there["vault"]));
    assert_eq!(history(&again, &object), history(&data, &object));
    // Into the directory where it came from, too: it holds all of it already.
    assert_eq!(moving.back(&data).await.json()["appended"], 0);

    let node = moving.node().await;
    assert_eq!(answers(&shop.moved_to(&node), &paths).await, here);
    let mut shop = shop.moved_to(&node);
    // The vault went along: the store's secret opens it, and a name that is taken stays taken.
    shop.log_in().await;
    shop.anonymous().post("/store", new_store(&shop.app_id, json!({}))).await.expect(409);
    let made = shop.post("/product", new_product(json!({ "title": "Grown up" }))).await.expect(201);
    let path = format!("/product/{}", made.text("/product/product_id"));
    drop(node);
    let back = moving.back(&again).await.json();
    let new = back["appended"].as_u64().expect("a number");
    assert!(new > 0 && back["events"].as_u64() == there["events"].as_u64().map(|before| before + new), "{back:#}");
    let server = Server::on_files(&again, &[]);
    assert_eq!(shop.moved_to(&server).get(&path).await.expect(200).text("/product/title"), "Grown up");
    assert_eq!(answers(&shop.moved_to(&server), &paths).await, here);
}

/// The copy as a process of its own that waits before one of its appends, in the middle.
async fn in_the_middle(moving: &Move, data: &Path) -> (tokio::task::JoinHandle<Output>, u32, Held) {
    for _ in 0..20 {
        // All as it should be; only to be counted.
        moving.log.on_next(Call::Append, When::After, Act::NoPosition);
    }
    let mut held = moving.log.hold_next(Call::Append, When::Before);
    let mut copying = moving.command(&["--from", &text(data), "--to", &moving.log_url]);
    let child = copying.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let pid = child.id();
    let ending = tokio::task::spawn_blocking(move || child.wait_with_output().expect("it can be waited for"));
    held.arrived().await;
    (ending, pid, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_or_killed_between_two_appends_it_goes_on_where_it_was() {
    let moving = Move::start().await;
    let data = moving.place("data");
    store(&data).await;
    let (ending, pid, held) = in_the_middle(&moving, &data).await;
    crate::cli::run::signal(pid, "INT");
    let output = ending.await.expect("it ended");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("stopped by SIGINT"), "{said}");
    held.go_on();
    let (ending, pid, held) = in_the_middle(&moving, &data).await;
    crate::cli::run::signal(pid, "KILL");
    assert_eq!(ending.await.expect("it ended").status.signal(), Some(9));
    held.go_on();
    let done = moving.there(&data).await.json();
    let (events, appended) = (done["events"].as_u64(), done["appended"].as_u64());
    // Twice twenty were done before, if not more: what was sent and not taken yet, the server may still take. Two of them said which
    // log it is, and of what format.
    assert!(appended.map(|appended| appended + 38) <= events, "{done:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_append_and_a_server_that_is_away_stop_it_in_words() {
    let moving = Move::start().await;
    let data = moving.place("data");
    store(&data).await;
    let (ending, _, held) = in_the_middle(&moving, &data).await;
    let mut options = EventStoreDbOptions::new(&moving.log_url, ["order-"]);
    options.namespace = format!("{}.", moving.namespace);
    // Of as late a version as the copy's own.
    options.format = domain::FORMAT;
    let foreign = EventStoreDbLog::open(options).expect("it opens");
    let event =
        NewEvent { id: Uuid::now_v7(), event_type: "OrderPlaced".to_owned(), data: "{}".into(), metadata: "{}".into() };
    let stream = StreamName::new(format!("order-{}", Uuid::now_v7()));
    foreign.append(&stream, ExpectedRevision::NoStream, vec![event]).await.expect("it is appended");
    held.go_on();
    let output = ending.await.expect("it ended");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("somebody else writes to the target"), "{said}");
    assert!(said.contains(stream.as_str()), "{said}");
    let said = moving.there(&data).await.failed();
    assert!(said.contains("nothing was copied") && said.contains(stream.as_str()), "{said}");

    let away = ["--from", &text(&data), "--to", "esdb://127.0.0.1:1?tls=false"];
    let said = moving.copy(&away).await.failed();
    assert!(said.contains("the same command goes on where it was"), "{said}");
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path").to_owned()
}
