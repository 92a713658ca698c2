//! `cartlog rebuild --ahead`: a new version fills its views beside the server that serves, and its start takes them.

use super::run::{on_files, signal};
use crate::support::{Server, TestShop};
use std::fs::File;
use std::path::Path;

const AHEAD: &str = "views-ahead.sqlite";
const BEFORE: &str = "views.sqlite.before";

fn stop(mut server: Server) {
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
}

fn edit(file: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(file).expect("it opens");
    connection.execute_batch(sql).expect("it is edited");
}

/// As the version before this one left them, whose rows this one can't fold on.
fn of_another_version(views: &Path) {
    edit(views, "UPDATE generations SET version = version + 1000");
}

/// Starts a server on the directory, and gives what it logged as well once it has stopped.
async fn served(data: &Path, ask: impl AsyncFnOnce(&Server)) -> String {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let lines: File = log.reopen().expect("the file");
    let server = Server::on_files_logging_to(lines.into(), data);
    ask(&server).await;
    stop(server);
    std::fs::read_to_string(log.path()).expect("text")
}

#[tokio::test]
async fn views_are_filled_beside_a_server_that_serves_and_taken_at_the_start() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, first) = (shop.customer().await, shop.product(5, 100).await);
    shop.add(&customer, &first, 2).await.expect(201);
    let told = on_files(data.path(), &["rebuild", "--ahead"]).succeeded();
    assert!(told.contains("the views are filled up to position") && told.contains(AHEAD), "{told}");
    // It goes on, and so does who is called again.
    let second = shop.product(7, 100).await;
    let again = on_files(data.path(), &["rebuild", "--ahead", "--json"]).json();
    let third = shop.product(9, 100).await;
    let cart = shop.get(&format!("/customer/{customer}/cart")).await.expect(200);
    assert!(again["position"].as_u64().is_some_and(|position| position > 0), "{again}");
    stop(server);

    of_another_version(&data.path().join("views.sqlite"));
    let said = served(data.path(), async |server| {
        let shop = shop.moved_to(server);
        assert_eq!(shop.get(&format!("/customer/{customer}/cart")).await.expect(200).body, cart.body);
        for product in [&first, &second, &third] {
            shop.get(&format!("/product/{product}")).await.expect(200);
        }
        assert_eq!(shop.ready().await["result"], "ok");
    })
    .await;
    assert!(said.contains("take the place of those of another version"), "{said}");
    assert!(!data.path().join(AHEAD).exists() && data.path().join(BEFORE).exists());
}

#[tokio::test]
async fn what_is_not_whole_or_not_needed_or_of_another_log_takes_nobodys_place() {
    let data = tempfile::tempdir().expect("a directory");
    let ahead = data.path().join(AHEAD);
    let server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let product = format!("/product/{}", shop.product(5, 100).await);
    on_files(data.path(), &["rebuild", "--ahead"]).succeeded();
    stop(server);
    let answers = async |server: &Server| drop(shop.moved_to(server).get(&product).await.expect(200));

    // Whoever only looks takes nothing.
    on_files(data.path(), &["status"]).succeeded();
    assert!(ahead.exists());
    let said = served(data.path(), answers).await;
    assert!(said.contains("what was filled ahead of them is removed") && !ahead.exists(), "{said}");

    on_files(data.path(), &["rebuild", "--ahead"]).succeeded();
    of_another_version(&data.path().join("views.sqlite"));
    edit(&ahead, "DELETE FROM generations WHERE view = 'products'");
    let said = served(data.path(), answers).await;
    assert!(said.contains("are not whole, or not of this log") && ahead.exists(), "{said}");

    let other = tempfile::tempdir().expect("a directory");
    let server = Server::on_files(other.path(), &[]);
    TestShop::on(&server).await;
    on_files(other.path(), &["rebuild", "--ahead"]).succeeded();
    stop(server);
    std::fs::copy(other.path().join(AHEAD), &ahead).expect("it is copied");
    of_another_version(&data.path().join("views.sqlite"));
    let said = served(data.path(), answers).await;
    assert!(said.contains("are not whole, or not of this log"), "{said}");
    assert!(!data.path().join(BEFORE).exists());
}

#[test]
fn views_in_postgresql_are_not_filled_ahead_by_a_command() {
    let data = tempfile::tempdir().expect("a directory");
    std::fs::write(data.path().join("log.sqlite"), "").expect("written");
    let mut command = super::run::cartlog(&["rebuild", "--ahead", "--data"]);
    command.arg(data.path()).env("CARTLOG_VIEWS_URL", "postgres://nobody@127.0.0.1:1/none");
    let refused = super::run::run(&mut command).failed();
    assert!(refused.contains("PostgreSQL"), "{refused}");
}
