//! Redis with TLS, against real servers: with the tests' authority all goes as without, and what keeps it from being reached is named.

use cartlog_streaming::{RedisWindows, Side, WindowStore, WindowStoreError};
use std::time::Duration;

/// Nobody waits that long for what is said soon.
const LONG: Duration = Duration::from_secs(60);

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; run: CARTLOG_SERVICES_BACKEND=packages tests/services up && eval \"$(tests/services env)\""))
}

fn file(name: &str) -> String {
    format!("{}/{name}", variable("CARTLOG_TEST_TLS"))
}

fn trusting(url: &str) -> String {
    format!("{url}?ssl_ca_certs={}", file("ca.crt"))
}

fn certified(url: &str) -> String {
    format!("{}&ssl_certfile={}&ssl_keyfile={}", trusting(url), file("cartlog.crt"), file("cartlog.key"))
}

/// What comes of asking there.
async fn asked(url: &str) -> Result<(), String> {
    // As the program does; whoever came first has done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let windows = RedisWindows::open(url, "tls").map_err(|error| error.to_string())?;
    let asking = tokio::time::timeout(LONG, windows.state(Side::Live)).await;
    match asking.expect("it is said soon") {
        Ok(_) => Ok(()),
        Err(WindowStoreError::Unavailable(reason)) => Err(reason.to_string()),
        Err(other) => panic!("it is not damaged: {other}"),
    }
}

#[tokio::test]
async fn one_server_and_a_cluster_are_reached_by_those_whom_the_authority_vouches_for() {
    let (one, cluster) = (variable("CARTLOG_TEST_REDIS_TLS"), variable("CARTLOG_TEST_REDIS_CLUSTER_TLS"));
    // A user beside the default one, with no more rights than are needed.
    let other = one.replace("default:", "cartlog:");
    for (name, url) in [
        ("one server", trusting(&one)),
        ("another user", trusting(&other)),
        ("a certificate", certified(&one)),
        ("a cluster", certified(&cluster)),
    ] {
        asked(&url).await.unwrap_or_else(|reason| panic!("{name}: {reason}"));
    }
}

#[tokio::test]
async fn what_keeps_redis_from_being_reached_is_named_and_shows_no_password() {
    let (one, cluster) = (variable("CARTLOG_TEST_REDIS_TLS"), variable("CARTLOG_TEST_REDIS_CLUSTER_TLS"));
    let clear = variable("CARTLOG_TEST_REDIS");
    let (head, address) = one.rsplit_once('@').unwrap();
    let (scheme, _) = head.rsplit_once(':').unwrap();
    let wrong = trusting(&format!("{scheme}:not-the-secret@{address}"));
    for (name, url, words) in [
        ("a wrong password", wrong, "AuthenticationFailed"),
        ("none but the system's", one.clone(), "UnknownIssuer"),
        ("an authority that is none", format!("{one}?ssl_ca_certs={}", file("cartlog.crt")), "UnknownIssuer"),
        ("another name", trusting(&one.replace("127.0.0.1", "localhost")), "localhost"),
        ("a cluster's other name", certified(&cluster.replace("127.0.0.1", "localhost")), "localhost"),
        ("no certificate", trusting(&cluster), "CertificateRequired"),
        ("in the clear", one.replace("rediss:", "redis:"), "want TLS"),
        ("TLS for nobody", trusting(&clear.replace("redis:", "rediss:")), "speak no TLS"),
    ] {
        let refused = asked(&url).await.expect_err(name);
        assert!(refused.contains(words), "{name}: {refused}");
        assert!(
            !refused.contains("secret") && !refused.contains(&variable("CARTLOG_TEST_KAFKA_PASSWORD")),
            "{refused}"
        );
    }
}
