//! What the worker, a rebuild and whoever asks share: the views that answer, and what is left to be done beside them.

use super::Group;
use super::context::FillContext;
use super::error::FillError;
use super::meter::Report;
use super::start::{self, Started};
use crate::store::{Generation, GenerationState, ParkedUnit, Table, ViewDeclaration};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) struct Upkeep {
    pub context: FillContext,
    /// All views that answer. Whoever holds it is between two batches.
    pub live: tokio::sync::Mutex<Group>,
    pub rebuilding: tokio::sync::Mutex<()>,
    /// Generations that were there when it was opened, and that neither answer nor will.
    pub leftover: parking_lot::Mutex<Vec<Generation>>,
    /// Views that do not answer yet: they are filled beside the others.
    pub absent: parking_lot::Mutex<Vec<&'static ViewDeclaration>>,
    /// Cancelled once the worker folds no more.
    pub ended: CancellationToken,
}

impl Upkeep {
    /// Reads from the store what answers and up to where, in the place of what is in memory.
    pub(super) async fn reopen(&self) -> Result<(), FillError> {
        let mut live = self.live.lock().await;
        let report: Report = Arc::new(|_| {});
        // What answers no more, a rebuild's tables among it, is left to the next start.
        let Started { group, .. } = start::start(&self.context, &report).await?;
        *live = group;
        self.context.views.inner.watched.store_is_well();
        Ok(())
    }

    /// The view that has lost a table, if one has and the store can tell.
    pub(crate) async fn lost_view(&self) -> Option<&'static str> {
        let generations = self.context.store().generations().await.ok()?;
        let is_lost = |table: &Table| {
            let known =
                generations.iter().find(|known| known.view == table.view.name && known.generation == table.generation);
            known.is_some_and(|known| known.state == GenerationState::Lost)
        };
        self.live.lock().await.tables().into_iter().find(is_lost).map(|table| table.view.name)
    }

    /// How much of the view is parked.
    pub async fn parked_of(&self, view: &ViewDeclaration) -> usize {
        let mut live = self.live.lock().await;
        live.find(view.name).map_or(0, |projector| usize::try_from(projector.status().parked).unwrap_or(usize::MAX))
    }

    /// Between two batches.
    pub async fn retry(&self, table: Table, units: &[ParkedUnit]) -> Result<usize, FillError> {
        let mut live = self.live.lock().await;
        let stay = start::retry(&self.context, &mut live, table.view.name, units).await?;
        live.note(&self.context.views.inner, false);
        Ok(stay)
    }
}
