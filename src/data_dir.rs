//! The data directory: what lies where in it, and that one process at a time has it.
//!
//! What doesn't live here: the contents of the files, which the adapters own. The guarantee: while a [`Lock`] lives, no other
//! cartlog process serves or changes the directory; it goes with the process, however that ends.

use anyhow::{Context, Result, anyhow, bail};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A directory with all that one cartlog owns.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// The right to serve or change the directory, for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the directory can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it; its id, if it could be read.
    #[error(
        "the data directory {} is in use by {}; stop it first, or choose another directory with --data",
        root.display(),
        process(*pid)
    )]
    Held { root: PathBuf, pid: Option<u32> },
    #[error("the data directory {} can't be locked: {reason}", root.display())]
    Failed { root: PathBuf, reason: String },
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
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

    pub fn vault(&self) -> PathBuf {
        self.root.join("vault.sqlite")
    }

    pub fn windows(&self) -> PathBuf {
        self.root.join("windows.sqlite")
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

    /// The files with what they take on the disk, in bytes.
    pub fn sizes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let files = [
            ("log.sqlite", self.log()),
            ("views.sqlite", self.views()),
            ("windows.sqlite", self.windows()),
            ("vault.sqlite", self.vault()),
            ("commands.sqlite", self.commands()),
        ];
        files.into_iter().map(|(name, path)| (name, size_of(&path)))
    }

    /// Takes the directory for this process.
    pub fn lock(&self) -> Result<Lock, LockError> {
        let path = self.root.join("lock");
        let failed = |error: std::io::Error| LockError::Failed { root: self.root.clone(), reason: error.to_string() };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { root: self.root.clone(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        write_pid(&mut file).map_err(failed)?;
        Ok(Lock { _file: file })
    }
}

/// What a file takes on the disk, with what SQLite keeps beside it; 0 if there is none.
fn size_of(file: &Path) -> u64 {
    let beside = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(PathBuf::from(name)).map_or(0, |metadata| metadata.len())
    };
    ["", "-wal", "-shm"].into_iter().map(beside).sum()
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
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
