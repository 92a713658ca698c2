//! A process of its own with the shim between it and the disk.

use eventlog::testing::disk::compile_shim;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A process of this test binary with the shim between it and the disk.
pub struct Process {
    directory: TempDir,
}

impl Process {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// What the process works in, and what the shim watches.
    pub fn watched(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn journal(&self) -> PathBuf {
        self.directory.path().join("journal")
    }

    /// Runs the test of this name, which has to be marked as ignored, to its end.
    pub fn run(&self, test: &str, environment: &[(&str, &str)]) {
        std::fs::create_dir(self.watched()).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env("LD_PRELOAD", compile_shim(self.directory.path()))
            .env("SHIM_DIRECTORY", self.watched())
            .env("SHIM_JOURNAL", self.journal())
            .env("SHIM_TROUBLE", self.directory.path().join("trouble"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{test} failed:\n{text}");
    }
}

/// In the process: the directory to work in; `None` when the test was started without a shim.
pub fn watched_directory() -> Option<PathBuf> {
    std::env::var_os("SHIM_DIRECTORY").map(PathBuf::from)
}

/// In the process: the file that, while it exists, says by its first letter what fails.
pub fn trouble() -> Option<PathBuf> {
    std::env::var_os("SHIM_TROUBLE").map(PathBuf::from)
}
