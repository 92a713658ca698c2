//! The one subscription of the process, which all its followers share: what it brings goes into the ring of recent events and
//! moves the head. What lives here: going on after whatever ended it, and noticing that it has fallen silent.
//!
//! It reads as fast as the server sends, so that a slow follower keeps nobody waiting; who falls behind the ring reads the
//! log.

use super::Client;
use super::failure::{ServerFailure, Why};
use super::progress::Progress;
use super::reader::place;
use super::server::Answers;
use super::wire::{Position, ReadContent, ReadEvent};
use crate::event;
use crate::port::LogError;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Follows the log until it is closed, or until it isn't the log that it was.
pub(super) async fn run(client: Arc<Client>, head: Arc<watch::Sender<event::Position>>) -> tasks::Ended {
    let closed = client.closed.clone();
    let tail = Tail { client, head };
    tokio::select! {
        broken = tail.follow() => {
            tracing::error!(error = %broken, "the event log can't be followed any more");
            tail.client.broken.get_or_init(|| broken);
        }
        () = closed.cancelled() => {}
    }
    Ok(())
}

/// The server does not hold what was read from it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum SetBack {
    #[error(
        "it ends at position {end}, but was read up to {last}: either the node that leads has not caught up yet, or the log was set \
         back, as to a backup; nothing goes on until it is there again"
    )]
    Shorter { end: u64, last: u64 },
    #[error("it was set back and went on differently: another event stands at position {at}")]
    Differs { at: u64 },
}

/// Whether a subscription brings what it should.
struct Watch {
    /// When to look next.
    due: Instant,
    /// The head when it was looked last.
    missed: Option<event::Position>,
    /// Up to where the subscription had come then.
    at: Position,
}

struct Tail {
    client: Arc<Client>,
    /// Closed with the tail, which ends all subscriptions.
    head: Arc<watch::Sender<event::Position>>,
}

impl Tail {
    /// Ends only when trying again doesn't help.
    async fn follow(&self) -> LogError {
        let mut failures = 0;
        loop {
            let before = self.client.progress().map(|progress| progress.safe());
            let reason = match self.session().await {
                Ok(reason) => reason,
                Err(error) if error.retry().helps() => error.to_string(),
                Err(error) => return error,
            };
            let has_advanced = self.client.progress().map(|progress| progress.safe()) != before;
            failures = if has_advanced { 1 } else { failures + 1 };
            let pause = (self.client.options.pauses)(failures);
            tracing::warn!(reason, pause_ms = pause.as_millis() as u64, "the subscription ended; subscribing again");
            tokio::time::sleep(pause).await;
        }
    }

    /// Subscribes from where it is safe and takes in what comes; says why that ended.
    async fn session(&self) -> Result<String, LogError> {
        let after = match self.client.progress() {
            Some(progress) => {
                self.verify(progress).await?;
                progress.safe()
            }
            None => self.begin().await?.safe(),
        };
        // Whoever leads has just been asked; a subscription is served by followers as well, who may fall behind unnoticed.
        self.client.follower.server.go_to(self.client.reader.server.uri());
        let mut answers = self.client.follower.follow(after, 1).await?;
        let mut watch = Watch { due: Instant::now() + self.client.options.stall, missed: None, at: after };
        loop {
            match self.next(&mut answers, &mut watch).await {
                Ok(Some(content)) => {
                    self.take_in(content)?;
                    self.client.reader.save_if_worth_it().await;
                }
                Ok(None) => return Ok("the server ended it".to_owned()),
                Err(trouble) => return Ok(LogError::from(trouble).to_string()),
            }
        }
    }

    /// Where the log ends now: what stands in it is read by whoever wants it.
    async fn begin(&self) -> Result<Progress, LogError> {
        let reader = &self.client.reader;
        // In this order, so that an event that comes meanwhile is after the end, or known.
        let end = reader.end().await?;
        let last = reader.last().await?.unwrap_or(event::Position::START);
        let progress = Progress::new(Position::of(last.0), end);
        self.client.start_at(last, progress);
        self.head.send_replace(last);
        Ok(progress)
    }

