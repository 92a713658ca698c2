//! Learning from the store what answers, and up to where.

use super::Node;
use crate::status::ViewStatus;
use crate::store::{Generation, GenerationState, ReadStore, ReadStoreError, Table, ViewDeclaration};
use eventlog::{CausedBy, Position};
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
pub(super) struct FollowedViews {
    /// The views that it fills itself, of which it knows better.
    filled: Vec<&'static str>,
    generations: HashMap<&'static str, u32>,
    /// Up to where each is, at least.
    reached: HashMap<&'static str, Position>,
    parked_at: Option<Instant>,
}

/// What the store says of the views that others fill.
#[derive(Default)]
struct ObservedGenerations {
    /// The generation that answers, and up to where it is.
    live: Vec<(&'static ViewDeclaration, u32, Position)>,
    /// Of views that have no generation for this version of the program and this log.
    absent: Vec<&'static ViewDeclaration>,
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
    /// From now on this node fills these itself: nothing is learned of them from the store. What it filled before is learned anew.
    pub(super) async fn fills(&self, filled: Vec<&'static str>) {
        let mut known = self.known.lock().await;
        *known = FollowedViews { filled, ..FollowedViews::default() };
        let (inner, fills_all) = (&self.views.inner, known.filled.len() == self.settings.declared.len());
        // Those that others fill are at least where all were said to be; the next look tells more. Of all others, until then they stay there.
        let at_least = (!known.filled.is_empty() && !fills_all).then(|| self.views.position());
        inner.reached.filled(None);
        inner.reached.followed(at_least);
        if fills_all {
            inner.watched.followed(None);
        }
    }

    /// Looks once at what this node does not fill.
    async fn look(&self) {
        let mut known = self.known.lock().await;
        if known.filled.len() == self.settings.declared.len() {
            return;
        }
        let watched = &self.views.inner.watched;
        match self.seen(&known.filled).await {
            Ok(seen) => {
                if known.filled.is_empty() {
                    // What it said while it filled some.
                    watched.store_is_well();
                }
                watched.followed(seen.absent.first().map(|view| format!("the view '{}' is not filled yet", view.name)));
                self.publish(&mut known, &seen);
                self.note_parked(&mut known, &seen).await;
            }
            Err(error) => watched.followed(Some(error.to_string())),
        }
    }

    /// Of all views but these.
    async fn seen(&self, but: &[&'static str]) -> Result<ObservedGenerations, ReadStoreError> {
        let log_id = self.log_id.get_or_try_init(|| self.journal.log_id()).await;
        let log_id =
            *log_id.map_err(|error| ReadStoreError::Unavailable(CausedBy::of("the log can't be told", error)))?;
        let generations = self.store.generations().await?;
        let mut seen = ObservedGenerations::default();
        for view in self.settings.declarations().filter(|view| !but.contains(&view.name)) {
            let is_it = |known: &&Generation| {
                known.is_of(view) && known.state == GenerationState::Live && known.checkpoint.log_id == log_id
            };
            match generations.iter().find(is_it) {
                Some(found) => seen.live.push((view, found.generation, found.checkpoint.position)),
                None => seen.absent.push(view),
            }
        }
        Ok(seen)
    }

    /// First what answers, then up to where it is: whoever waited for the position reads what is there.
    fn publish(&self, known: &mut FollowedViews, seen: &ObservedGenerations) {
        let inner = &self.views.inner;
        for &(view, generation, reached) in &seen.live {
            known.reached.insert(view.name, reached);
            if known.generations.insert(view.name, generation) != Some(generation) {
                inner.slots.answer_from(view.name, Some(Table { view, generation }));
                known.parked_at = None;
            }
        }
        for view in &seen.absent {
            let (name, version) = (view.name, view.version);
            let absent =
                ViewStatus { name, version, generation: 0, parked: 0, first_parked: Vec::new(), rebuild: None };
            inner.watched.view(absent);
            known.reached.remove(view.name);
            if known.generations.remove(view.name).is_some() {
                inner.slots.answer_from(view.name, None);
            }
        }
        inner.reached.followed(known.reached.values().copied().min());
    }

    async fn note_parked(&self, known: &mut FollowedViews, seen: &ObservedGenerations) {
        if known.parked_at.is_some_and(|at| at.elapsed() < PARKED_EVERY) {
            return;
        }
        for &(view, generation, _) in &seen.live {
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
