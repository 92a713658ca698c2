//! The commands of docs/operations.md: what can run here is run, word by word; of the rest each is one that the program knows.

use super::run::{on_files, signal};
use crate::support::{Server, TestShop, private_directory};
use std::path::Path;
use std::process::Command;

const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// The section's blocks of commands.
fn blocks(section: &str) -> Vec<&'static str> {
    let (_, text) = OPERATIONS.split_once(&format!("\n## {section}\n")).expect("the section is there");
    let text = text.split_once("\n## ").map_or(text, |(text, _)| text);
    text.split("```sh\n").skip(1).filter_map(|block| block.split_once("```").map(|(block, _)| block)).collect()
}

fn has(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).output().is_ok_and(|found| found.status.success())
}

fn run_in(directory: &Path, commands: &str) {
    let ran = Command::new("sh").args(["-ec", commands]).current_dir(directory).output().expect("sh runs");
    assert!(ran.status.success(), "{commands}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test]
async fn a_store_that_was_backed_up_under_load_as_described_is_whole() {
    if !has("sqlite3") {
        eprintln!("not run: sqlite3 is not installed here");
        return;
    }
    let [back_up, restore] = blocks("Backing up one machine")[..] else { panic!("two blocks") };
    let place = private_directory();
    let server = Server::on_files(&place.path().join("data"), &[]);
    let shop = TestShop::on(&server).await;
    let known = shop.customer().await;
    // It goes on while it is saved.
    let load = {
        let shop = shop.moved_to(&server);
        tokio::spawn(async move {
            loop {
                let customer = shop.customer().await;
                let product = shop.product(100, 100).await;
                shop.add(&customer, &product, 1).await.expect(201);
            }
        })
    };
    let (directory, commands) = (place.path().to_owned(), back_up.to_owned());
    tokio::task::spawn_blocking(move || run_in(&directory, &commands)).await.expect("it is saved");
    load.abort();
    let _ = load.await;
    server.kill();
    let commands = restore.lines().filter(|line| !line.starts_with("cartlog serve"));
    run_in(place.path(), &commands.collect::<Vec<_>>().join("\n"));
    assert!(restore.contains("cartlog serve --data restored"));
    let server = Server::on_files(&place.path().join("restored"), &[]);
    let shop = shop.moved_to(&server);
    let customer = shop.get(&format!("/customer/{known}")).await.expect(200);
    assert!(customer.at("/customer/first_name").is_string(), "{}", customer.body);
    let all = shop.get("/customer?limit=100").await.expect(200);
    assert!(all["customers"].as_array().is_some_and(|all| all.iter().all(|one| one["first_name"].is_string())));
}

#[tokio::test]
async fn after_a_clean_stop_a_copy_of_the_files_is_a_backup() {
    let place = private_directory();
    let mut server = Server::on_files(&place.path().join("data"), &[]);
    let shop = TestShop::on(&server).await;
    let known = shop.customer().await;
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    let said = "`cp data/*.sqlite backup/`";
    assert!(OPERATIONS.contains(said));
    run_in(place.path(), &format!("mkdir -m 700 backup; {}", said.trim_matches('`')));
    let server = Server::on_files(&place.path().join("backup"), &[]);
    shop.moved_to(&server).get(&format!("/customer/{known}")).await.expect(200);
}

/// Each `cartlog …` in the text, as far as it is one command.
fn commands() -> Vec<Vec<&'static str>> {
    let in_text = OPERATIONS.split('`').skip(1).step_by(2);
    let in_blocks =
        OPERATIONS.split("```sh\n").skip(1).flat_map(|block| block.split("```").next().unwrap_or("").lines());
    let all = in_text.chain(in_blocks).filter_map(|text| text.trim().strip_prefix("cartlog "));
    all.map(|command| command.split_whitespace().collect()).collect()
}

/// A flag that is gone, or a command that has another name by now, would stand here for ever.
#[test]
fn every_command_of_the_text_is_one_that_the_program_knows() {
    let data = private_directory();
    let known = commands();
    assert!(known.len() > 10, "{known:?}");
    for command in known {
        let mut names =
            command.iter().take_while(|word| !word.starts_with('-') && word.chars().all(|c| c.is_ascii_lowercase()));
        let name: Vec<&str> = names.by_ref().take(2).copied().collect();
        let name = if matches!(name.first(), Some(&("audit" | "kafka" | "token"))) {
            &name[..]
        } else {
            &name[..name.len().min(1)]
        };
        let help = on_files(data.path(), &[name, &["--help"]].concat()).stdout;
        assert!(help.contains("Usage: cartlog"), "{command:?}: {help}");
        for flag in command.iter().filter(|word| word.starts_with("--")) {
            let flag = flag.split('=').next().unwrap_or(flag);
            assert!(help.contains(flag), "{command:?} has no {flag}");
        }
    }
}
