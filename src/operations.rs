//! What operators and auditors ask of a store beside its HTTP API: how it is, rebuilds, histories.
//!
//! The same for a running server, which is asked over its control socket, and for a command that opens the data directory itself.

use crate::audit::Witnesses;
use crate::data_dir::{DataDir, Lock};
use crate::status::{self, Follower, Parked, Status};
use crate::wiring::Leading;
use crate::wiring::views::ViewsKeeper;
use crate::wiring::windows::{self, WindowsCounter};
use crate::{supervise, version};
use anyhow::{Result, bail};
use commands::{Clock, SystemClock};
use domain::Timestamp;
use eventlog::Position;
use journal::Journal;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long each has to tell how it is.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

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
    /// What one of several nodes does for all.
    pub works: Vec<(&'static str, Arc<Leading>)>,
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

    /// How everything is, as far as it can be found out now: what is away leaves its own figures unknown, and no others.
    pub async fn status(&self) -> Status {
        let log = self.log().await;
        let head = log.head.map(Position);
        let running = self.running.as_ref();
        let files = self.data.sizes();
        let files = files.map(|(name, bytes, wal_bytes)| status::File { name: name.to_owned(), bytes, wal_bytes });
        let mut status = Status {
            version: version::VERSION.to_owned(),
            server: running.map(server),
            log,
            followers: Vec::new(),
            leads: running.into_iter().flat_map(|running| running.leads(&self.views)).collect(),
            parked: self.views.parked(),
            tasks: if running.is_some() { supervise::all() } else { Vec::new() },
            files: files.collect(),
        };
        let (views, windows) = tokio::join!(in_time(self.views.positions()), in_time(self.windows.position()));
        let mut known: Vec<(String, Option<Position>, String)> = match views {
            Ok(views) => views.into_iter().map(|(name, position, state)| (name, Some(position), state)).collect(),
            Err(reason) => {
                self.views.names().into_iter().map(|name| (name, None, format!("not known: {reason}"))).collect()
            }
        };
        known.push(match windows {
            Ok(position) => (windows::NAME.to_owned(), Some(position), self.windows.describe().await),
            Err(reason) => (windows::NAME.to_owned(), None, format!("not known: {reason}")),
        });
        if let Some(running) = running {
            known.push(reacting(running, &mut status.parked));
            #[cfg(feature = "kafka")]
            known.extend(running.forwarder.as_ref().map(|forwarder| forwarding(&forwarder.status(), head)));
        }
        let mut ages = HashMap::new();
        for (name, position, state) in known {
            let follower = self.follower(name, position, head, &mut ages).await;
            status.followers.push(Follower { state, ..follower });
        }
        status
    }

    /// The log's end, as far as it is known.
    async fn log(&self) -> status::Log {
        let (log_id, head) = tokio::join!(in_time(self.journal.log_id()), in_time(self.journal.head()));
        let head = head.ok();
        let last = match head {
            None | Some(Position::START) => None,
            Some(head) => {
                in_time(self.journal.log().read_all(Position(head.0 - 1), 1)).await.ok().and_then(|mut last| last.pop())
            }
        };
        status::Log {
            log_id: log_id.ok().map(|id| id.to_string()),
            head: head.map(|head| head.0),
            unit: Some(self.journal.unit()),
            last_event_at: last.map(|event| Timestamp::from(event.recorded_at).to_string()),
        }
    }

    /// How far behind someone at this position is. Of many at one position, the log is asked once.
    async fn follower(
        &self,
        name: String,
        position: Option<Position>,
        head: Option<Position>,
        ages: &mut HashMap<Position, Option<f64>>,
    ) -> Follower {
        // What was looked through in vain is not left to be read.
        let lag_events =
            position.zip(head).map(|(position, head)| head.0.saturating_sub(self.journal.scanned(position).0));
        let lag_seconds = match (lag_events, position) {
            (Some(0), _) => Some(0.0),
            (Some(_), Some(position)) => match ages.get(&position) {
                Some(age) => *age,
                // A log that did not answer is not asked again.
                None if ages.values().any(Option::is_none) => None,
                None => {
                    let age = self.age_of_next(position).await;
                    ages.insert(position, age);
                    age
                }
            },
            (_, _) => None,
        };
        Follower { name, position: position.map(|position| position.0), lag_events, lag_seconds, state: String::new() }
    }

    /// For how many seconds the event after the position has been there; 0 where none is.
    async fn age_of_next(&self, position: Position) -> Option<f64> {
        let next = in_time(self.journal.log().read_all(position, 1)).await.ok()?;
        let age = |at: Timestamp| (SystemClock.now().as_millis() - at.as_millis()).max(0) as f64 / 1_000.0;
        Some(next.first().map_or(0.0, |event| age(event.recorded_at.into())))
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

/// What can be told within a moment.
async fn in_time<T, E: std::fmt::Display>(look: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(TOLD_WITHIN, look).await {
        Ok(told) => told.map_err(|error| format!("{error:#}")),
        Err(_) => Err("it does not answer in time".to_owned()),
    }
}

/// How far reactions are, and in words; what can't go on is added to what is parked.
fn reacting(running: &Running, parked: &mut Vec<Parked>) -> (String, Option<Position>, String) {
    let reactions = running.reactions.lock().lock().clone();
    let more = if reactions.has_more_parked { " and more" } else { "" };
    let state = match (reactions.pending, reactions.parked.len()) {
        (0, 0) => "well".to_owned(),
        (pending, 0) => format!("{pending} wait for their time"),
        (pending, parked) => format!("{pending} wait for their time, {parked}{more} can't go on and are tried again"),
    };
    parked.extend(reactions.parked.into_iter().map(|parked| Parked {
        follower: "reactions".to_owned(),
        what: parked.stream.to_string(),
        position: parked.position.0,
        reason: format!("{} ({}, tried {} times)", parked.reason, parked.why, parked.attempts),
    }));
    ("reactions".to_owned(), Some(reactions.position), state)
}

#[cfg(feature = "kafka")]
fn forwarding(forwarder: &streaming::ForwarderStatus, head: Option<Position>) -> (String, Option<Position>, String) {
    let has_all = forwarder.caught_up || head.is_some_and(|head| forwarder.position >= head);
    let state = match (&forwarder.trouble, forwarder.standing_by) {
        (Some(trouble), _) => trouble.clone(),
        (None, true) => "another node forwards".to_owned(),
        (None, false) if has_all => "well".to_owned(),
        (None, false) => "catching up".to_owned(),
    };
    // Where another node forwards, this one doesn't know how far that is.
    ("kafka".to_owned(), (!forwarder.standing_by).then_some(forwarder.position), state)
}

impl Running {
    /// By work that one node does for all, whether this one does it.
    fn leads(&self, views: &ViewsKeeper) -> Vec<(String, bool)> {
        let leads = self.works.iter().filter_map(|(work, leading)| Some(((*work).to_owned(), leading.leads()?)));
        let leads = leads.chain(views.leads().map(|leads| ("views".to_owned(), leads)));
        #[cfg(feature = "kafka")]
        let leads =
            leads.chain(self.forwarder.iter().map(|forwarder| ("kafka".to_owned(), !forwarder.status().standing_by)));
        leads.collect()
    }
}

fn server(running: &Running) -> status::Server {
    status::Server {
        pid: Some(std::process::id()),
        url: running.url.clone(),
        up_for_seconds: running.since.elapsed().as_secs(),
    }
}
