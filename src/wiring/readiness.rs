//! How the parts of this server are, and what can't be done because of one that is not well.
//!
//! What lives here: who is asked, and what follows. What doesn't: what came of the last append, query, fold and send, which each room
//! notes itself (the crate `health`). The guarantees: what a part was last asked for decides, and where it was asked for nothing, it
//! is asked; no look takes longer than [`SEEN_WITHIN`]; what all nodes share stops none of them alone.

use super::Parts;
use crate::clock::ClockWatch;
use crate::config::{Config, Role, Roles};
use crate::supervise;
use crate::units;
use api::{Asked, Part, PartState, Ready};
use async_trait::async_trait;
use commands::{Clock, ReactionsStatus, SystemClock};
use domain::Timestamp;
use health::{Failing, Outcomes};
use journal::Journal;
use parking_lot::Mutex;
use projections::Unanswering;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vault::Vault;

/// How long a part has to answer a look.
const SEEN_WITHIN: Duration = Duration::from_secs(2);
/// How long what was seen counts.
const SEEN_FOR: Duration = Duration::from_secs(1);
/// How often it is looked where nobody asks.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// So long an append that was stored says that the next will be.
const PROBED_AFTER: Duration = Duration::from_secs(5);
/// A mail that could not be sent longer ago than this says nothing of the next one.
const MAILS_TELL_FOR: Duration = Duration::from_secs(60 * 60);

const COMMANDS: &[Asked] = &[Asked::Commands];
const QUERIES: &[Asked] = &[Asked::Queries];
const BOTH: &[Asked] = &[Asked::Commands, Asked::Queries];
const NOTHING: &[Asked] = &[];

/// Looks at everything, when asked and every now and then.
pub struct Readiness {
    journal: Journal,
    vault: Arc<dyn Vault>,
    vault_writes: Arc<Outcomes>,
    views: super::ViewsKeeper,
    windows: super::WindowsCounter,
    #[cfg(feature = "kafka")]
    forwarder: Option<streaming::Forwarder>,
    mails: Option<Arc<Outcomes>>,
    reactions: CurrentReactions,
    files: super::Files,
    roles: Roles,
    /// Other nodes have the same vault.
    vault_is_shared: bool,
    clock: ClockWatch,
    /// What was behind at the start has caught up.
    caught_up: AtomicBool,
    stopping: AtomicBool,
    /// One looks at a time.
    seen: tokio::sync::Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    parts: Vec<Part>,
    at: Option<Instant>,
}

/// How the reactions are that run now: another worker after each restart of the task.
pub type CurrentReactions = Arc<Mutex<Arc<Mutex<ReactionsStatus>>>>;

/// What was found of one part.
struct Found {
    name: &'static str,
    troubles: Vec<Trouble>,
}

struct Trouble {
    state: PartState,
    reason: String,
    stops: &'static [Asked],
    since: Option<Instant>,
}

impl Trouble {
    fn new(state: PartState, reason: impl ToString, stops: &'static [Asked]) -> Self {
        Self { state, reason: reason.to_string(), stops, since: None }
    }

    fn degraded(reason: impl ToString) -> Self {
        Self::new(PartState::Degraded, reason, NOTHING)
    }

    fn away(reason: impl ToString, stops: &'static [Asked]) -> Self {
        Self::new(PartState::Away, reason, stops)
    }

    fn since(self, since: Instant) -> Self {
        Self { since: Some(since), ..self }
    }
}

impl Readiness {
    pub fn new(parts: &Parts, config: &Config, reactions: CurrentReactions) -> Self {
        let roles = config.role.clone();
        Self {
            journal: parts.journal.clone(),
            vault: Arc::clone(&parts.vault),
            vault_writes: Arc::clone(&parts.vault_writes),
            views: parts.views.clone(),
            windows: parts.windows.clone(),
            #[cfg(feature = "kafka")]
            forwarder: parts.forwarder.clone().filter(|_| roles.has(Role::Stream)),
            mails: config.smtp_url.as_ref().map(|_| Arc::clone(&parts.mails)),
            reactions,
            files: parts.files.clone(),
            vault_is_shared: config.vault_url.is_some() || config.views_url.is_some(),
            roles,
            clock: ClockWatch::new(parts.journal.clone()),
            caught_up: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            seen: tokio::sync::Mutex::default(),
        }
    }

    /// What watches this machine's clock, to be kept running.
    pub fn clock(&self) -> &ClockWatch {
        &self.clock
    }

    /// What was behind at the start has caught up.
    pub fn caught_up(&self) {
        self.caught_up.store(true, Ordering::Relaxed);
    }

