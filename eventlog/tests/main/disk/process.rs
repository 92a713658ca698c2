//! A process of its own with the shim between it and the disk.

use std::path::{Path, PathBuf};
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
            .env("LD_PRELOAD", self.compile_shim())
            .env("SHIM_DIRECTORY", self.watched())
            .env("SHIM_JOURNAL", self.journal())
            .env("SHIM_TROUBLE", self.directory.path().join("trouble"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{test} failed:\n{text}");
    }

    fn compile_shim(&self) -> PathBuf {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/disk/shim.c");
        let shim = self.directory.path().join("shim.so");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let status = Command::new(&compiler)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&shim, &source])
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{compiler} can't compile the shim");
        shim
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
