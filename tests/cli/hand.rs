//! What lies in the hand: settings that are mistyped, tables, versions, completions, the manual, the modes of files.

use super::run::{cartlog, on_files, run, signal};
use crate::support::{Server, TestShop};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn a_level_that_is_none_does_not_silence_the_log() {
    for text in
        ["inof", "INOF", "info,debgu", "commands", "commands=debgu", "debug,,warning", "7", "[{store}]", "[{store=1}]"]
    {
        for refused in [
            run(cartlog(&["config"]).env("CARTLOG_LOG", text)).failed(),
            run(cartlog(&["config"]).env("RUST_LOG", text)).failed(),
            run(&mut cartlog(&["config", "--log", text])).failed(),
            run(&mut cartlog(&["demo", "--log", text])).failed(),
        ] {
            assert!(refused.contains("off, error, warn, info, debug and trace"), "{text}: {refused}");
        }
    }
    for text in [
        "off",
        "Info",
        "3",
        "cartlog_commands=debug,info",
        "warn,commands::executor=trace",
        "[{store}]=debug",
        "[{store=1}]=debug,info",
    ] {
        run(cartlog(&["config"]).env("CARTLOG_LOG", text)).succeeded();
    }
}

#[test]
fn a_variable_that_is_misspelt_is_told_with_the_nearest() {
    let told = run(cartlog(&["config"]).env("CARTLOG_RATE_LIMTI", "5").env("CARTLOG_TEST_SEED", "7"));
    assert!(
        told.stderr.contains("CARTLOG_RATE_LIMTI") && told.stderr.contains("mean CARTLOG_RATE_LIMIT?"),
        "{}",
        told.stderr
    );
    assert_eq!(told.stderr.lines().count(), 1, "{}", told.stderr);
    assert!(told.succeeded().contains("rate_limit = 1000"));

    let data = tempfile::tempdir().expect("a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut serve = cartlog(&["serve", "--listen", &address, "--data"]);
    let served = run(serve.arg(data.path()).env("CARTLOG_VIEWS_ULR", "x"));
    assert!(served.stderr.contains("did you mean CARTLOG_VIEWS_URL?"), "{}", served.stderr);
}

#[test]
fn config_refuses_what_serve_refuses() {
    let parent = tempfile::tempdir().expect("a directory");
    let data = parent.path().join("data");
    for (flag, value, named) in [
        ("--smtp-url", "hunter2://mail", "smtp_url"),
        ("--mail-from", "nobody", "mail_from"),
        ("--listen", "8080", "HOST:PORT"),
        ("--listen", ":8080", "HOST:PORT"),
        ("--listen", "localhost:http", "HOST:PORT"),
        ("--public-url", "shop.example", "public_url"),
        ("--max-connections", "0", "max_connections"),
        ("--max-connections", "18446744073709551615", "max_connections"),
        ("--queue-length", "0", "queue_length"),
        ("--cached-streams", "0", "cached_streams"),
        ("--snapshot-every", "0", "snapshot_every"),
        ("--log", "inof", "inof"),
    ] {
        let shown = run(&mut cartlog(&["config", flag, value])).failed();
        assert!(shown.contains(named), "{flag} {value}: {shown}");
        let refused = run(cartlog(&["serve", flag, value, "--data"]).arg(&data)).failed();
        assert_eq!(refused, shown, "{flag} {value}");
        assert!(!data.exists(), "{flag} {value} left a directory behind");
    }
}

#[test]
fn a_number_that_can_not_be_says_why() {
    for flag in ["--rate-limit", "--max-connections", "--cached-streams", "--queue-length", "--snapshot-every"] {
        let refused = run(&mut cartlog(&["config", flag, "-1"]));
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains("invalid value '-1'") && refused.stderr.contains(flag), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("is not in 0..") || refused.stderr.contains("invalid digit"),
            "{}",
            refused.stderr
        );
    }
    let refused = run(cartlog(&["config"]).env("CARTLOG_RATE_LIMIT", "-1")).failed();
    assert!(refused.contains("rate_limit") && refused.contains("CARTLOG_RATE_LIMIT"), "{refused}");
}

#[tokio::test]
async fn tables_keep_to_the_terminals_width_and_have_one_rule() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let product = shop.product(5, 100).await;
    let objects = format!("product/{product}");
    for arguments in [&["status"][..], &["audit", "history", &objects]] {
        for columns in [60, 80, 100] {
            let text =
                run(cartlog(arguments).arg("--data").arg(data.path()).env("COLUMNS", columns.to_string())).succeeded();
            let tables = text.lines().take_while(|line| !line.starts_with("The hash chain"));
            for line in tables {
                assert!(line.chars().count() <= columns, "{columns} columns:\n{text}");
            }
            let is_rule = |line: &&str| line.contains('─') && line.chars().all(|letter| letter == '─' || letter == ' ');
            assert_eq!(text.lines().filter(is_rule).count(), 1, "{text}");
        }
    }
}

