//! What `/readyz` and `/metrics` tell of a server whose disk no longer takes anything, and of one that is well.

use super::limits::served_after;
use super::run::signal;
use crate::support::{Server, TestShop, new_product, until};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// From now on the process's files may be no longer than this; `None`: as long as they like. What would be longer fails.
fn limit_files(server: &Child, bytes: Option<u64>) {
    let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw).expect("a process");
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("it is limited");
}

/// A server whose files can be forbidden to take anything.
fn limitable(data: &std::path::Path) -> (Child, String) {
    // Ignored, so that a write fails and nobody is killed.
    served_after("trap '' XFSZ", data, &[])
}

fn stop(mut server: Child) {
    signal(server.id(), "TERM");
    server.wait().expect("it ends");
}

async fn metrics(shop: &TestShop) -> String {
    shop.get("/metrics").await.expect(200).body.as_str().expect("text").to_owned()
}

fn figure(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.rsplit_once(' ').is_some_and(|(named, _)| named == name))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[tokio::test]
async fn a_disk_that_takes_nothing_stops_commands_and_says_so_though_nobody_sends_any() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, url) = limitable(data.path());
    let shop = TestShop::at(&url).await;
    let product = shop.product(5, 100).await;
    let ready = async |what: &str| shop.anonymous().get(&format!("/readyz?for={what}")).await;
    ready("commands").await.expect(200);

    limit_files(&server, Some(0));
    // Nobody has asked it to store anything since.
    let stopped = until(async || ready("commands").await, |answer| answer.status == 503).await;
    let log = stopped.part("the event log");
    assert_eq!((&log["state"], &log["stops"]), (&json!("away"), &json!(["commands"])), "{log}");
    assert!(log["reason"].as_str().is_some_and(|reason| reason.contains("nothing can be appended")), "{log}");
    assert!(log["since"].is_string(), "{log}");
    ready("queries").await.expect(200);
    shop.get(&format!("/product/{product}")).await.expect(200);
    let refused = shop.post("/product", new_product(json!({}))).await.expect(503);
    assert!(refused.header("retry-after").is_some());
    let told = metrics(&shop).await;
    let failures = ["unavailable", "outcome_unknown"]
        .iter()
        .filter_map(|kind| figure(&told, &format!("cartlog_append_failures_total{{kind=\"{kind}\"}}")))
        .sum::<f64>();
    assert!(failures >= 1.0, "{told}");
    let commands = |outcome: &str| {
        figure(&told, &format!("cartlog_commands_total{{command=\"create_product\",outcome=\"{outcome}\"}}"))
    };
    assert!(commands("refused").is_none(), "it was no rule that refused it");
    assert_eq!(commands("failed").unwrap_or(0.0) + commands("unknown").unwrap_or(0.0), 1.0, "{told}");
    assert_eq!(figure(&told, "cartlog_ready{for=\"commands\"}"), Some(0.0), "{told}");
    assert_eq!(figure(&told, "cartlog_ready{for=\"queries\"}"), Some(1.0), "{told}");
    assert_eq!(figure(&told, "cartlog_part_state{part=\"the event log\",state=\"away\"}"), Some(1.0), "{told}");

    limit_files(&server, None);
    until(async || ready("commands").await, |answer| answer.status == 200).await;
    shop.post("/product", new_product(json!({}))).await.expect(201);
    stop(server);
}

#[tokio::test]
async fn every_family_of_metrics_says_what_it_is_and_none_tells_what_is_not_known() {
    let server = Server::start_with(&[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(5, 100).await);
    shop.add(&customer, &product, 2).await.expect(201);
    shop.get("/nowhere").await.expect(404);
    let told = until(
        async || shop.get("/metrics").await,
        |answer| {
            let text = answer.body.as_str().unwrap_or_default();
            figure(text, "cartlog_follower_lag_events{follower=\"carts\"}") == Some(0.0)
        },
    )
    .await;
    let told = told.body.as_str().expect("text");
    let named = |kind: &str| -> BTreeSet<&str> {
        told.lines().filter_map(|line| line.strip_prefix(kind)?.split(' ').next()).collect()
    };
    let (helps, types) = (named("# HELP "), named("# TYPE "));
    assert_eq!(helps, types, "each family has both");
    let family = |line: &str| {
        let name = line.split([' ', '{']).next().unwrap_or_default();
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        of_histogram.filter(|name| types.contains(name)).unwrap_or(name).to_owned()
    };
    for line in told.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(types.contains(family(line).as_str()), "{line} is of no family");
    }
    for wanted in [
        "cartlog_follower_lag_seconds{follower=\"windows\"}",
        "cartlog_follower_position{follower=\"reactions\"}",
        "cartlog_disk_free_bytes",
        "cartlog_up_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_cpu_seconds_total",
    ] {
        assert!(figure(told, wanted).is_some(), "{wanted} is not in\n{told}");
    }
    checked_by_promtool(told);
}

/// Prometheus' own opinion, where its tool is installed.
fn checked_by_promtool(metrics: &str) {
    let promtool =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut promtool) = promtool else {
        eprintln!("not checked by promtool, which is not installed");
        return;
    };
    promtool.stdin.take().expect("it is piped").write_all(metrics.as_bytes()).expect("it reads");
    let said = promtool.wait_with_output().expect("it ends");
    assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[tokio::test]
async fn a_status_is_told_also_of_a_server_whose_disk_takes_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, url) = limitable(data.path());
    TestShop::at(&url).await.product(5, 100).await;
    limit_files(&server, Some(0));
    let shop = TestShop::nobody(&url).await;
    until(async || shop.get("/readyz?for=commands").await, |answer| answer.status == 503).await;
    let status = super::run::cartlog(&["status", "--server", &url]).output().expect("it runs");
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        status.status.success() && said.contains("NOT ready") && said.contains("the event log (away since"),
        "{said}"
    );
    let json: Value = {
        let status = super::run::cartlog(&["status", "--json", "--server", &url]).output().expect("it runs");
        serde_json::from_slice(&status.stdout).expect("JSON")
    };
    assert_eq!(json["ready"], false, "{json:#}");
    limit_files(&server, None);
    stop(server);
}
