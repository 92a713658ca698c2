//! What becomes of a server whose log lines nobody takes: it serves as ever, and says later how many were lost. And which lines
//! there are: of a kind not more than one a second, each with its request, its route and the cause.

use super::run::{cartlog, ended, signal};
use crate::support::{Server, TestShop, new_customer};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

/// For everybody to look into, which is worth a warning at the start.
fn open_directory() -> tempfile::TempDir {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    tempfile::Builder::new().permissions(permissions).tempdir().expect("a directory")
}

/// A place where nothing can be written: the disk is full.
fn full_disk() -> File {
    File::options().write(true).open("/dev/full").expect("this system has /dev/full")
}

/// The server takes commands, answers queries, and says that it is well.
async fn assert_serves(server: &Server) {
    let shop = TestShop::on(server).await;
    let product = shop.product(5, 100).await;
    shop.get(&format!("/product/{product}")).await.expect(200);
    let ready = shop.ready().await;
    assert_eq!(ready.text("/result"), "ok", "{}", ready.body);
}

async fn figure(server: &Server, name: &str) -> u64 {
    let metrics = reqwest::get(format!("{}/metrics", server.url)).await.expect("an answer").text().await.expect("text");
    let line = metrics.lines().find(|line| line.split([' ', '{']).next() == Some(name));
    line.and_then(|line| line.rsplit_once(' ')).map_or(0, |(_, value)| value.parse().expect("a number"))
}

#[tokio::test]
async fn log_lines_on_a_full_disk_are_lost_and_nothing_else_is() {
    let data = open_directory();
    let mut server = Server::logging_to(full_disk().into(), data.path(), &["--log", "debug"]);
    assert_serves(&server).await;
    assert!(figure(&server, "cartlog_log_lines_lost_total").await > 0);
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
}

#[tokio::test]
async fn a_reader_of_log_lines_that_is_gone_takes_nothing_with_it() {
    let data = open_directory();
    let mut server = Server::logging_to(Stdio::piped(), data.path(), &["--log", "debug"]);
    drop(server.log_lines());
    assert_serves(&server).await;
    assert!(figure(&server, "cartlog_log_lines_lost_total").await > 0);
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
}

#[tokio::test]
async fn a_reader_of_log_lines_that_stands_still_holds_nothing_up_and_hears_how_much_it_missed() {
    let data = open_directory();
    let mut server = Server::logging_to(Stdio::piped(), data.path(), &["--log", "trace"]);
    let unread = server.log_lines();
    // More than the pipe and the queue take: 64 KiB and 4,096 lines.
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    while figure(&server, "cartlog_log_lines_lost_total").await == 0 {
        for _ in 0..50 {
            client.get(format!("{}/healthz", server.url)).send().await.expect("an answer");
        }
    }
    assert_serves(&server).await;
    let mut lines = BufReader::new(unread).lines().map_while(Result::ok);
    let told = lines.find(|line| line.contains("log lines were lost")).expect("it says so once somebody reads");
    assert!(told.contains(" WARN ") && !told.ends_with("lost=0"), "{told}");
}

#[test]
fn a_server_serves_though_nobody_hears_where() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = cartlog(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    let mut server = server.arg(data.path()).stdout(full_disk()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut log = BufReader::new(server.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    assert!(log.any(|line| line.contains("can't be said")), "it does not say that it can't say it");
    // As a drain of its pipe goes on, nothing is lost of what it says.
    std::thread::spawn(move || log.for_each(drop));
    let status = super::run::run(cartlog(&["status", "--json", "--data"]).arg(data.path())).json();
    assert_eq!(status["server"]["pid"], server.id());
    signal(server.id(), "TERM");
    assert!(ended(&mut server).success());
}

/// Lines for machines, parsed.
fn logged(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).expect("a log");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test]
async fn a_flood_of_errors_is_a_line_a_second_that_says_request_route_and_cause() {
    const REQUESTS: u64 = 300;
    let (data, log) = (tempfile::tempdir().expect("a directory"), tempfile::NamedTempFile::new().expect("a file"));
    let began = Instant::now();
    let stderr = log.reopen().expect("the file");
    // Nobody listens there: each mail is an error of its own.
    let more = ["--log-format", "json", "--smtp-url", "smtp://127.0.0.1:1"];
    let mut server = Server::logging_to(stderr.into(), data.path(), &more);
    let shop = TestShop::on(&server).await;
    let customer = shop.post("/customer", new_customer(json!({}))).await.expect(201);
    let customer = customer.text("/customer/customer_id");
    for _ in 0..REQUESTS {
        shop.put(&format!("/customer/{customer}/send_confirmation"), json!(null)).await.expect(503);
    }
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    let seconds = began.elapsed().as_secs() + 1;

    let lines = logged(log.path());
    let is_of_mail = |line: &&Value| line["message"] == "a command could not be done";
    let errors: Vec<&Value> = lines.iter().filter(is_of_mail).collect();
    for error in &errors {
        assert_eq!(error["level"], "ERROR", "{error}");
        assert_eq!(error["route"], "/customer/{customer_id}/send_confirmation", "{error}");
        assert!(error["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{error}");
        assert!(error["error"].as_str().is_some_and(|cause| cause.contains("refused")), "the cause: {error}");
    }
    let counted = lines.iter().filter(|line| is_of_mail(line) || line["like"] == "a command could not be done");
    let left_out: u64 = counted.filter_map(|line| line["left_out"].as_u64()).sum();
    assert_eq!(errors.len() as u64 + left_out, REQUESTS, "every one is written or counted");
    assert!(errors.len() as u64 <= seconds, "{} lines in {seconds} s", errors.len());
}

#[tokio::test]
async fn figures_in_lines_for_machines_are_numbers() {
    let (data, log) = (tempfile::tempdir().expect("a directory"), tempfile::NamedTempFile::new().expect("a file"));
    let stderr = log.reopen().expect("the file");
    let mut server = Server::logging_to(stderr.into(), data.path(), &["--log-format", "json", "--log", "debug"]);
    TestShop::nobody(&server.url).await.get("/healthz").await.expect(200);
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    let lines = logged(log.path());
    let request = lines.iter().find(|line| line["message"] == "request" && line["route"] == "/healthz");
    let request = request.expect("a line of the request");
    assert!(request["took_ms"].is_number() && request["status"] == 200, "{request}");
    assert!(request["request_id"].is_string() && request["method"] == "GET", "{request}");
    let serving = lines.iter().find(|line| line["message"] == "serving").expect("it says that it serves");
    assert_eq!(serving["roles"], "api,views,stream");
}
