//! A server whose engines all speak TLS: it is told by its settings alone, and the commands beside it by theirs.

use super::cluster::service;
use super::{confirmed_customer, until};
use crate::cli::run::{Ran, cartlog, run, signal};
use crate::support::{Server, TestShop, new_product, number};
use eventstoredb_double::{Double, DoubleOptions};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const OPERATIONS: &str = include_str!("../../docs/operations.md");

fn file(name: &str) -> String {
    format!("{}/{name}", service("CARTLOG_TEST_TLS"))
}

fn password() -> String {
    service("CARTLOG_TEST_KAFKA_PASSWORD")
}

/// EventStoreDB with the certificate that the other servers have.
async fn eventstoredb() -> Double {
    let chain = vec![CertificateDer::from_pem_file(file("server.crt")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("it has them").with_no_client_auth();
    let mut config = config.with_single_cert(chain, key).expect("they belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let user = Some(("cartlog".to_owned(), password()));
    let options = DoubleOptions { tls: Some(Arc::new(config)), user, ..DoubleOptions::default() };
    Double::start_with(options).await.expect("a port")
}

/// What docs/operations.md has in its section on TLS, of the tests' servers.
fn settings(log: &Double, namespace: &str) -> String {
    let (_, section) = OPERATIONS.split_once("## TLS to the engines").expect("there is a section");
    let (_, block) = section.split_once("```toml\n").expect("it has an example");
    let (example, _) = block.split_once("```").expect("it ends");
    let postgres = address_of("CARTLOG_TEST_POSTGRES");
    let redis = address_of("CARTLOG_TEST_REDIS_TLS");
    let of_tests = [
        ("events.example:2113", log.address().to_string()),
        ("views.example:5432", postgres),
        ("windows.example:6379", redis),
        ("kafka.example:9093", service("CARTLOG_TEST_KAFKA_SASL")),
        ("/etc/cartlog/ca.crt", file("ca.crt")),
        ("SECRET", password()),
    ];
    let settings = of_tests.into_iter().fold(example.to_owned(), |settings, (there, here)| {
        assert!(settings.contains(there), "no '{there}' in {settings}");
        settings.replace(there, &here)
    });
    format!("{settings}namespace = \"{namespace}\"\n")
}

/// A URL's host and port.
fn address_of(variable: &str) -> String {
    let url = service(variable);
    let (_, rest) = url.rsplit_once('@').expect("a URL with a user");
    rest.split('/').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_engines_behind_tls_answer_as_without() {
    let (log, data) = (eventstoredb().await, tempfile::tempdir().expect("a directory"));
    let config = data.path().join("cartlog.toml");
    let namespace = format!("secured_{}_{}", std::process::id(), number());
    std::fs::write(&config, settings(&log, &namespace)).expect("a file");
    let shown = run(cartlog(&["config", "--config"]).arg(&config)).succeeded();
    assert!(shown.contains("SASL_SSL") && !shown.contains(&password()), "{shown}");
    let (home, path, of_server) = (data.path().join("data"), config.clone(), namespace.clone());
    // Its surroundings name another namespace, and win over the file.
    let starting = move || {
        let config = path.to_str().expect("a path");
        Server::on_files(&home, &["--config", config, "--namespace", &of_server])
    };
    let mut server = tokio::task::spawn_blocking(starting).await.expect("it starts");
    let shop = TestShop::on(&server).await;
    confirmed_customer(&shop).await;
    let made = shop.post("/product", new_product(json!({}))).await.expect(201);
    let (product, position) = (made.text("/product/product_id"), made.position());
    shop.get(&format!("/product/{product}")).await.expect(200);
    let customers = async || shop.get("/streaming/newcustomers").await;
    until(customers, |answer| answer.status == 200 && answer.body["result"] == json!(1)).await;
    // A log that is elsewhere is read by the command itself: by the server's settings, and not by the server.
    let check = || run(cartlog(&["kafka", "check", "--json", "--config"]).arg(&config));
    loop {
        let ran = check();
        if ran.code != 0 {
            assert!(ran.stderr.contains("nothing was ever forwarded"), "{}", ran.stderr);
            continue;
        }
        let report = ran.json();
        assert_eq!((&report["equal"], &report["count"]), (&json!(true), &json!(0)), "{report:#}");
        if report["position"].as_u64() >= Some(position) {
            break;
        }
    }
    signal(server.pid(), "TERM");
    server.wait();
}

/// `cartlog kafka …` of a data directory, told by flags and variables where Kafka is.
fn kafka(data: &Path, arguments: &[&str], brokers: &str, secret: &Path) -> Command {
    let ca = file("ca.crt");
    let flags = [
        "--kafka-brokers",
        brokers,
        "--kafka-security-protocol",
        "sasl_ssl",
        "--kafka-ssl-ca",
        &ca,
        "--kafka-sasl-mechanism",
        "plain",
        "--kafka-sasl-username",
        "cartlog",
    ];
    let mut command = cartlog(&[&["kafka"], arguments, &flags].concat());
    command.arg("--data").arg(data).env("CARTLOG_KAFKA_SASL_PASSWORD_FILE", secret);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_say_by_themselves_how_brokers_are_spoken_to_also_through_a_server() {
    let (data, secrets) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let (right, wrong) = (secrets.path().join("right"), secrets.path().join("wrong"));
    std::fs::write(&right, format!("{}\n", password())).expect("a file");
    std::fs::write(&wrong, "not-the-secret\n").expect("a file");
    let brokers = service("CARTLOG_TEST_KAFKA_SASL");
    let namespace = format!("secured_{}_{}", std::process::id(), number());
    // It forwards in the clear, and knows of no password.
    let clear = ["--kafka-brokers", &service("CARTLOG_TEST_KAFKA"), "--namespace", &namespace].map(str::to_owned);
    let mut server = Server::on_files(data.path(), &clear.each_ref().map(String::as_str));
    let shop = TestShop::on(&server).await;
    let position = shop.post("/product", new_product(json!({}))).await.expect(201).position().to_string();
    let asked = |secret: &Path| -> Ran {
        let mut command = kafka(data.path(), &["check", "--json", "--up-to", &position], &brokers, secret);
        run(command.args(["--namespace", &namespace]))
    };
    until_equal(|| asked(&right));
    let said_wrong = |ran: Ran| {
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        let said = ran.stderr.lines().last().unwrap_or_default();
        assert!(said.contains("Kafka") && said.contains("kafka_sasl_password"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    };
    said_wrong(asked(&wrong));
    let refilled = |secret: &Path| {
        let topic = format!("{namespace}.product");
        let mut command = kafka(data.path(), &["forward", "--topic", &topic, "--from", &position], &brokers, secret);
        run(command.args(["--namespace", &namespace]))
    };
    refilled(&right).succeeded();
    said_wrong(refilled(&wrong));
    signal(server.pid(), "TERM");
    server.wait();
    until_equal(|| asked(&right));
    said_wrong(asked(&wrong));
    said_wrong(refilled(&wrong));
}

/// It gets there by itself, a moment after it was answered.
fn until_equal(asked: impl Fn() -> Ran) {
    loop {
        let ran = asked();
        assert!(ran.code == 0 || ran.code == 3, "{}", ran.stderr);
        if ran.code == 0 {
            return;
        }
    }
}
