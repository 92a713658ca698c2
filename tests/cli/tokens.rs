//! The tokens of whoever operates the server: made, listed and revoked beside it, and on a directory that nobody serves.

use super::run::{Ran, cartlog, on, on_files, run, signal};
use crate::support::{Server, private_directory};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A directory that was served once.
fn served() -> tempfile::TempDir {
    let data = private_directory();
    let mut server = Server::on(data.path(), &[]);
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    data
}

fn create(data: &Path, more: &[&str]) -> Value {
    on(data, &[&["token", "create", "--json"], more].concat()).json()
}

fn list(data: &Path) -> Vec<Value> {
    let listed = on(data, &["token", "list", "--json"]).json();
    listed["tokens"].as_array().expect("tokens").clone()
}

/// Not understood, in words that say what would be.
#[track_caller]
fn is_refused(ran: &Ran, said: &str) {
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn a_token_is_made_listed_and_revoked() {
    let data = served();
    assert!(on(data.path(), &["token", "list"]).succeeded().contains("cartlog token create --name"));
    let made = create(data.path(), &["--name", "Grace"]);
    assert_eq!(
        [&made["name"], &made["role"], &made["state"], &made["expires_at"], &made["revoked_at"]],
        [&"Grace".into(), &"operator".into(), &"live".into(), &Value::Null, &Value::Null]
    );
    let text = made["token"].as_str().expect("the token");
    assert!(text.starts_with("clo_") && text.len() == 4 + 43, "{}", text.len());
    let auditor = create(data.path(), &["--name", "Ada", "--role", "auditor", "--expires", "30d"]);
    assert_eq!(auditor["role"], "auditor");
    assert!(auditor["expires_at"].as_str() > auditor["created_at"].as_str());

    // What is listed says all of them, and nobody's token.
    let mut expected = [made.clone(), auditor];
    for token in &mut expected {
        token.as_object_mut().expect("an object").remove("token");
    }
    assert_eq!(list(data.path()), expected);

    let id = made["token_id"].as_str().expect("an id");
    let told = on(data.path(), &["token", "revoke", id]).succeeded();
    assert!(told.contains("'Grace'") && told.contains(id) && told.contains("revoked since"), "{told}");
    let revoked = &list(data.path())[0];
    assert_eq!(revoked["state"], "revoked");
    // Again it is as it was.
    assert_eq!(&on(data.path(), &["token", "revoke", id, "--json"]).json(), revoked);
    assert_eq!(list(data.path())[1]["state"], "live");
}

#[test]
fn a_token_is_shown_once_and_stands_in_no_file() {
    let data = private_directory();
    let server = Server::on_files(data.path(), &[]);
    let told = on_files(data.path(), &["token", "create", "--name", "Grace, laptop", "--expires", "2h"]);
    assert_eq!(told.stderr, "");
    let told = told.succeeded();
    let text = told.lines().next().expect("the token stands in the first line");
    assert!(text.starts_with("clo_") && !text.contains(' '), "{told}");
    for said in ["shown only now", "Grace, laptop", "operator"] {
        assert!(told.contains(said), "no '{said}' in\n{told}");
    }
    let listed = on_files(data.path(), &["token", "list"]).succeeded();
    assert!(listed.contains("Grace, laptop") && !listed.contains("clo_"), "{listed}");
    let mut seen = 0;
    for file in fs::read_dir(server.data()).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        // Of the socket nothing is read.
        let Ok(bytes) = fs::read(&file) else { continue };
        let stands = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!stands(text) && !stands(&text[4..]), "it stands in {}", file.display());
        seen += usize::from(stands("Grace, laptop"));
    }
    assert!(seen > 0, "the vault is not among the files");
}

#[test]
fn a_token_that_has_expired_stays_in_the_list() {
    let data = served();
    // Another process cannot be there within a millisecond.
    create(data.path(), &["--name", "brief", "--expires", "1ms"]);
    let token = &list(data.path())[0];
    assert_eq!((&token["state"], &token["revoked_at"]), (&"expired".into(), &Value::Null));
    assert!(on(data.path(), &["token", "list"]).succeeded().contains("expired"));
}

