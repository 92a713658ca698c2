//! One process at a time.

use crate::{OpenError, files};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Makes this process the only one that writes to the file, by a file beside it; the lock goes with the returned file, however the
/// process ends. It is never removed: whoever had opened it before that, and locked it after, would not keep another out. (Not the file
/// itself: closing a second handle to it would drop SQLite's locks.)
///
/// # Errors
/// Another one is; or the disk's.
pub fn lock(path: &Path) -> Result<File, OpenError> {
    let beside = files::beside(path, "-lock");
    let disk = |error| OpenError::Disk { path: beside.clone(), error };
    files::make_private(&beside).map_err(disk)?;
    let file = OpenOptions::new().write(true).open(&beside).map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(disk(error)),
    }
}
