//! Defaults < file < environment < flags; secrets stay hidden; mistakes are named.

use super::run::{cartlog, run};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn file(directory: &tempfile::TempDir, name: &str, content: &str) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, content).expect("a file");
    path
}

/// A setting's text, and where it came from.
fn setting<'a>(config: &'a Value, key: &str) -> (&'a str, &'a str) {
    (config[key]["value"].as_str().expect("a text"), source(config, key))
}

/// The same of a number.
fn number(config: &Value, key: &str) -> i64 {
    config[key]["value"].as_i64().expect("a number")
}

fn source<'a>(config: &'a Value, key: &str) -> &'a str {
    config[key]["source"].as_str().expect("a text")
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_defaults() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = file(
        &directory,
        "c.toml",
        "listen = \"file:1\"\ndata = \"file\"\nrate_limit = 7\nrole = [\"api\", \"views\", \"stream\"]\n",
    );
    let mut command = cartlog(&["config", "--json", "--listen", "flag:3", "--config"]);
    command.arg(&path).env("CARTLOG_LISTEN", "env:2").env("CARTLOG_DATA", "env");
    let config = run(&mut command).json();
    assert_eq!(setting(&config, "listen"), ("flag:3", "--listen"));
    assert_eq!(setting(&config, "data"), ("env", "CARTLOG_DATA"));
    assert_eq!(number(&config, "rate_limit"), 7);
    assert!(source(&config, "rate_limit").ends_with("c.toml"), "{config}");
    assert_eq!(setting(&config, "role").0, "api,views,stream");
    assert_eq!((number(&config, "queue_length"), source(&config, "queue_length")), (1_024, "default"));
}

#[test]
fn what_config_prints_is_a_file_that_says_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let printed = run(&mut cartlog(&["config", "--rate-limit", "5", "--log", "a=debug,info"])).succeeded();
    let path = file(&directory, "c.toml", &printed);
    let config = run(cartlog(&["config", "--json", "--config"]).arg(&path)).json();
    assert_eq!(number(&config, "rate_limit"), 5);
    assert_eq!(setting(&config, "log").0, "a=debug,info");
}

#[test]
fn a_file_in_the_working_directory_is_read() {
    let directory = tempfile::tempdir().expect("a directory");
    file(&directory, "cartlog.toml", "rate_limit = 9\n");
    let config = run(cartlog(&["config", "--json"]).current_dir(directory.path())).json();
    assert_eq!((number(&config, "rate_limit"), source(&config, "rate_limit")), (9, "cartlog.toml"));
}

#[test]
fn rust_log_sets_the_level_until_something_nearer_does() {
    let level = |variables: &[(&str, &str)]| {
        let config = run(cartlog(&["config", "--json"]).envs(variables.iter().copied())).json();
        setting(&config, "log").0.to_owned()
    };
    assert_eq!(level(&[("RUST_LOG", "debug")]), "debug");
    assert_eq!(level(&[("RUST_LOG", "debug"), ("CARTLOG_LOG", "warn")]), "warn");
}

#[test]
fn no_secret_is_ever_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let secret = file(&directory, "smtp", "smtps://me:hunter2@mail.example\n");
    for arguments in [&["config"][..], &["config", "--json"]] {
        let shown = run(cartlog(arguments).env("CARTLOG_SMTP_URL_FILE", &secret)).succeeded();
        assert!(shown.contains("smtps://…") && shown.contains("CARTLOG_SMTP_URL_FILE"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("me:"), "{shown}");
    }
    let wrong = run(cartlog(&["serve", "--listen", "127.0.0.1:0", "--smtp-url", "hunter2://x:hunter2@y", "--data"])
        .arg(directory.path().join("d")));
    assert!(!wrong.failed().contains("hunter2"));
}

#[test]
fn a_secret_in_two_places_is_refused() {
    let both = run(cartlog(&["config"]).env("CARTLOG_SMTP_URL", "smtp://a").env("CARTLOG_SMTP_URL_FILE", "b")).failed();
    assert!(both.contains("CARTLOG_SMTP_URL_FILE"), "{both}");
}

#[test]
fn an_unknown_key_is_named_with_its_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = file(&directory, "c.toml", "lisen = \"x\"\n");
    let refused = run(cartlog(&["config", "--config"]).arg(&path)).failed();
    assert!(refused.contains("'lisen'") && refused.contains("c.toml"), "{refused}");
}

