//! Services of a test's own, to be killed.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services");

/// PostgreSQL, Redis and Kafka that nobody else uses. Dropping them ends them, and so does the end of this process.
pub struct Services {
    /// What `tests/services` knows of them.
    state: TempDir,
    variables: HashMap<String, String>,
    /// Ends them once nobody holds its input any more.
    reaper: Child,
}

impl Services {
    pub fn up() -> Self {
        let state = tempfile::tempdir().expect("a directory");
        // The servers run as somebody else.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(state.path(), open).expect("it is ours");
        let reaper = Command::new("sh")
            .args(["-c", "read -r _; exec \"$0\" down", SCRIPT])
            .env("CARTLOG_SERVICES_STATE", state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let mut services = Self { state, variables: HashMap::new(), reaper };
        services.tell(&["up"]);
        let variables = services.tell(&["env"]);
        let variables = variables.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        services.variables =
            variables.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect();
        services
    }

    /// What `tests/services env` says of that variable.
    pub fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    /// `stop postgres`, `kill9 kafka`, `start redis` and so on.
    pub fn tell(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(SCRIPT);
        command.args(arguments).env("CARTLOG_SERVICES_STATE", self.state.path());
        let told = command.stdin(Stdio::null()).output().expect("tests/services runs");
        let output = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(told.status.success(), "tests/services {arguments:?}: {}", output(&told.stderr));
        output(&told.stdout)
    }

    /// Makes Redis forget all that it knows.
    pub fn flush_redis(&self) {
        let url = self.variable("CARTLOG_TEST_REDIS");
        let (credentials, address) = url.trim_start_matches("redis://").split_once('@').expect("a user");
        let (user, password) = credentials.split_once(':').expect("a password");
        let address = address.split('/').next().expect("an address");
        let mut redis = TcpStream::connect(address).expect("Redis is there");
        redis.write_all(format!("AUTH {user} {password}\r\nFLUSHALL\r\n").as_bytes()).expect("it listens");
        let mut answers = [0; 10];
        redis.read_exact(&mut answers).expect("it answers");
        assert_eq!(&answers, b"+OK\r\n+OK\r\n");
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
    }
}
