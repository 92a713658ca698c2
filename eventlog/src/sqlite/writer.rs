//! The one thread that writes. It takes whatever waits, of all streams, commits it in one transaction, tells those who
//! follow the log, and then answers.

use super::ReadSide;
use super::errors::{FileFailure, log_error};
use super::options::SqliteOptions;
use super::queue::{AppendRequest, Request};
use super::schema::IfMissing;
use super::session::{Committed, Session};
use crate::event::{Position, StreamName};
use crate::port::{AppendError, LogError, LogId};
use sqlite::Checkpointer;
use std::collections::HashSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) options: SqliteOptions,
    pub(super) log_id: LogId,
    /// `None` after an error, until the file could be opened again.
    pub(super) session: Option<Session>,
    pub(super) unsettled: Unsettled,
    pub(super) checkpointer: Arc<Checkpointer>,
    pub(super) read_side: Arc<ReadSide>,
    pub(super) head: watch::Sender<Position>,
    /// It was started before, and broke off.
    pub(super) has_run: bool,
    /// Held until the session is closed.
    pub(super) _lock: File,
}

impl Writer {
    /// Until the queue is closed and empty. Called again after a panic: what became of the batch under way is told to nobody, so that
    /// its appends are unsettled; the file is opened anew, which finds out what stands in it.
    pub(super) fn run(&mut self, requests: &mut mpsc::Receiver<Request>) {
        if std::mem::replace(&mut self.has_run, true) {
            self.session = None;
        }
        let most = self.options.batch_appends.max(1);
        let (mut asked, mut batch, mut probes) = (Vec::with_capacity(most), Vec::with_capacity(most), Vec::new());
        while requests.blocking_recv_many(&mut asked, most) > 0 {
            for asked in asked.drain(..) {
                match asked {
                    Request::Append(request) => batch.push(request),
                    Request::Probe(answer) => probes.push(answer),
                }
            }
            let outcome = match batch.is_empty() {
                true => self.probe(),
                false => self.write(&mut batch),
            };
            for answer in probes.drain(..) {
                // Whoever asked may have gone.
                let _: Result<(), _> = oneshot::Sender::send(answer, outcome.clone());
            }
        }
    }

    /// Writes the batch and answers it; what came of it all.
    fn write(&mut self, batch: &mut Vec<AppendRequest>) -> Result<(), LogError> {
        match self.commit_or_break_off(batch) {
            Ok(committed) => {
                self.publish(committed, batch);
                self.checkpoint();
                Ok(())
            }
            Err(failure) => {
                self.refuse(&failure, batch);
                Err(failure.source)
            }
        }
    }

    /// Whether an append would be stored: by writing what says nothing.
    fn probe(&mut self) -> Result<(), LogError> {
        let mut session = self.session()?;
        session.probe().map_err(|error| log_error("writing to it", error))?;
        self.session = Some(session);
        self.checkpoint();
        Ok(())
    }

    /// A panic is a defect of ours: it leaves the file as a failure does, and ends nothing but this batch.
    fn commit_or_break_off(&mut self, batch: &mut [AppendRequest]) -> Result<Committed, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.commit(batch))).unwrap_or_else(|_| {
            let source = FileFailure::WriterBrokeOff.into();
            Err(Failure { source, is_unsure: true })
        })
    }

    fn commit(&mut self, batch: &mut [AppendRequest]) -> Result<Committed, Failure> {
        let mut session = self.session().map_err(|source| Failure { source, is_unsure: false })?;
        #[cfg(test)]
        assert!(!batch.iter().any(|request| request.stream.as_str() == tests::BREAKS), "as a defect would");
        // On an error the session goes, and with it the transaction.
        let committed = session
            .commit(batch)
            .map_err(|error| Failure { source: log_error("appending", error), is_unsure: session.is_unsure() })?;
        self.session = Some(session);
        Ok(committed)
    }

    /// To be put back once all went well with it.
    fn session(&mut self) -> Result<Session, LogError> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        let session = self.reopen()?;
        self.unsettled = Unsettled::default();
        Ok(session)
    }

    fn checkpoint(&self) {
        if let Some(session) = &self.session {
            self.checkpointer.after_commit(session.connection());
        }
    }

    /// After an error. A transaction whose commit failed may turn out to have been written after all.
    fn reopen(&self) -> Result<Session, LogError> {
        let _pause = self.checkpointer.pause();
        let session = Session::open(&self.path, &self.options, IfMissing::Fail)?;
        let known = *self.head.borrow();
        if session.log_id() != self.log_id || session.head() < known {
            return Err(FileFailure::Replaced(self.path.clone()).into());
        }
        if session.head() > known {
            self.read_side.recent.restart(session.head());
            self.head.send_replace(session.head());
        }
        tracing::info!(path = %self.path.display(), head = %session.head(), "the event log is open again");
        Ok(session)
    }

    /// First the events, then the head, then the answers: who has an answer finds what it speaks of.
    fn publish(&self, committed: Committed, batch: &mut Vec<AppendRequest>) {
        if let Some(last) = committed.events.last().map(|event| event.position) {
            self.read_side.recent.push(committed.events);
            self.head.send_replace(last);
        }
        for (request, answer) in batch.drain(..).zip(committed.answers) {
            // Whoever asked may have gone; the append stands all the same.
            drop(request.answer.send(answer));
        }
    }
}