    /// New requests should go elsewhere.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Looks again and again, so that the log tells when a part went and came back, and `since` is right.
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        while stop.run_until_cancelled(tokio::time::sleep(LOOKED_EVERY)).await.is_some() {
            self.look(false).await;
        }
        Ok(())
    }

    /// `probes`: also writes, where nobody else has lately.
    async fn look(&self, probes: bool) -> Vec<Part> {
        let mut seen = self.seen.lock().await;
        let is_fresh = seen.at.is_some_and(|at| at.elapsed() < SEEN_FOR);
        if !is_fresh || self.stopping.load(Ordering::Relaxed) {
            let now = SystemClock.now();
            let found = self.find(probes).await;
            seen.parts = found.into_iter().map(|found| part(found, &seen.parts, now)).collect();
            seen.at = Some(Instant::now());
        }
        seen.parts.clone()
    }

    async fn find(&self, probes: bool) -> Vec<Found> {
        let (log, vault, views, windows) =
            tokio::join!(self.of_log(probes), self.of_vault(), self.of_views(), self.of_windows());
        let mut found = vec![
            Found { name: "this server", troubles: self.of_server() },
            Found { name: "the event log", troubles: log },
            Found { name: "the vault", troubles: vault },
            Found { name: "the views", troubles: views },
            Found { name: "the metric windows", troubles: windows },
            Found { name: "the disk", troubles: self.of_disk() },
            Found { name: "the clock", troubles: self.clock.trouble().map(Trouble::degraded).into_iter().collect() },
            Found { name: "reactions", troubles: parked(&self.reactions.lock().lock()).into_iter().collect() },
            Found { name: "tasks", troubles: of_tasks() },
        ];
        #[cfg(feature = "kafka")]
        if let Some(forwarder) = &self.forwarder {
            let trouble = forwarder.status().trouble.map(|trouble| Trouble::away(trouble, NOTHING));
            found.push(Found { name: "Kafka", troubles: trouble.into_iter().collect() });
        }
        if let Some(mails) = &self.mails {
            let lately = mails.failing().filter(|failing| failing.latest.elapsed() < MAILS_TELL_FOR);
            let trouble = lately.map(|failing| of_mail(&failing));
            found.push(Found { name: "the mail server", troubles: trouble.into_iter().collect() });
        }
        found
    }

    fn of_server(&self) -> Vec<Trouble> {
        let stopping = self.stopping.load(Ordering::Relaxed).then(|| Trouble::away("it is stopping", BOTH));
        stopping.into_iter().collect()
    }

    /// By what came of the last append, and one that is asked for where there was none.
    async fn of_log(&self, probes: bool) -> Vec<Trouble> {
        let appends = self.journal.appends();
        let is_due = appends.failing().is_some() || probes && appends.is_due(PROBED_AFTER);
        if self.roles.has(Role::Api) && is_due {
            // What comes of it is noted, also that it takes too long.
            let _ = tokio::time::timeout(SEEN_WITHIN, self.journal.probe()).await;
        }
        let mut troubles = Vec::new();
        // Nothing that is done here helps against it.
        if let Some(damage) = self.journal.damage() {
            troubles.push(Trouble::away(format!("it is damaged; restore a backup: {damage}"), COMMANDS));
        }
        if let Some(Failing { since, reason, .. }) = appends.failing() {
            troubles.push(Trouble::away(format!("nothing can be appended: {reason}"), COMMANDS).since(since));
        } else if let Err(reason) = in_time(self.journal.head()).await {
            troubles.push(Trouble::away(reason, COMMANDS));
        }
        troubles
    }

    async fn of_vault(&self) -> Vec<Trouble> {
        // What all nodes share is away for all: whoever needs nothing of it is still answered.
        let stops = if self.vault_is_shared { NOTHING } else { BOTH };
        let mut troubles = Vec::new();
        if let Some(damage) = self.vault.damage() {
            troubles.push(Trouble::away(format!("it is damaged; restore a backup: {damage}"), stops));
        }
        // Any token will do: it need not be there.
        if let Err(reason) = in_time(self.vault.token([0; 32])).await {
            troubles.push(Trouble::away(reason, stops));
        } else if let Some(Failing { since, reason, .. }) = self.vault_writes.failing() {
            let stops = if self.vault_is_shared { NOTHING } else { COMMANDS };
            let reason = format!("nothing can be written to it: {reason}");
            troubles.push(Trouble::new(PartState::Degraded, reason, stops).since(since));
        }
        troubles
    }

    async fn of_views(&self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        match self.views.unanswering().await {
            None => troubles.push(Trouble::away("they are being opened", QUERIES)),
            Some(Unanswering { of: 0, .. }) => troubles.push(Trouble::away("none is filled yet", QUERIES)),
            Some(Unanswering { of, failing }) => troubles.extend(of_queries(of, &failing)),
        }
        if self.views.is_filled_elsewhere() {
            troubles.push(Trouble::new(PartState::Degraded, "other nodes answer what is not filled here yet", QUERIES));
        }
        troubles.extend(self.views.troubles().into_iter().map(|(reason, stopped)| match stopped {
            true => Trouble::away(reason, QUERIES),
            false => Trouble::degraded(reason),
        }));
        troubles
    }

    async fn of_windows(&self) -> Vec<Trouble> {
        let trouble = self.windows.windows().status().trouble.filter(|_| self.roles.has(Role::Stream));
        let mut troubles: Vec<_> = match in_time(self.windows.position()).await {
            Err(reason) => vec![Trouble::away(reason, NOTHING)],
            Ok(_) => trouble.map(Trouble::degraded).into_iter().collect(),
        };
        if !self.caught_up.load(Ordering::Relaxed) {
            troubles.push(Trouble::degraded("they are catching up with the log"));
        }
        troubles
    }

    fn of_disk(&self) -> Vec<Trouble> {
        let Some(short) = self.files.space().short() else { return Vec::new() };
        vec![match self.files.hold_commands_up() {
            true => Trouble::new(PartState::Degraded, format!("commands are refused: {short}"), COMMANDS),
            false => Trouble::degraded(short),
        }]
    }
}

