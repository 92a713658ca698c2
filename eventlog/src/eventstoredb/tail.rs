//! The one subscription of the process, which all its followers share: what it brings goes into the ring of recent events and
//! moves the head. What lives here: going on after whatever ended it, and noticing that it has fallen silent.
//!
//! It reads as fast as the server sends, so that a slow follower keeps nobody waiting; who falls behind the ring reads the
//! log.

use super::Shared;
use super::progress::Progress;
use super::reader::place;
use super::server::Answers;
use super::trouble::Trouble;
use super::wire::{Position, ReadContent, ReadEvent};
use crate::event;
use crate::port::LogError;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Follows the log until it is closed, or until it isn't the log that it was.
pub(super) async fn run(shared: Arc<Shared>, head: Arc<watch::Sender<event::Position>>) -> tasks::Ended {
    let closed = shared.closed.clone();
    let tail = Tail { shared, head };
    tokio::select! {
        broken = tail.follow() => {
            tracing::error!(error = %broken, "the event log can't be followed any more");
            tail.shared.broken.get_or_init(|| broken);
        }
        () = closed.cancelled() => {}
    }
    Ok(())
}

struct Tail {
    shared: Arc<Shared>,
    /// Closed with the tail, which ends all subscriptions.
    head: Arc<watch::Sender<event::Position>>,
}

impl Tail {
    /// Ends only when trying again doesn't help.
    async fn follow(&self) -> LogError {
        let mut failures = 0;
        loop {
            let before = self.shared.progress().map(|progress| progress.safe());
            let reason = match self.session().await {
                Ok(reason) => reason,
                Err(error @ (LogError::Damaged(_) | LogError::ForeignCheckpoint { .. })) => return error,
                Err(error @ LogError::Unavailable(_)) => error.to_string(),
            };
            let has_advanced = self.shared.progress().map(|progress| progress.safe()) != before;
            failures = if has_advanced { 1 } else { failures + 1 };
            let pause = (self.shared.options.pauses)(failures);
            tracing::warn!(reason, pause_ms = pause.as_millis() as u64, "the subscription ended; subscribing again");
            tokio::time::sleep(pause).await;
        }
    }

    /// Subscribes from where it is safe and takes in what comes; says why that ended.
    async fn session(&self) -> Result<String, LogError> {
        let after = match self.shared.progress() {
            Some(progress) => {
                self.verify(progress).await?;
                progress.safe()
            }
            None => self.begin().await?.safe(),
        };
        let mut answers = self.shared.follower.follow(after).await?;
        loop {
            match self.next(&mut answers).await {
                Ok(Some(content)) => self.take_in(content)?,
                Ok(None) => return Ok("the server ended it".to_owned()),
                Err(trouble) => return Ok(LogError::from(trouble).to_string()),
            }
        }
    }

    /// Where the log ends now: what stands in it is read by whoever wants it.
    async fn begin(&self) -> Result<Progress, LogError> {
        let reader = &self.shared.reader;
        // In this order, so that an event that comes meanwhile is after the end, or known.
        let end = reader.end().await?;
        let last = reader.last().await?.unwrap_or(event::Position::START);
        let progress = Progress::new(Position::of(last.0), end);
        self.shared.start_at(last, progress);
        self.head.send_replace(last);
        Ok(progress)
    }

    /// A server that was restored or replaced has another log, or less of it; to go on would skip what is new there.
    async fn verify(&self, progress: Progress) -> Result<(), LogError> {
        self.shared.identity.verify(&self.shared.reader).await?;
        let end = self.shared.reader.end().await?;
        if end < progress.last_event() {
            let (end, seen) = (end.commit, progress.last_event().commit);
            return Err(LogError::Damaged(format!("it ends at position {end}, but was read up to {seen}")));
        }
        Ok(())
    }

    /// The next that the subscription says. When it says nothing for long, that may be right, or a connection that died
    /// without a word: then the log is asked.
    async fn next(&self, answers: &mut Answers) -> Result<Option<ReadContent>, Trouble> {
        let (follower, stall) = (&self.shared.follower.server, self.shared.options.stall);
        let mut missed = None;
        let mut patience = Instant::now() + stall;
        loop {
            match timeout_at(patience, follower.next_when_it_comes(answers)).await {
                // Says nothing: whoever says only that is silent all the same.
                Ok(Ok(Some(answer))) if answer.content.is_none() => {}
                Ok(answer) => return Ok(answer?.and_then(|answer| answer.content)),
                Err(_) => {
                    patience = Instant::now() + stall;
                    let known = *self.head.borrow();
                    if missed.is_some_and(|missed| missed > known) {
                        return Err(Trouble::Unsure("it has fallen silent".to_owned()));
                    }
                    missed = self.shared.head().await.map(Some).map_err(|error| Trouble::Unsure(error.to_string()))?;
                }
            }
        }
    }

    fn take_in(&self, content: ReadContent) -> Result<(), LogError> {
        match content {
            ReadContent::Event(ReadEvent { event: Some(event) }) => {
                let at = place(&event);
                if let Some(event) = self.shared.reader.names.ours(event)?
                    && self.shared.advance(|progress| progress.event(at))
                {
                    let position = event.position;
                    self.shared.recent.push(vec![event]);
                    self.head.send_replace(position);
                }
            }
            ReadContent::Checkpoint(at) => self.shared.advance(|progress| progress.checkpoint(at)),
            ReadContent::Event(ReadEvent { event: None }) | ReadContent::StreamNotFound(_) => {}
        }
        Ok(())
    }
}
