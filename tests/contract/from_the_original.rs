//! `docs/from-the-original.md` names what is here by its names: every code and field that it says a client meets is in the document.

use crate::support::TestShop;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every name in the value: of fields, of parameters, of parts of paths, and words that a field may hold.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            // Of a path its parts.
            found.extend(fields.keys().flat_map(|name| name.split('/')).map(str::to_owned));
            fields.values().for_each(|part| names(part, found));
        }
        Value::Array(parts) => parts.iter().for_each(|part| names(part, found)),
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn what_clients_of_the_original_are_told_they_meet_here_is_there() {
    let document = &TestShop::unchanged().await.contract().document;
    let mut known = BTreeSet::new();
    names(document, &mut known);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/from-the-original.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let mut here = None;
    let mut checked = 0;
    for line in text.lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            here = None;
        } else if let Some(at) = cells.iter().position(|cell| *cell == "here") {
            here = Some(at);
        } else if let Some(cell) = here.and_then(|at| cells.get(at)) {
            // What stands in backticks and looks like a code or a field.
            for word in cell.split('`').skip(1).step_by(2) {
                let is_name = word.contains('_') && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if is_name && !word.contains("__") {
                    checked += 1;
                    assert!(known.contains(word), "{word} is not in the document: {line}");
                }
            }
        }
    }
    assert!(checked > 50, "{checked} names");
}