/// One look, which tells in time that there is no answer.
async fn in_time<T, E: std::fmt::Display>(look: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(SEEN_WITHIN, look).await {
        Ok(seen) => seen.map_err(|error| format!("{error:#}")),
        Err(_) => Err(format!("it does not answer within {} s", SEEN_WITHIN.as_secs())),
    }
}

/// Views that do not answer queries: as long as some do, whoever asks for those is answered.
fn of_queries(of: usize, failing: &[(&'static str, Failing)]) -> Option<Trouble> {
    let (_, first) = failing.first()?;
    let since = failing.iter().map(|(_, failing)| failing.since).min().unwrap_or(first.since);
    let trouble = match failing.len() == of {
        true => Trouble::away(format!("no query is answered: {}", first.reason), QUERIES),
        false => {
            let names: Vec<_> = failing.iter().map(|(view, _)| *view).collect();
            Trouble::degraded(format!("queries of {} are not answered: {}", names.join(", "), first.reason))
        }
    };
    Some(trouble.since(since))
}

fn of_mail(failing: &Failing) -> Trouble {
    let ago = units::duration(failing.latest.elapsed());
    Trouble::away(format!("{}, {ago} ago; the log says why", failing.reason), NOTHING).since(failing.since)
}

fn of_tasks() -> Vec<Trouble> {
    let told = |(name, reason, is_dead): (String, String, bool)| match is_dead {
        true => Trouble::away(format!("{name}: {reason}"), BOTH),
        false => Trouble::degraded(format!("{name}: {reason}")),
    };
    supervise::troubles().into_iter().map(told).collect()
}

/// How much can't go on, and why in general: no stream's name, as this is said to everybody.
fn parked(reactions: &ReactionsStatus) -> Option<Trouble> {
    let counts = reactions.parked_by_class();
    if counts.is_empty() {
        return None;
    }
    let kinds: Vec<_> = counts.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let more = if reactions.has_more_parked { " and more" } else { "" };
    Some(Trouble::degraded(format!(
        "what follows from events can't go on in some places ({}{more}); `cartlog status` names them",
        kinds.join(", ")
    )))
}

/// What is told of a part, now that this was found. What was so before has been so since then.
fn part(Found { name, troubles }: Found, before: &[Part], now: Timestamp) -> Part {
    let before = before.iter().find(|part| part.name == name);
    let state = troubles.iter().map(|trouble| trouble.state).max().unwrap_or(PartState::Ok);
    let noticed = match before {
        Some(before) if before.state == state => before.since,
        Some(_) => Some(now),
        None => troubles.first().map(|_| now),
    };
    let ago = troubles.iter().filter_map(|trouble| trouble.since).map(|since| since.elapsed()).max();
    let began = ago.map(|ago| now.minus(chrono::TimeDelta::from_std(ago).unwrap_or_default()));
    let since = match (began, noticed) {
        (Some(began), Some(noticed)) => Some(began.min(noticed)),
        (began, noticed) => began.or(noticed),
    };
    let reasons: Vec<_> = troubles.iter().map(|trouble| trouble.reason.as_str()).collect();
    let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
    let stops = BOTH.iter().copied().filter(|asked| troubles.iter().any(|trouble| trouble.stops.contains(asked)));
    let part = Part { name: name.to_owned(), state, since, reason, stops: stops.collect() };
    tell(&part, before);
    part
}

/// A line when a part is no longer as it was.
fn tell(part: &Part, before: Option<&Part>) {
    let was = before.map_or(PartState::Ok, |before| before.state);
    let Part { name, state, reason, .. } = part;
    match (was == *state, state) {
        (true, _) => {}
        (false, PartState::Ok) => tracing::info!(part = name, "it is well again"),
        (false, PartState::Degraded) => tracing::warn!(part = name, reason, "it is degraded"),
        (false, PartState::Away) => tracing::warn!(part = name, reason, "it is away"),
    }
}

#[async_trait]
impl Ready for Readiness {
    async fn parts(&self) -> Vec<Part> {
        self.look(true).await
    }
}
