//! What happens before the views answer: generations are looked over, views of another version are filled, parked rows are
//! tried again, and what the log has beyond the checkpoint is folded.

use super::alone::{Alone, FoldError};
use super::context::FillContext;
use super::error::FillError;
use super::meter::{Meter, Report};
use super::{Group, altered};
use crate::status::{Progress, ViewStatus};
use crate::store::*;
use eventlog::{Checkpoint, LogError, Mismatch, Position};
use journal::Journal;
use std::time::Duration;
use tokio::time::Instant;

/// What the store has, sorted out.
#[derive(Default)]
struct Sorted {
    live: Vec<(Table, Checkpoint)>,
    /// Of views that have no live generation of today's version.
    filling: Vec<(Table, Checkpoint)>,
    /// Of such views, those to be begun.
    absent: Vec<&'static ViewDeclaration>,
    /// Retired; or of another version or another program, where no other process may fill those.
    leftover: Vec<Generation>,
}

impl Sorted {
    fn sort_out(filled: &[&'static ViewDeclaration], mut generations: Vec<Generation>) -> Self {
        let mut found = Self::default();
        for view in filled.iter().copied() {
            let mut take = |state| {
                let is_it = |known: &Generation| known.is_of(view) && known.state == state;
                let known = generations.swap_remove(generations.iter().position(is_it)?);
                Some((Table { view, generation: known.generation }, known.checkpoint))
            };
            // A rebuild of a live view that was interrupted is left for whoever goes on with it.
            match (take(GenerationState::Live), take(GenerationState::Filling)) {
                (Some(live), _) => found.live.push(live),
                (None, Some(filling)) => found.filling.push(filling),
                (None, None) => found.absent.push(view),
            }
        }
        found.leftover = generations;
        found
    }
}

pub(super) struct Started {
    /// All views, at the log's head as it was when they got there.
    pub group: Group,
    /// What neither answers nor will: it may be dropped at leisure.
    pub leftover: Vec<Generation>,
    /// Views that are still to be filled, beside the others.
    pub absent: Vec<&'static ViewDeclaration>,
}

/// See the module.
pub(super) async fn start(context: &FillContext, report: &Report) -> Result<Started, FillError> {
    let log_id = context.journal.log_id().await?;
    let generations = context.store().generations().await?;
    let (generations, foreign): (Vec<_>, Vec<_>) =
        generations.into_iter().partition(|generation| generation.checkpoint.log_id == log_id);
    if let Some(generation) = foreign.iter().find(|generation| generation.state != GenerationState::Retired) {
        let Checkpoint { log_id: before, position, .. } = generation.checkpoint;
        if !context.settings.accept_log {
            // Whoever fills these would lose them to this one, for a setting that was forgotten.
            let reason = Mismatch::OtherLog(log_id);
            return Err(LogError::ForeignCheckpoint { log_id: before, position, reason }.into());
        }
        tracing::warn!(%before, %log_id, "the views are of another log: they are filled anew from this one");
    }
    // What other versions of the program fill, they drop, or whoever finds that nobody fills it any more.
    let generations: Vec<_> =
        generations.into_iter().filter(|generation| !context.is_shared || context.fills(generation)).collect();
    for lost in generations.iter().filter(|generation| generation.state == GenerationState::Lost) {
        tracing::error!(
            view = lost.view,
            generation = lost.generation,
            "a table of the view is gone: it is filled anew"
        );
    }
    let (generations, ahead) = known_to_log(&context.journal, generations).await?;
    if foreign.iter().chain(&ahead).any(|generation| generation.state != GenerationState::Retired) {
        // What they saw of streams is not of this log, or no longer.
        context.store().forget_tips().await?;
    }
    altered::tell(&context.journal, &generations).await?;
    let mut found = Sorted::sort_out(&context.filled, generations);
    found.leftover.extend(foreign.into_iter().chain(ahead));
    let mut group = live_group(context, std::mem::take(&mut found.live), report).await?;
    let is_first = group.projectors.is_empty();
    let mut absent = Vec::new();
    if is_first || !context.settings.fill_beside {
        fill_absent(context, &mut group, &mut found, report).await?;
    }
    if context.settings.fill_beside {
        if is_first && group.projectors.is_empty() {
            // It takes too long to wait for: the log is followed from where it is, and what was begun is gone on with beside.
            group.checkpoint = context.journal.checkpoint(context.journal.head().await?).await?;
        }
        absent = leave_absent(context, group.position(), &mut found).await?;
    }
    group.publish(&context.views.inner);
    retry_all(context, &mut group).await?;
    catch_up(context, &mut group, report).await?;
    group.note(&context.views.inner, true);
    context.views.inner.reached.filled(Some(group.position()));
    Ok(Started { group, leftover: found.leftover, absent })
}

/// The views that are filled later, beside the others; until then each is shown as being filled.
async fn leave_absent(
    context: &FillContext,
    reached: Position,
    found: &mut Sorted,
) -> Result<Vec<&'static ViewDeclaration>, FillError> {
    let mut absent = std::mem::take(&mut found.absent);
    for (table, checkpoint) in std::mem::take(&mut found.filling) {
        if checkpoint.position > reached {
            context.store().drop_generation(table.view.name.to_owned(), table.generation).await?;
        }
        absent.push(table.view);
    }
    let total = context.journal.head().await?.0;
    for view in &absent {
        let (name, version) = (view.name, view.version);
        let progress = Progress { views: vec![name], done: 0, total, events_per_second: 0.0, remaining: None };
        context.views.inner.watched.view(ViewStatus {
            name,
            version,
            generation: 0,
            parked: 0,
            first_parked: Vec::new(),
            rebuild: None,
        });
        context.views.inner.watched.rebuild(&[name], Some(&progress));
    }
    Ok(absent)
}

