//! How everything is, as far as it can be found out now.

use super::{Operations, Running};
use crate::engines::kafka::Forwarder;
use crate::in_time::in_time;
use crate::status::report::{self, Follower, Parked, StoreStatus};
use crate::wiring::{tree, windows};
use crate::{supervise, version};
use commands::{Clock, SystemClock};
use domain::Timestamp;
use eventlog::Position;
use std::collections::HashMap;
use std::time::Duration;

/// How long each has to tell how it is.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

impl Operations {
    /// How everything is, as far as it can be found out now: what is away leaves its own figures unknown, and no others.
    pub async fn status(&self) -> StoreStatus {
        let log = self.log().await;
        let head = log.head.map(Position);
        let running = self.running.as_ref();
        let files = self.data.sizes();
        let files = files.map(|(name, bytes, wal_bytes)| report::File { name: name.to_owned(), bytes, wal_bytes });
        let mut status = StoreStatus {
            version: version::VERSION.to_owned(),
            server: running.map(server),
            log,
            followers: Vec::new(),
            leads: running.into_iter().flat_map(|running| running.leads(&self.views)).collect(),
            parked: self.views.parked(),
            tasks: if running.is_some() { supervise::all() } else { Vec::new() },
            files: files.collect(),
        };
        let (views, windows, tree) = tokio::join!(
            in_time(TOLD_WITHIN, self.views.positions()),
            in_time(TOLD_WITHIN, self.windows.position()),
            in_time(TOLD_WITHIN, self.tree.position()),
        );
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
        known.push(match tree {
            Ok(position) => (tree::NAME.to_owned(), Some(position), self.tree.describe()),
            Err(reason) => (tree::NAME.to_owned(), None, format!("not known: {reason}")),
        });
        if let Some(running) = running {
            known.push(reacting(running, &mut status.parked));
            known.extend(running.forwarder.as_ref().map(|forwarder| forwarding(forwarder, head)));
        }
        let mut ages = HashMap::new();
        for (name, position, state) in known {
            let follower = self.follower(name, position, head, &mut ages).await;
            status.followers.push(Follower { state, ..follower });
        }
        status
    }

    /// The log's end, as far as it is known.
    async fn log(&self) -> report::Log {
        let (log_id, head) =
            tokio::join!(in_time(TOLD_WITHIN, self.journal.log_id()), in_time(TOLD_WITHIN, self.journal.head()));
        let head = head.ok();
        let last = match head {
            None | Some(Position::START) => None,
            Some(head) => in_time(TOLD_WITHIN, self.journal.log().read_all(Position(head.0 - 1), 1))
                .await
                .ok()
                .and_then(|mut last| last.pop()),
        };
        report::Log {
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
        let next = in_time(TOLD_WITHIN, self.journal.log().read_all(position, 1)).await.ok()?;
        let age = |at: Timestamp| (SystemClock.now().as_millis() - at.as_millis()).max(0) as f64 / 1_000.0;
        Some(next.first().map_or(0.0, |event| age(event.recorded_at.into())))
    }
}

/// How far reactions are, and in words; what can't go on is added to what is parked.
fn reacting(running: &Running, parked: &mut Vec<Parked>) -> (String, Option<Position>, String) {
    let reactions = running.reactions.status();
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

/// How far forwarding is, and in words.
fn forwarding(forwarder: &Forwarder, head: Option<Position>) -> (String, Option<Position>, String) {
    let (position, state) = forwarder.follows(head);
    ("kafka".to_owned(), position, state)
}

fn server(running: &Running) -> report::Server {
    report::Server {
        pid: Some(std::process::id()),
        url: running.url.clone(),
        up_for_seconds: running.since.elapsed().as_secs(),
    }
}
