//! The data directory: what lies where in it, and that one process at a time has it.
//!
//! What doesn't live here: the contents of the files, which the adapters own. The guarantee: while a [`Lock`] lives, no other
//! cartlog process serves or changes the directory; it goes with the process, however that ends.

use anyhow::{Context, Error, Result, anyhow, bail};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A directory with all that one cartlog owns.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// The right to serve or change the directory, for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The files that SQLite keeps in the directory.
const DATABASES: [&str; 5] = ["log.sqlite", "views.sqlite", "windows.sqlite", "vault.sqlite", "commands.sqlite"];
/// What SQLite keeps beside each.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// The log's own lock: it stays where it was made, as whoever had opened it before it went could have it beside another.
const LOCK_OF_LOG: &str = "log.sqlite-lock";
const LOCK: &str = "lock";
const LOCK_OF_AHEAD: &str = "views-ahead.lock";

/// What this process makes from now on is its owner's alone, whatever the mode of the directory that it lies in. SQLite gives its
/// files no other mode than the process's.
pub fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
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
    #[error("the data directory {} can't be locked", root.display())]
    Failed { root: PathBuf, source: std::io::Error },
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

    /// Views that another version will answer from, until it takes them in the place of [`Self::views`].
    pub fn views_ahead(&self) -> PathBuf {
        self.root.join("views-ahead.sqlite")
    }

    /// The right to fill the views ahead, or to take them.
    ///
    /// # Errors
    /// Somebody else has it.
    pub fn lock_ahead(&self) -> Result<File> {
        let path = self.root.join(LOCK_OF_AHEAD);
        let mut open = OpenOptions::new();
        open.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = open.open(&path).with_context(|| format!("{} can't be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!("another `cartlog rebuild --ahead` is filling the views"),
            Err(TryLockError::Error(error)) => {
                Err(Error::from(error).context(format!("{} can't be locked", path.display())))
            }
        }
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

    /// Takes the directory for this process. Its files are the owner's alone from then on.
    pub fn lock(&self) -> Result<Lock, LockError> {
        let path = self.root.join(LOCK);
        let failed = |source: std::io::Error| LockError::Failed { root: self.root.clone(), source };
        let mut open = OpenOptions::new();
        open.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut file = loop {
            let mut file = open.open(&path).map_err(failed)?;
            match file.try_lock() {
                // A start that failed may have removed it in between: then somebody else can have the one that stands there now.
                Ok(()) if is_at(&file, &path) => break file,
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { root: self.root.clone(), pid: read_pid(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        };
        write_pid(&mut file).map_err(failed)?;
        self.make_private();
        Ok(Lock { file })
    }

    /// Versions before made some of the files for everybody to read, where the directory lets them.
    fn make_private(&self) {
        for path in self.files().chain([self.root.join(LOCK), self.root.join(LOCK_OF_LOG)]) {
            let is_open = |metadata: fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
            if !fs::symlink_metadata(&path).is_ok_and(is_open) {
                continue;
            }
            if let Err(error) = fs::set_permissions(&path, fs::Permissions::from_mode(0o600)) {
                tracing::warn!(file = %path.display(), %error, "others may look into a file, and this can't be changed");
            }
        }
    }

    /// Where SQLite's files are, or would be.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let beside = |name: &'static str| BESIDE.map(|suffix| self.root.join(format!("{name}{suffix}")));
        DATABASES.into_iter().flat_map(beside)
    }

    /// Whether nobody has kept anything in it yet.
    fn is_fresh(&self) -> bool {
        let is_lock = |entry: std::io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| [LOCK, LOCK_OF_LOG].iter().any(|lock| entry.file_name() == *lock))
        };
        fs::read_dir(&self.root).is_ok_and(|mut entries| entries.all(is_lock))
    }
}

/// Whether the open file is the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata().map(place), fs::metadata(path).map(place)), (Ok(open), Ok(there)) if open == there)
}

/// What a start makes before anything is kept: removed when it fails.
pub struct Traces {
    root: PathBuf,
    /// The directories that were not there, the deepest first.
    missing: Vec<PathBuf>,
    /// The directory, where nobody has kept anything in it, and the lock on it.
    fresh: Option<(DataDir, File)>,
}

impl Traces {
    /// Before the directory is made.
    pub fn before(root: &Path) -> Self {
        let missing = root.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        Self { root: root.to_owned(), missing: missing.map(Path::to_owned).collect(), fresh: None }
    }

    /// Once it is locked, and before anything else is made in it.
    pub fn locked(&mut self, data: &DataDir, lock: &Lock) {
        if data.is_fresh() {
            self.fresh = lock.file.try_clone().ok().map(|file| (data.clone(), file));
        }
    }

    /// Removes what was made, while the directory is locked; but for the log's lock, and what somebody else has put there. Nobody
    /// is served yet, so that nothing of anybody's is in it.
    pub fn remove(self) {
        if let Some((data, _lock)) = &self.fresh {
            let files = data.files().chain([data.control_socket(), data.root.join(LOCK)]);
            files.for_each(|file| drop(fs::remove_file(file)));
            let _ = fs::remove_dir(data.mail());
        }
        // A directory that is not empty stays, and so do those above it.
        let _ = self.missing.iter().try_for_each(fs::remove_dir);
        tracing::debug!(directory = %self.root.display(), "what the failed start had made is removed");
    }
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
