//! Files and what SQLite keeps beside them.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The path of what is kept beside a file.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Creates the file where there is none, for its owner alone; SQLite gives the files beside it the same rights.
///
/// # Errors
/// The disk's.
pub fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// So that a new file's name is on the disk as well as its content.
///
/// # Errors
/// The disk's.
pub fn sync_directory(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Moves a damaged file that nobody has open out of the way, in the place of one that was moved before, and gives where it is. What
/// SQLite kept beside it goes: it is of no use without the file. A death in between leaves no file, which SQLite makes anew whatever
/// stands beside it.
///
/// # Errors
/// The disk's.
pub fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    set_aside_as(path, ".damaged")
}

/// As [`set_aside`], of a file that is well: its write-ahead log must be empty.
///
/// # Errors
/// The disk's.
pub fn set_aside_as(path: &Path, suffix: &str) -> std::io::Result<PathBuf> {
    let aside = beside(path, suffix);
    gone(std::fs::rename(path, &aside))?;
    remove_beside(path)?;
    sync_directory(path)?;
    Ok(aside)
}

/// Puts a file that nobody has open, and whose write-ahead log is empty, in the place of another one, which is moved out of the way.
///
/// # Errors
/// The disk's.
pub fn replace(path: &Path, by: &Path) -> std::io::Result<PathBuf> {
    let aside = set_aside(path)?;
    put(path, by)?;
    Ok(aside)
}

/// Moves a file that nobody has open, and whose write-ahead log is empty, to where none is.
///
/// # Errors
/// The disk's.
pub fn put(path: &Path, by: &Path) -> std::io::Result<()> {
    std::fs::rename(by, path)?;
    remove_beside(by)?;
    sync_directory(path)
}

/// Removes a file and what SQLite keeps beside it, if it is there.
///
/// # Errors
/// The disk's.
pub fn remove(path: &Path) -> std::io::Result<()> {
    gone(std::fs::remove_file(path))?;
    remove_beside(path)
}

fn remove_beside(path: &Path) -> std::io::Result<()> {
    ["-wal", "-shm"].iter().try_for_each(|suffix| gone(std::fs::remove_file(beside(path, suffix))))
}

/// That there was none is as good.
fn gone(outcome: std::io::Result<()>) -> std::io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
