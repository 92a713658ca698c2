//! What a file of ours looks like, and how it is kept: all in which one file may differ from another.

use crate::{Bounds, Header, OpenError};
use rusqlite::Connection;
use std::path::Path;

/// Makes tables, or of those of one version those of the next. Runs in the transaction that writes the new version down.
pub type Migration = fn(&Connection) -> rusqlite::Result<()>;

/// What a file of ours looks like, and how it is kept.
pub struct Format {
    /// As messages call it: 'a vault'.
    pub what: &'static str,
    /// In the file's header: whose file it is.
    pub application_id: i32,
    /// Of the tables, or of what stands in them. The first is 1.
    pub version: i32,
    /// The last of them makes `version`, of the one before it.
    pub upgrades: &'static [Migration],
    /// Makes the tables of a new file.
    pub tables: Migration,
    pub other_version: OtherVersion,
    pub synchronous: Synchronous,
    pub found: WhatIsFound,
    /// Beside those that all files have; set first, as some take effect only while a file is empty.
    pub pragmas: &'static str,
    /// When the write-ahead log is copied into the file.
    pub bounds: Bounds,
    pub writer: ConnectionMemory,
    pub reader: ConnectionMemory,
    /// Connections that read and are kept open while nobody uses them.
    pub readers: usize,
    pub advice: Advice,
}

/// What messages say beside what is the matter.
pub struct Advice {
    /// After the path: what the file is not, and what to do.
    pub not_ours: &'static str,
    /// What to do about a file of a version that can't be read.
    pub other_version: &'static str,
    /// What to do about a file that can't be read any more; empty where it is begun anew.
    pub if_damaged: &'static str,
    /// In the process's own log, when what is left of a damaged file was moved away.
    pub begun_anew: &'static str,
}

/// What one connection keeps in memory. Mapped memory is left out, as it would count as the server's own.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionMemory {
    /// Pages, in KiB.
    pub cache_kib: u32,
    /// Prepared statements.
    pub statements: usize,
}

impl ConnectionMemory {
    /// Of whoever needs little: what is hot is in the system's cache anyway.
    pub const SMALL: ConnectionMemory = ConnectionMemory { cache_kib: 2_048, statements: 16 };
}

/// What to do with a file of ours that has another version, and that no upgrade leads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherVersion {
    Refuse,
    /// A later one is refused. An earlier one is read as it is: whoever writes raises it, once there is need.
    LeaveEarlier,
    /// A later one is refused. In an earlier one nothing is needed: its tables are made anew.
    StartAnewIfEarlier,
    /// Nothing in it is needed, nor in one that is damaged.
    StartAnew,
}

/// When what was committed counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once the disk has it: what was answered survives a power cut.
    #[default]
    Full,
    /// Once the operating system has it: what was answered survives the end of the process, but a power cut may take the last
    /// transactions (never a part of one, never one before another).
    Normal,
}

impl Synchronous {
    pub(crate) fn as_sql(self) -> &'static str {
        match self {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        }
    }
}

/// What is made sure of before anybody builds on what stands in a file. After a kill or a failed sync, SQLite finds transactions in
/// the write-ahead log that were written but never synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhatIsFound {
    /// Nothing: what a power cut takes can be had again.
    MayBeLost,
    /// It is on the disk: it was copied into the file, and that synced.
    IsOnDisk,
    /// It is on the disk, and what was cut off the write-ahead log is gone for good: SQLite does not sync that, and a power cut would
    /// bring back what nobody was told to be done. Nobody else may be reading.
    IsAllThereIs,
}

/// What has to be made in a file that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Nothing,
    Tables,
    /// The tables there go first.
    TablesAnew,
    /// The last so many upgrades.
    Upgrades(usize),
}

impl Format {
    /// What is to be made in the file.
    ///
    /// # Errors
    /// It is not ours, or only another version understands it.
    pub(crate) fn make(&self, found: Header, path: &Path) -> Result<Make, OpenError> {
        if found.is_new() {
            return Ok(Make::Tables);
        }
        if found.application_id != i64::from(self.application_id) {
            return Err(self.not_ours(path));
        }
        // `None`: it is of a later one.
        let behind = usize::try_from(i64::from(self.version) - found.version).ok();
        let is_version = found.version >= 1;
        match (behind, self.other_version) {
            (Some(0), _) => Ok(Make::Nothing),
            (Some(behind), _) if is_version && behind <= self.upgrades.len() => Ok(Make::Upgrades(behind)),
            (Some(_), OtherVersion::LeaveEarlier) if is_version => Ok(Make::Nothing),
            (Some(_), OtherVersion::StartAnewIfEarlier) | (_, OtherVersion::StartAnew) => Ok(Make::TablesAnew),
            (_, OtherVersion::Refuse | OtherVersion::LeaveEarlier | OtherVersion::StartAnewIfEarlier) => {
                Err(self.other_version(found, path))
            }
        }
    }

    /// That the file is not of this format.
    pub fn not_ours(&self, path: &Path) -> OpenError {
        OpenError::NotOurs { path: path.to_owned(), advice: self.advice.not_ours }
    }

    fn other_version(&self, found: Header, path: &Path) -> OpenError {
        let reads = match self.other_version {
            OtherVersion::LeaveEarlier => format!("formats up to {}", self.version),
            OtherVersion::Refuse | OtherVersion::StartAnewIfEarlier | OtherVersion::StartAnew => {
                format!("format {}", self.version)
            }
        };
        let (path, version, advice) = (path.to_owned(), found.version, self.advice.other_version);
        OpenError::OtherVersion { path, version, reads, advice }
    }
}
