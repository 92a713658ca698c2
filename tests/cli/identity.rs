//! Files that are missing, older than the others, or another store's: the start says so in one sentence, and nothing is lost by it.

use super::run::{on_files, signal};
use crate::support::{Server, TestShop, private_directory};
use std::path::Path;

const OPEN: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A server that was told to stop: all that it kept is in the files alone.
fn stop(mut server: Server) {
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
}

/// A store with a person in it, stopped; with the person's id.
async fn store(data: &Path) -> (TestShop, String) {
    let server = Server::on_files(data, &[]);
    let shop = TestShop::on(&server).await;
    let customer = shop.customer().await;
    stop(server);
    (shop, customer)
}

fn remove(data: &Path, file: &str) {
    ["", "-wal", "-shm"].iter().for_each(|beside| drop(std::fs::remove_file(data.join(format!("{file}{beside}")))));
}

/// Puts the file in the place of the other directory's.
fn put(from: &Path, to: &Path, file: &str) {
    remove(to, file);
    std::fs::copy(from.join(file), to.join(file)).expect("it is copied");
}

/// One sentence, and the second try is refused like the first: the first made nothing that would be taken for a store.
fn refused(data: &Path) -> String {
    let first = on_files(data, &OPEN).failed();
    let second = on_files(data, &OPEN).failed();
    assert!(second.contains(&first[first.len().min(40)..first.len().min(120)]), "{first}{second}");
    second
}

#[tokio::test]
async fn a_vault_that_is_gone_is_not_begun_anew_beside_a_log_that_needs_it() {
    let data = private_directory();
    let (shop, customer) = store(data.path()).await;
    remove(data.path(), "vault.sqlite");
    let said = refused(data.path());
    assert!(said.contains("the vault lacks the key of customer") && said.contains("--accept-log"), "{said}");
    // Who knows that it is gone for good can have what is left.
    let server = Server::on_files(data.path(), &["--accept-log"]);
    let shop = shop.moved_to(&server);
    TestShop::nobody(&server.url).await.ready().await;
    stop(server);
    let _ = (shop, customer);
    stop(Server::on_files(data.path(), &[]));
}

#[tokio::test]
async fn a_vault_of_a_store_without_people_is_missed_too() {
    let data = private_directory();
    let server = Server::on_files(data.path(), &[]);
    TestShop::on(&server).await.product(5, 100).await;
    stop(server);
    remove(data.path(), "vault.sqlite");
    assert!(refused(data.path()).contains("the vault lacks"), "it was served");
}

#[tokio::test]
async fn a_vault_from_an_earlier_day_is_refused_and_one_from_a_later_day_is_fine() {
    let (data, earlier) = (private_directory(), private_directory());
    let (shop, _) = store(data.path()).await;
    for file in ["vault.sqlite", "log.sqlite"] {
        put(data.path(), earlier.path(), file);
    }
    let server = Server::on_files(data.path(), &[]);
    let shop = shop.moved_to(&server);
    let later = shop.customer().await;
    // Whatever else came since.
    for _ in 0..30 {
        shop.product(5, 100).await;
    }
    stop(server);
    let (vault, log) = (private_directory(), private_directory());
    put(data.path(), vault.path(), "vault.sqlite");
    put(data.path(), log.path(), "log.sqlite");

    put(earlier.path(), data.path(), "vault.sqlite");
    let said = refused(data.path());
    assert!(said.contains(&format!("the vault lacks the key of customer {later}")), "{said}");

    put(vault.path(), data.path(), "vault.sqlite");
    put(earlier.path(), data.path(), "log.sqlite");
    let server = Server::on_files(data.path(), &[]);
    let shop = shop.moved_to(&server);
    shop.get(&format!("/customer/{later}")).await.expect(404);
    // What comes now takes the places of what was lost.
    let new = shop.customer().await;
    stop(server);
    let server = Server::on_files(data.path(), &[]);
    shop.moved_to(&server).get(&format!("/customer/{new}")).await.expect(200);
}

#[tokio::test]
async fn a_log_that_is_gone_is_not_begun_anew_beside_what_it_filled() {
    let data = private_directory();
    store(data.path()).await;
    remove(data.path(), "log.sqlite");
    let said = refused(data.path());
    for part in ["there is no log.sqlite in", "restore the log from a backup", "log_url", "--accept-log"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!data.path().join("log.sqlite").exists(), "a new log was made");
    let server = Server::on_files(data.path(), &["--accept-log"]);
    TestShop::on(&server).await.product(5, 100).await;
    stop(server);
    // Once is enough.
    let server = Server::on_files(data.path(), &[]);
    TestShop::on(&server).await.product(5, 100).await;
}

#[tokio::test]
async fn files_of_two_stores_in_one_directory_are_told_apart_by_name() {
    let (data, other) = (private_directory(), private_directory());
    store(data.path()).await;
    let (shop, customer) = store(other.path()).await;
    put(other.path(), data.path(), "log.sqlite");
    let said = refused(data.path());
    assert!(said.contains("the vault belongs to log ") && said.contains(", and this is log "), "{said}");
    put(other.path(), data.path(), "vault.sqlite");
    let said = refused(data.path());
    assert!(said.contains("the views are of log ") && said.contains(", and this is log "), "{said}");
    put(other.path(), data.path(), "views.sqlite");
    let said = refused(data.path());
    assert!(said.contains("the metric windows are of log ") && said.contains(", and this is log "), "{said}");
    let server = Server::on_files(data.path(), &["--accept-log"]);
    shop.moved_to(&server).get(&format!("/customer/{customer}")).await.expect(200);
    stop(server);
    let server = Server::on_files(data.path(), &[]);
    shop.moved_to(&server).get(&format!("/customer/{customer}")).await.expect(200);
}

#[tokio::test]
async fn a_log_that_was_put_back_has_its_views_and_windows_filled_anew() {
    let (data, earlier) = (private_directory(), private_directory());
    let (shop, _) = store(data.path()).await;
    put(data.path(), earlier.path(), "log.sqlite");
    let server = Server::on_files(data.path(), &[]);
    let shop = shop.moved_to(&server);
    let product = shop.product(5, 100).await;
    stop(server);
    put(earlier.path(), data.path(), "log.sqlite");
    let server = Server::on_files(data.path(), &[]);
    let shop = shop.moved_to(&server);
    shop.get(&format!("/product/{product}")).await.expect(404);
    TestShop::nobody(&server.url).await.ready().await;
}
