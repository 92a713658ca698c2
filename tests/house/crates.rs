//! Which crates may know which, and what others are used.

use super::{files, read, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The crates of the house; the binary is the root.
pub const CRATES: [&str; 18] = [
    "domain",
    "eventlog",
    "journal",
    "vault",
    "commands",
    "projections",
    "streaming",
    "api",
    "postgres",
    "sqlite",
    "tasks",
    "health",
    "pem",
    "audit",
    "proof",
    "tlog",
    "ledger",
    "notary",
];
/// What the rules of the business never know.
const NOT_FOR_DOMAIN: [&str; 7] = ["tokio", "sqlx", "rusqlite", "axum", "http", "reqwest", "rand"];

/// The lines of a section of a manifest: name and what stands behind it.
fn section(manifest: &str, name: &str) -> BTreeMap<String, String> {
    let header = format!("[{name}]");
    let lines = manifest.lines().skip_while(|line| *line != header).skip(1);
    let entries = lines.take_while(|line| !line.starts_with('['));
    let entry = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let (name, behind) = key.trim().split_once('.').unwrap_or((key.trim(), ""));
        (!name.starts_with('#')).then(|| (name.to_owned(), format!("{behind} {}", value.trim())))
    };
    entries.filter_map(entry).collect()
}

fn manifest(of: &Path) -> String {
    read(&of.join("Cargo.toml"))
}

/// As `one, other` behind the crate's name in a line of the document.
fn arrows_in_architecture() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let lines = text.lines().filter_map(|line| line.split_once("──> "));
    let arrow = |(from, to): (&str, &str)| {
        let to = to.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        (from.trim().to_owned(), to)
    };
    lines.map(arrow).filter(|(from, _): &(String, _)| CRATES.contains(&from.as_str())).collect()
}

#[test]
fn crates_know_each_other_as_the_architecture_says() {
    let said = arrows_in_architecture();
    for name in CRATES {
        let known = section(&manifest(&root().join(name)), "dependencies");
        let known: BTreeSet<String> = known.into_keys().filter(|known| CRATES.contains(&known.as_str())).collect();
        let said = said.get(name).cloned().unwrap_or_default();
        assert_eq!(known, said, "{name}: its Cargo.toml, and ARCHITECTURE.md");
    }
}

#[test]
fn the_rules_and_the_books_know_nothing_of_input_and_output() {
    for pure in ["domain", "ledger"] {
        let known = section(&manifest(&root().join(pure)), "dependencies");
        for name in NOT_FOR_DOMAIN {
            assert!(!known.contains_key(name), "{pure} depends on {name}");
        }
    }
}

/// All members, the root among them, and those of the tests.
fn members() -> Vec<std::path::PathBuf> {
    let of_tests = ["tests/eventstoredb", "tests/peer"].into_iter();
    CRATES.into_iter().chain(of_tests).map(|name| root().join(name)).chain([root()]).collect()
}

#[test]
fn every_dependency_is_named_once_and_used_where_it_is_named() {
    let of_all = section(&manifest(&root()), "workspace.dependencies");
    let mut used: BTreeSet<String> = BTreeSet::new();
    for member in members() {
        let manifest = manifest(&member);
        for (kind, folders) in [
            ("dependencies", &["src", "build.rs"][..]),
            ("dev-dependencies", &["tests", "benches", "src"][..]),
            ("build-dependencies", &["build.rs"][..]),
        ] {
            for (name, behind) in section(&manifest, kind) {
                let place = format!("{} of {}", kind, member.display());
                assert!(behind.contains("workspace"), "{name} in {place} stands not in [workspace.dependencies]");
                assert!(of_all.contains_key(&name), "{name} in {place}");
                used.insert(name.clone());
                let is_itself = manifest.contains(&format!("\"cartlog-{name}\""));
                assert!(is_itself || stands_in(&member, folders, &name), "{name} in {place} is not used");
            }
        }
    }
    let unused: Vec<&String> = of_all.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "{unused:?} are in [workspace.dependencies] and used by nobody");
}

/// What is built for a test alone is behind features that only dev-dependencies, and the same feature of another crate, ask for.
#[test]
fn nothing_that_is_shipped_is_built_with_what_tests_use() {
    for member in members() {
        let manifest = manifest(&member);
        let (shipped, features) = (section(&manifest, "dependencies"), section(&manifest, "features"));
        let features = features.into_iter().filter(|(name, _)| !FOR_TESTS.contains(&name.as_str()));
        for (name, behind) in shipped.into_iter().chain(features) {
            let asks = FOR_TESTS
                .iter()
                .any(|feature| behind.contains(&format!("\"{feature}\"")) || behind.contains(&format!("/{feature}\"")));
            assert!(!asks, "{name} in the Cargo.toml of {}: {behind}", member.display());
        }
    }
}

/// What tests of several crates use is a feature `testing` of one of them, compiled once, and not a file that each compiles for itself.
#[test]
fn no_crate_includes_a_file_of_another() {
    let members = members();
    let owner = |file: &Path| {
        members.iter().filter(|member| file.starts_with(member)).max_by_key(|member| member.as_os_str().len())
    };
    for file in members
        .iter()
        .flat_map(|member| ["src", "tests", "benches"].map(|folder| member.join(folder)))
        .flat_map(|folder| files(&folder, "rs"))
    {
        let text = read(&file);
        for path in text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.split('"').next()) {
            let folder = file.parent().expect("a file stands in a folder");
            let included = folder.join(path).canonicalize().expect("what is included is there");
            assert_eq!(owner(&included), owner(&file), "{} includes {path}", file.display());
        }
    }
}

/// The features that are there for tests.
const FOR_TESTS: [&str; 2] = ["conformance", "testing"];

/// What is asked for because of features that it switches on for others, and so is named nowhere.
const FOR_ITS_FEATURES: [&str; 1] = ["openssl-probe"];

fn stands_in(member: &Path, folders: &[&str], dependency: &str) -> bool {
    let name = dependency.replace('-', "_");
    let is_word = |text: &str| {
        text.match_indices(&name).any(|(at, _)| {
            let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
            let continues = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
            !continues(before) && !continues(after)
        })
    };
    let sources = folders.iter().flat_map(|folder| match folder.ends_with(".rs") {
        true => vec![member.join(folder)],
        false => files(&member.join(folder), "rs"),
    });
    FOR_ITS_FEATURES.contains(&dependency)
        || sources.filter(|source| source.exists()).any(|source| is_word(&read(&source)))
}
