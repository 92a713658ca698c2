//! What a start that failed leaves behind: nothing.

use super::DataDir;
use super::lock::{LOCK, LOCK_OF_LOG, Lock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

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

impl DataDir {
    /// Whether nobody has kept anything in it yet.
    fn is_fresh(&self) -> bool {
        let is_lock = |entry: std::io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| [LOCK, LOCK_OF_LOG].iter().any(|lock| entry.file_name() == *lock))
        };
        fs::read_dir(&self.root).is_ok_and(|mut entries| entries.all(is_lock))
    }
}
