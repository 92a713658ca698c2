//! Shared places belong to one log: a node with another one is refused by name, and takes nothing from those that are there.

use super::cluster::{Cluster, Shared};
use super::{ALL, until};
use crate::cli::run::on_files;
use crate::support::{Server, TestShop, private_directory};
use std::path::{Path, PathBuf};

const ALL_SHARED: Shared = Shared { views: true, windows: true };

/// What a node says that does not start.
async fn refused(data: &Path, flags: Vec<String>) -> String {
    let data = data.to_owned();
    let running = move || {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "off"].map(str::to_owned);
        let arguments: Vec<String> = serve.into_iter().chain(flags).collect();
        on_files(&data, &arguments.iter().map(String::as_str).collect::<Vec<_>>()).failed()
    };
    tokio::task::spawn_blocking(running).await.expect("it runs")
}

async fn started(data: PathBuf, flags: Vec<String>) -> Server {
    let starting = move || Server::on_files(&data, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(starting).await.expect("it starts")
}

fn without(flags: Vec<String>, flag: &str) -> Vec<String> {
    let pairs: Vec<String> = flags;
    pairs.chunks(2).filter(|pair| pair[0] != flag).flatten().cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_log_was_forgotten_in_its_settings_takes_nothing_from_the_others() {
    let cluster = Cluster::start().await;
    let (data, strange) = (private_directory(), private_directory());
    let node = cluster.node_on(data.path(), ALL_SHARED, ALL).await;
    let shop = TestShop::on(&node).await;
    let product = format!("/product/{}", shop.product(5, 100).await);
    until(async || shop.get(&product).await, |answer| answer.status == 200).await;
    let log_id = log_id(&node).await;

    // Everything but the log: a new, empty one would be begun in the directory.
    let flags = without(cluster.shared_flags(ALL_SHARED), "--log-url");
    let said = refused(strange.path(), flags.clone()).await;
    assert!(said.contains(&format!("belongs to log {log_id}")) && said.contains(", and this is log "), "{said}");
    assert!(
        std::fs::read_dir(strange.path())
            .expect("it is there")
            .all(|entry| { entry.expect("an entry").file_name().to_string_lossy().contains("lock") })
    );
    shop.get(&product).await.expect(200);
    // The directory that kept what a node keeps for itself, as after the variable was lost: nothing is begun in it either.
    node.kill();
    let said = refused(data.path(), flags.clone()).await;
    assert!(said.contains("there is no log.sqlite") && said.contains("set log_url"), "{said}");
    let node = cluster.node_on(data.path(), ALL_SHARED, ALL).await;
    let shop = shop.moved_to(&node);
    until(async || shop.get(&product).await, |answer| answer.status == 200).await;
    node.kill();

    // Somebody means it: then the log that was there before is the other one.
    let accepting = [flags, vec!["--accept-log".to_owned()]].concat();
    let heir = started(strange.path().to_owned(), accepting).await;
    let new = TestShop::on(&heir).await;
    let theirs = format!("/product/{}", new.product(5, 100).await);
    until(async || new.get(&theirs).await, |answer| answer.status == 200).await;
    new.ready().await;
    let said = refused(data.path(), cluster.shared_flags(ALL_SHARED)).await;
    assert!(said.contains(&format!("and this is log {log_id}")), "{said}");
    new.get(&theirs).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_vault_on_a_log_that_is_in_use_is_refused() {
    let cluster = Cluster::start().await;
    let (data, second) = (private_directory(), private_directory());
    let flags = without(cluster.shared_flags(Shared { views: false, windows: false }), "--vault-url");
    let node = started(data.path().to_owned(), flags.clone()).await;
    let shop = TestShop::on(&node).await;
    let product = format!("/product/{}", shop.product(5, 100).await);
    let said = refused(second.path(), flags).await;
    assert!(said.contains("the vault lacks") && said.contains("name the log that it belongs to"), "{said}");
    until(async || shop.get(&product).await, |answer| answer.status == 200).await;
}

/// As the node's metrics name it.
async fn log_id(node: &Server) -> String {
    let metrics = reqwest::get(format!("{}/metrics", node.url)).await.expect("it answers").text().await.expect("text");
    let head =
        metrics.lines().find_map(|line| line.strip_prefix("cartlog_log_head{log_id=\"")).expect("the log's head");
    head.split('"').next().expect("an id").to_owned()
}
