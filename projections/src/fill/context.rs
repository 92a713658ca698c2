//! What filling needs beside what is filled, and one fill of a group up to a position.

use super::error::FillError;
use super::meter::Meter;
use super::settings::ProjectionSettings;
use super::{Group, Project};
use crate::reader::Views;
use crate::store::*;
use eventlog::{CausedBy, Checkpoint, Position, Room};
use journal::{Delivery, Journal, JournalError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a fill that waits for room on the disk looks whether there is some.
const LOOKED_FOR_ROOM_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// What filling needs, beside what is filled.
pub(crate) struct FillContext {
    pub journal: Journal,
    /// Where it is written.
    pub store: Arc<dyn ReadStore>,
    /// Where it is published.
    pub views: Views,
    /// What is filled: of the settings' views those that no other process fills.
    pub filled: Vec<&'static ViewDeclaration>,
    /// Others fill what this process doesn't.
    pub is_shared: bool,
    pub settings: ProjectionSettings,
    pub stop: CancellationToken,
}

impl FillContext {
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
    pub(super) async fn group(&self, tables: Vec<Table>, checkpoint: Checkpoint) -> Result<Group, ReadStoreError> {
        let mut projectors = Vec::with_capacity(tables.len());
        for table in tables {
            let parked = self.store().parked(table).await?;
            projectors.extend(self.projector(table, parked));
        }
        Ok(Group { checkpoint, projectors, rows_bytes: self.settings.rows_bytes })
    }

    /// What folds single rows of the generation.
    pub(super) fn folder(&self, table: Table) -> Option<Box<dyn Project>> {
        let view = self.settings.declared.iter().find(|view| view.declaration.name == table.view.name)?;
        Some(view.projector(table, Vec::new(), 0))
    }

    /// What fills the generation with its share of the memory for rows; `None`: the view is not declared.
    pub(super) fn projector(&self, table: Table, parked: Vec<Parked>) -> Option<Box<dyn Project>> {
        let declared = self.settings.declared;
        let shares: u64 = declared.iter().map(|view| view.cache_share).sum();
        let view = declared.iter().find(|view| view.declaration.name == table.view.name)?;
        let bytes = self.settings.cache_bytes / shares.max(1) * view.cache_share;
        Some(view.projector(table, parked, bytes))
    }

    /// Waits while the disk has no room.
    async fn apply(&self, group: &mut Group, batch: &[Delivery]) -> Result<(), FillError> {
        loop {
            match group.apply(self.store(), batch).await {
                Err(ReadStoreError::Full(reason)) => self.wait_for_room(reason).await?,
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
                Err(ReadStoreError::Full(reason)) => self.wait_for_room(reason).await?,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn wait_for_room(&self, reason: CausedBy) -> Result<(), FillError> {
        if self.views.inner.watched.lacks_room(&reason.to_string()) {
            tracing::warn!(%reason, "the views are not filled on until there is room");
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
    pub(super) async fn fill_until(
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

impl FillContext {
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
    settings: &ProjectionSettings,
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