#[test]
fn the_version_says_what_it_is_made_of() {
    let text = run(&mut cartlog(&["--version"])).succeeded();
    assert!(text.starts_with(&format!("cartlog {} (commit ", env!("CARGO_PKG_VERSION"))), "{text}");
    assert!(text.contains("\nengines: ") && text.contains("\nSQLite: 3."), "{text}");
    let engines = if cfg!(feature = "engines") { "EventStoreDB, Kafka, PostgreSQL, Redis" } else { "" };
    assert!(text.contains(engines), "{text}");
    assert_eq!(run(&mut cartlog(&["-V"])).succeeded(), text);
}

#[test]
fn every_shell_gets_completions_that_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&mut cartlog(&["completions", shell])).succeeded();
        for part in ["cartlog", "serve", "audit", "rate-limit"] {
            assert!(script.contains(part), "{shell} lacks {part}");
        }
    }
    assert_eq!(run(&mut cartlog(&["completions", "cmd"])).code, 2);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("man");
    run(cartlog(&["man"]).arg(&directory)).succeeded();
    for (name, part) in [("cartlog", "serve"), ("cartlog-serve", "rate"), ("cartlog-audit-history", "OBJECT")] {
        let page = fs::read_to_string(directory.join(format!("{name}.1"))).expect("a page");
        assert!(page.contains(".TH") && page.contains(part), "{name}: {page}");
    }
    let file = parent.path().join("file");
    fs::write(&file, "").expect("a file");
    assert!(run(cartlog(&["man"]).arg(file.join("man"))).failed().contains("manual"));
}

/// Files of the directory that somebody else than the owner could look into.
fn open_files(data: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data).expect("a directory") {
        let entry = entry.expect("an entry");
        let metadata = entry.metadata().expect("it is there");
        if metadata.is_dir() {
            found.extend(open_files(&entry.path()));
        } else if metadata.permissions().mode() & 0o177 != 0 {
            found.push(format!("{} {:o}", entry.path().display(), metadata.permissions().mode()));
        }
    }
    found
}

#[tokio::test]
async fn files_are_the_owners_alone_whatever_the_directorys_mode() {
    let parent = tempfile::tempdir().expect("a directory");
    let data = parent.path().join("data");
    fs::create_dir(&data).expect("a directory");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).expect("its mode");
    let mut server = Server::on_files(&data, &[]);
    let shop = TestShop::on(&server).await;
    let customer = shop.customer().await;
    shop.put(&format!("/customer/{customer}/send_confirmation"), serde_json::Value::Null).await.expect(200);
    assert!(fs::read_dir(data.join("mail")).expect("mails").next().is_some() && data.join("log.sqlite-wal").exists());
    assert_eq!(open_files(&data), Vec::<String>::new());
    signal(server.pid(), "TERM");
    server.wait();
    // What a version before made for everybody is closed.
    for name in ["log.sqlite", "views.sqlite", "lock", "log.sqlite-lock"] {
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o644)).expect("its mode");
    }
    let _server = Server::on_files(&data, &[]);
    assert_eq!(open_files(&data), Vec::<String>::new());
}

#[test]
fn a_start_that_fails_leaves_nothing_behind() {
    let parent = tempfile::tempdir().expect("a directory");
    let deep = parent.path().join("a").join("b");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let serve = |data: &Path| on_files(data, &["serve", "--log", "error", "--listen", &address]).failed();
    assert!(serve(&deep).contains(&address));
    assert_eq!(fs::read_dir(parent.path()).expect("it is there").count(), 0);
    // A directory that was there stays, as empty as it was.
    fs::create_dir_all(&deep).expect("a directory");
    assert!(serve(&deep).contains(&address));
    assert_eq!(fs::read_dir(&deep).expect("it is there").count(), 0);
    // What is no file of ours is nobody's to remove.
    fs::write(deep.join("mine"), "text").expect("a file");
    serve(&deep);
    assert!(deep.join("mine").exists());
}

#[test]
fn a_start_that_fails_leaves_a_store_as_it_was() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    signal(server.pid(), "TERM");
    server.wait();
    let names = || {
        let entries = fs::read_dir(data.path()).expect("it is there");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    on_files(data.path(), &["serve", "--log", "error", "--listen", &address]).failed();
    assert_eq!(names(), before);
    assert!(before.iter().any(|name| name == "log.sqlite-lock"), "the log's lock stays");
}
