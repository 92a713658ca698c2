//! The live worker: takes what has come, folds it, commits it, says so.

use super::context::FillContext;
use super::error::FillError;
use super::thread;
use super::upkeep::Upkeep;
use crate::store::{Generation, GenerationState, ReadStoreError, ViewDeclaration};
use eventlog::Position;
use futures::FutureExt;
use journal::{Batch, Delivery};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long it waits before it tries again after an error; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Folds on a thread of its own until it is stopped, or until trying again does not help. `again`: after it broke off. What it had
/// in memory is not to be trusted then; all is read anew from where the store is.
pub(super) async fn keep_up(shared: Arc<Upkeep>, again: bool) -> tasks::Ended {
    let working = thread::spawn("views-worker", async move {
        if again {
            shared.reopen().await?;
        }
        let told = Arc::clone(&shared);
        let outcome = std::panic::AssertUnwindSafe(run(shared)).catch_unwind().await;
        outcome.unwrap_or_else(|panic| {
            let watched = &told.context.views.inner.watched;
            watched.writes(false);
            watched.store_trouble("filling them broke off; it begins anew".to_owned(), false);
            std::panic::resume_unwind(panic)
        })
    });
    match working.await {
        Ok(ended) => ended,
        // It panicked over there, and so it does here.
        Err(broke_off) => std::panic::resume_unwind(Box::new(broke_off.to_string())),
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the log is no longer followed")]
struct NotFollowed;

/// Folds until it is stopped, or until trying again does not help.
async fn run(shared: Arc<Upkeep>) -> tasks::Ended {
    let after = shared.live.lock().await.position();
    let mut batches = follow(Arc::clone(&shared), after);
    let stop = &shared.context.stop;
    while let Some(Some(batch)) = stop.run_until_cancelled(batches.recv()).await {
        if batch.events.is_empty() {
            continue;
        }
        let watched = &shared.context.views.inner.watched;
        watched.writes(true);
        let is_taken = take(&shared, &batch.events).await;
        watched.writes(false);
        if !is_taken {
            return Ok(());
        }
    }
    match stop.is_cancelled() {
        true => Ok(()),
        false => Err(NotFollowed.into()),
    }
}

/// Follows the log on another thread, so that decoding and folding go on at the same time.
fn follow(shared: Arc<Upkeep>, after: Position) -> mpsc::Receiver<Batch> {
    let (batches, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut follower = shared.context.journal.follow(after);
        let mut pause = FIRST_PAUSE;
        while !shared.context.stop.is_cancelled() {
            let next = follower.next(shared.context.settings.batch_events);
            match shared.context.stop.run_until_cancelled(next).await {
                Some(Ok(batch)) => {
                    pause = FIRST_PAUSE;
                    shared.context.views.inner.watched.log_is_well();
                    if batches.send(batch).await.is_err() {
                        return;
                    }
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "the log can't be followed; trying again");
                    shared.context.views.inner.watched.log_trouble(error.to_string());
                    rest(&shared, &mut pause).await;
                }
                None => return,
            }
        }
    });
    receiver
}

/// Folds and commits the batch, however often it takes; `false` when it is stopped or trying again does not help.
async fn take(shared: &Upkeep, events: &[Delivery]) -> bool {
    let inner = &shared.context.views.inner;
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let mut live = shared.live.lock().await;
        let outcome = live.apply(shared.context.store(), events).await;
        match outcome {
            Ok(()) => {
                // Before the position: whoever waited for it sees what was parked on the way.
                live.note(inner, false);
                inner.reached.filled(Some(live.position()));
                drop(live);
                inner.watched.store_is_well();
                measure_batch(events, began);
                return true;
            }
            Err(error) => {
                drop(live);
                tracing::error!(%error, "the views can't be written");
                let lost = shared.lost_view().await;
                let is_final = lost.is_some() || !error.retry().helps();
                if let Some(view) = lost {
                    shared.context.store().met_damage(&format!("a table of the view '{view}' is gone"));
                }
                if let ReadStoreError::Damaged(reason) = &error {
                    shared.context.store().met_damage(&reason.to_string());
                }
                inner.watched.store_trouble(error.to_string(), is_final);
                if is_final {
                    return false;
                }
                rest(shared, &mut pause).await;
                if shared.context.stop.is_cancelled() {
                    return false;
                }
            }
        }
    }
}

