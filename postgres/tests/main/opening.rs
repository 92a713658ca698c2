//! Opening a database: what it is refused for, and what passes.

use futures::future::join_all;
use postgres::testing::{Network, Proxy, Scratch, url};
use postgres::{Database, DatabaseError, DatabaseOptions, Migrations};
use std::time::Duration;

const NOTES: Migrations = Migrations { part: "notes", steps: &["CREATE TABLE notes (note text)"] };
const MORE_NOTES: Migrations = Migrations {
    part: "notes",
    steps: &["CREATE TABLE notes (note text)", "ALTER TABLE notes ADD COLUMN author text"],
};
const OTHER_NOTES: Migrations = Migrations { part: "notes", steps: &["CREATE TABLE notes (note varchar)"] };

/// With something else in the place of its password, and of the database's name.
fn url_with(password: &str, database: &str) -> String {
    let url = url();
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (user, host) = rest.rsplit_once('@').expect("a URL with a user");
    let (host, _) = host.split_once('/').expect("a URL with a database");
    let (name, own) = user.split_once(':').expect("a URL with a password");
    let password = if password.is_empty() { own } else { password };
    format!("{scheme}://{name}:{password}@{host}/{database}")
}

fn quick() -> DatabaseOptions {
    DatabaseOptions { acquire_timeout: Duration::from_millis(500), ..DatabaseOptions::default() }
}

#[tokio::test]
async fn a_wrong_password_a_missing_database_and_what_is_no_url_are_refused_without_showing_a_secret() {
    for (url, reason) in [
        (url_with("not-the-secret", "cartlog"), "password authentication failed"),
        (url_with("", "nowhere"), "does not exist"),
        ("postgres://a:not-the-secret@[::1".to_owned(), "URL"),
        ("postgres://a:not-the-secret@localhost:port/x".to_owned(), "URL"),
    ] {
        let error = Database::open(&url, quick()).await.expect_err("refused");
        assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains(reason)), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_told_of_as_something_that_passes() {
    let proxy = Proxy::to(&url()).await;
    for network in [Network::Down, Network::Silent] {
        proxy.be(network);
        let error = Database::open(&proxy.url, quick()).await.expect_err("away");
        assert!(matches!(error, DatabaseError::Unavailable(_)), "{error}");
    }
    proxy.be(Network::Well);
    let scratch = Scratch::default();
    Database::open(&proxy.url, scratch.options()).await.expect("opens");
}

#[tokio::test]
async fn a_connection_that_loses_the_settings_of_its_session_is_refused() {
    let (proxy, scratch) = (Proxy::to(&url()).await, Scratch::default());
    proxy.be(Network::DropsSettings);
    let error = Database::open(&proxy.url, scratch.options()).await.expect_err("refused");
    assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains("pooler")), "{error}");
}

#[tokio::test]
async fn a_schema_is_made_by_whoever_comes_first_and_its_name_is_nothing_but_a_name() {
    let scratch = Scratch::default();
    let opened = join_all((0..8).map(|_| scratch.database())).await;
    join_all(opened.iter().map(|database| async { database.migrate(&NOTES).await.expect("migrated") })).await;
    assert_eq!(scratch.texts("SELECT current_schema()::text").await, [scratch.schema.as_str()]);
    for name in ["", "1a", "Shop", "a\"b", "a; DROP TABLE leaders", "a b", &"a".repeat(41)] {
        let options = DatabaseOptions { schema: Some(name.to_owned()), ..quick() };
        let error = Database::open(&url(), options).await.expect_err("refused");
        assert!(matches!(error, DatabaseError::Refused(_)), "{name}: {error}");
    }
}

#[tokio::test]
async fn the_schema_can_stand_in_the_url() {
    let scratch = Scratch::default();
    scratch.database().await;
    let database = async |schema: &str| {
        let url = format!("{}?options=-csearch_path%3D{schema}", url_with("", "cartlog"));
        Database::open(&url, quick()).await
    };
    database(&scratch.schema).await.expect("opens").migrate(&NOTES).await.expect("migrated");
    assert_eq!(
        scratch
            .texts("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'notes'")
            .await,
        ["notes"]
    );
    let error = database("test_that_is_not_there").await.expect_err("refused");
    assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains("schema")), "{error}");
}

#[tokio::test]
async fn tables_grow_step_by_step_and_those_of_a_newer_version_are_left_alone() {
    let scratch = Scratch::default();
    let database = scratch.database().await;
    for _ in 0..2 {
        database.migrate(&NOTES).await.expect("migrated");
    }
    let error = database.migrate(&OTHER_NOTES).await.expect_err("made otherwise");
    assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains("otherwise")), "{error}");
    database.migrate(&MORE_NOTES).await.expect("migrated");
    let error = database.migrate(&NOTES).await.expect_err("an older version");
    assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains("newer version")), "{error}");
    let columns = "SELECT column_name::text FROM information_schema.columns
                   WHERE table_schema = current_schema() AND table_name = 'notes' ORDER BY 1";
    assert_eq!(scratch.texts(columns).await, ["author", "note"]);
}

#[tokio::test]
async fn what_is_printed_of_a_database_shows_no_password() {
    let database = Scratch::default().database().await;
    let url = url();
    let (_, password) = url.rsplit_once('@').expect("a user").0.rsplit_once(':').expect("a password");
    assert!(!format!("{database:?}").contains(password));
}
