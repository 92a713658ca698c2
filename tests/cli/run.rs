//! Running the binary to its end.

use crate::support::engines;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// The binary with these arguments, as if nothing were set around it.
pub fn cartlog(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartlog"));
    let set = std::env::vars_os().map(|(name, _)| name);
    for name in set.filter(|name| name == "RUST_LOG" || name.to_string_lossy().starts_with("CARTLOG_")) {
        command.env_remove(name);
    }
    // Where no cartlog.toml lies.
    command.current_dir(std::env::temp_dir()).args(arguments).stdin(Stdio::null());
    command
}

/// What it did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ran { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// A command of the data directory, on the engines that its server is on.
pub fn on(data: &Path, arguments: &[&str]) -> Ran {
    run(cartlog(arguments).arg("--data").arg(data).envs(engines(data)))
}

/// The same on the directory's files alone.
pub fn on_files(data: &Path, arguments: &[&str]) -> Ran {
    run(cartlog(arguments).arg("--data").arg(data))
}

/// The history without who has seen it where it is.
pub fn history(data: &Path, object: &str) -> Value {
    let mut history = on(data, &["audit", "history", object, "--json"]).json();
    let chain = history["chain"].as_object_mut().expect("a chain");
    assert_eq!(chain["sound"], true, "{chain:#?}");
    chain.retain(|field, _| ["intact", "covered", "unreadable", "tip"].contains(&field.as_str()));
    history
}

impl Ran {
    /// Its output, if it succeeded.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.succeeded()).expect("the output is JSON")
    }

    /// Its one friendly line, if it failed.
    #[track_caller]
    pub fn failed(self) -> String {
        assert_eq!(self.code, 1, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "not one line: {}", self.stderr);
        assert!(self.stderr.starts_with("cartlog: "), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }
}

/// A signal, as `kill -NAME` sends it.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "the process was gone");
}

/// Waits for the process's end, within a time that no working one needs.
#[track_caller]
pub fn ended(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status;
        }
        assert!(Instant::now() < deadline, "the process did not end");
        std::thread::yield_now();
    }
}