/// Why a batch was not committed, or is not known to be: what is left of a commit that failed may be found when the file is opened
/// again.
struct Failure {
    source: LogError,
    is_unsure: bool,
}

impl Writer {
    /// 'Not done' is said only where no earlier try can turn out to have been: whoever was told that it is not known tries again,
    /// by the same stream.
    fn refuse(&mut self, Failure { source, is_unsure }: &Failure, batch: &mut Vec<AppendRequest>) {
        match is_unsure {
            true => tracing::error!(error = %source, appends = batch.len(), "whether appends were done is not known"),
            false => tracing::error!(error = %source, appends = batch.len(), "appends failed"),
        }
        self.read_side.readers.note(source);
        for request in batch.drain(..) {
            let (stream, source) = (request.stream, source.clone());
            let refusal = match *is_unsure || self.unsettled.has(&stream) {
                true => {
                    self.unsettled.add(&stream);
                    AppendError::OutcomeUnknown { stream, source }
                }
                false => AppendError::Unavailable { stream, source },
            };
            drop(request.answer.send(Err(refusal)));
        }
    }
}

/// Streams of which it was said that an append's outcome is not known, until that can't change any more: what is left of a commit that
/// failed may be found by whoever opens the file, until it was opened again and settled.
#[derive(Default)]
pub(super) struct Unsettled {
    streams: HashSet<StreamName>,
    /// There were more than are remembered.
    all: bool,
}

impl Unsettled {
    const MOST: usize = 10_000;

    fn add(&mut self, stream: &StreamName) {
        match self.streams.len() < Self::MOST {
            true => drop(self.streams.insert(stream.clone())),
            false => self.all = true,
        }
    }

    fn has(&self, stream: &StreamName) -> bool {
        self.all || self.streams.contains(stream)
    }
}

#[cfg(test)]
mod tests {
    use crate::{AppendError, EventLog, ExpectedRevision, NewEvent, SqliteLog, SqliteOptions, StreamName};
    use uuid::Uuid;

    /// An append to this stream breaks the writer.
    pub(super) const BREAKS: &str = "breaks-1";

    async fn append(log: &SqliteLog, stream: &str) -> Result<u64, AppendError> {
        let event =
            NewEvent { id: Uuid::now_v7(), event_type: "E".to_owned(), data: "{}".into(), metadata: "{}".into() };
        let appended = log.append(&StreamName::new(stream), ExpectedRevision::NoStream, vec![event]).await?;
        Ok(appended.position.0)
    }

    #[tokio::test]
    async fn a_writer_that_breaks_off_begins_anew_and_says_of_what_it_had_in_hand_that_it_does_not_know() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = SqliteLog::open(&directory.path().join("log.sqlite"), SqliteOptions::default()).expect("a new log");
        assert_eq!(append(&log, "cart-1").await.expect("it is stored"), 1);
        let broken = append(&log, BREAKS).await;
        assert!(matches!(broken, Err(AppendError::OutcomeUnknown { .. })), "{broken:?}");
        assert_eq!(append(&log, "cart-2").await.expect("it is stored"), 2);
    }
}