#[test]
fn a_value_that_can_not_be_is_named() {
    for (variable, value, named) in [
        ("CARTLOG_RATE_LIMIT", "fast", "rate_limit"),
        ("CARTLOG_ROLE", "api,cook", "cook"),
        ("CARTLOG_LOG", "=====", "====="),
        ("CARTLOG_DURABILITY", "maybe", "maybe"),
        ("CARTLOG_TRUST_PROXY", "10.0.0.1,proxy", "'proxy'"),
        ("CARTLOG_CORS_ORIGINS", "https://shop.example/", "https://shop.example/"),
        ("CARTLOG_CORS_ORIGINS", "*,https://shop.example", "stands alone"),
        ("CARTLOG_BODY_MEMORY", "0", "body_memory"),
        ("CARTLOG_SIGN_UP", "close", "'close' is neither open nor closed"),
    ] {
        let refused = run(cartlog(&["config"]).env(variable, value)).failed();
        assert!(refused.contains(named), "{variable}: {refused}");
    }
}

#[test]
fn sign_up_is_open_unless_somebody_closes_it_anywhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = file(&directory, "c.toml", "sign_up = \"closed\"\n");
    let asked = |arguments: &[&str], variable: &[(&str, &str)]| {
        let config = run(cartlog(&[&["config", "--json"], arguments].concat()).envs(variable.iter().copied())).json();
        let (value, source) = setting(&config, "sign_up");
        format!("{value} {source}")
    };
    let path = path.to_str().expect("a path");
    assert_eq!(asked(&[], &[]), "open default");
    let from_file = asked(&["--config", path], &[]);
    assert!(from_file.starts_with("closed ") && from_file.ends_with("c.toml"), "{from_file}");
    assert_eq!(asked(&["--config", path], &[("CARTLOG_SIGN_UP", "open")]), "open CARTLOG_SIGN_UP");
    assert_eq!(asked(&["--sign-up", "closed"], &[("CARTLOG_SIGN_UP", "open")]), "closed --sign-up");
    // Nothing is begun with a typo: who meant 'closed' must not serve an open one. Nowhere it could not be served, either.
    let refused = run(cartlog(&["serve", "--listen", "nowhere", "--data"])
        .arg(directory.path().join("d"))
        .env("CARTLOG_SIGN_UP", "closd"))
    .failed();
    assert!(refused.contains("'closd' is neither open nor closed"), "{refused}");
    assert!(!directory.path().join("d").exists());
    let typed = run(&mut cartlog(&["serve", "--sign-up", "shut"]));
    assert!(typed.code == 2 && typed.stderr.contains("open, closed"), "{}", typed.stderr);
}

#[test]
fn a_missing_file_is_named() {
    let refused = run(&mut cartlog(&["config", "--config", "/nowhere/c.toml"])).failed();
    assert!(refused.contains("/nowhere/c.toml"), "{refused}");
}

#[cfg(not(feature = "engines"))]
#[test]
fn an_engine_that_this_build_leaves_out_is_refused_with_what_builds_it() {
    for (flag, url, engine, feature) in [
        ("--log-url", "esdb://localhost", "EventStoreDB", "eventstoredb"),
        ("--views-url", "postgres://localhost", "PostgreSQL", "postgres"),
        ("--vault-url", "postgres://localhost", "PostgreSQL", "postgres"),
        ("--windows-url", "redis://localhost", "Redis", "redis"),
        ("--kafka-brokers", "localhost:9092", "Apache Kafka", "kafka"),
    ] {
        let refused = run(&mut cartlog(&["config", flag, url])).failed();
        assert!(refused.contains(flag) && refused.contains(engine), "{refused}");
        assert!(refused.contains(&format!("--features {feature}")), "{refused}");
    }
}

#[cfg(feature = "engines")]
#[test]
fn a_url_of_something_else_is_refused_and_not_repeated() {
    for (flag, engine, scheme) in [
        ("--log-url", "EventStoreDB", "esdb://"),
        ("--views-url", "PostgreSQL", "postgres://"),
        ("--vault-url", "PostgreSQL", "postgres://"),
        ("--windows-url", "Redis", "redis://"),
    ] {
        let refused = run(&mut cartlog(&["config", flag, "mysql://user:hidden@localhost"])).failed();
        assert!(refused.contains(flag) && refused.contains(engine) && refused.contains(scheme), "{refused}");
        assert!(!refused.contains("hidden"), "{refused}");
    }
}

#[test]
fn a_namespace_that_is_no_name_in_every_engine_is_refused() {
    for name in ["", "9", "Shop", "a-b", "a.b", &"a".repeat(41)] {
        let refused = run(&mut cartlog(&["config", "--namespace", name])).failed();
        assert!(refused.contains("namespace"), "{refused}");
    }
    run(&mut cartlog(&["config", "--namespace", "shop_2"])).succeeded();
}

#[test]
fn a_node_that_could_never_answer_is_refused_in_a_sentence() {
    for (role, part, key) in
        [("api,stream", "the views", "views_url"), ("api,views", "the metric windows", "windows_url")]
    {
        let refused = run(&mut cartlog(&["config", "--role", role])).failed();
        assert!(refused.contains(part) && refused.contains(key), "{refused}");
    }
    run(&mut cartlog(&["config", "--role", "stream"])).succeeded();
}
