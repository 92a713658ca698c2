//! One small SQLite file behind async calls.
//!
//! What lives here: whose turn it is, transactions, and what follows from damage. What doesn't: tables and statements, which are their
//! users'; the file and its connections ([`File`]). The guarantee: calls never block an async thread, and at most as many of them run
//! at a time as there are connections; the others wait in the order they came. A damaged file of which nothing is needed is moved
//! away, and another one made; any other damage is told as such, for as long as the process lives.

use crate::{
    Closed, FailureKind, File, Format, OpenError, OtherVersion, ReadError, Settle, Stopped, Turns, says, trouble,
};
use parking_lot::Mutex;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::sync::Arc;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Trying again may help.
    Away(String),
    /// The file is not what was written.
    Damaged(String),
    /// The file is well, and not for this program.
    Refused(String),
}

impl Failure {
    pub fn reason(self) -> String {
        match self {
            Failure::Away(reason) | Failure::Damaged(reason) | Failure::Refused(reason) => reason,
        }
    }

    fn opening(error: &OpenError, format: &Format) -> Self {
        match error.trouble() {
            None => Failure::Refused(error.to_string()),
            Some(FailureKind::Damaged) => Failure::Damaged(format!("{error}; {}", format.advice.if_damaged)),
            Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) => Failure::Away(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match trouble(&error) {
            FailureKind::Damaged => Failure::Damaged(says(&error)),
            FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing => Failure::Away(says(&error)),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Closed(closed) => closed.into(),
            ReadError::Sqlite(error) => error.into(),
        }
    }
}

impl From<Closed> for Failure {
    fn from(closed: Closed) -> Self {
        Failure::Away(closed.to_string())
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Failure::Away(stopped.to_string())
    }
}

/// An open file. Dropping it closes the file once calls under way have ended.
pub struct Database {
    file: Arc<File>,
    format: &'static Format,
    writes: Turns,
    reads: Turns,
    /// What was met, until the file is made anew.
    damage: Mutex<Option<String>>,
}

impl Database {
    /// Opens the file, and creates it if there is none. Blocks.
    ///
    /// # Errors
    /// The disk's; or the file isn't ours, or only another version understands it: then it is left as it is.
    pub fn open(path: &Path, format: &'static Format) -> Result<Self, Failure> {
        let opened = match format.other_version {
            OtherVersion::StartAnew => File::open_or_begin_anew(path, format).map(|(file, _)| file),
            OtherVersion::Refuse | OtherVersion::LeaveEarlier | OtherVersion::StartAnewIfEarlier => {
                File::open(path, format)
            }
        };
        let file = Arc::new(opened.map_err(|error| Failure::opening(&error, format))?);
        let (writes, reads) = (Turns::new(1), Turns::new(format.readers));
        Ok(Self { file, format, writes, reads, damage: Mutex::default() })
    }

    /// Damage that was met, and that only somebody who restores a backup can mend.
    pub fn damage(&self) -> Option<String> {
        self.damage.lock().clone()
    }

    /// Runs the work in one transaction on the connection that writes: all of it is kept, or nothing.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let in_transaction = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            Ok::<_, rusqlite::Error>(outcome)
        };
        self.run(&self.writes, move |file| Ok(file.write(in_transaction)??)).await
    }

    /// Takes what was overwritten out of the write-ahead log as well, where readers allow it. Whether they did.
    pub async fn purge(self: &Arc<Self>) -> Result<bool, Failure> {
        self.run(&self.writes, |file| Ok(file.purge()?)).await
    }

    /// Runs the work on a connection that reads.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(&self.reads, |file| Ok(file.read(|connection| work(connection))?)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        turns: &Turns,
        work: impl FnOnce(&File) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let file = Arc::clone(&self.file);
        let outcome = turns.run(move || work(&file)).await?;
        if let Err(Failure::Damaged(reason)) = &outcome {
            self.met_damage(reason).await;
        }
        outcome
    }

    /// Remembers damage, or begins the file anew where nothing in it is needed.
    async fn met_damage(&self, reason: &str) {
        if self.format.other_version == OtherVersion::StartAnew {
            return self.begin_anew(reason).await;
        }
        if self.damage.lock().replace(reason.to_owned()).is_none() {
            let file = self.file.path().display();
            tracing::error!(%file, reason, "{} is damaged: restore a backup of it", self.format.what);
        }
    }

    /// Waits for all calls under way, closes the file, moves it away and opens another one.
    async fn begin_anew(&self, damage: &str) {
        let (file, damage) = (Arc::clone(&self.file), damage.to_owned());
        let begun = tokio::task::spawn_blocking(move || file.begin_anew(&damage)).await;
        let reason = match begun {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(stopped) => stopped.to_string(),
        };
        let file = self.file.path().display();
        tracing::error!(%file, reason, "{} can't be begun anew", self.format.what);
    }
}

impl Settle for Database {
    fn settle(&self) -> Result<(), String> {
        self.file.settle()
    }
}
