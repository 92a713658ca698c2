//! That Go's `golang.org/x/mod/sumdb` finds the same: `tests/go` reads examples of trees, proofs, notes and tiles, and
//! checks each with it. Where Go is not installed, or its module can't be fetched, nothing is checked, and the test
//! says so.

use crate::shapes::Vectors;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// For a fetch that nobody answers.
const PATIENCE: Duration = Duration::from_secs(120);

fn go(arguments: &[&str]) -> Command {
    let mut command = Command::new("go");
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go")).args(arguments);
    // Nothing but the module is fetched: no other Go, and no version that go.sum doesn't name.
    command.envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", "-mod=readonly"), ("GOWORK", "off")]);
    command
}

/// What comes of it. `None`: it takes too long, and was ended.
fn within(patience: Duration, mut command: Command) -> Option<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().ok()?;
    let (mut error, (done, ended)) = (child.stderr.take()?, mpsc::channel());
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = std::io::Read::read_to_end(&mut error, &mut text);
        let _ = done.send(());
        read.map(|_| text)
    });
    if ended.recv_timeout(patience).is_err() {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    let stderr = reading.join().ok()?.ok()?;
    let output = child.wait_with_output().ok()?;
    Some(Output { stderr, ..output })
}

/// The checker, built. `None`: there is no Go here, or not its module.
fn checker(directory: &Path) -> Option<PathBuf> {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("not checked by Go, which is not installed");
        return None;
    }
    let fetched = within(PATIENCE, go(&["mod", "download"]));
    let said = fetched.as_ref().map_or("no answer".into(), |output| String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("SECURITY ERROR") && !said.contains("checksum mismatch"), "{said}");
    if !fetched.as_ref().is_some_and(|output| output.status.success()) {
        eprintln!("not checked by Go, whose module golang.org/x/mod can't be fetched: {said}");
        return None;
    }
    let checker = directory.join("checker");
    let built = go(&["build", "-buildvcs=false", "-o"]).arg(&checker).arg(".").output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(checker)
}

/// What it says of these examples.
fn check(checker: &Path, directory: &Path, vectors: &Vectors) -> Result<String, String> {
    let file = directory.join("vectors.json");
    std::fs::write(&file, serde_json::to_string(vectors).unwrap()).unwrap();
    let ran = Command::new(checker).arg(file).output().unwrap();
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    if ran.status.success() { Ok(said) } else { Err(said) }
}

#[test]
fn go_finds_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let Some(checker) = checker(directory.path()) else { return };
    let sizes: Vec<u64> = (0..=70).chain([127, 128, 129, 255, 256, 257, 511, 512, 513, 1_000]).collect();
    let vectors = Vectors::of(&sizes);
    let said = check(&checker, directory.path(), &vectors).expect("Go finds the same");
    let counted = format!("{} roots, {} inclusion proofs", sizes.len(), vectors.inclusion.len());
    assert!(said.contains(&counted), "{said}");
    let kept: Vectors = serde_json::from_str(include_str!("../../vectors/v1.json")).unwrap();
    check(&checker, directory.path(), &kept).expect("Go finds the same in what is kept");
    it_finds_each_change(&checker, directory.path(), &vectors);
}

/// What is done to the examples, given a hash of something else.
type Change = fn(&mut Vectors, String);

/// It does look.
fn it_finds_each_change(checker: &Path, directory: &Path, vectors: &Vectors) {
    let other = vectors.roots[3].root.clone();
    let changes: [(&str, Change); 9] = [
        ("root of", |vectors, other| vectors.roots[9].root = other),
        ("inclusion of", |vectors, other| vectors.inclusion[40].hashes[1] = other),
        ("consistency of", |vectors, other| vectors.consistency[200].hashes[0] = other),
        ("tile", |vectors, _| vectors.tiles[1].width += 1),
        ("changed from", |vectors, _| drop(vectors.changed[2].paths.pop())),
        ("note", |vectors, _| vectors.notes[0].note = vectors.notes[0].note.replace("one", "two")),
        ("cosignature", |vectors, _| vectors.cosigned.at += 1),
        ("leaf", |vectors, other| vectors.leaves[0].hash = other),
        ("proof", |vectors, _| vectors.proofs[1].record.push('x')),
    ];
    for (named, change) in changes {
        let mut changed = vectors.clone();
        change(&mut changed, other.clone());
        let said = check(checker, directory, &changed).expect_err(named);
        assert!(said.starts_with(named), "{named}: {said}");
    }
}
