//! Learning from the store what answers, and up to where.

use super::Node;
use crate::slots::{DECLARATIONS, answer_from};
use crate::status::ViewStatus;
use crate::store::{Generation, GenerationState, ReadStore, StoreError, Table, ViewDeclaration};
use eventlog::Position;
use sqlx::postgres::PgListener;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a commit may stay unnoticed when its hint was lost.
const LOOKED_EVERY: Duration = Duration::from_millis(200);
/// How often it is looked what is parked: seldom anything, and it takes a query for each view.
const PARKED_EVERY: Duration = Duration::from_secs(5);
/// How long is waited before the server is asked again for its hints.
const LISTENED_AGAIN_AFTER: Duration = Duration::from_secs(1);
const CHANNEL: &str = "cartlog_views";

/// What this node has learned.
#[derive(Default)]
pub(super) struct Known {
    generations: HashMap<&'static str, u32>,
    parked_at: Option<Instant>,
}

/// What the store says.
struct Seen {
    live: Vec<(&'static ViewDeclaration, u32)>,
    /// Of views that have no generation for this version of the program and this log.
    absent: Vec<&'static ViewDeclaration>,
    /// Up to where those that answer are.
    position: Option<Position>,
}

/// Reads along until it is stopped.
pub(super) async fn follow(node: Arc<Node>) -> tasks::Ended {
    let mut hints = Hints::default();
    while !node.stop.is_cancelled() {
        node.look().await;
        node.stop.run_until_cancelled(hints.wait(&node)).await;
    }
    Ok(())
}

impl Node {
    /// Looks once, unless this node leads.
    async fn look(&self) {
        let mut known = self.known.lock().await;
        let Some(known) = known.as_mut() else { return };
        let watched = &self.views.inner.watched;
        match self.seen().await {
            Ok(seen) => {
                match seen.absent.first() {
                    Some(view) => watched.store_trouble(format!("the view '{}' is not filled yet", view.name), false),
                    None => watched.store_is_well(),
                }
                self.publish(known, &seen);
                self.note_parked(known, &seen).await;
            }
            Err(error) => watched.store_trouble(error.to_string(), false),
        }
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        let log_id = self.log_id.get_or_try_init(|| self.journal.log_id()).await;
        let log_id = *log_id.map_err(|error| StoreError::Unavailable(format!("the log can't be told: {error}")))?;
        let generations = self.store.generations().await?;
        let (mut live, mut absent) = (Vec::new(), Vec::new());
        let mut position: Option<Position> = None;
        for view in DECLARATIONS.iter().copied() {
            let is_it = |known: &&Generation| {
                known.view == view.name
                    && known.version == view.version
                    && known.state == GenerationState::Live
                    && known.checkpoint.log_id == log_id
            };
            match generations.iter().find(is_it) {
                Some(found) => {
                    live.push((view, found.generation));
                    let reached = found.checkpoint.position;
                    position = Some(position.map_or(reached, |position| position.min(reached)));
                }
                None => absent.push(view),
            }
        }
        Ok(Seen { live, absent, position })
    }

    /// First what answers, then up to where it is: whoever waited for the position reads what is there.
    fn publish(&self, known: &mut Known, seen: &Seen) {
        let inner = &self.views.inner;
        for &(view, generation) in &seen.live {
            if known.generations.insert(view.name, generation) != Some(generation) {
                answer_from(&inner.slots, view, Some(generation));
                known.parked_at = None;
            }
        }
        for view in &seen.absent {
            let (name, version) = (view.name, view.version);
            let absent =
                ViewStatus { name, version, generation: 0, parked: 0, first_parked: Vec::new(), rebuild: None };
            inner.watched.view(absent);
            if known.generations.remove(view.name).is_some() {
                answer_from(&inner.slots, view, None);
            }
        }
        if let Some(position) = seen.position {
            inner.position.send_if_modified(|before| std::mem::replace(before, position) != position);
        }
    }

    async fn note_parked(&self, known: &mut Known, seen: &Seen) {
        if known.parked_at.is_some_and(|at| at.elapsed() < PARKED_EVERY) {
            return;
        }
        for &(view, generation) in &seen.live {
            // Told of with the next look at all generations, if it lasts.
            let Ok(parked) = self.store.parked(Table { view, generation }).await else { return };
            let (name, version) = (view.name, view.version);
            self.views.inner.watched.view(ViewStatus {
                name,
                version,
                generation,
                parked: parked.len() as u64,
                first_parked: parked.into_iter().take(crate::PARKED_SHOWN).collect(),
                rebuild: None,
            });
        }
        known.parked_at = Some(Instant::now());
    }
}

/// Tells when it is worth looking. Hints may be lost, so time tells too.
#[derive(Default)]
struct Hints {
    listener: Option<PgListener>,
    tried_at: Option<Instant>,
}

impl Hints {
    async fn wait(&mut self, node: &Node) {
        let until = Instant::now() + LOOKED_EVERY;
        if self.listener.is_none() && self.tried_at.is_none_or(|at| at.elapsed() >= LISTENED_AGAIN_AFTER) {
            self.tried_at = Some(Instant::now());
            self.listener = tokio::time::timeout_at(until, listen(node)).await.ok().flatten();
        }
        let hint = async {
            match &mut self.listener {
                // It says when the connection was lost: then the next look is due as well.
                Some(listener) => listener.try_recv().await.is_ok_and(|hint| hint.is_some()),
                None => std::future::pending().await,
            }
        };
        if let Ok(false) = tokio::time::timeout_at(until, hint).await {
            self.listener = None;
        }
    }
}

async fn listen(node: &Node) -> Option<PgListener> {
    // It waits for as long as there is nothing to tell.
    let pool = node.database.pool(1, &[("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0")]);
    let mut listener = PgListener::connect_with(&pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}
