//! What a URL promises of TLS, against a real server: it is kept, or said.

use postgres::testing::Scratch;
use postgres::{Database, DatabaseError, DatabaseOptions};

fn file(name: &str) -> String {
    let directory = std::env::var("CARTLOG_TEST_TLS");
    let directory =
        directory.expect("CARTLOG_TEST_TLS is not set; run: CARTLOG_SERVICES_BACKEND=packages tests/services up && eval \"$(tests/services env)\"");
    format!("{directory}/{name}")
}

/// The tests' server, with this in the place of the query.
fn url(query: &str) -> String {
    // As the program does; whoever came first has done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = postgres::testing::url();
    let (url, _) = url.split_once('?').unwrap_or((&url, ""));
    format!("{url}?{query}")
}

fn trusting(mode: &str, ca: &str) -> String {
    url(&format!("sslmode={mode}&sslrootcert={}", file(ca)))
}

/// As the one who has a certificate and no password.
fn certified(certificate: &str) -> String {
    let url = trusting("verify-full", "ca.crt");
    let (_, server) = url.rsplit_once('@').expect("a URL with a user");
    format!("postgres://certified@{server}{certificate}")
}

fn its_certificate() -> String {
    format!("&sslcert={}&sslkey={}", file("cartlog.crt"), file("cartlog.key"))
}

async fn is_encrypted(url: &str, scratch: &Scratch) -> bool {
    let database = Database::open(url, scratch.options()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connect().await.expect("connects");
    let select = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    sqlx::query_scalar(select).fetch_one(&mut connection).await.expect("an answer")
}

#[tokio::test]
async fn each_mode_that_can_be_kept_is() {
    let scratch = Scratch::default();
    let elsewhere = |url: String| url.replace("127.0.0.1", "localhost");
    for (url, encrypted) in [
        (url("sslmode=disable"), false),
        (url("sslmode=prefer"), true),
        (url("sslmode=require"), true),
        (trusting("require", "ca.crt"), true),
        (trusting("verify-ca", "ca.crt"), true),
        (elsewhere(trusting("verify-ca", "ca.crt")), true),
        (trusting("verify-full", "ca.crt"), true),
        (certified(&its_certificate()), true),
    ] {
        assert_eq!(is_encrypted(&url, &scratch).await, encrypted, "{}", url.rsplit('?').next().unwrap_or_default());
    }
}

#[tokio::test]
async fn what_is_not_trusted_is_refused_and_named_and_no_secret_is_shown() {
    let elsewhere = trusting("verify-full", "ca.crt").replace("127.0.0.1", "localhost");
    let wrong = trusting("verify-full", "ca.crt");
    let (user, server) = wrong.rsplit_once('@').expect("a URL with a user");
    let (user, _) = user.rsplit_once(':').expect("a URL with a password");
    let wrong = format!("{user}:not-the-secret@{server}");
    let in_the_clear = certified(&its_certificate()).replace("verify-full", "disable");
    let in_the_clear = in_the_clear.split_once("&sslrootcert").map(|(url, _)| url.to_owned()).expect("it names one");
    for (name, url, words) in [
        ("none but the system's", url("sslmode=verify-full"), "sslrootcert"),
        ("an authority that is none", trusting("verify-ca", "cartlog.crt"), "UnknownIssuer"),
        ("the same, as libpq reads it", trusting("require", "cartlog.crt"), "UnknownIssuer"),
        ("another name", elsewhere, "localhost"),
        ("a wrong password", wrong, "password authentication failed"),
        ("no certificate", certified(""), "valid client certificate"),
        (
            "a certificate of nobody",
            certified(&format!("&sslcert={0}&sslkey={1}", file("server.crt"), file("server.key"))),
            "certificate",
        ),
        ("in the clear", in_the_clear, "no encryption"),
    ] {
        let error = Database::open(&url, DatabaseOptions::default()).await.expect_err(name);
        assert!(
            matches!(&error, DatabaseError::Refused(reason) if reason.to_string().contains(words)),
            "{name}: {error}"
        );
        assert!(!format!("{error} {error:?}").contains("secret"), "{name}: {error}");
    }
}

/// A server that has no TLS says so in one letter.
#[tokio::test]
async fn a_server_without_tls_is_named() {
    let server = peer::Peer::that(peer::Manner::Leaves { words: b"N".to_vec() }).await;
    let url = format!("postgres://shop:secret@{}/shop?sslmode=require", server.address());
    let error = Database::open(&url, DatabaseOptions::default()).await.expect_err("refused");
    assert!(
        matches!(&error, DatabaseError::Refused(reason) if reason.to_string().contains("does not support TLS")),
        "{error}"
    );
}

#[test]
fn what_can_not_be_kept_is_refused_before_any_server_is_asked() {
    let nothing = std::env::current_exe().expect("this program");
    for (query, words) in [
        ("sslmode=verify-full&sslrootcert=/nowhere/ca.crt".to_owned(), "/nowhere/ca.crt"),
        (format!("sslmode=verify-full&sslrootcert={}", "/dev/null"), "PEM"),
        (format!("sslmode=verify-full&sslcert={}", nothing.display()), "sslkey"),
        (format!("sslrootcert={}", file("ca.crt")), "sslmode=verify-full"),
        (format!("sslmode=disable&sslrootcert={}", file("ca.crt")), "sslmode=verify-full"),
        ("sslmod=secret".to_owned(), "'sslmod'"),
        ("channel_binding=secret".to_owned(), "'channel_binding'"),
        ("sslmode=verify".to_owned(), "ssl_mode"),
    ] {
        let url = format!("postgres://shop:secret@localhost/shop?{query}");
        let error = Database::check(&url, &DatabaseOptions::default()).expect_err("refused").to_string();
        assert!(error.contains(words) && !error.contains("secret"), "{query}: {error}");
    }
}
