//! One process at a time.

use crate::port::LogError;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Locks the log for this process, by a file beside it; the lock goes with the returned file, however the process ends.
/// It is never removed: whoever had opened it before that, and locked it after, would not keep another out. (Not the log's own file: closing a second handle to it would drop SQLite's locks.)
pub(super) fn lock(path: &Path) -> Result<File, LogError> {
    let beside = beside(path, "-lock");
    let unavailable = |reason: String| LogError::Unavailable(format!("{}: {reason}", beside.display()));
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&beside)
        .map_err(|error| unavailable(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let reason = "it is open already; stop whoever has it, or choose another data directory";
            Err(LogError::Unavailable(format!("{}: {reason}", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(unavailable(error.to_string())),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
