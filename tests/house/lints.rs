//! That clocks, chance and new ids are kept out of what is shipped, but for the ports: `clippy.toml` lists the functions, and
//! each crate has to switch the lint on for itself.

use super::{read, root};

const SWITCHED_ON: &str = "#![cfg_attr(not(test), warn(clippy::disallowed_methods))]";
/// What has to be on the list, whatever else is.
const LISTED: [&str; 6] = [
    "std::time::SystemTime::now",
    "chrono::Utc::now",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "getrandom::fill",
    "rand::rng",
];

/// The folders of the crates that are shipped, as the workspace lists them, and the root's: one that is added is among them.
fn shipped() -> Vec<String> {
    let manifest = read(&root().join("Cargo.toml"));
    let members =
        manifest.lines().find_map(|line| line.strip_prefix("members = [")).expect("the workspace lists its members");
    let members = members.split('"').skip(1).step_by(2).filter(|member| !member.starts_with("tests/"));
    members.chain(["."]).map(str::to_owned).collect()
}

#[test]
fn every_crate_keeps_clocks_and_chance_out() {
    for folder in shipped() {
        let roots = ["src/lib.rs", "src/main.rs"].map(|file| root().join(&folder).join(file));
        let roots: Vec<_> = roots.into_iter().filter(|file| file.exists()).collect();
        assert!(!roots.is_empty(), "{folder} has neither a library nor a binary");
        for file in roots {
            let is_on = read(&file).lines().any(|line| line == SWITCHED_ON);
            assert!(is_on, "{} lacks the line {SWITCHED_ON}", file.display());
        }
        let manifest = read(&root().join(&folder).join("Cargo.toml"));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{folder} has not the workspace's lints");
    }
}

#[test]
fn what_is_kept_out_is_listed_with_a_reason() {
    let list = read(&root().join("clippy.toml"));
    let entries: Vec<&str> = list.lines().filter(|line| line.contains("path = ")).collect();
    for name in LISTED {
        assert!(entries.iter().any(|entry| entry.contains(&format!("\"{name}\""))), "{name} is not in clippy.toml");
    }
    for entry in entries {
        assert!(entry.contains("reason = \""), "{entry} has no reason");
    }
}
