//! The README as it stands: its tour is run line by line against a server, its test command and flags are the real ones.

use super::run::{cartlog, run};
use crate::support::Server;
use serde_json::Value;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The block of the README that begins with this fence.
fn block(fence: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{fence}\n")).unwrap_or_else(|| panic!("the README has no {fence}"));
    rest.split_once("```").expect("the block ends").0
}

/// The tour, pasted into a shell, with the address of this server: what each call printed, one line each.
fn tour(url: &str) -> Vec<Value> {
    let tour = block("sh tour");
    assert_eq!(tour.matches("http://127.0.0.1:8080").count(), 1, "the address stands in one place");
    let script = tour.replace("http://127.0.0.1:8080", url);
    // Each answer ends its line, as it would not in the paste.
    let script = script.replace("curl -s ", "curl -s -w '\\n' ");
    let output = Command::new("bash").args(["-eu", "-c", &script]).output().expect("bash and curl are installed");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    let lines = stdout.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn the_tour_works_as_it_stands() {
    let server = Server::start();
    let answers = tour(&server.url);
    for answer in &answers {
        assert!(answer.get("error").is_none(), "{answer:#}");
    }
    let find = |name: &str| {
        let found = answers.iter().rev().find_map(|answer| answer.get(name));
        found.unwrap_or_else(|| panic!("nothing shows {name}")).clone()
    };
    assert!(find("customer")["confirmed_at"].is_string());
    // Two were put into the cart once, though the request came twice; shipped, they are gone for good.
    let product = answers.iter().find_map(|answer| answer.get("product")).expect("a product is shown");
    assert_eq!((&product["inventory"], &product["reserved"]), (&10.into(), &2.into()));
    // 2 × 12.99 − 10 % + 7 % tax, of which the credit paid five euros.
    let invoice = find("invoice");
    assert_eq!(invoice["subtotal_amount_in_cents"], 2598 - 259 + 164 - 500);
    assert_eq!(invoice["state"], "partially refunded");
    assert_eq!(find("order")["status"], "shipped");
    assert_eq!(find("refund")["credit_amount_in_cents"], 100);
    let events = find("events");
    let types: Vec<_> = events.as_array().into_iter().flatten().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(types, ["InvoiceIssued", "InvoiceCollected", "RefundIssued"]);
    assert_eq!(find("products")[0]["number_of_cart_adds"], 2);
}

#[test]
fn what_the_readme_says_of_commands_and_flags_is_so() {
    for name in table("## Commands").iter().map(|row| row[0].clone()) {
        let words: Vec<&str> = name.split_whitespace().skip(1).filter(|word| !word.contains(['[', '/'])).collect();
        run(cartlog(&words).arg("--help")).succeeded();
    }
    let help = run(&mut cartlog(&["serve", "--help"])).succeeded();
    let config = run(&mut cartlog(&["config", "--json"])).json();
    for row in table("## Configuration") {
        let (flag, variable) = (&row[0], &row[1]);
        assert!(help.contains(&format!("{flag} <")), "{flag} is no flag of serve");
        let key = flag.trim_start_matches("--").replace('-', "_");
        assert_eq!(*variable, format!("CARTLOG_{}", key.to_uppercase()));
        let known = config.get(&key).unwrap_or_else(|| panic!("{key} can't be set: {config:#}"));
        if !row[2].is_empty() {
            let default = known.get("value").unwrap_or(known);
            let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            assert_eq!(row[2], default, "the default of {flag}");
        }
    }
}

/// The cells of the first table under the heading, without its head and without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = README.split_once(heading).unwrap_or_else(|| panic!("the README has no {heading}"));
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    rows.skip(2).map(cells).collect()
}
