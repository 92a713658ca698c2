//! The views, wherever they are kept: what operators ask of them.

use super::upkeep::Upkeep;
use crate::status::report::Parked;
use anyhow::Result;
use eventlog::Position;
use eventlog::chain::EventHash;
use journal::Journal;
use projections::store::{Generation, GenerationState, ParkedUnit};
use projections::{ProjectionStatus, Unanswering, ViewStatus};
use std::sync::Arc;

/// The views, and how they are. Cheap to clone.
#[derive(Clone)]
pub struct ViewsKeeper(Arc<dyn Upkeep>);

impl std::ops::Deref for ViewsKeeper {
    type Target = dyn Upkeep;
    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

impl ViewsKeeper {
    pub fn new(upkeep: Arc<dyn Upkeep>) -> Self {
        Self(upkeep)
    }

    /// How they are; `None` before they answer.
    pub fn status(&self) -> Option<ProjectionStatus> {
        self.queries().map(|views| views.status())
    }

    /// Which do not answer queries, as [`Views::unanswering`]; `None` before they answer.
    pub async fn unanswering(&self) -> Option<Unanswering> {
        Some(self.queries()?.unanswering().await)
    }

    /// The names of all views.
    pub fn names(&self) -> Vec<String> {
        projections::view_names().map(str::to_owned).collect()
    }

    /// Name, position and state in words of each view.
    pub async fn positions(&self) -> Result<Vec<(String, Position, String)>> {
        let Some(status) = self.status() else { return self.stored_positions().await };
        let state = |view: &ViewStatus| match (&status.trouble, &view.rebuild, view.parked) {
            (Some(trouble), _, _) => format!("waits: {trouble}"),
            (None, Some(rebuild), _) if view.generation == 0 => {
                format!("being filled, {} of {}", rebuild.done, rebuild.total)
            }
            (None, Some(rebuild), _) => format!("being rebuilt, {} of {}", rebuild.done, rebuild.total),
            (None, None, 0) => self.led_by(view.name).unwrap_or_else(|| "well".to_owned()),
            (None, None, parked) => format!("{parked} parked"),
        };
        // One that does not answer yet is where its filling is.
        let position = |view: &ViewStatus| match (view.generation, &view.rebuild) {
            (0, Some(rebuild)) => Position(rebuild.done),
            (0, None) => Position::START,
            (_, _) => status.position,
        };
        Ok(status.views.iter().map(|view| (view.name.to_owned(), position(view), state(view))).collect())
    }

    /// Where those that answer stand in this log, and the hash of the event there as they have read it; nothing where they are of
    /// another log.
    pub async fn last_seen(&self, journal: &Journal) -> Result<Vec<(Position, Option<EventHash>)>> {
        let log_id = journal.log_id().await?;
        let is_ours = |view: &Generation| view.state == GenerationState::Live && view.checkpoint.log_id == log_id;
        let generations = self.store().generations().await?;
        let mut seen: Vec<(Position, Option<EventHash>)> = Vec::new();
        for view in generations.iter().filter(|view| is_ours(view)) {
            let at = (view.checkpoint.position, view.event_hash);
            if !seen.contains(&at) {
                seen.push(at);
            }
        }
        Ok(seen)
    }

    /// As they were left.
    async fn stored_positions(&self) -> Result<Vec<(String, Position, String)>> {
        let generations = self.store().generations().await?;
        let live = generations.into_iter().filter(|generation| generation.state == GenerationState::Live);
        Ok(live.map(|view| (view.view, view.checkpoint.position, "as it was left".to_owned())).collect())
    }

    /// What is parked, by view; known while a server runs.
    pub fn parked(&self) -> Vec<Parked> {
        let views = self.status().map_or_else(Vec::new, |status| status.views);
        views.into_iter().flat_map(parked_in).collect()
    }

    /// Whether queries had better be asked of other nodes, as something is not filled here yet.
    pub fn is_filled_elsewhere(&self) -> bool {
        let lacks = |status: ProjectionStatus| status.views.iter().any(|view| view.generation == 0);
        self.others_answer() && self.status().is_some_and(lacks)
    }

    /// What operators should know, and whether the views stand still for good because of it.
    pub fn troubles(&self) -> Vec<(String, bool)> {
        let Some(status) = self.status() else { return Vec::new() };
        let parked = format!("{} rows or streams are parked; `cartlog status` names them", status.parked);
        let parked = (status.parked > 0).then_some((parked, false));
        let filled: Vec<&str> = status.views.iter().filter(|view| view.generation == 0).map(|view| view.name).collect();
        let filled =
            (!filled.is_empty()).then(|| (format!("{} are being filled from the log", filled.join(", ")), false));
        status.trouble.map(|trouble| (trouble, status.stopped)).into_iter().chain(filled).chain(parked).collect()
    }
}

fn parked_in(view: ViewStatus) -> impl Iterator<Item = Parked> {
    view.first_parked.into_iter().map(move |parked| Parked {
        follower: view.name.to_owned(),
        what: match parked.unit {
            ParkedUnit::Row(key) => key.to_string(),
            ParkedUnit::Stream(stream) => stream,
        },
        position: parked.position.0,
        reason: parked.reason,
    })
}