async fn rest(shared: &Upkeep, pause: &mut Duration) {
    shared.context.stop.run_until_cancelled(tokio::time::sleep(*pause)).await;
    *pause = (*pause * 2).min(LONGEST_PAUSE);
}

fn measure_batch(events: &[Delivery], began: Instant) {
    metrics::counter!("cartlog_views_events_total").increment(events.len() as u64);
    metrics::histogram!("cartlog_views_batch_events").record(events.len() as f64);
    metrics::histogram!("cartlog_views_batch_seconds").record(began.elapsed().as_secs_f64());
}

/// Beside the worker: fills what does not answer yet, drops what answers no more, and goes on with a rebuild that was interrupted.
pub(super) async fn tidy_up(shared: Arc<Upkeep>) {
    let absent = std::mem::take(&mut *shared.absent.lock());
    if !absent.is_empty() && !fill_beside(&shared, absent).await {
        return;
    }
    let leftover = std::mem::take(&mut *shared.leftover.lock());
    if !leftover.is_empty() && !shared.context.keep_for_others().await {
        return;
    }
    for generation in leftover {
        if shared.context.stop.is_cancelled() {
            return;
        }
        if let Err(error) = drop_leftover(&shared.context, generation).await {
            tracing::warn!(%error, "what answers no more stays until the next start");
        }
    }
    resume_rebuild(shared).await;
}

/// One that answered to another version of the program is still said to.
async fn drop_leftover(context: &FillContext, leftover: Generation) -> Result<(), ReadStoreError> {
    // In a version that is filled here, what took its place has retired it.
    if leftover.state != GenerationState::Retired && !context.fills(&leftover) {
        context.store().retire(leftover.view.clone(), leftover.version).await?;
    }
    context.store().drop_generation(leftover.view, leftover.generation).await
}

/// However often it takes; `false` when it is stopped.
async fn fill_beside(shared: &Arc<Upkeep>, absent: Vec<&'static ViewDeclaration>) -> bool {
    let names = absent.iter().map(|view| view.name).collect::<Vec<_>>().join(", ");
    tracing::info!(views = names, "views are filled from the log; the others answer meanwhile");
    let mut pause = FIRST_PAUSE;
    loop {
        match super::rebuild::rebuild(Arc::clone(shared), absent.clone(), Arc::new(|_| {})).await {
            Ok(()) => {
                tracing::info!(views = names, "the views are filled");
                return true;
            }
            Err(FillError::Stopped) => return false,
            Err(FillError::AlreadyRebuilding) => {}
            Err(error) => tracing::error!(%error, views = names, "the views can't be filled; trying again"),
        }
        rest(shared, &mut pause).await;
        if shared.context.stop.is_cancelled() {
            return false;
        }
    }
}

async fn resume_rebuild(shared: Arc<Upkeep>) {
    let views = match super::rebuild::interrupted(&shared).await {
        Ok(views) if views.is_empty() => return,
        Ok(views) => views,
        Err(error) => {
            tracing::warn!(%error, "whether a rebuild was interrupted can't be told");
            return;
        }
    };
    let names = views.iter().map(|view| view.name).collect::<Vec<_>>().join(", ");
    tracing::info!(views = names, "going on with a rebuild that was interrupted");
    match super::rebuild::rebuild(shared, views, Arc::new(|_| {})).await {
        Ok(()) => tracing::info!(views = names, "the rebuild is done"),
        Err(FillError::Stopped | FillError::AlreadyRebuilding) => {}
        Err(error) => tracing::error!(%error, "the rebuild can't go on"),
    }
}
