//! Whether the disk has room, looked at once a second at most.

use parking_lot::Mutex;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long what was found counts.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// What files of SQLite need to be opened at all: it maps memory onto the disk, and a process that writes to memory that the disk
/// has no room for is killed.
const TO_OPEN: u64 = 4 * 1024 * 1024;

/// How many bytes are free at a path.
pub type Probe = Arc<dyn Fn(&Path) -> std::io::Result<u64> + Send + Sync>;

/// The room on the file systems of some paths, and how much of it is to stay free. Cheap to clone.
#[derive(Clone)]
pub struct Space {
    disks: Arc<Disks>,
}

struct Disks {
    places: Vec<PathBuf>,
    reserve: u64,
    probe: Probe,
    looked_at_every: Duration,
    looked: Mutex<Option<(Instant, FreeSpace)>>,
}

/// Where least is free, and how much.
#[derive(Clone, Debug)]
struct FreeSpace {
    place: usize,
    free: u64,
}

/// Less is free than is to stay so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    pub place: PathBuf,
    /// In bytes.
    pub free: u64,
    pub wanted: u64,
}

impl std::error::Error for Short {}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, free, wanted) = (self.place.display(), mebibytes(self.free), mebibytes(self.wanted));
        write!(f, "the disk of {place} has {free} MiB left, and {wanted} MiB are kept free")
    }
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes / (1024 * 1024 / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

impl Space {
    /// On the file systems of these paths, of which `reserve` bytes each are to stay free; 0: nothing is.
    pub fn new(places: Vec<PathBuf>, reserve: u64) -> Self {
        Self::with(places, reserve, Arc::new(free_at), LOOKED_AT_EVERY)
    }

    /// As [`Self::new`], with another way to find out how much is free, which is asked each time: for tests.
    pub fn probed(places: Vec<PathBuf>, reserve: u64, probe: Probe) -> Self {
        Self::with(places, reserve, probe, Duration::ZERO)
    }

    fn with(places: Vec<PathBuf>, reserve: u64, probe: Probe, looked_at_every: Duration) -> Self {
        Self { disks: Arc::new(Disks { places, reserve, probe, looked_at_every, looked: Mutex::default() }) }
    }

    /// Whether less is free than is to stay so. Looks at the disk once a second at most.
    pub fn short(&self) -> Option<Short> {
        self.below(self.disks.reserve)
    }

    /// As [`Self::short`], for what is to be brought to its end: half of the reserve is there for that.
    pub fn very_short(&self) -> Option<Short> {
        self.below(self.disks.reserve / 2)
    }

    /// Whether so little is free that files must not even be opened, whatever the reserve is.
    pub fn too_short_to_open(&self) -> Option<Short> {
        self.below(TO_OPEN)
    }

    /// How many bytes are free where least is; unknown where the disk can't be asked.
    pub fn free(&self) -> Option<u64> {
        self.least().map(|found| found.free)
    }

    fn below(&self, wanted: u64) -> Option<Short> {
        if wanted == 0 {
            return None;
        }
        let FreeSpace { place, free } = self.least().filter(|found| found.free < wanted)?;
        Some(Short { place: self.disks.places[place].clone(), free, wanted })
    }

    fn least(&self) -> Option<FreeSpace> {
        let mut looked = self.disks.looked.lock();
        if let Some((at, found)) = &*looked
            && at.elapsed() < self.disks.looked_at_every
        {
            return Some(found.clone());
        }
        // What is not there, or can't be asked, holds nothing up.
        let free = |(place, path): (usize, &PathBuf)| Some(FreeSpace { place, free: (self.disks.probe)(path).ok()? });
        let found = self.disks.places.iter().enumerate().filter_map(free).min_by_key(|found| found.free)?;
        *looked = Some((Instant::now(), found.clone()));
        Some(found)
    }
}

/// What whoever is not root may still take.
fn free_at(path: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(reserve: u64, free: u64) -> Space {
        Space::probed(
            vec!["/a".into(), "/b".into()],
            reserve,
            Arc::new(move |path| match path.ends_with("b") {
                true => Ok(free),
                false => Err(std::io::ErrorKind::NotFound.into()),
            }),
        )
    }

    #[test]
    fn it_is_short_of_the_reserve_and_names_where() {
        assert_eq!(space(1_000, 1_000).short(), None);
        let short = space(64 << 20, 12 << 20).short().expect("too little is free");
        assert_eq!(short.to_string(), "the disk of /b has 12.0 MiB left, and 64.0 MiB are kept free");
        assert_eq!(space(64 << 20, 40 << 20).very_short(), None);
        assert_eq!(space(64 << 20, 4 << 20).too_short_to_open(), None);
        assert!(space(64 << 20, 3 << 20).too_short_to_open().is_some());
    }

    #[test]
    fn without_a_reserve_nothing_is_held_up() {
        assert_eq!(space(0, 0).short(), None);
        assert!(space(0, 0).too_short_to_open().is_some(), "but that files can't even be opened");
    }

    #[test]
    fn the_disk_of_a_directory_can_be_asked() {
        let directory = tempfile::tempdir().expect("a directory");
        assert!(Space::new(vec![directory.path().to_owned()], 1).free().is_some());
    }
}
