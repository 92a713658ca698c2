//! What an operator does beside the server: asks how it is, rebuilds, waits for recovery.

use crate::support::{engines, on_files};
use serde_json::Value;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const STATUS: &[&str] = &["status", "--json"];

/// A directory for its owner alone, as a server wants it.
pub fn directory() -> TempDir {
    let private = Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(private).tempdir().expect("a directory")
}

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartlog"));
    command.args(arguments).arg("--data").arg(data).env_remove("CARTLOG_DATA").stdin(Stdio::null());
    command
}

fn cartlog(data: &Path, arguments: &[&str]) -> String {
    output(command(data, arguments).envs(engines(data)))
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn status(data: &Path) -> Value {
    serde_json::from_str(&cartlog(data, STATUS)).expect("JSON")
}

pub fn rebuild(data: &Path) {
    cartlog(data, &["rebuild"]);
}

/// Rebuilds on that server, if it is the one that fills the views.
#[cfg(feature = "engines")]
pub fn rebuilds(data: &Path) -> bool {
    let rebuilding = command(data, &["rebuild"]).envs(engines(data)).output();
    rebuilding.expect("the binary runs").status.success()
}

/// The position that the server's reactions have reached.
#[cfg(feature = "engines")]
pub fn reacted(data: &Path) -> u64 {
    let status = status(data);
    let followers = status["followers"].as_array().expect("followers").iter();
    let reactions = followers.filter(|follower| follower["name"] == "reactions");
    reactions.filter_map(|reactions| reactions["position"].as_u64()).max().unwrap_or_default()
}

/// The log's head, where no server runs.
pub fn head(data: &Path) -> u64 {
    head_in(&status(data))
}

/// The same of a directory whose files alone were used.
pub fn head_of_files(data: &Path) -> u64 {
    let status = output(on_files(&mut command(data, STATUS)));
    head_in(&serde_json::from_str(&status).expect("JSON"))
}

fn head_in(status: &Value) -> u64 {
    status["log"]["head"].as_u64().expect("a position")
}

/// Waits until the server has done what was left undone up to the position, and every view shows it.
pub fn wait_for_recovery(data: &Path, head: u64) {
    let (begun, mut settled_at) = (Instant::now(), None);
    // Twice what the contract allows.
    while begun.elapsed() < Duration::from_secs(120) {
        let status = status(data);
        assert_eq!(status["parked"].as_array().map(Vec::len), Some(0), "{status:#}");
        let followers = status["followers"].as_array().expect("followers");
        let reactions = followers.iter().find(|follower| follower["name"] == "reactions").expect("reactions");
        let nobody_lags = followers.iter().all(|follower| follower["lag_events"] == 0);
        let all_is_done = reactions["position"].as_u64() >= Some(head) && nobody_lags;
        // The head was read before the rest: what was done last may have been appended in between, and then the views lack it.
        let here = all_is_done.then(|| head_in(&status));
        if here.is_some() && std::mem::replace(&mut settled_at, here) == here {
            return;
        }
    }
    panic!("what was left undone is not done: {:#}", status(data));
}
