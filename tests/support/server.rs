//! The real server as a process of its own.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Where the surroundings say which engines servers run on.
const ENGINES: [&str; 5] =
    ["CARTLOG_LOG_URL", "CARTLOG_VIEWS_URL", "CARTLOG_VAULT_URL", "CARTLOG_WINDOWS_URL", "CARTLOG_KAFKA_BROKERS"];

/// What tests, which all come from one address, would run into.
const LIMITS: [&str; 3] = ["CARTLOG_RATE_LIMIT", "CARTLOG_ANONYMOUS_RATE_LIMIT", "CARTLOG_WRONG_TRIES"];

/// The engines that the surroundings name, for the server of a data directory and the commands beside it: apart from all other
/// servers there, and again the same with the directory.
pub fn engines(data: &Path) -> Vec<(&'static str, String)> {
    let named = ENGINES.into_iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
    named.chain([("CARTLOG_NAMESPACE", namespace(data))]).collect()
}

/// On files alone, whatever the surroundings say.
pub fn on_files(command: &mut Command) -> &mut Command {
    ENGINES.into_iter().for_each(|name| {
        command.env_remove(name).env_remove(format!("{name}_FILE"));
    });
    command
}

/// A running server. Dropping it ends it.
pub struct Server {
    child: Child,
    pub url: String,
    data: PathBuf,
    /// Removed with the server; `None` when the directory is the test's.
    _data: Option<tempfile::TempDir>,
    /// Of the server that tests share.
    _reaper: Option<Child>,
}

/// A directory for this user alone, as the server wants it.
pub fn private_directory() -> tempfile::TempDir {
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    tempfile::Builder::new().permissions(private).tempdir().expect("a directory")
}

impl Server {
    /// A server on an empty directory of its own.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server on an empty directory of its own, with more arguments.
    pub fn start_with(more: &[&str]) -> Self {
        Self::start_as(|command| command.args(more))
    }

    /// A server on an empty directory of its own, with the limits that servers have unless told otherwise.
    pub fn start_limited() -> Self {
        Self::start_as(|command| LIMITS.into_iter().fold(command, |command, limit| command.env_remove(limit)))
    }

    fn start_as(change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let data = private_directory();
        let mut command = Self::command(data.path());
        change(&mut command);
        let mut server = Self::run(command, data.path().to_owned());
        server._data = Some(data);
        server
    }

    /// A server on the directory, with more arguments.
    pub fn on(data: &Path, more: &[&str]) -> Self {
        let mut command = Self::command(data);
        command.args(more);
        Self::run(command, data.to_owned())
    }

    /// A server on the directory and nothing else, whatever the surroundings name, with more arguments.
    pub fn on_files(data: &Path, more: &[&str]) -> Self {
        let mut command = Self::command(data);
        on_files(&mut command).args(more);
        Self::run(command, data.to_owned())
    }

    /// A server on the directory whose log lines go there, with more arguments.
    pub fn logging_to(stderr: Stdio, data: &Path, more: &[&str]) -> Self {
        let mut command = Self::telling(data);
        command.args(more);
        Self::run_with(command, data.to_owned(), stderr)
    }

    /// The same, on the directory and nothing else.
    pub fn on_files_logging_to(stderr: Stdio, data: &Path) -> Self {
        let mut command = Self::telling(data);
        on_files(&mut command);
        Self::run_with(command, data.to_owned(), stderr)
    }

    fn run(command: Command, data: PathBuf) -> Self {
        Self::run_with(command, data, Stdio::inherit())
    }

    fn run_with(mut command: Command, data: PathBuf, stderr: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the server starts");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| line.split_once("listening on ").map(|(_, url)| url.trim().to_owned()))
            .expect("the server says where it listens");
        // What else it prints must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, data, _data: None, _reaper: None }
    }

    fn command(data: &Path) -> Command {
        let mut command = Self::telling(data);
        command.args(["--log", "warn"]);
        command
    }

    /// With the log level that servers have.
    fn telling(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartlog"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env_remove("CARTLOG_LISTEN").env_remove("CARTLOG_DATA").envs(LIMITS.map(|limit| (limit, "0")));
        command.envs(engines(data));
        command
    }

    /// The server that tests share which keep to a store of their own.
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            // A machine under load takes its time; what waits for the views is to be seen where it is looked for.
            let mut server = Self::start_with(&["--view-wait", "60s"]);
            server._reaper = Some(server.reaper());
            server
        })
    }

    /// What is static is never dropped, so somebody else ends the server: a shell that waits for the end of this process,
    /// whatever ends it, which closes the pipe between them.
    fn reaper(&self) -> Child {
        Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$0\"; rm -rf -- \"$1\""])
            .arg(self.pid().to_string())
            .arg(&self.data)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs")
    }

    /// The address and port, for plain connections.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
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

    /// Its log lines, where they are piped.
    pub fn log_lines(&mut self) -> std::process::ChildStderr {
        self.child.stderr.take().expect("they are piped")
    }
}

fn namespace(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    format!("test_{:x}", hasher.finish())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
