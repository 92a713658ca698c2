//! What operators and auditors ask of a store beside its HTTP API: how it is, rebuilds, histories.
//!
//! The same for a running server, which is asked over its control socket, and for a command that opens the data directory itself.

use crate::audit::Witnesses;
use crate::data_dir::{DataDir, Lock};
use crate::status::{self, Follower, Parked, Status};
use crate::wiring::views::ViewsKeeper;
use crate::wiring::windows::{self, WindowsCounter};
use crate::{supervise, version};
use anyhow::{Result, bail};
use commands::{Clock, SystemClock};
use domain::Timestamp;
use eventlog::Position;
use journal::Journal;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;

/// A store, opened.
pub struct Operations {
    witnesses: Witnesses,
    journal: Journal,
    views: ViewsKeeper,
    windows: WindowsCounter,
    data: DataDir,
    running: Option<Running>,
    /// Last: the directory is free once all the rest is closed.
    _lock: Arc<Lock>,
}

/// What only a running server knows.
pub struct Running {
    pub url: String,
    pub since: Instant,
    pub reactions: crate::wiring::CurrentReactions,
    /// Where it forwards to.
    #[cfg(feature = "kafka")]
    pub topics: crate::kafka::Topics,
    /// What forwards, where this node does.
    #[cfg(feature = "kafka")]
    pub forwarder: Option<streaming::Forwarder>,
}

impl Operations {
    pub fn new(witnesses: Witnesses, data: DataDir, lock: Arc<Lock>) -> Self {
        let Witnesses { journal, views, windows, .. } = witnesses.clone();
        Self { witnesses, journal, views, windows, data, running: None, _lock: lock }
    }

    /// Of a running server.
    pub fn running(mut self, running: Running) -> Self {
        self.running = Some(running);
        self
    }

    /// Who can tell of histories.
    pub fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    /// How everything is.
    pub async fn status(&self) -> Result<Status> {
        let head = self.journal.head().await?;
        let last = match head {
            Position::START => None,
            head => self.journal.log().read_all(Position(head.0 - 1), 1).await?.pop(),
        };
        let mut status = Status {
            version: version::VERSION.to_owned(),
            server: self.running.as_ref().map(server),
            log: status::Log {
                log_id: self.journal.log_id().await?.to_string(),
                head: head.0,
                unit: Some(self.journal.unit()),
                last_event_at: last.map(|event| Timestamp::from(event.recorded_at).to_string()),
            },
            followers: Vec::new(),
            parked: self.views.parked(),
            tasks: if self.running.is_some() { supervise::all() } else { Vec::new() },
            files: self.data.sizes().map(|(name, bytes)| status::File { name: name.to_owned(), bytes }).collect(),
        };
        for (name, position, state) in self.views.positions().await? {
            status.followers.push(Follower { state, ..self.follower(&name, position, head).await? });
        }
        let position = self.windows.position().await?;
        let mut counted = self.follower(windows::NAME, position, head).await?;
        self.windows.describe(position, &mut counted).await?;
        status.followers.push(counted);
        if let Some(running) = &self.running {
            self.add_reactions(running, head, &mut status).await?;
            #[cfg(feature = "kafka")]
            if let Some(forwarder) = &running.forwarder {
                status.followers.push(self.forwarding(&forwarder.status(), head).await?);
            }
        }
        Ok(status)
    }

    #[cfg(feature = "kafka")]
    async fn forwarding(&self, forwarder: &streaming::ForwarderStatus, head: Position) -> Result<Follower> {
        const NAME: &str = "kafka";
        // Where another node forwards, this one doesn't know how far that is.
        let position = if forwarder.standing_by { head } else { forwarder.position };
        let follower = self.follower(NAME, position, head).await?;
        let state = match (&forwarder.trouble, forwarder.standing_by) {
            (Some(trouble), _) => trouble.clone(),
            (None, true) => "another node forwards".to_owned(),
            (None, false) if forwarder.caught_up || follower.lag_events == 0 => "well".to_owned(),
            (None, false) => "catching up".to_owned(),
        };
        Ok(Follower { state, ..follower })
    }

