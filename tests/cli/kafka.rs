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

/// Where the brokers are has nothing to do with it: none is asked.
#[cfg(feature = "kafka")]
#[test]
fn how_brokers_can_not_be_spoken_to_is_refused_with_what_to_write() {
    use super::run::{cartlog, run};
    let directory = tempfile::tempdir().expect("a directory");
    let nothing = directory.path().join("nothing");
    std::fs::write(&nothing, "").expect("a file");
    let nothing = nothing.to_str().expect("a path");
    let user = [("SASL_MECHANISM", "PLAIN"), ("SASL_USERNAME", "shop"), ("SASL_PASSWORD", "hidden")];
    let without = |left_out: &str| user.into_iter().filter(|(name, _)| *name != left_out).collect::<Vec<_>>();
    for (protocol, variables, words) in [
        ("TLS", vec![], "PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("SASL_SSL", without("SASL_MECHANISM"), "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ("SASL_SSL", [without("SASL_MECHANISM"), vec![("SASL_MECHANISM", "GSSAPI")]].concat(), "'GSSAPI'"),
        ("SASL_SSL", without("SASL_USERNAME"), "kafka_sasl_username"),
        ("sasl_plaintext", without("SASL_PASSWORD"), "kafka_sasl_password"),
        ("SSL", user.to_vec(), "kafka_sasl_mechanism is set"),
        ("PLAINTEXT", vec![("SSL_CA", nothing)], "kafka_ssl_ca is set"),
        ("SSL", vec![("SSL_CA", "/nowhere/ca.crt")], "/nowhere/ca.crt"),
        ("SSL", vec![("SSL_CA", nothing)], "PEM"),
        ("SSL", vec![("SSL_KEY", nothing)], "kafka_ssl_certificate"),
        ("SSL", vec![("SSL_CERTIFICATE", nothing)], "kafka_ssl_key"),
    ] {
        for command in ["config", "serve"] {
            let mut command = cartlog(&[command, "--data"]);
            command.arg(directory.path().join("data")).env("CARTLOG_KAFKA_SECURITY_PROTOCOL", protocol);
            for (name, value) in &variables {
                command.env(format!("CARTLOG_KAFKA_{name}"), value);
            }
            let refused = run(&mut command).failed();
            assert!(refused.contains(words) && !refused.contains("hidden"), "{protocol} {variables:?}: {refused}");
            assert!(!directory.path().join("data").exists(), "something was made");
        }
    }
    let mut command = cartlog(&["config", "--json"]);
    command.env("CARTLOG_KAFKA_SECURITY_PROTOCOL", "sasl_ssl");
    let shown = run(command.envs(user.map(|(name, value)| (format!("CARTLOG_KAFKA_{name}"), value)))).succeeded();
    assert!(shown.contains("\"shop\"") && !shown.contains("hidden"), "{shown}");
}
