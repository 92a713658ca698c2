//! What happens before the views answer: generations are looked over, views of another version are filled, parked rows are
//! tried again, and what the log has beyond the checkpoint is folded.

use super::alone::{Alone, FoldError};
use super::meter::{Meter, Report};
use super::projections::{FillError, Settings};
use super::{Group, altered};
use crate::reader::Views;
use crate::slots::projector;
use crate::status::{Progress, ViewStatus};
use crate::store::*;
use eventlog::{Checkpoint, LogError, Position, Room};
use journal::{Delivery, Journal, JournalError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a fill that waits for room on the disk looks whether there is some.
const LOOKED_FOR_ROOM_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// What filling needs, beside what is filled.
pub(crate) struct Means {
    pub journal: Journal,
    /// Where it is written.
    pub store: Arc<dyn ReadStore>,
    /// Where it is published.
    pub views: Views,
    /// What is filled: of the settings' views those that no other process fills.
    pub filled: Vec<&'static ViewDeclaration>,
    /// Others fill what this process doesn't.
    pub is_shared: bool,
    pub settings: Settings,
    pub stop: CancellationToken,
}

impl Means {
    /// Whether the generation is one of what is filled, in its version.
    pub(super) fn fills(&self, generation: &Generation) -> bool {
        self.filled.iter().any(|view| generation.is_of(view))
    }

    pub(super) fn store(&self) -> &dyn ReadStore {
        self.store.as_ref()
    }

    /// Waits for as long as others may read what answers no more; `false` when it is stopped meanwhile.
    pub(super) async fn keep_for_others(&self) -> bool {
        self.stop.run_until_cancelled(tokio::time::sleep(self.settings.kept_for)).await.is_some()
    }

    /// A group of these generations, which are all at the checkpoint.
    pub(super) async fn group(&self, tables: Vec<Table>, checkpoint: Checkpoint) -> Result<Group, StoreError> {
        let mut projectors = Vec::with_capacity(tables.len());
        for table in tables {
            let parked = self.store().parked(table).await?;
            projectors.extend(projector(table, parked, self.settings.cache_bytes));
        }
        Ok(Group { checkpoint, projectors, rows_bytes: self.settings.rows_bytes })
    }

    /// Waits while the disk has no room.
    async fn apply(&self, group: &mut Group, batch: &[Delivery]) -> Result<(), FillError> {
        loop {
            match group.apply(self.store(), batch).await {
                Err(StoreError::Full(reason)) => self.wait_for_room(reason).await?,
                outcome => {
                    self.views.inner.watched.has_room();
                    return Ok(outcome?);
                }
            }
        }
    }

    /// As [`ReadStore::create`], and waits while the disk has no room.
    pub(super) async fn create(
        &self,
        view: &'static ViewDeclaration,
        checkpoint: Checkpoint,
    ) -> Result<Table, FillError> {
        loop {
            match self.store().create(view, checkpoint).await {
                Err(StoreError::Full(reason)) => self.wait_for_room(reason).await?,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn wait_for_room(&self, reason: String) -> Result<(), FillError> {
        if self.views.inner.watched.lacks_room(&reason) {
            tracing::warn!(reason, "the views are not filled on until there is room");
        }
        let pause = self.stop.run_until_cancelled(tokio::time::sleep(LOOKED_FOR_ROOM_EVERY));
        pause.await.ok_or(FillError::Stopped)
    }

    /// Folds all events after the group's position up to and including `to`; gives how many. Batches that were committed
    /// stay, whatever comes after them.
    pub(super) async fn fill(&self, group: &mut Group, to: Position, meter: &mut Meter) -> Result<u64, FillError> {
        Ok(self.fill_until(group, to, meter, None).await?.0)
    }

    /// As [`Self::fill`], but no longer than until then; also whether all was folded. Somewhat is in any case.
    async fn fill_until(
        &self,
        group: &mut Group,
        to: Position,
        meter: &mut Meter,
        until: Option<Instant>,
    ) -> Result<(u64, bool), FillError> {
        let mut folded = 0;
        if group.position() < to {
            let mut batches = read_ahead(self.journal.clone(), group.position(), to, &self.settings);
            while let Some(batch) = self.next(&mut batches, group.position(), to, meter).await {
                let batch = batch?;
                if self.stop.is_cancelled() {
                    return Err(FillError::Stopped);
                }
                self.apply(group, &batch).await?;
                folded += batch.len() as u64;
                meter.at(batch.len(), group.position(), to);
                if until.is_some_and(|until| Instant::now() >= until) && group.position() < to {
                    return Ok((folded, false));
                }
            }
        }
        meter.at(0, group.position(), to);
        Ok((folded, true))
    }
}

impl Means {
    /// The next batch; while none comes, as there is much of others' to be looked through, it shows how far that is.
    async fn next(
        &self,
        batches: &mut mpsc::Receiver<Result<Vec<Delivery>, JournalError>>,
        at: Position,
        to: Position,
        meter: &mut Meter,
    ) -> Option<Result<Vec<Delivery>, JournalError>> {
        loop {
            match tokio::time::timeout(SHOWN_EVERY, batches.recv()).await {
                Ok(batch) => return batch,
                Err(_) => meter.at(0, self.journal.scanned(at).min(to), to),
            }
        }
    }
}

/// How often it shows how far a look through others' events is.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

/// Reads and decodes on other threads while the one that asks folds and writes.
fn read_ahead(
    journal: Journal,
    mut after: Position,
    to: Position,
    settings: &Settings,
) -> mpsc::Receiver<Result<Vec<Delivery>, JournalError>> {
    let (batches, receiver) = mpsc::channel(2);
    let room = Room { events: settings.fill_events, bytes: settings.batch_bytes };
    tokio::spawn(async move {
        while after < to {
            let mut read = journal.read_all_within(after, room).await;
            if let Ok(batch) = &mut read {
                batch.truncate(batch.partition_point(|delivery| delivery.position() <= to));
                match batch.last() {
                    Some(last) => after = last.position(),
                    // The log has nothing of ours up to there: the end is reached.
                    None => return,
                }
            }
            let is_over = read.is_err();
            // Nobody wants more.
            if batches.send(read).await.is_err() || is_over {
                return;
            }
        }
    });
    receiver
}

/// What the store has, sorted out.
#[derive(Default)]
struct Found {
    live: Vec<(Table, Checkpoint)>,
    /// Of views that have no live generation of today's version.
    filling: Vec<(Table, Checkpoint)>,
    /// Of such views, those to be begun.
    absent: Vec<&'static ViewDeclaration>,
    /// Retired; or of another version or another program, where no other process may fill those.
    leftover: Vec<Generation>,
}

impl Found {
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
pub(super) async fn start(means: &Means, report: &Report) -> Result<Started, FillError> {
    let log_id = means.journal.log_id().await?;
    let generations = means.store().generations().await?;
    let (generations, foreign): (Vec<_>, Vec<_>) =
        generations.into_iter().partition(|generation| generation.checkpoint.log_id == log_id);
    if let Some(generation) = foreign.iter().find(|generation| generation.state != GenerationState::Retired) {
        let Checkpoint { log_id: before, position, .. } = generation.checkpoint;
        if !means.settings.accept_log {
            // Whoever fills these would lose them to this one, for a setting that was forgotten.
            let reason = format!("this is log {log_id}");
            return Err(LogError::ForeignCheckpoint { log_id: before, position, reason }.into());
        }
        tracing::warn!(%before, %log_id, "the views are of another log: they are filled anew from this one");
    }
    // What other versions of the program fill, they drop, or whoever finds that nobody fills it any more.
    let generations: Vec<_> =
        generations.into_iter().filter(|generation| !means.is_shared || means.fills(generation)).collect();
    for lost in generations.iter().filter(|generation| generation.state == GenerationState::Lost) {
        tracing::error!(
            view = lost.view,
            generation = lost.generation,
            "a table of the view is gone: it is filled anew"
        );
    }
    let (generations, ahead) = known_to_log(&means.journal, generations).await?;
    if foreign.iter().chain(&ahead).any(|generation| generation.state != GenerationState::Retired) {
        // What they saw of streams is not of this log, or no longer.
        means.store().forget_tips().await?;
    }
    altered::tell(&means.journal, &generations).await?;
    let mut found = Found::sort_out(&means.filled, generations);
    found.leftover.extend(foreign.into_iter().chain(ahead));
    let mut group = live_group(means, std::mem::take(&mut found.live), report).await?;
    let is_first = group.projectors.is_empty();
    let mut absent = Vec::new();
    if is_first || !means.settings.fill_beside {
        fill_absent(means, &mut group, &mut found, report).await?;
    }
    if means.settings.fill_beside {
        if is_first && group.projectors.is_empty() {
            // It takes too long to wait for: the log is followed from where it is, and what was begun is gone on with beside.
            group.checkpoint = means.journal.checkpoint(means.journal.head().await?).await?;
        }
        absent = leave_absent(means, group.position(), &mut found).await?;
    }
    group.publish(&means.views.inner);
    retry_all(means, &mut group).await?;
    catch_up(means, &mut group, report).await?;
    group.note(&means.views.inner, true);
    means.views.inner.reached.filled(Some(group.position()));
    Ok(Started { group, leftover: found.leftover, absent })
}

/// The views that are filled later, beside the others; until then each is shown as being filled.
async fn leave_absent(
    means: &Means,
    reached: Position,
    found: &mut Found,
) -> Result<Vec<&'static ViewDeclaration>, FillError> {
    let mut absent = std::mem::take(&mut found.absent);
    for (table, checkpoint) in std::mem::take(&mut found.filling) {
        if checkpoint.position > reached {
            means.store().drop_generation(table.view.name.to_owned(), table.generation).await?;
        }
        absent.push(table.view);
    }
    let total = means.journal.head().await?.0;
    for view in &absent {
        let (name, version) = (view.name, view.version);
        let progress = Progress { views: vec![name], done: 0, total, events_per_second: 0.0, remaining: None };
        means.views.inner.watched.view(ViewStatus {
            name,
            version,
            generation: 0,
            parked: 0,
            first_parked: Vec::new(),
            rebuild: None,
        });
        means.views.inner.watched.rebuild(&[name], Some(&progress));
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
                reason,
                "the log was put back: it does not hold what the views were filled from, and they are filled anew"
            );
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// The views that have a live generation. They move together; one that a program didn't know, which ran in between, stayed
/// behind, and is brought to where the others are.
async fn live_group(means: &Means, live: Vec<(Table, Checkpoint)>, report: &Report) -> Result<Group, FillError> {
    let start = Checkpoint::start(means.journal.log_id().await?);
    let mut parts = by_checkpoint(means, live).await?;
    parts.sort_by_key(Group::position);
    let Some(mut group) = parts.pop() else { return Ok(means.group(Vec::new(), start).await?) };
    for mut behind in parts {
        let mut meter = Meter::new(behind.names(), behind.position(), report.clone());
        means.fill(&mut behind, group.position(), &mut meter).await?;
        group.take_over(behind);
    }
    Ok(group)
}

/// Fills the views that have no generation of today's version, up to where the others are. Where there are no others, and it takes longer
/// than it may, what was begun stays as it is.
async fn fill_absent(means: &Means, group: &mut Group, found: &mut Found, report: &Report) -> Result<(), FillError> {
    let is_first = group.projectors.is_empty();
    if !is_first && found.filling.is_empty() && found.absent.is_empty() {
        return Ok(());
    }
    let to = if is_first { means.journal.head().await? } else { group.position() };
    let start = Checkpoint::start(group.checkpoint.log_id);
    let mut begun: Vec<(Table, Checkpoint)> = Vec::new();
    for (table, checkpoint) in found.filling.drain(..) {
        if checkpoint.position <= to {
            begun.push((table, checkpoint));
        } else {
            means.store().drop_generation(table.view.name.to_owned(), table.generation).await?;
            found.absent.push(table.view);
        }
    }
    for view in found.absent.drain(..) {
        begun.push((means.create(view, start).await?, start));
    }
    let until = if is_first && means.settings.fill_beside { means.settings.fills_first_for } else { Duration::MAX };
    let until = Instant::now().checked_add(until);
    let (mut filled, mut is_whole) = (Vec::new(), true);
    for mut part in by_checkpoint(means, begun).await? {
        let mut meter = Meter::new(part.names(), part.position(), report.clone());
        is_whole &= means.fill_until(&mut part, to, &mut meter, until).await?.1;
        filled.push(part);
    }
    if !is_whole {
        found.filling =
            filled.iter().flat_map(|part| part.tables().into_iter().map(|table| (table, part.checkpoint))).collect();
        return Ok(());
    }
    means.store().swap(filled.iter().flat_map(Group::tables).collect()).await?;
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
    means: &Means,
    mut begun: Vec<(Table, Checkpoint)>,
) -> Result<Vec<Group>, StoreError> {
    let mut groups = Vec::new();
    while let Some((_, checkpoint)) = begun.first().copied() {
        let (same, others) = begun.into_iter().partition(|(_, other)| *other == checkpoint);
        begun = others;
        let same: Vec<(Table, Checkpoint)> = same;
        groups.push(means.group(same.into_iter().map(|(table, _)| table).collect(), checkpoint).await?);
    }
    Ok(groups)
}

/// Units that are tried again in one transaction.
pub(super) const RETRIED_AT_ONCE: usize = 50;

/// Tries again whatever is parked: perhaps this version can fold it.
pub(super) async fn retry_all(means: &Means, group: &mut Group) -> Result<(), FillError> {
    for table in group.tables() {
        let units: Vec<ParkedUnit> = means.store().parked(table).await?.into_iter().map(|parked| parked.unit).collect();
        for units in units.chunks(RETRIED_AT_ONCE) {
            retry(means, group, table.view.name, units).await?;
        }
    }
    Ok(())
}

/// Folds units of the view alone, up to where the group is; gives how many stay parked.
pub(super) async fn retry(
    means: &Means,
    group: &mut Group,
    view: &str,
    units: &[ParkedUnit],
) -> Result<usize, FoldError> {
    let up_to = group.position();
    group.retry(view, &Alone::new(&means.journal, means.store(), up_to), units).await
}

/// Folds what came while nobody did, up to the log's head as it is now.
async fn catch_up(means: &Means, group: &mut Group, report: &Report) -> Result<(), FillError> {
    let head = means.journal.head().await?;
    if group.position() < head {
        let mut meter = Meter::new(group.names(), group.position(), report.clone());
        means.fill(group, head, &mut meter).await?;
    }
    Ok(())
}
