//! How each part is found to be.

use super::diagnosis::{BOTH, COMMANDS, Finding, NOTHING, QUERIES};
use super::{Readiness, SEEN_WITHIN};
use crate::config::Role;
use crate::in_time::in_time;
use crate::{supervise, units};
use api::PartState;
use commands::ReactionsStatus;
use health::Failing;
use projections::Unanswering;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// So long an append that was stored says that the next will be.
const PROBED_AFTER: Duration = Duration::from_secs(5);

impl Readiness {
    pub(super) fn of_server(&self) -> Vec<Finding> {
        let stopping = self.stopping.load(Ordering::Relaxed).then(|| Finding::away("it is stopping", BOTH));
        stopping.into_iter().collect()
    }

    /// By what came of the last append, and one that is asked for where there was none.
    pub(super) async fn of_log(&self, probes: bool) -> Vec<Finding> {
        let appends = self.journal.appends();
        let is_due = appends.failing().is_some() || probes && appends.is_due(PROBED_AFTER);
        if self.roles.has(Role::Api) && is_due {
            // What comes of it is noted, also that it takes too long.
            let _ = tokio::time::timeout(SEEN_WITHIN, self.journal.probe()).await;
        }
        let mut troubles = Vec::new();
        // Nothing that is done here helps against it.
        if let Some(damage) = self.journal.damage() {
            troubles.push(Finding::away(format!("it is damaged; restore a backup: {damage}"), COMMANDS));
        }
        if let Some(Failing { since, reason, .. }) = appends.failing() {
            troubles.push(Finding::away(format!("nothing can be appended: {reason}"), COMMANDS).since(since));
        } else if let Err(reason) = in_time(SEEN_WITHIN, self.journal.head()).await {
            troubles.push(Finding::away(reason, COMMANDS));
        }
        troubles
    }

    pub(super) async fn of_vault(&self) -> Vec<Finding> {
        // What all nodes share is away for all: whoever needs nothing of it is still answered.
        let stops = if self.vault_is_shared { NOTHING } else { BOTH };
        let mut troubles = Vec::new();
        if let Some(damage) = self.vault.damage() {
            troubles.push(Finding::away(format!("it is damaged; restore a backup: {damage}"), stops));
        }
        // Any token will do: it need not be there.
        if let Err(reason) = in_time(SEEN_WITHIN, self.vault.token([0; 32])).await {
            troubles.push(Finding::away(reason, stops));
        } else if let Some(Failing { since, reason, .. }) = self.vault_writes.failing() {
            let stops = if self.vault_is_shared { NOTHING } else { COMMANDS };
            let reason = format!("nothing can be written to it: {reason}");
            troubles.push(Finding::new(PartState::Degraded, reason, stops).since(since));
        }
        troubles
    }

    pub(super) async fn of_views(&self) -> Vec<Finding> {
        let mut troubles = Vec::new();
        match self.views.unanswering().await {
            None => troubles.push(Finding::away("they are being opened", QUERIES)),
            Some(Unanswering { of: 0, .. }) => troubles.push(Finding::away("none is filled yet", QUERIES)),
            Some(Unanswering { of, failing }) => troubles.extend(of_queries(of, &failing)),
        }
        if self.views.is_filled_elsewhere() {
            troubles.push(Finding::new(PartState::Degraded, "other nodes answer what is not filled here yet", QUERIES));
        }
        troubles.extend(self.views.troubles().into_iter().map(|(reason, stopped)| match stopped {
            true => Finding::away(reason, QUERIES),
            false => Finding::degraded(reason),
        }));
        troubles
    }

    pub(super) async fn of_windows(&self) -> Vec<Finding> {
        let trouble = self.windows.windows().status().trouble.filter(|_| self.roles.has(Role::Stream));
        let mut troubles: Vec<_> = match in_time(SEEN_WITHIN, self.windows.position()).await {
            Err(reason) => vec![Finding::away(reason, NOTHING)],
            Ok(_) => trouble.map(Finding::degraded).into_iter().collect(),
        };
        if !self.caught_up.load(Ordering::Relaxed) {
            troubles.push(Finding::degraded("they are catching up with the log"));
        }
        troubles
    }

    pub(super) fn of_disk(&self) -> Vec<Finding> {
        let Some(short) = self.files.space().short() else { return Vec::new() };
        vec![match self.files.hold_commands_up() {
            true => Finding::new(PartState::Degraded, format!("commands are refused: {short}"), COMMANDS),
            false => Finding::degraded(short),
        }]
    }
}

/// Views that do not answer queries: as long as some do, whoever asks for those is answered.
fn of_queries(of: usize, failing: &[(&'static str, Failing)]) -> Option<Finding> {
    let (_, first) = failing.first()?;
    let since = failing.iter().map(|(_, failing)| failing.since).min().unwrap_or(first.since);
    let trouble = match failing.len() == of {
        true => Finding::away(format!("no query is answered: {}", first.reason), QUERIES),
        false => {
            let names: Vec<_> = failing.iter().map(|(view, _)| *view).collect();
            Finding::degraded(format!("queries of {} are not answered: {}", names.join(", "), first.reason))
        }
    };
    Some(trouble.since(since))
}

pub(super) fn of_mail(failing: &Failing) -> Finding {
    let ago = units::duration(failing.latest.elapsed());
    Finding::away(format!("{}, {ago} ago; the log says why", failing.reason), NOTHING).since(failing.since)
}

pub(super) fn of_tasks() -> Vec<Finding> {
    let told = |(name, reason, is_dead): (String, String, bool)| match is_dead {
        true => Finding::away(format!("{name}: {reason}"), BOTH),
        false => Finding::degraded(format!("{name}: {reason}")),
    };
    supervise::troubles().into_iter().map(told).collect()
}

/// How much can't go on, and why in general: no stream's name, as this is said to everybody.
pub(super) fn parked(reactions: &ReactionsStatus) -> Option<Finding> {
    let counts = reactions.parked_by_class();
    if counts.is_empty() {
        return None;
    }
    let kinds: Vec<_> = counts.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let more = if reactions.has_more_parked { " and more" } else { "" };
    Some(Finding::degraded(format!(
        "what follows from events can't go on in some places ({}{more}); `cartlog status` names them",
        kinds.join(", ")
    )))
}
