//! What is said of files and engines that can't be used: the true cause, and what helps against it. And of a clock that can't be right.

use super::run::{on_files, signal};
use crate::contract::table::World;
use crate::support::{Server, TestShop};
use eventlog::{EventLog, ExpectedRevision, NewEvent, SqliteLog, SqliteOptions, StreamName};
use serde_json::json;
use std::path::Path;

/// A store that was served and stopped.
async fn store() -> tempfile::TempDir {
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    let data = tempfile::Builder::new().permissions(private).tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    TestShop::on(&server).await.product(5, 100).await;
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    data
}

/// What is left of a file whose first page went wrong, with nothing beside it that could replace it.
fn damage(data: &Path, file: &str) {
    let path = data.join(file);
    let mut bytes = std::fs::read(&path).expect("it is there");
    bytes.iter_mut().take(100).for_each(|byte| *byte = b'x');
    std::fs::write(&path, bytes).expect("it can be written");
    ["-wal", "-shm"].iter().for_each(|beside| drop(std::fs::remove_file(data.join(format!("{file}{beside}")))));
}

#[tokio::test]
async fn of_a_damaged_file_what_helps_is_said_and_of_no_other() {
    for (file, advice) in [("vault.sqlite", "restore a backup of it"), ("log.sqlite", "restore a backup")] {
        let data = store().await;
        damage(data.path(), file);
        let said = on_files(data.path(), &["serve", "--listen", "127.0.0.1:0"]).failed();
        assert!(said.contains(advice) && said.contains(file), "{file}: {said}");
        for other in ["views.sqlite", "windows.sqlite", "commands.sqlite"] {
            assert!(!said.contains(other), "{file}: {said}");
        }
    }
    // What is made again from the log needs nobody.
    for file in ["views.sqlite", "windows.sqlite", "commands.sqlite"] {
        let data = store().await;
        damage(data.path(), file);
        let server = Server::on_files(data.path(), &[]);
        TestShop::nobody(&server.url).await.ready().await;
    }
}

#[tokio::test]
async fn a_place_that_can_t_be_written_is_not_taken_for_damage() {
    let data = store().await;
    // A directory in the place of a file: as whatever the system does not let be opened.
    let views = data.path().join("views.sqlite");
    std::fs::remove_file(&views).expect("it is there");
    std::fs::create_dir(&views).expect("a directory");
    let said = on_files(data.path(), &["serve", "--listen", "127.0.0.1:0"]).failed();
    assert!(said.contains("nothing is wrong with what it holds") && !said.contains("move"), "{said}");
}

#[cfg(feature = "eventstoredb")]
#[tokio::test]
async fn an_event_log_that_is_away_is_not_taken_for_damaged_views() {
    let data = tempfile::tempdir().expect("a directory");
    let more = ["serve", "--listen", "127.0.0.1:0", "--log-url", "esdb://127.0.0.1:1?tls=false", "--log", "off"];
    let said = on_files(data.path(), &more).failed();
    assert!(said.contains("the event log is away") && !said.contains("views"), "{said}");
}

#[tokio::test]
async fn a_log_whose_last_event_is_ahead_of_the_clock_is_told_of() {
    let data = store().await;
    {
        let options = SqliteOptions { format: domain::FORMAT, ..SqliteOptions::default() };
        let log = SqliteLog::open(&data.path().join("log.sqlite"), options).expect("nobody has it");
        let event = NewEvent {
            id: uuid::Uuid::now_v7(),
            event_type: "Later".to_owned(),
            data: "{}".into(),
            metadata: "{}".into(),
        };
        let then = chrono::Utc::now() + chrono::TimeDelta::days(400);
        let stream = StreamName::new("order-of-the-future");
        let appended = log.append_recorded(&stream, ExpectedRevision::NoStream, vec![event], then).await;
        appended.expect("it is appended");
    }
    let log = tempfile::NamedTempFile::new().expect("a file");
    let mut server = Server::on_files_logging_to(log.reopen().expect("the file").into(), data.path());
    let ready = TestShop::nobody(&server.url).await.ready().await;
    let clock = ready.part("the clock");
    assert_eq!(clock["state"], "degraded", "{clock}");
    assert!(clock["reason"].as_str().is_some_and(|reason| reason.contains("ahead of this machine's clock")), "{clock}");
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    let said = std::fs::read_to_string(log.path()).expect("text");
    assert!(said.contains("WARN the log's last event is ahead of this machine's clock"), "{said}");
}

/// The last event of each stream of the category is no longer what was written.
fn garble(data: &Path, category: &str) {
    let log = rusqlite::Connection::open(data.join("log.sqlite")).expect("opens");
    let sql = "UPDATE events SET data = x'7b' WHERE (stream, revision) IN
        (SELECT stream, max(revision) FROM events WHERE stream IN (SELECT id FROM streams WHERE name LIKE ?1 || '-%') GROUP BY stream)";
    assert!(log.execute(sql, [category]).expect("written") > 0, "no stream of {category}");
}

#[tokio::test]
async fn a_history_that_can_t_be_read_is_damaged_and_not_away() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    let World { shop, customer, product, invoice, order, gift_card, credit, coupon, .. } =
        World::of(TestShop::on(&server).await).await;
    for (category, path) in [
        ("product", format!("/product/{product}/history")),
        ("cart", format!("/customer/{customer}/cart/history")),
        ("invoice", format!("/invoice/{invoice}/history")),
        ("order", format!("/order/{order}/history")),
        ("gift_card", format!("/giftcard/{gift_card}/history")),
        ("credit", format!("/customer/{customer}/credit/{credit}/history")),
        ("coupon", format!("/coupon_code/{coupon}/history")),
        ("customer", format!("/customer/{customer}/history")),
        ("store", "/store/history".to_owned()),
    ] {
        signal(server.pid(), "TERM");
        assert!(server.wait().success());
        garble(data.path(), category);
        server = Server::on_files(data.path(), &[]);
        let damaged = shop.moved_to(&server).get(&path).await.problem(500, "HISTORY_DAMAGED");
        assert!(damaged.header("retry-after").is_none(), "{path}: trying again does not help");
        // Who audits is told of it beside what can be read.
        let object = if category == "store" { continue } else { path.rsplit('/').nth(1).unwrap_or_default() };
        let id = if category == "cart" { customer.as_str() } else { object };
        let told = shop.moved_to(&server).get(&format!("/audit/{category}/{id}?limit=250")).await;
        if matches!(category, "order" | "gift_card" | "credit") {
            // Of one event alone: nobody knows whose it is.
            told.problem(500, "HISTORY_DAMAGED");
            continue;
        }
        let told = told.expect(200);
        let last = told["events"].as_array().and_then(|events| events.last()).expect("an event");
        assert!(last["happened"].as_str().is_some_and(|words| words.starts_with("can't be read: ")), "{last:#}");
        assert_eq!((&last["data"], &last["changes"]), (&json!(null), &json!(null)), "{last:#}");
    }
}
