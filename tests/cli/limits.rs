//! A process that may have few files open, clients that all come at once, and signals: what a server does about its surroundings.

use super::run::{cartlog, ended, on, signal};
use crate::support::{Server, TestShop};
use serde_json::{Value, json};
use std::fs::read_to_string;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that is started by a shell which does this before; it says where it listens, and its log lines are piped.
pub fn served_after(before: &str, data: &Path, more: &[&str]) -> (Child, String) {
    let server = cartlog(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(server.get_program());
    shell.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more).stdin(Stdio::null());
    std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARTLOG_")).for_each(|(name, _)| {
        shell.env_remove(name);
    });
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let line = lines.next().and_then(Result::ok).unwrap_or_default();
    match line.strip_prefix("listening on ") {
        Some(url) => (child, url.to_owned()),
        None => {
            let mut said = String::new();
            child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
            panic!("it does not serve: {said}")
        }
    }
}

fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// One request and the head of its answer, on a connection that stays open.
fn asked(connection: &mut TcpStream, path: &str) -> String {
    connection.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).expect("it takes the request");
    let mut status = String::new();
    BufReader::new(connection).read_line(&mut status).expect("it answers");
    status
}

#[test]
fn clients_leave_the_files_that_a_server_needs_and_whoever_asks_for_its_status_is_answered() {
    let data = tempfile::tempdir().expect("a directory");
    let (mut server, url) = served_after("ulimit -n 160", data.path(), &[]);
    let mut log = BufReader::new(server.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    let told = log.find(|line| line.contains("fewer connections are served")).expect("it says so");
    assert!(
        told.contains("max_connections=10000") && told.contains("limit=160") && told.contains("connections=64"),
        "{told}"
    );
    // As many as would take every file that it may have open, were they let in.
    let mut clients: Vec<TcpStream> =
        (0..200).map(|_| TcpStream::connect(address(&url)).expect("it waits for its turn")).collect();
    assert!(asked(&mut clients[0], "/healthz").starts_with("HTTP/1.1 200"));
    let mut status = cartlog(&["status", "--json", "--data"]);
    let mut status = status.arg(data.path()).stdout(Stdio::piped()).spawn().expect("it starts");
    assert!(ended(&mut status).success());
    let mut said = String::new();
    status.stdout.take().expect("it is piped").read_to_string(&mut said).expect("text");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["server"]["pid"], server.id());
    signal(server.id(), "TERM");
    drop(clients);
    assert!(ended(&mut server).success());
}

#[test]
fn a_process_that_may_have_hardly_any_files_open_says_so_instead_of_serving() {
    let data = tempfile::tempdir().expect("a directory");
    let binary = cartlog(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(binary.get_program());
    shell.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
    let output = shell.output().expect("sh runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("may have 64 files open") && said.contains("ulimit -n"), "{said}");
}

#[test]
fn a_server_takes_as_many_files_as_the_system_lets_it() {
    let data = tempfile::tempdir().expect("a directory");
    let (mut server, _) = served_after("ulimit -Sn 128", data.path(), &[]);
    let limits = read_to_string(format!("/proc/{}/limits", server.id())).expect("this is Linux");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("it is said");
    let words: Vec<&str> = files.split_whitespace().collect();
    assert_eq!(words[3], words[4], "as many as it may at most: {files}");
    signal(server.id(), "TERM");
    assert!(ended(&mut server).success());
}

#[test]
fn hundreds_of_clients_that_come_at_once_all_wait_to_be_let_in() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let address = server.address().parse().expect("an address");
    // While it stands still nobody is let in.
    signal(server.pid(), "STOP");
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(20));
    let waiting: Result<Vec<TcpStream>, _> = (0..400).map(connect).collect();
    signal(server.pid(), "CONT");
    assert_eq!(waiting.expect("each has a place").len(), 400);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_says_so_and_answers_as_long_as_it_was_asked_to() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &["--drain", "1h"]);
    let shop = TestShop::on(&server).await;
    signal(server.pid(), "TERM");
    let said = loop {
        let ready = shop.anonymous().get("/readyz").await;
        if ready.status == 503 {
            break ready;
        }
        tokio::task::yield_now().await;
    };
    assert!(said.text("/detail").contains("it is stopping"), "{}", said.body);
    // On a connection that is made only now.
    TestShop::on(&server).await.product(5, 100).await;
    signal(server.pid(), "TERM");
    assert_eq!(server.wait().code(), Some(130), "a second signal ends it at once");

    let mut server = Server::on(data.path(), &["--drain", "10ms"]);
    shop.moved_to(&server).ready().await;
    signal(server.pid(), "TERM");
    assert!(server.wait().success(), "after its time it stops by itself");
}

/// Whether this process was started so, as under `nohup`.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Signals count from 1, and SIGHUP is the first.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn a_terminal_that_is_gone_stops_a_server_in_good_order_unless_it_was_told_not_to_care() {
    let data = tempfile::tempdir().expect("a directory");
    // Whoever ignores it hands that on to what it starts.
    if !ignores_hangups() {
        let mut server = Server::on(data.path(), &[]);
        signal(server.pid(), "HUP");
        assert!(server.wait().success());
        assert!(!data.path().join("control.sock").exists(), "it has cleared up");
    }

    let (mut server, url) = served_after("trap '' HUP", data.path(), &[]);
    signal(server.id(), "HUP");
    let mut connection = TcpStream::connect(address(&url)).expect("it serves");
    assert!(asked(&mut connection, "/readyz").starts_with("HTTP/1.1 200"));
    signal(server.id(), "TERM");
    drop(connection);
    assert!(ended(&mut server).success());
}

#[test]
fn time_spans_are_read_as_people_write_them_and_others_are_refused_by_name() {
    let shown =
        super::run::run(&mut cartlog(&["config", "--json", "--drain", "1m 30s", "--view-wait", "500ms"])).json();
    assert_eq!((&shown["drain"]["value"], &shown["view_wait"]["value"]), (&json!("1m 30s"), &json!("500ms")));
    for (flag, wrong) in [("--drain", "soon"), ("--view-wait", "30"), ("--drain", "2days")] {
        let refused = super::run::run(&mut cartlog(&["config", flag, wrong])).failed();
        assert!(refused.contains(&flag[2..].replace('-', "_")) && refused.contains(wrong), "{refused}");
    }
}

#[test]
fn status_names_the_tasks_of_a_server() {
    let data = tempfile::tempdir().expect("a directory");
    let _server = Server::on(data.path(), &[]);
    let status = on(data.path(), &["status", "--json"]).json();
    let tasks = status["tasks"].as_array().expect("a list");
    for name in ["http", "views", "windows", "reactions", "event log writer", "log lines", "log follower", "clock"] {
        let task = tasks.iter().find(|task| task["name"] == name);
        let engines = std::env::var_os("CARTLOG_LOG_URL").is_some() || std::env::var_os("CARTLOG_VIEWS_URL").is_some();
        let Some(task) = task else {
            assert!(engines, "no {name} in {tasks:#?}");
            continue;
        };
        assert_eq!((&task["state"], &task["restarts"]), (&json!("running"), &json!(0)), "{task}");
    }
}
