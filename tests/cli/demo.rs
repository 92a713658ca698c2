//! Shoppers at work: what they did and what the store says of it add up.

use super::run::{cartlog, run};
use crate::support::Server;

#[test]
fn a_demo_with_a_server_of_its_own_adds_up() {
    let report = run(&mut cartlog(&["demo", "--shoppers", "4", "--seconds", "2", "--seed", "7"])).succeeded();
    for part in ["Top ten", "Invoices by state", "collected", "a second", "median", "Everything adds up.", "seed 7"] {
        assert!(report.contains(part), "no '{part}' in\n{report}");
    }
    for part in [" EUR", "adds to carts a ", "carts billed a ", "events a "] {
        assert!(report.contains(part), "no '{part}' in\n{report}");
    }
    assert!(!report.contains(" cents") && !report.contains("/s"), "{report}");
}

#[test]
fn a_demo_keeps_to_a_servers_rate_limit() {
    let server = Server::start_with(&["--rate-limit", "20"]);
    let report = run(&mut cartlog(&["demo", "--shoppers", "4", "--seconds", "3", "--server", &server.url])).succeeded();
    assert!(report.contains("Everything adds up."), "{report}");
    assert!(report.contains("were sent again"), "{report}");
}

#[test]
fn a_demo_without_a_server_to_reach_says_so() {
    let refused = run(&mut cartlog(&["demo", "--server", "https://example.com"])).failed();
    assert!(refused.contains("http://HOST:PORT"), "{refused}");
}

#[test]
fn a_demo_leaves_nothing_behind_unless_told_to() {
    let temporary = tempfile::tempdir().expect("a directory");
    let demo = |more: &[&str]| {
        let mut command = cartlog(&["demo", "--shoppers", "1", "--seconds", "0"]);
        run(command.args(more).env("TMPDIR", temporary.path())).succeeded()
    };
    demo(&[]);
    assert_eq!(std::fs::read_dir(temporary.path()).expect("it is there").count(), 0);
    let kept = temporary.path().join("kept");
    demo(&["--data", kept.to_str().expect("UTF-8")]);
    assert!(kept.join("log.sqlite").exists());
}
