//! Kafka with TLS and users, against a real broker: each way in, and what is said of each that is none.

use crate::kafka::{committed_of, forward_all, log_of, running};
use cartlog_streaming::*;
use eventlog::EventLog;
use std::path::PathBuf;
use std::time::Duration;
use uuid::Uuid;

const USER: &str = "cartlog";
/// Nobody waits that long for what is said soon.
const LONG: Duration = Duration::from_secs(60);

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; run: CARTLOG_SERVICES_BACKEND=packages tests/services up && eval \"$(tests/services env)\""))
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(variable("CARTLOG_TEST_TLS")).join(name)
}

/// Where a password is asked for, where a certificate is, and where nothing is.
fn with_password() -> String {
    variable("CARTLOG_TEST_KAFKA_SASL")
}

fn with_certificate() -> String {
    variable("CARTLOG_TEST_KAFKA_TLS")
}

fn in_the_clear() -> String {
    variable("CARTLOG_TEST_KAFKA")
}

fn trusting(ca: &str) -> Option<Tls> {
    Some(Tls { ca: Some(file(ca)), client: None })
}

fn certified(certificate: &str, key: &str) -> Option<Tls> {
    let client = Some(ClientCertificate { certificate: file(certificate), key: file(key) });
    Some(Tls { ca: Some(file("ca.crt")), client })
}

fn user(mechanism: Mechanism, password: &str) -> Option<Sasl> {
    Some(Sasl { mechanism, username: USER.to_owned(), password: password.to_owned() })
}

fn right() -> Option<Sasl> {
    user(Mechanism::ScramSha512, &variable("CARTLOG_TEST_KAFKA_PASSWORD"))
}

/// Topics of the test's own.
fn options(brokers: String, tls: Option<Tls>, sasl: Option<Sasl>) -> ForwarderOptions {
    let prefix = format!("secured-{}", Uuid::new_v4().simple());
    let security = Security { tls, sasl };
    // As good as for ever: whatever is said, it is not said because time is up.
    let patience = 10 * LONG;
    ForwarderOptions { prefix, partitions: 2, security, patience, ..ForwarderOptions::new(brokers) }
}

async fn said<T: std::fmt::Debug>(work: impl Future<Output = Result<T, ForwardError>>) -> String {
    let outcome = tokio::time::timeout(LONG, work).await.expect("it is said soon");
    outcome.expect_err("the broker is not to be reached so").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_in_takes_what_is_forwarded_and_tells_it_again() {
    let password = variable("CARTLOG_TEST_KAFKA_PASSWORD");
    let by_password = Mechanism::ALL.map(|how| (with_password(), trusting("ca.crt"), user(how, &password)));
    let by_certificate = (with_certificate(), certified("cartlog.crt", "cartlog.key"), None);
    let ways = by_password.into_iter().chain([by_certificate]);
    futures::future::join_all(ways.map(|(brokers, tls, sasl)| async move {
        let (log, options) = (log_of(3, 4).await, options(brokers, tls, sasl));
        forward_all(&log, &options).await;
        let report = check(log.as_ref(), options.clone(), None, |_, _| ()).await.unwrap();
        assert_eq!((report.count, report.in_log, report.in_topics), (0, 12, 12), "{options:?}");
        // Whoever comes in the clear finds the same.
        assert_eq!(committed_of(&in_the_clear(), &options).len(), 12);
        let nothing_to_find = said(resume(log.as_ref(), options.clone())).await;
        assert!(nothing_to_find.contains("nothing to find"), "{nothing_to_find}");
        let (kind, end) = (domain::Category::Cart, log.head().await.unwrap());
        assert_eq!(refill(log.as_ref(), options, kind, Some(end), |_| ()).await.unwrap(), 0);
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_brokers_from_being_reached_is_named_soon_and_shows_no_password() {
    let wrong = |mechanism| user(mechanism, "not-the-secret");
    let localhost = with_password().replace("127.0.0.1", "localhost");
    let cases = [
        ("a wrong password", options(with_password(), trusting("ca.crt"), wrong(Mechanism::ScramSha512)), "user in"),
        ("a wrong password as it is", options(with_password(), trusting("ca.crt"), wrong(Mechanism::Plain)), "user in"),
        ("an authority that is none", options(with_password(), trusting("cartlog.crt"), right()), "kafka_ssl_ca"),
        ("none but the system's", options(with_password(), Some(Tls::default()), right()), "kafka_ssl_ca"),
        ("another name", options(localhost, trusting("ca.crt"), right()), "another name"),
        ("no user", options(with_password(), trusting("ca.crt"), None), "or a user"),
        ("no certificate", options(with_certificate(), trusting("ca.crt"), None), "kafka_ssl_certificate"),
        ("a user for nobody", options(in_the_clear(), None, right()), "asks for no user"),
        ("in the clear", options(with_certificate(), None, None), "may want TLS"),
        ("TLS for nobody", options(in_the_clear(), trusting("ca.crt"), None), "speak TLS"),
    ];
    futures::future::join_all(cases.map(|(name, options, words)| async move {
        let log = log_of(1, 1).await;
        let checked = said(check(log.as_ref(), options.clone(), None, |_, _| ())).await;
        let resumed = said(resume(log.as_ref(), options.clone())).await;
        let (forwarder, stop, task) = running(&log, &options);
        let trouble = async {
            loop {
                if let Some(trouble) = forwarder.status().trouble {
                    break trouble;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let trouble = tokio::time::timeout(LONG, trouble).await.expect("it is said soon");
        stop.cancel();
        task.await.unwrap().unwrap();
        for said in [checked, resumed, trouble] {
            assert!(said.starts_with("Kafka: ") && said.contains(words), "{name}: {said}");
            assert!(!said.contains("secret"), "{name}: {said}");
        }
        assert!(!format!("{options:?}").contains("secret"));
    }))
    .await;
}

#[test]
fn files_that_can_not_be_used_are_named_before_any_broker_is_asked() {
    let nothing = tempfile::NamedTempFile::new().unwrap();
    let garbage = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(garbage.path(), "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n").unwrap();
    let ca = |ca: PathBuf| Some(Tls { ca: Some(ca), client: None });
    for (tls, words) in [
        (ca(PathBuf::from("/nowhere/ca.crt")), "/nowhere/ca.crt"),
        (ca(nothing.path().to_owned()), "no certificate"),
        (ca(garbage.path().to_owned()), "ssl.ca.location"),
        (certified("cartlog.crt", "server.key"), "ssl.key.location"),
    ] {
        let refused = Security { tls, sasl: None }.check().unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
    for tls in [None, Some(Tls::default()), trusting("ca.crt"), certified("cartlog.crt", "cartlog.key")] {
        Security { tls, sasl: right() }.check().unwrap();
    }
}
