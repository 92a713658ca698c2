//! How the parts of this server are, and what can't be done because of one that is not well.
//!
//! What lives here: who is asked, and what follows. What doesn't: what came of the last append, query, fold and send, which each room
//! notes itself (the crate `health`). The guarantees: what a part was last asked for decides, and where it was asked for nothing, it
//! is asked; no look takes longer than [`SEEN_WITHIN`]; what all nodes share stops none of them alone.

mod diagnosis;
mod looks;

use crate::clock::ClockWatch;
use crate::config::{Config, Role, Roles};
use crate::engines::kafka::Forwarder;
use crate::operations::CurrentReactions;
use crate::wiring::views::ViewsKeeper;
use crate::wiring::windows::WindowsCounter;
use crate::wiring::{Backend, Files};
use api::{Part, Ready};
use async_trait::async_trait;
use commands::{Clock, SystemClock};
use diagnosis::{Diagnosis, Finding, NOTHING, part};
use health::Outcomes;
use journal::Journal;
use looks::{of_mail, of_tasks, parked};
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
/// A mail that could not be sent longer ago than this says nothing of the next one.
const MAILS_TELL_FOR: Duration = Duration::from_secs(60 * 60);

/// Looks at everything, when asked and every now and then.
pub struct Readiness {
    journal: Journal,
    vault: Arc<dyn Vault>,
    vault_writes: Arc<Outcomes>,
    views: ViewsKeeper,
    windows: WindowsCounter,
    forwarder: Option<Forwarder>,
    mails: Option<Arc<Outcomes>>,
    reactions: CurrentReactions,
    files: Files,
    roles: Roles,
    /// Other nodes have the same vault.
    vault_is_shared: bool,
    clock: ClockWatch,
    /// What was behind at the start has caught up.
    caught_up: AtomicBool,
    stopping: AtomicBool,
    /// One looks at a time.
    seen: tokio::sync::Mutex<LastLook>,
}

#[derive(Default)]
struct LastLook {
    parts: Vec<Part>,
    at: Option<Instant>,
}

impl Readiness {
    pub fn new(backend: &Backend, config: &Config, reactions: CurrentReactions) -> Self {
        let roles = config.role.clone();
        Self {
            journal: backend.journal.clone(),
            vault: Arc::clone(&backend.vault),
            vault_writes: Arc::clone(&backend.vault_writes),
            views: backend.views.clone(),
            windows: backend.windows.clone(),
            forwarder: backend.forwarder.clone().filter(|_| roles.has(Role::Stream)),
            mails: config.smtp_url.as_ref().map(|_| Arc::clone(&backend.mails)),
            reactions,
            files: backend.files.clone(),
            vault_is_shared: config.vault_url.is_some() || config.views_url.is_some(),
            roles,
            clock: ClockWatch::new(backend.journal.clone()),
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

    async fn find(&self, probes: bool) -> Vec<Diagnosis> {
        let (log, vault, views, windows) =
            tokio::join!(self.of_log(probes), self.of_vault(), self.of_views(), self.of_windows());
        let mut found = vec![
            Diagnosis { name: "this server", troubles: self.of_server() },
            Diagnosis { name: "the event log", troubles: log },
            Diagnosis { name: "the vault", troubles: vault },
            Diagnosis { name: "the views", troubles: views },
            Diagnosis { name: "the metric windows", troubles: windows },
            Diagnosis { name: "the disk", troubles: self.of_disk() },
            Diagnosis {
                name: "the clock",
                troubles: self.clock.trouble().map(Finding::degraded).into_iter().collect(),
            },
            Diagnosis { name: "reactions", troubles: parked(&self.reactions.status()).into_iter().collect() },
            Diagnosis { name: "tasks", troubles: of_tasks() },
        ];
        if let Some(forwarder) = &self.forwarder {
            let trouble = forwarder.trouble().map(|trouble| Finding::away(trouble, NOTHING));
            found.push(Diagnosis { name: "Kafka", troubles: trouble.into_iter().collect() });
        }
        if let Some(mails) = &self.mails {
            let lately = mails.failing().filter(|failing| failing.latest.elapsed() < MAILS_TELL_FOR);
            let trouble = lately.map(|failing| of_mail(&failing));
            found.push(Diagnosis { name: "the mail server", troubles: trouble.into_iter().collect() });
        }
        found
    }
}

#[async_trait]
impl Ready for Readiness {
    async fn parts(&self) -> Vec<Part> {
        self.look(true).await
    }
}
