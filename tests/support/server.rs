//! The real server as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::OnceLock;

/// A running server. The last handle ends it.
pub struct Server {
    child: Child,
    pub url: String,
    /// Removed with the server; `None` when the directory is the test's.
    _data: Option<tempfile::TempDir>,
}

impl Server {
    /// A server on an empty directory of its own.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server on an empty directory of its own, with more arguments.
    pub fn start_with(more: &[&str]) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let path = data.path().to_owned();
        let mut server = Self::on(&path, more);
        server._data = Some(data);
        server
    }

    /// A server on the directory, with more arguments.
    pub fn on(data: &Path, more: &[&str]) -> Self {
        let mut child = Self::command(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| line.split_once("listening on ").map(|(_, url)| url.trim().to_owned()))
            .expect("the server says where it listens");
        // What else it prints must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, _data: None }
    }

    fn command(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartlog"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(data);
        command.env_remove("CARTLOG_LISTEN").env_remove("CARTLOG_DATA").env("CARTLOG_RATE_LIMIT", "0");
        command
    }

    /// The server that tests share which keep to a store of their own.
    pub fn shared() -> &'static Arc<Server> {
        static SHARED: OnceLock<Arc<Server>> = OnceLock::new();
        SHARED.get_or_init(|| Arc::new(Self::start()))
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it can be waited for");
    }

    /// Waits for its end, after a signal.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it can be waited for")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