    async fn add_reactions(&self, running: &Running, head: Position, status: &mut Status) -> Result<()> {
        let reactions = running.reactions.lock().lock().clone();
        let mut follower = self.follower("reactions", reactions.position, head).await?;
        let more = if reactions.has_more_parked { " and more" } else { "" };
        follower.state = match (reactions.pending, reactions.parked.len()) {
            (0, 0) => "well".to_owned(),
            (pending, 0) => format!("{pending} wait for their time"),
            (pending, parked) => {
                format!("{pending} wait for their time, {parked}{more} can't go on and are tried again")
            }
        };
        status.followers.push(follower);
        status.parked.extend(reactions.parked.into_iter().map(|parked| Parked {
            follower: "reactions".to_owned(),
            what: parked.stream.to_string(),
            position: parked.position.0,
            reason: format!("{} ({}, tried {} times)", parked.reason, parked.why, parked.attempts),
        }));
        Ok(())
    }

    /// How far behind someone at this position is.
    async fn follower(&self, name: &str, position: Position, head: Position) -> Result<Follower> {
        // What was looked through in vain is not left to be read.
        let lag_events = head.0.saturating_sub(self.journal.scanned(position).0);
        let oldest = match lag_events {
            0 => None,
            _ => self.journal.log().read_all(position, 1).await?.pop(),
        };
        let age = |at: Timestamp| (SystemClock.now().as_millis() - at.as_millis()).max(0) as f64 / 1_000.0;
        Ok(Follower {
            name: name.to_owned(),
            position: position.0,
            lag_events,
            lag_seconds: oldest.map_or(0.0, |event| age(event.recorded_at.into())),
            state: String::new(),
        })
    }

    /// Rebuilds these views (and `windows`), or all; goes on answering from the old ones meanwhile. Gives their names.
    ///
    /// # Errors
    /// A name that no view has; says which there are. Nothing was begun then.
    pub async fn rebuild(
        &self,
        asked: &[String],
        progress: impl FnMut(&str, u64, u64) + Send + 'static,
    ) -> Result<Vec<String>> {
        let mut known = self.views.names();
        known.push(windows::NAME.to_owned());
        if let Some(unknown) = asked.iter().find(|name| !known.contains(name)) {
            bail!("there is no view '{unknown}'; there are {}", known.join(", "));
        }
        let chosen = if asked.is_empty() { known } else { asked.to_vec() };
        let (counted, views): (Vec<_>, Vec<_>) = chosen.iter().cloned().partition(|name| name == windows::NAME);
        let progress = Arc::new(Mutex::new(progress));
        if !views.is_empty() {
            // A name or two say more than a number; a dozen are a number.
            let what = if views.len() > 3 { format!("{} views", views.len()) } else { views.join(", ") };
            let progress = Arc::clone(&progress);
            let progress = Box::new(move |done, total| (progress.lock())(&what, done, total));
            self.views.rebuild(&self.journal, &views, progress).await?;
        }
        if !counted.is_empty() {
            self.windows.rebuild(|done, total| (progress.lock())(windows::NAME, done, total)).await?;
        }
        Ok(chosen)
    }

    /// Compares log and topics in Kafka; what is not said of the topics is as the server has it.
    ///
    /// # Errors
    /// Log or Kafka is away, or nothing was forwarded: one sentence.
    #[cfg(feature = "kafka")]
    pub async fn check_kafka(
        &self,
        topics: crate::kafka::Topics,
        up_to: Option<u64>,
        progress: impl FnMut(&str, u64, u64) + Send + 'static,
    ) -> Result<streaming::CheckReport> {
        let topics = self.running.iter().fold(topics, |topics, running| topics.or(&running.topics));
        crate::kafka::compare(self.journal.log().as_ref(), topics, up_to, progress).await
    }

    /// Makes good what was lost in Kafka; what is not said of the topics is as the server has it.
    ///
    /// # Errors
    /// Log or Kafka is away, or there is nothing to amend: one sentence.
    #[cfg(feature = "kafka")]
    pub async fn forward_kafka(
        &self,
        topics: crate::kafka::Topics,
        amends: crate::kafka::Amends,
        progress: impl FnMut(&str, u64, u64) + Send + 'static,
    ) -> Result<crate::kafka::Amended> {
        let topics = self.running.iter().fold(topics, |topics, running| topics.or(&running.topics));
        crate::kafka::amend(self.journal.log().as_ref(), topics, amends, progress).await
    }
}

fn server(running: &Running) -> status::Server {
    status::Server {
        pid: Some(std::process::id()),
        url: running.url.clone(),
        up_for_seconds: running.since.elapsed().as_secs(),
    }
}
