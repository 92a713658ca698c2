//! That what ARCHITECTURE.md says a change takes is what it takes: the changes stand in `tests/howto`, and `.ci/howto` makes them.

use super::{read, root};
use std::collections::BTreeSet;

/// The most files that a field, or a view with its query and its route, may take.
const MOST: usize = 12;

/// The paths that the patch changes.
fn changed(patch: &str) -> BTreeSet<String> {
    let header = |line: &str| line.strip_prefix("diff --git a/")?.split_once(" b/").map(|(path, _)| path.to_owned());
    read(&root().join("tests/howto").join(patch)).lines().filter_map(header).collect()
}

/// The paths that stand in backticks in the How-to that begins so.
fn listed(beginning: &str) -> BTreeSet<String> {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    let how_to = architecture.split("\n## How to").nth(1).expect("the How-tos");
    let entry = how_to.split("\n- ").find(|entry| entry.starts_with(beginning));
    let entry = entry.unwrap_or_else(|| panic!("no How-to begins with '{beginning}'"));
    let quoted = entry.split('`').skip(1).step_by(2);
    quoted
        .filter(|quoted| quoted.ends_with(".md") || quoted.contains('/') && quoted.contains('.'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_optional_field_takes_the_files_that_are_listed() {
    let changed = changed("1-an-optional-field.patch");
    assert_eq!(listed("**add an optional field**"), changed);
    assert!(changed.len() <= MOST, "{changed:#?}");
}

#[test]
fn a_view_with_its_query_and_route_takes_the_files_that_are_listed() {
    let changed = changed("2-a-view.patch");
    assert_eq!(listed("**add a view with a route**"), changed);
    assert!(changed.len() <= MOST, "{changed:#?}");
}