#[test]
fn the_list_fits_the_terminal_and_breaks_no_id() {
    let data = served();
    let name = "Grace Hopper with a name that is longer than a line of this table has room for, beside all the rest";
    let made =
        [&["--name", name][..], &["--name", "Ada", "--role", "auditor", "--expires", "365d"], &["--name", "Eve"]]
            .map(|more| create(data.path(), more)["token_id"].as_str().expect("an id").to_owned());
    on(data.path(), &["token", "revoke", &made[2]]).succeeded();
    let listed = run(cartlog(&["token", "list", "--data"])
        .arg(data.path())
        .envs(crate::support::engines(data.path()))
        .env("COLUMNS", "80"))
    .succeeded();
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let words = ["Hopper", "operator", "auditor", "live, for", "live until", "revoked", "UTC"];
    for said in made.iter().map(String::as_str).chain(words) {
        assert!(listed.contains(said), "no '{said}' in\n{listed}");
    }
}

#[test]
fn what_no_token_has_is_refused_in_words_that_help() {
    let data = served();
    let create = |more: &[&str]| on(data.path(), &[&["token", "create"], more].concat());
    is_refused(&create(&[]), "--name");
    let long = "x".repeat(101);
    for name in ["", long.as_str()] {
        is_refused(&create(&["--name", name]), "1 to 100 characters");
    }
    is_refused(&create(&["--name", "a\u{1b}[2J"]), "no control characters");
    is_refused(&create(&["--name", "a", "--role", "owner"]), "operator, auditor");
    for time in ["0", "0s", "-1d"] {
        is_refused(&create(&["--name", "a", "--expires", time]), "expired by now");
    }
    is_refused(&create(&["--name", "a", "--expires", "soon"]), "30d");
    is_refused(&create(&["--name", "a", "--expires", "200y"]), "leave --expires out");
    assert_eq!(list(data.path()).len(), 0);
}

#[test]
fn an_id_that_no_token_has_exits_with_3_and_is_not_repeated() {
    let data = served();
    let text = create(data.path(), &["--name", "Grace"])["token"].as_str().expect("the token").to_owned();
    for id in ["0193b0c2-7b1e-7c55-9d2e-5f0c6a1f3b77", text.as_str(), "Grace"] {
        let ran = on(data.path(), &["token", "revoke", id]);
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("cartlog token list") && !ran.stderr.contains(id), "{}", ran.stderr);
    }
    assert_eq!(list(data.path())[0]["state"], "live");
}

#[test]
fn beside_a_running_server_tokens_are_made_at_the_same_time() {
    let server = Server::start();
    let names: Vec<String> = (0..8).map(|number| format!("operator {number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| create(server.data(), &["--name", name]));
        }
    });
    let mut listed: Vec<_> =
        list(server.data()).iter().map(|token| token["name"].as_str().expect("a name").to_owned()).collect();
    listed.sort_unstable();
    assert_eq!(listed, names);
}

#[test]
fn where_no_store_is_none_is_made() {
    let place = private_directory();
    let missing = place.path().join("none");
    for arguments in [&["token", "create", "--name", "Grace"][..], &["token", "list"], &["token", "revoke", "x"]] {
        assert!(on_files(&missing, arguments).failed().contains("cartlog serve --data"));
        assert!(on_files(place.path(), arguments).failed().contains("there is no store in"));
    }
    assert_eq!(fs::read_dir(place.path()).expect("a directory").count(), 0);
}

#[test]
fn beside_a_log_that_has_lost_its_vault_no_other_is_begun() {
    let data = private_directory();
    let mut server = Server::on_files(data.path(), &[]);
    signal(server.pid(), "TERM");
    server.wait();
    fs::remove_file(data.path().join("vault.sqlite")).expect("a vault");
    let told = on_files(data.path(), &["token", "create", "--name", "Grace"]).failed();
    assert!(told.contains("vault.sqlite") && told.contains("backup"), "{told}");
    assert!(!data.path().join("vault.sqlite").exists());
}
