//! Whether this server can take commands and queries, and what is away if not.

use super::Parts;
use crate::clock::ClockWatch;
use crate::config::{Role, Roles};
use crate::supervise;
use api::{Away, Ready};
use async_trait::async_trait;
use commands::ReactionsStatus;
use commands::vault::Vault;
use journal::Journal;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Looks at everything when asked.
pub struct Readiness {
    journal: Journal,
    vault: Arc<dyn Vault>,
    views: super::ViewsKeeper,
    windows: super::WindowsCounter,
    #[cfg(feature = "kafka")]
    forwarder: Option<streaming::Forwarder>,
    reactions: CurrentReactions,
    files: super::Files,
    roles: Roles,
    clock: ClockWatch,
    /// What was behind at the start has caught up.
    caught_up: AtomicBool,
    stopping: AtomicBool,
}

/// How the reactions are that run now: another worker after each restart of the task.
pub type CurrentReactions = Arc<Mutex<Arc<Mutex<ReactionsStatus>>>>;

impl Readiness {
    pub fn new(parts: &Parts, roles: Roles, reactions: CurrentReactions) -> Self {
        Self {
            journal: parts.journal.clone(),
            vault: Arc::clone(&parts.vault),
            views: parts.views.clone(),
            windows: parts.windows.clone(),
            #[cfg(feature = "kafka")]
            forwarder: parts.forwarder.clone().filter(|_| roles.has(Role::Stream)),
            reactions,
            files: parts.files.clone(),
            roles,
            clock: ClockWatch::new(parts.journal.clone()),
            caught_up: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
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
}

fn away(name: &str, reason: impl ToString, fatal: bool) -> Away {
    Away { name: name.to_owned(), reason: reason.to_string(), fatal }
}

/// How much can't go on, and why in general: no stream's name, as this is said to everybody.
fn parked(reactions: &ReactionsStatus) -> Option<String> {
    let counts = reactions.parked_by_class();
    if counts.is_empty() {
        return None;
    }
    let kinds: Vec<_> = counts.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let more = if reactions.has_more_parked { " and more" } else { "" };
    Some(format!(
        "what follows from events can't go on in some places ({}{more}); `cartlog status` names them",
        kinds.join(", ")
    ))
}

#[async_trait]
impl Ready for Readiness {
    async fn away(&self) -> Vec<Away> {
        let mut found = Vec::new();
        if self.stopping.load(Ordering::Relaxed) {
            found.push(away("this server", "it is stopping", true));
        }
        found.extend(supervise::troubles().into_iter().map(|(name, reason, fatal)| away(&name, reason, fatal)));
        if !self.caught_up.load(Ordering::Relaxed) {
            found.push(away("the metric windows", "they are catching up with the log", true));
        }
        if let Err(error) = self.journal.head().await {
            found.push(away("the event log", error, true));
        }
        // Nothing that is done here helps against it.
        if let Some(damage) = self.journal.damage() {
            found.push(away("the event log", format!("it is damaged; restore a backup: {damage}"), true));
        }
        if let Some(damage) = self.vault.damage() {
            found.push(away("the vault", format!("it is damaged; restore a backup: {damage}"), true));
        }
        // Queries go on.
        if let Some(short) = self.files.space().short().filter(|_| self.files.hold_commands_up()) {
            found.push(away("the disk", format!("commands are refused: {short}"), false));
        }
        // Any token will do: it need not be there.
        if let Err(error) = self.vault.token([0; 32]).await {
            found.push(away("the vault", error, true));
        }
        for (trouble, stopped) in self.views.troubles() {
            found.push(away("the views", trouble, stopped));
        }
        if let Some(trouble) = self.windows.windows().status().trouble.filter(|_| self.roles.has(Role::Stream)) {
            found.push(away("the metric windows", trouble, false));
        }
        #[cfg(feature = "kafka")]
        if let Some(trouble) = self.forwarder.as_ref().and_then(|forwarder| forwarder.status().trouble) {
            found.push(away("Kafka", trouble, false));
        }
        found.extend(self.clock.trouble().map(|trouble| away("the clock", trouble, false)));
        if let Some(trouble) = parked(&self.reactions.lock().lock()) {
            found.push(away("reactions", trouble, false));
        }
        found
    }
}