/// Tells apart those that were filled from what the log holds, and those that have seen what it does not hold any more: it was put
/// back to an earlier day, or a power cut took its end where not every append waits for the disk. Whatever was folded on top of
/// these would be wrong, and nothing is lost with them.
async fn known_to_log(
    journal: &Journal,
    generations: Vec<Generation>,
) -> Result<(Vec<Generation>, Vec<Generation>), FillError> {
    let mut looked_at: Vec<(Checkpoint, bool)> = Vec::new();
    let (mut known, mut ahead) = (Vec::new(), Vec::new());
    for generation in generations {
        let checkpoint = generation.checkpoint;
        let is_known = match looked_at.iter().find(|(other, _)| *other == checkpoint) {
            _ if matches!(generation.state, GenerationState::Retired | GenerationState::Lost) => true,
            Some((_, is_known)) => *is_known,
            None => {
                let is_known = is_known_to(journal, &checkpoint).await?;
                looked_at.push((checkpoint, is_known));
                is_known
            }
        };
        if is_known { &mut known } else { &mut ahead }.push(generation);
    }
    Ok((known, ahead))
}

async fn is_known_to(journal: &Journal, checkpoint: &Checkpoint) -> Result<bool, FillError> {
    match journal.verify(checkpoint).await {
        Ok(()) => Ok(true),
        Err(LogError::ForeignCheckpoint { reason, .. }) => {
            let (views_at, log_at) = (checkpoint.position.0, journal.head().await?.0);
            tracing::warn!(
                views_at,
                log_at,
                %reason,
                "the log was put back: it does not hold what the views were filled from, and they are filled anew"
            );
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// The views that have a live generation. They move together; one that a program didn't know, which ran in between, stayed
/// behind, and is brought to where the others are.
async fn live_group(
    context: &FillContext,
    live: Vec<(Table, Checkpoint)>,
    report: &Report,
) -> Result<Group, FillError> {
    let start = Checkpoint::start(context.journal.log_id().await?);
    let mut parts = by_checkpoint(context, live).await?;
    parts.sort_by_key(Group::position);
    let Some(mut group) = parts.pop() else { return Ok(context.group(Vec::new(), start).await?) };
    for mut behind in parts {
        let mut meter = Meter::new(behind.names(), behind.position(), report.clone());
        context.fill(&mut behind, group.position(), &mut meter).await?;
        group.take_over(behind);
    }
    Ok(group)
}

/// Fills the views that have no generation of today's version, up to where the others are. Where there are no others, and it takes longer
/// than it may, what was begun stays as it is.
async fn fill_absent(
    context: &FillContext,
    group: &mut Group,
    found: &mut Sorted,
    report: &Report,
) -> Result<(), FillError> {
    let is_first = group.projectors.is_empty();
    if !is_first && found.filling.is_empty() && found.absent.is_empty() {
        return Ok(());
    }
    let to = if is_first { context.journal.head().await? } else { group.position() };
    let start = Checkpoint::start(group.checkpoint.log_id);
    let mut begun: Vec<(Table, Checkpoint)> = Vec::new();
    for (table, checkpoint) in found.filling.drain(..) {
        if checkpoint.position <= to {
            begun.push((table, checkpoint));
        } else {
            context.store().drop_generation(table.view.name.to_owned(), table.generation).await?;
            found.absent.push(table.view);
        }
    }
    for view in found.absent.drain(..) {
        begun.push((context.create(view, start).await?, start));
    }
    let until = if is_first && context.settings.fill_beside { context.settings.fills_first_for } else { Duration::MAX };
    let until = Instant::now().checked_add(until);
    let (mut filled, mut is_whole) = (Vec::new(), true);
    for mut part in by_checkpoint(context, begun).await? {
        let mut meter = Meter::new(part.names(), part.position(), report.clone());
        is_whole &= context.fill_until(&mut part, to, &mut meter, until).await?.1;
        filled.push(part);
    }
    if !is_whole {
        found.filling =
            filled.iter().flat_map(|part| part.tables().into_iter().map(|table| (table, part.checkpoint))).collect();
        return Ok(());
    }
    context.store().swap(filled.iter().flat_map(Group::tables).collect()).await?;
    for part in filled {
        if is_first {
            group.checkpoint = part.checkpoint;
        }
        group.take_over(part);
    }
    Ok(())
}

/// Generations that were interrupted at different places go on each from its own.
pub(super) async fn by_checkpoint(
    context: &FillContext,
    mut begun: Vec<(Table, Checkpoint)>,
) -> Result<Vec<Group>, ReadStoreError> {
    let mut groups = Vec::new();
    while let Some((_, checkpoint)) = begun.first().copied() {
        let (same, others) = begun.into_iter().partition(|(_, other)| *other == checkpoint);
        begun = others;
        let same: Vec<(Table, Checkpoint)> = same;
        groups.push(context.group(same.into_iter().map(|(table, _)| table).collect(), checkpoint).await?);
    }
    Ok(groups)
}

/// Units that are tried again in one transaction.
pub(super) const RETRIED_AT_ONCE: usize = 50;

/// Tries again whatever is parked: perhaps this version can fold it.
pub(super) async fn retry_all(context: &FillContext, group: &mut Group) -> Result<(), FillError> {
    for table in group.tables() {
        let units: Vec<ParkedUnit> =
            context.store().parked(table).await?.into_iter().map(|parked| parked.unit).collect();
        if table.view.stores && !units.is_empty() {
            let (view, parked) = (table.view.name, units.len());
            tracing::warn!(
                view,
                parked,
                "what is parked of this view is folded again by a rebuild of it, and not before"
            );
            continue;
        }
        for units in units.chunks(RETRIED_AT_ONCE) {
            retry(context, group, table.view.name, units).await?;
        }
    }
    Ok(())
}

/// Folds units of the view alone, up to where the group is; gives how many stay parked.
pub(super) async fn retry(
    context: &FillContext,
    group: &mut Group,
    view: &str,
    units: &[ParkedUnit],
) -> Result<usize, FoldError> {
    let up_to = group.position();
    group.retry(view, &Alone::new(&context.journal, context.store(), up_to), units).await
}

/// Folds what came while nobody did, up to the log's head as it is now.
async fn catch_up(context: &FillContext, group: &mut Group, report: &Report) -> Result<(), FillError> {
    let head = context.journal.head().await?;
    if group.position() < head {
        let mut meter = Meter::new(group.names(), group.position(), report.clone());
        context.fill(group, head, &mut meter).await?;
    }
    Ok(())
}