    /// A server that was restored or replaced has another log, or less of it; to go on would skip what is new there. Less of it may
    /// also be seen for a while after another node took the lead: until it has what was there, nothing goes on.
    async fn verify(&self, progress: Progress) -> Result<(), LogError> {
        let reader = &self.client.reader;
        self.client.identity.verify(reader).await?;
        let (end, last) = (reader.end().await?, progress.last_event());
        if end < last {
            reader.stretches.forget();
            let suspended = LogError::Unavailable(SetBack::Shorter { end: end.commit, last: last.commit }.into());
            *self.client.suspended.lock() = Some(suspended.clone());
            return Err(suspended);
        }
        let known = *self.client.last_id.lock();
        let stands = match known {
            Some(_) => reader.event_at(last).await?.and_then(|event| event.id.as_ref()?.id()),
            None => None,
        };
        // One that was scavenged since is not there any more, which is no harm.
        if let (Some(known), Some(stands)) = (known, stands)
            && known != stands
        {
            return Err(LogError::Damaged(SetBack::Differs { at: last.commit }.into()));
        }
        *self.client.suspended.lock() = None;
        Ok(())
    }

    /// The next that the subscription says. Whether it says all that it should shows by asking the log, every now and then.
    async fn next(&self, answers: &mut Answers, watch: &mut Watch) -> Result<Option<ReadContent>, ServerFailure> {
        let follower = &self.client.follower.server;
        loop {
            match timeout_at(watch.due, follower.next_when_it_comes(answers)).await {
                // Says nothing: whoever says only that is silent all the same.
                Ok(Ok(Some(answer))) if answer.content.is_none() => {}
                Ok(answer) => return Ok(answer?.and_then(|answer| answer.content)),
                Err(_) => self.look_after(watch).await?,
            }
        }
    }

    /// A subscription may be silent by right, or since a connection died without a word; and whoever serves it may lead no more, or
    /// hear of nothing himself.
    async fn look_after(&self, watch: &mut Watch) -> Result<(), ServerFailure> {
        let Client { follower, reader, options, .. } = &*self.client;
        watch.due = Instant::now() + options.stall;
        let (known, at) = (*self.head.borrow(), self.client.progress().map_or(watch.at, |progress| progress.safe()));
        let has_moved = std::mem::replace(&mut watch.at, at) != at;
        if watch.missed.is_some_and(|missed| missed > known) && !has_moved {
            follower.server.leave();
            return Err(ServerFailure::Unsure(Why::Behind));
        }
        watch.missed = self.client.head().await.map(Some).map_err(|error| ServerFailure::Unsure(Why::Log(error)))?;
        if follower.server.uri() != reader.server.uri() {
            return Err(ServerFailure::Unsure(Why::AnotherLeads));
        }
        Ok(())
    }

    /// What the subscription has passed over.
    fn note_stretch(&self) {
        let reader = &self.client.reader;
        if let Some(progress) = self.client.progress() {
            reader.stretches.note(progress.last_event(), progress.safe());
        }
    }

    fn take_in(&self, content: ReadContent) -> Result<(), LogError> {
        match content {
            ReadContent::Event(ReadEvent { event: Some(event) }) => {
                let at = place(&event);
                self.note_stretch();
                if let Some(event) = self.client.reader.names.ours(event)?
                    && self.client.advance(|progress| progress.event(at))
                {
                    let position = event.position;
                    *self.client.last_id.lock() = Some(event.id);
                    self.client.recent.push(vec![event]);
                    self.head.send_replace(position);
                }
            }
            ReadContent::Checkpoint(at) => {
                self.client.advance(|progress| progress.checkpoint(at));
                self.note_stretch();
            }
            ReadContent::Event(ReadEvent { event: None })
            | ReadContent::StreamNotFound(_)
            | ReadContent::CaughtUp(_)
            | ReadContent::FellBehind(_) => {}
        }
        Ok(())
    }
}
