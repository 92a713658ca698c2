//! The data directory: what lies where in it, and that one process at a time has it.
//!
//! What lives here: the paths; who has the directory ([`lock`]); what a start that failed leaves behind ([`traces`]). What doesn't:
//! the contents of the files, which the adapters own. The guarantee: while a [`Lock`] lives, no other cartlog process serves or
//! changes the directory; it goes with the process, however that ends.

mod lock;
mod traces;

pub use lock::{Lock, LockError};
pub use traces::Traces;

use anyhow::{Context, Result, anyhow, bail};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A directory with all that one cartlog owns.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// The files that SQLite keeps in the directory.
const DATABASES: [&str; 6] =
    ["log.sqlite", "views.sqlite", "windows.sqlite", "tree.sqlite", "vault.sqlite", "commands.sqlite"];
/// What SQLite keeps beside each.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// What this process makes from now on is its owner's alone, whatever the mode of the directory that it lies in. SQLite gives its
/// files no other mode than the process's.
pub fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

impl DataDir {
    /// The directory, made for its owner alone if there is none.
    ///
    /// # Errors
    /// It can't be made or read, or it is no directory: one sentence with what to do.
    pub fn create(root: &Path) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(root).or_else(|error| {
            match (root.is_dir(), error.kind()) {
                (true, _) => Ok(()),
                (false, ErrorKind::NotFound) => {
                    Err(anyhow!("{} can't be made; choose another place with --data", root.display()))
                }
                (false, _) => Err(trouble(root, &error)),
            }
        })?;
        Self::readable(root)
    }

    /// The directory, which must have been served from before.
    ///
    /// # Errors
    /// As [`Self::create`], and when nothing is there.
    pub fn existing(root: &Path) -> Result<Self> {
        let found = Self::readable(root)?;
        // Where the log is elsewhere, the directory has what a node keeps for itself.
        if !found.log().exists() && !found.commands().exists() {
            bail!(
                "there is no store in {}; point --data at the directory that `cartlog serve` uses, or start one there",
                root.display()
            );
        }
        Ok(found)
    }

    fn readable(root: &Path) -> Result<Self> {
        match fs::read_dir(root) {
            Ok(_) => Ok(Self { root: root.to_owned() }),
            Err(error) => Err(trouble(root, &error)),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn log(&self) -> PathBuf {
        self.root.join("log.sqlite")
    }

    pub fn views(&self) -> PathBuf {
        self.root.join("views.sqlite")
    }

    /// Views that another version will answer from, until it takes them in the place of [`Self::views`].
    pub fn views_ahead(&self) -> PathBuf {
        self.root.join("views-ahead.sqlite")
    }

    pub fn vault(&self) -> PathBuf {
        self.root.join("vault.sqlite")
    }

    pub fn windows(&self) -> PathBuf {
        self.root.join("windows.sqlite")
    }

    /// What proves the log, and finds in it: can be had again from it.
    pub fn tree(&self) -> PathBuf {
        self.root.join("tree.sqlite")
    }

    /// Snapshots and checkpoints of the commands: losing them costs only time.
    pub fn commands(&self) -> PathBuf {
        self.root.join("commands.sqlite")
    }

    /// Mails that did not leave the machine.
    pub fn mail(&self) -> PathBuf {
        self.root.join("mail")
    }

    pub fn control_socket(&self) -> PathBuf {
        self.root.join("control.sock")
    }

    /// Whether others than the owner may look into it.
    pub fn open_to_others(&self) -> bool {
        fs::metadata(&self.root).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }

    /// The files with what they take on the disk, in bytes, and what their write-ahead logs take beside them.
    pub fn sizes(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let size = |name: &str, suffix: &str| {
            fs::metadata(self.root.join(format!("{name}{suffix}"))).map_or(0, |metadata| metadata.len())
        };
        DATABASES.into_iter().map(move |name| (name, size(name, "") + size(name, "-shm"), size(name, "-wal")))
    }

    /// Paths on all disks that the files lie on: each may be a link to another one.
    pub fn disks(&self) -> Vec<PathBuf> {
        std::iter::once(self.root.clone()).chain(DATABASES.iter().map(|name| self.root.join(name))).collect()
    }

    /// Where SQLite's files are, or would be.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let beside = |name: &'static str| BESIDE.map(|suffix| self.root.join(format!("{name}{suffix}")));
        DATABASES.into_iter().flat_map(beside)
    }
}

fn trouble(root: &Path, error: &std::io::Error) -> anyhow::Error {
    let root = root.display();
    match error.kind() {
        ErrorKind::NotFound => anyhow!("there is no directory {root}; start one with `cartlog serve --data {root}`"),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            anyhow!("{root} is not a directory; choose another place with --data")
        }
        ErrorKind::PermissionDenied => anyhow!(
            "the data directory {root} can't be read by this user; run as its owner, or choose another with --data"
        ),
        _ => anyhow!("the data directory {root} can't be used: {error}"),
    }
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// The disk's.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true).mode(0o600);
    let write = || options.open(path)?.write_all(content);
    write().with_context(|| format!("{} can't be written", path.display()))
}
