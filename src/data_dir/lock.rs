//! Who has the directory: one process at a time.

use super::DataDir;
use anyhow::{Context, Error, Result, bail};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The log's own lock: it stays where it was made, as whoever had opened it before it went could have it beside another.
pub(super) const LOCK_OF_LOG: &str = "log.sqlite-lock";
pub(super) const LOCK: &str = "lock";
const LOCK_OF_AHEAD: &str = "views-ahead.lock";

/// The right to serve or change the directory, for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    pub(super) file: File,
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
}

/// Whether the open file is the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata().map(place), fs::metadata(path).map(place)), (Ok(open), Ok(there)) if open == there)
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
