//! One small SQLite file behind async calls.
//!
//! What lives here: whose turn it is, transactions, and what follows from damage. What doesn't: tables and statements, which are their
//! users'; the file and its connections ([`File`]). The guarantee: calls never block an async thread, and at most as many of them run
//! at a time as there are connections; the others wait in the order they came. A damaged file of which nothing is needed is moved
//! away, and another one made; any other damage is told as such, for as long as the process lives.

use crate::{
    FailureKind, File, Format, OpenError, OtherVersion, ReadError, Settle, SettleError, SqliteError, Stopped, Turns,
};
use parking_lot::Mutex;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::sync::Arc;

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Trying again may help.
    #[error(transparent)]
    Away(Reason),
    /// The file is not what was written.
    #[error(transparent)]
    Damaged(Reason),
    /// The file is well, and not for this program.
    #[error(transparent)]
    Refused(Reason),
}

/// What was met. Cheap to clone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Reason {
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    #[error(transparent)]
    Opening(Arc<OpenError>),
    #[error("{error}; {advice}")]
    Damaged {
        #[source]
        error: Arc<OpenError>,
        advice: &'static str,
    },
    #[error(transparent)]
    Stopped(Arc<Stopped>),
}

impl DatabaseError {
    fn opening(error: OpenError, format: &'static Format) -> Self {
        let (trouble, error) = (error.trouble(), Arc::new(error));
        match trouble {
            None => DatabaseError::Refused(Reason::Opening(error)),
            Some(FailureKind::Damaged) => {
                DatabaseError::Damaged(Reason::Damaged { error, advice: format.advice.if_damaged })
            }
            Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) => {
                DatabaseError::Away(Reason::Opening(error))
            }
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        let error = SqliteError::from(error);
        match error.kind() {
            FailureKind::Damaged => DatabaseError::Damaged(error.into()),
            FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing => DatabaseError::Away(error.into()),
        }
    }
}

impl From<ReadError> for DatabaseError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Stopped(stopped) => stopped.into(),
            ReadError::Sqlite(error) => error.into(),
        }
    }
}

impl From<Stopped> for DatabaseError {
    fn from(stopped: Stopped) -> Self {
        DatabaseError::Away(Reason::Stopped(Arc::new(stopped)))
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
    pub fn open(path: &Path, format: &'static Format) -> Result<Self, DatabaseError> {
        let opened = match format.other_version {
            OtherVersion::StartAnew => File::open_or_begin_anew(path, format).map(|(file, _)| file),
            OtherVersion::Refuse | OtherVersion::LeaveEarlier | OtherVersion::StartAnewIfEarlier => {
                File::open(path, format)
            }
        };
        let file = Arc::new(opened.map_err(|error| DatabaseError::opening(error, format))?);
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
    ) -> Result<T, DatabaseError> {
        let in_transaction = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            Ok::<_, rusqlite::Error>(outcome)
        };
        self.run(&self.writes, move |file| Ok(file.write(in_transaction)??)).await
    }

    /// Takes what was overwritten out of the write-ahead log as well, where readers allow it. Whether they did.
    pub async fn purge(self: &Arc<Self>) -> Result<bool, DatabaseError> {
        self.run(&self.writes, |file| Ok(file.purge()?)).await
    }

    /// Runs the work on a connection that reads.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        self.run(&self.reads, |file| Ok(file.read(|connection| work(connection))?)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        turns: &Turns,
        work: impl FnOnce(&File) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let file = Arc::clone(&self.file);
        let outcome = turns.run(move || work(&file)).await?;
        if let Err(DatabaseError::Damaged(reason)) = &outcome {
            self.met_damage(&reason.to_string()).await;
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
    fn settle(&self) -> Result<(), SettleError> {
        self.file.settle()
    }
}
