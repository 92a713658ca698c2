//! Comparing log and topics, as far as it needs no brokers.

use super::run::on_files;

#[cfg(not(feature = "kafka"))]
#[test]
fn a_build_without_kafka_says_how_to_build_one_with_it() {
    let data = tempfile::tempdir().expect("a directory");
    let refused = on_files(data.path(), &["kafka", "check"]).failed();
    assert!(
        refused.contains("Apache Kafka") && refused.contains("cargo build --release --features kafka"),
        "{refused}"
    );
    let refused = on_files(data.path(), &["kafka", "check", "--kafka-brokers", "127.0.0.1:9"]).failed();
    assert!(refused.contains("--kafka-brokers") && refused.contains("--features kafka"), "{refused}");
}

#[cfg(feature = "kafka")]
#[test]
fn what_a_comparison_lacks_is_named() {
    use crate::support::Server;
    let data = tempfile::tempdir().expect("a directory");
    let check = || on_files(data.path(), &["kafka", "check"]).failed();
    assert!(check().contains("there is no store in"));
    let mut server = Server::on_files(data.path(), &[]);
    let through_the_server = check();
    assert!(through_the_server.contains("--kafka-brokers"), "{through_the_server}");
    super::run::signal(server.pid(), "TERM");
    server.wait();
    assert_eq!(check(), through_the_server);
}
