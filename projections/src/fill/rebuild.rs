//! Fills new generations beside those that answer, and puts them in their place between two batches.

use super::Group;
use super::error::FillError;
use super::meter::{Meter, Report};
use super::start::{by_checkpoint, retry_all};
use super::upkeep::Upkeep;
use crate::status::Progress;
use crate::store::*;
use eventlog::Checkpoint;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Rebuilds the views; one rebuild at a time. Interrupted at any point, the views answer as before, and the next one goes
/// on where this one was.
pub(super) async fn rebuild(
    shared: Arc<Upkeep>,
    views: Vec<&'static ViewDeclaration>,
    report: Report,
) -> Result<(), FillError> {
    let _one_at_a_time = shared.rebuilding.try_lock().map_err(|_| FillError::AlreadyRebuilding)?;
    let names: Vec<&'static str> = views.iter().map(|view| view.name).collect();
    let watched = Arc::clone(&shared.context.views.inner);
    let report: Report = Arc::new(move |progress: Progress| {
        watched.watched.rebuild(&progress.views, Some(&progress));
        report(progress);
    });
    let outcome = rebuild_all(&shared, views, &report).await;
    shared.context.views.inner.watched.rebuild(&names, None);
    outcome
}

async fn rebuild_all(shared: &Upkeep, views: Vec<&'static ViewDeclaration>, report: &Report) -> Result<(), FillError> {
    let begun = begin(shared, views).await?;
    for group in by_checkpoint(&shared.context, begun).await? {
        fill_and_swap(shared, group, report).await?;
    }
    Ok(())
}

/// The generations to fill: those that an interrupted rebuild began, and new ones.
async fn begin(shared: &Upkeep, views: Vec<&'static ViewDeclaration>) -> Result<Vec<(Table, Checkpoint)>, FillError> {
    let store = shared.context.store();
    let generations = store.generations().await?;
    let start = Checkpoint::start(shared.context.journal.log_id().await?);
    let mut begun = Vec::with_capacity(views.len());
    for view in views {
        let is_begun = |known: &&Generation| known.is_of(view) && known.state == GenerationState::Filling;
        begun.push(match generations.iter().find(is_begun) {
            Some(known) => (Table { view, generation: known.generation }, known.checkpoint),
            None => (shared.context.create(view, start).await?, start),
        });
    }
    Ok(begun)
}

async fn fill_and_swap(shared: &Upkeep, mut filling: Group, report: &Report) -> Result<(), FillError> {
    let context = &shared.context;
    let mut meter = Meter::new(filling.names(), filling.position(), Arc::clone(report));
    // As long as much comes in meanwhile, the worker need not wait.
    while context.fill(&mut filling, context.views.position(), &mut meter).await? > context.settings.batch_events as u64
    {
    }
    // What an earlier program parked when it began this, perhaps this one can fold.
    retry_all(context, &mut filling).await?;
    let mut live = shared.live.lock().await;
    context.fill(&mut filling, live.position(), &mut meter).await?;
    context.store().swap(filling.tables()).await?;
    let retired = filling.publish(&context.views.inner);
    filling.note(&context.views.inner, true);
    live.take_over(filling);
    drop(live);
    drop_retired(shared, retired).await
}

/// Drops what answered before, each once the last query on it is done.
async fn drop_retired(shared: &Upkeep, retired: Vec<(Table, CancellationToken)>) -> Result<(), FillError> {
    for (table, gone) in retired {
        tokio::select! {
            () = gone.cancelled() => {}
            // It is dropped at the next start.
            () = shared.context.stop.cancelled() => return Ok(()),
        }
        if !shared.context.keep_for_others().await {
            return Ok(());
        }
        shared.context.store().drop_generation(table.view.name.to_owned(), table.generation).await?;
    }
    Ok(())
}

/// The views whose rebuild was interrupted.
pub(super) async fn interrupted(shared: &Upkeep) -> Result<Vec<&'static ViewDeclaration>, ReadStoreError> {
    let generations = shared.context.store().generations().await?;
    let is_interrupted = |view: &&&'static ViewDeclaration| {
        let is_its = |known: &Generation| known.is_of(view) && known.state == GenerationState::Filling;
        generations.iter().any(is_its)
    };
    Ok(shared.context.filled.iter().filter(is_interrupted).copied().collect())
}
