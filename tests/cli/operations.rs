//! Status and rebuild, through a running server and without one.

use super::run::{cartlog, on, on_files, run, signal};
use crate::support::{Server, TestShop};
use eventlog::{EventLog, ExpectedRevision, NewEvent, SqliteLog, SqliteOptions, StreamName};
use serde_json::{Value, json};

fn follower<'a>(status: &'a Value, name: &str) -> &'a Value {
    let followers = status["followers"].as_array().expect("followers");
    followers.iter().find(|follower| follower["name"] == name).unwrap_or_else(|| panic!("no {name} in {status:#}"))
}

#[tokio::test]
async fn status_is_the_same_with_a_server_and_without() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    shop.product(5, 100).await;
    let running = on(data.path(), &["status", "--json"]).json();
    assert_eq!(running["server"]["pid"], server.pid());
    assert_eq!(running["server"]["url"], server.url.as_str());
    assert!(running["log"]["head"].as_u64() > Some(0));
    follower(&running, "reactions");
    signal(server.pid(), "TERM");
    server.wait();

    let alone = on(data.path(), &["status", "--json"]).json();
    assert!(alone["server"].is_null());
    assert_eq!(alone["log"], running["log"]);
    for name in ["windows", "products"] {
        let follower = follower(&alone, name);
        assert_eq!(
            (&follower["position"], &follower["lag_events"]),
            (&alone["log"]["head"], &Value::from(0)),
            "{follower}"
        );
    }
    assert!(alone["files"].as_array().is_some_and(|files| files.iter().any(|file| file["bytes"].as_u64() > Some(0))));
}

#[tokio::test]
async fn status_for_people_has_units_and_no_backtrace() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    TestShop::on(&server).await;
    let text = on(data.path(), &["status"]).succeeded();
    for part in [server.url.as_str(), "log.sqlite", "kB", "windows", "position"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
}

#[tokio::test]
async fn status_of_a_server_elsewhere_is_what_it_tells_everybody() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    shop.product(5, 100).await;
    let elsewhere = run(&mut cartlog(&["status", "--json", "--server", &server.url])).json();
    assert_eq!((&elsewhere["ready"], &elsewhere["troubles"]), (&Value::Bool(true), &json!([])));
    assert_eq!(elsewhere["server"]["url"], server.url.as_str());
    let here = on(data.path(), &["status", "--json"]).json();
    assert_eq!(elsewhere["version"], here["version"], "{elsewhere:#}");
    // What positions count is not told to everybody.
    for same in ["log_id", "head", "last_event_at"] {
        assert_eq!(elsewhere["log"][same], here["log"][same], "{elsewhere:#}");
    }
    let names = |status: &Value, what: &str| {
        let all = status[what].as_array().expect("a list").iter();
        let mut names: Vec<String> = all.map(|one| one["name"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    for same in ["followers", "files"] {
        assert_eq!(names(&elsewhere, same), names(&here, same));
    }
    for name in ["products", "windows", "reactions"] {
        assert_eq!(follower(&elsewhere, name)["position"], follower(&here, name)["position"], "{name}");
    }
    let text = run(&mut cartlog(&["status", "--server", &server.url])).succeeded();
    for part in [server.url.as_str(), "ready", "log.sqlite", "kB", "windows", "position", "last event at"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert!(text.lines().count() < 60, "{text}");
    let away = run(&mut cartlog(&["status", "--server", "http://127.0.0.1:1"])).failed();
    assert!(away.contains("can't be reached"), "{away}");
}

#[tokio::test]
async fn a_rebuild_changes_no_answer() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(9, 100).await);
    shop.add(&customer, &product, 3).await.expect(201);
    let paths = [
        format!("/customer/{customer}/cart"),
        format!("/product/{product}"),
        "/streaming/toptencartitems/5".to_owned(),
    ];
    let before = answers(&shop, &paths).await;

    let said = on(data.path(), &["rebuild"]).succeeded();
    assert!(said.contains("products") && said.contains("windows"), "{said}");
    assert_eq!(answers(&shop, &paths).await, before);

    signal(server.pid(), "TERM");
    server.wait();
    let said = on(data.path(), &["rebuild", "products", "windows", "--json"]).succeeded();
    assert_eq!(serde_json::from_str::<Value>(&said).expect("JSON"), json!({ "rebuilt": ["products", "windows"] }));
    let server = Server::on(data.path(), &[]);
    assert_eq!(answers(&shop.moved_to(&server), &paths).await, before);
}

async fn answers(shop: &TestShop, paths: &[String]) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in paths {
        answers.push(shop.get(path).await.expect(200).body);
    }
    answers
}

#[test]
fn a_view_that_nobody_knows_is_named_with_those_there_are() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let ask = || on(data.path(), &["rebuild", "prodcts"]).failed();
    let through_the_server = ask();
    assert!(
        through_the_server.contains("'prodcts'") && through_the_server.contains("products"),
        "{through_the_server}"
    );
    signal(server.pid(), "TERM");
    server.wait();
    assert_eq!(ask(), through_the_server);
}

/// What can't go on is named to who runs the server, and counted for everybody: another store's ids are nobody's business.
#[tokio::test]
async fn a_stream_that_can_not_go_on_degrades_the_server_and_is_named_only_in_its_status() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    signal(server.pid(), "TERM");
    server.wait();
    let stream = format!("order-{}", uuid::Uuid::now_v7());
    {
        let log = {
            let options = SqliteOptions { format: domain::FORMAT, ..SqliteOptions::default() };
            SqliteLog::open(&data.path().join("log.sqlite"), options).expect("nobody has it")
        };
        let (id, event_type) = (uuid::Uuid::now_v7(), "OrderFromTheFuture".to_owned());
        let event = NewEvent { id, event_type, data: "{}".into(), metadata: "{}".into() };
        let appended = log.append(&StreamName::new(stream.as_str()), ExpectedRevision::NoStream, vec![event]).await;
        appended.expect("it is appended");
    }
    let server = Server::on_files(data.path(), &[]);
    let shop = shop.moved_to(&server).anonymous();
    let reactions = loop {
        let ready = shop.get("/readyz").await;
        assert!(!ready.body.to_string().contains(&stream[6..]), "{}", ready.body);
        let reactions = ready.part("reactions");
        if reactions["state"] == "degraded" {
            break reactions.clone();
        }
        tokio::task::yield_now().await;
    };
    assert!(reactions["reason"].as_str().is_some_and(|reason| reason.contains("1 damaged")), "{reactions}");
    let status = on_files(data.path(), &["status", "--json"]).json();
    let parked = status["parked"].as_array().expect("a list");
    let named = |row: &&Value| row["follower"] == "reactions" && row["what"] == stream.as_str();
    assert!(parked.iter().any(|row| named(&row)), "{status:#}");
    loop {
        let metrics = shop.get("/metrics").await.expect(200);
        let metrics = metrics.body.as_str().expect("text").to_owned();
        if metrics.lines().any(|line| line == "cartlog_reactions_parked{reason=\"damaged\"} 1") {
            break;
        }
        tokio::task::yield_now().await;
    }
    // Orders and carts go on.
    shop.get("/healthz").await.expect(200);
}
