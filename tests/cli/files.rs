//! The files of a data directory: whole in the end, within bounds, healed where they can be, and refused or told of where not.

use super::run::signal;
use crate::support::{Server, TestShop};
use serde_json::json;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const FILES: [&str; 6] =
    ["log.sqlite", "vault.sqlite", "views.sqlite", "windows.sqlite", "tree.sqlite", "commands.sqlite"];
/// More than any disk has left.
const MORE_THAN_THERE_IS: &str = "9000000000000000000";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    path.with_file_name(format!("{}{suffix}", path.file_name().expect("a file").to_string_lossy()))
}

fn stop(mut server: Server) {
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
}

/// Nonsense over the first page of each table and index of such a name.
fn spoil(path: &Path, tables: &str) {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name LIKE '{tables}' AND rootpage > 0");
    let roots = {
        let connection = rusqlite::Connection::open(path).expect("opens");
        let mut roots = connection.prepare(&sql).expect("a statement");
        let roots = roots.query_map([], |row| row.get::<_, i64>(0)).expect("pages");
        roots.collect::<Result<Vec<_>, _>>().expect("pages")
    };
    assert!(!roots.is_empty(), "no {tables} in {}", path.display());
    let mut file = fs::OpenOptions::new().write(true).open(path).expect("opens");
    for root in roots {
        file.seek(SeekFrom::Start((root as u64 - 1) * 4_096)).expect("a place");
        file.write_all(&[0xee; 4_096]).expect("written");
    }
}

#[tokio::test]
async fn after_a_stop_the_files_alone_are_the_whole_store() {
    let (data, elsewhere) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(5, 100).await);
    shop.add(&customer, &product, 2).await.expect(201);
    stop(server);
    for name in FILES {
        let wal = fs::metadata(beside(&data.path().join(name), "-wal")).map_or(0, |wal| wal.len());
        assert_eq!(wal, 0, "{name}-wal");
        fs::copy(data.path().join(name), elsewhere.path().join(name)).expect("copied");
    }
    let server = Server::on_files(elsewhere.path(), &[]);
    let mut there = shop.moved_to(&server);
    there.log_in().await;
    let of_customer = there.get(&format!("/customer/{customer}")).await.expect(200);
    assert!(of_customer.at("/customer/first_name").is_string(), "{:?}", of_customer.at("/customer"));
    assert_eq!(there.get(&format!("/product/{product}")).await.expect(200).number("/product/reserved"), 2);
}

#[tokio::test]
async fn while_nothing_is_written_a_fresh_store_takes_a_few_mebibytes() {
    let server = Server::start_with(&[]);
    let shop = TestShop::on(&server).await;
    for _ in 0..20 {
        shop.product(1, 1).await;
    }
    let length = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
    let of_wals = || FILES.iter().map(|name| length(beside(&server.data().join(name), "-wal"))).sum::<u64>();
    let emptied = async {
        while of_wals() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), emptied).await.expect("they are emptied");
    let all = fs::read_dir(server.data()).expect("a directory").flatten().map(|file| length(file.path())).sum::<u64>();
    assert!(all < 4 << 20, "{all} bytes");
}

#[tokio::test]
async fn with_less_room_than_is_kept_free_commands_are_refused_and_queries_go_on() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let product = shop.product(5, 100).await;
    stop(server);

    let server = Server::on_files(data.path(), &["--disk-reserve", MORE_THAN_THERE_IS]);
    let full = shop.moved_to(&server);
    let refused = full.post("/product", crate::support::new_product(json!({}))).await.problem(503, "DISK_FULL");
    assert!(refused.header("retry-after").is_some());
    full.get(&format!("/product/{product}")).await.expect(200);
    full.get("/readyz?for=queries").await.expect(200);
    for path in ["/readyz", "/readyz?for=commands"] {
        let ready = full.get(path).await.problem(503, "UNAVAILABLE");
        let disk = ready.part("the disk");
        assert_eq!((&disk["state"], &disk["stops"]), (&json!("degraded"), &json!(["commands"])), "{disk}");
    }
    let metrics = reqwest::get(format!("{}/metrics", server.url)).await.expect("an answer").text().await.expect("text");
    assert!(metrics.lines().any(|line| line.starts_with("cartlog_disk_free_bytes ")), "{metrics}");
    stop(server);

    let server = Server::on_files(data.path(), &[]);
    shop.moved_to(&server).product(1, 1).await;
}

#[tokio::test]
async fn what_can_be_made_again_heals_itself() {
    for (name, tables) in [
        ("views.sqlite", "products_%"),
        ("windows.sqlite", "buckets_%"),
        ("tree.sqlite", "spans"),
        ("commands.sqlite", "snapshots"),
    ] {
        let data = tempfile::tempdir().expect("a directory");
        let server = Server::on_files(data.path(), &[]);
        let shop = TestShop::on(&server).await;
        let (customer, product) = (shop.customer().await, shop.product(5, 100).await);
        shop.add(&customer, &product, 2).await.expect(201);
        stop(server);
        let path = data.path().join(name);
        spoil(&path, tables);
        // A command meets it, or a query, or the worker.
        let server = Server::on_files(data.path(), &[]);
        let shop = shop.moved_to(&server);
        let is_well = async || {
            let added =
                shop.send("POST", &format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": 1 })).await;
            let product = shop.get(&format!("/product/{product}")).await;
            let top = shop.get("/streaming/toptencartitems/1").await;
            let then = shop.get("/store?as_of_position=1").await;
            added.status < 300 && product.status == 200 && top.status != 503 && then.status < 500
        };
        let healing = async {
            while !is_well().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), healing).await.unwrap_or_else(|_| panic!("{name}"));
        if name != "commands.sqlite" {
            assert!(beside(&path, ".damaged").exists(), "{name}");
        }
        stop(server);
    }
}

#[tokio::test]
async fn damage_in_what_can_not_be_made_again_is_told_as_such() {
    // By the index, and by keys, a command is done and a history is read.
    for (name, tables, part) in
        [("log.sqlite", "sqlite_autoindex_events%", "the event log"), ("vault.sqlite", "%_keys", "the vault")]
    {
        let data = tempfile::tempdir().expect("a directory");
        let server = Server::on_files(data.path(), &[]);
        let shop = TestShop::on(&server).await;
        let customer = shop.unconfirmed_with(json!({})).await;
        stop(server);
        spoil(&data.path().join(name), tables);
        let server = Server::on_files(data.path(), &[]);
        let shop = shop.moved_to(&server);
        let refused = shop.keyed("a key").post("/customer", crate::support::new_customer(json!({}))).await;
        let refused = refused.problem(500, "HISTORY_DAMAGED");
        let detail = refused.text("/detail");
        assert!(detail.contains("damaged") && !detail.contains("away"), "{name}: {detail}");
        let damaged = shop.get(&format!("/customer/{customer}/history")).await.problem(500, "HISTORY_DAMAGED");
        assert!(damaged.header("retry-after").is_none(), "{name}: trying again does not help");
        let unready = shop.get("/readyz").await.expect(503).text("/detail");
        assert!(
            unready.contains(part) && unready.contains("damaged") && !unready.contains("away"),
            "{name}: {unready}"
        );
    }
}
