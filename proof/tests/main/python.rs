//! That a few lines of another language check a record against its event and its leaf: `tests/python/check_leaf.py`,
//! run where Python is.

use crate::leaves::leaf;
use proof::hash::leaf_hash;
use std::process::Command;

#[test]
fn twenty_lines_of_python_check_a_record() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/check_leaf.py");
    let lines = std::fs::read_to_string(script).unwrap().lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 20, "{lines} lines");
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let file = directory.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let bytes = leaf().to_bytes().unwrap();
    let (hash, other) = (leaf_hash(&bytes).to_string(), leaf_hash(b"").to_string());
    let changed = String::from_utf8(bytes.clone()).unwrap().replace("rank 17", "rank 017");
    let files = [write("leaf", &bytes), write("data", b"hello world"), write("metadata", b"{}")];
    let no_leaf = write("changed", changed.as_bytes());
    let changed_hash = leaf_hash(changed.as_bytes()).to_string();
    for (leaf, data, hash, holds) in [
        (&files[0], &files[1], &hash, true),
        (&files[0], &files[2], &hash, false),
        (&files[0], &files[1], &other, false),
        (&no_leaf, &files[1], &changed_hash, false),
    ] {
        match Command::new("python3").arg(script).args([leaf, data, &files[2]]).arg(hash).output() {
            Ok(ran) => assert_eq!(ran.status.success(), holds, "{}", String::from_utf8_lossy(&ran.stderr)),
            Err(_) => return eprintln!("not checked by Python, which is not installed"),
        }
    }
}
