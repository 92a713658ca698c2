//! What to do about a file or an engine that can't be used, by what is the matter with it: only what is damaged is to be moved away.

use anyhow::Error;
use eventlog::LogError;
use journal::JournalError;
use projections::store::ReadStoreError;
use projections::{FillError, FoldError};
use streaming::WorkerError;

/// A file that is made anew from the log, when it can't be read.
#[derive(Clone, Copy, Debug)]
pub enum Derived {
    Views,
    Windows,
}

impl Derived {
    fn move_away(self) -> &'static str {
        match self {
            Derived::Views => {
                "the views can't be used; stop cartlog, move views.sqlite, views.sqlite-wal and views.sqlite-shm away together, \
                 and they are filled anew from the log"
            }
            Derived::Windows => {
                "the metric windows can't be used; stop cartlog, move windows.sqlite, windows.sqlite-wal and windows.sqlite-shm away \
                 together, and they are counted anew from the log"
            }
        }
    }

    fn not_now(self) -> &'static str {
        match self {
            Derived::Views => "views.sqlite can't be used now, and nothing is wrong with what it holds",
            Derived::Windows => "windows.sqlite can't be used now, and nothing is wrong with what it holds",
        }
    }
}

const MAKE_ROOM: &str = "see that the disk has room, and that this user may write to the data directory";

/// Of the views' file as it is opened.
pub fn views_file(error: ReadStoreError) -> Error {
    match &error {
        ReadStoreError::Damaged(_) | ReadStoreError::Newer(_) => Error::from(error).context(Derived::Views.move_away()),
        ReadStoreError::Unavailable(_) | ReadStoreError::Busy | ReadStoreError::Full(_) => {
            Error::from(error).context(MAKE_ROOM).context(Derived::Views.not_now())
        }
        ReadStoreError::Fenced | ReadStoreError::Foreign(_) => error.into(),
    }
}

/// Of the views as they are brought to where the log is: the views, the log or the vault may be what is the matter.
pub fn filling(error: FillError) -> Error {
    match error {
        FillError::Store(error) | FillError::Fold(FoldError::Store(error)) => views_file(error),
        FillError::Log(error) | FillError::Journal(JournalError::Log(error)) => following(Derived::Views, error),
        FillError::Journal(error) => journal(error),
        FillError::Fold(_)
        | FillError::UnknownView { .. }
        | FillError::FilledElsewhere(_)
        | FillError::AlreadyRebuilding
        | FillError::Stopped
        | FillError::BrokeOff(_) => error.into(),
    }
}

/// Of the windows' file as it is opened.
pub fn windows_file(error: streaming::WindowStoreError) -> Error {
    match &error {
        streaming::WindowStoreError::Damaged(_) => Error::from(error).context(Derived::Windows.move_away()),
        streaming::WindowStoreError::Unavailable(_) => {
            Error::from(error).context(MAKE_ROOM).context(Derived::Windows.not_now())
        }
        streaming::WindowStoreError::Moved(_) | streaming::WindowStoreError::Foreign(_) => error.into(),
    }
}

/// Of the windows as they follow the log; `is_file`: they are in the data directory.
pub fn counting(error: WorkerError, is_file: bool) -> Error {
    match error {
        WorkerError::Store(error) if is_file => windows_file(error),
        WorkerError::Journal(JournalError::Log(error)) if is_file => following(Derived::Windows, error),
        WorkerError::Journal(JournalError::Log(error @ LogError::ForeignCheckpoint { .. })) => Error::from(error)
            .context(
                "the metric windows are of another log, or of a longer one; `cartlog rebuild windows` counts them anew",
            ),
        WorkerError::Journal(error) => journal(error),
        WorkerError::Store(_) | WorkerError::Rebuilding => error.into(),
    }
}

fn following(derived: Derived, error: LogError) -> Error {
    match &error {
        // It is another log, or a shorter one: what was made from it is of no use.
        LogError::ForeignCheckpoint { .. } => Error::from(error).context(derived.move_away()),
        LogError::Unavailable(_) | LogError::Damaged(_) => error.into(),
    }
}

fn journal(error: JournalError) -> Error {
    Error::msg(eventlog::with_causes(&error))
}
