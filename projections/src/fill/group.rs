//! Views that move together: one checkpoint, one transaction a batch.

use super::Project;
use super::alone::{Alone, FoldError};
use crate::reader::Inner;
use crate::store::{Commit, ParkedUnit, ReadStore, StoreError, Table};
use eventlog::{Checkpoint, Position};
use journal::Delivery;
use tokio_util::sync::CancellationToken;

/// Generations of different views at the same checkpoint.
pub(crate) struct Group {
    pub checkpoint: Checkpoint,
    pub projectors: Vec<Box<dyn Project>>,
}

impl Group {
    pub fn position(&self) -> Position {
        self.checkpoint.position
    }

    pub fn tables(&self) -> Vec<Table> {
        self.projectors.iter().map(|projector| projector.table()).collect()
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.projectors.iter().map(|projector| projector.table().view.name).collect()
    }

    /// Folds the batch into all views and commits it with the checkpoint. On an error nothing has happened.
    pub async fn apply(&mut self, store: &dyn ReadStore, batch: &[Delivery]) -> Result<(), StoreError> {
        let Some(last) = batch.last() else { return Ok(()) };
        let checkpoint = Checkpoint { position: last.position(), event_id: last.id(), ..self.checkpoint };
        match self.write(store, batch, checkpoint).await {
            Ok(()) => {
                self.projectors.iter_mut().for_each(|projector| projector.committed());
                self.checkpoint = checkpoint;
                Ok(())
            }
            Err(error) => {
                self.projectors.iter_mut().for_each(|projector| projector.abandon());
                Err(error)
            }
        }
    }

    async fn write(
        &mut self,
        store: &dyn ReadStore,
        batch: &[Delivery],
        checkpoint: Checkpoint,
    ) -> Result<(), StoreError> {
        let mut tables = Vec::with_capacity(self.projectors.len());
        for projector in &mut self.projectors {
            // A batch that a panic ended has left its rows there.
            projector.abandon();
            projector.gather(batch);
            projector.load(store).await?;
            projector.fold(batch);
            tables.push(projector.changes()?);
        }
        store.commit(Commit { tables, before: self.position(), checkpoint }).await
    }

    /// The projector of the view.
    pub fn find(&mut self, view: &str) -> Option<&mut Box<dyn Project>> {
        self.projectors.iter_mut().find(|projector| projector.table().view.name == view)
    }

    /// Folds units of one view alone, up to the checkpoint, and commits what came of it. Gives how many stay parked. On an
    /// error nothing has happened.
    pub async fn retry(&mut self, view: &str, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<usize, FoldError> {
        let checkpoint = self.checkpoint;
        let Some(projector) = self.find(view) else { return Ok(0) };
        // As in a batch.
        projector.abandon();
        let outcome = match projector.retry(alone, units).await {
            Ok((changes, stay)) => {
                let commit = Commit { tables: vec![changes], before: checkpoint.position, checkpoint };
                alone.store.commit(commit).await.map(|()| stay).map_err(FoldError::Store)
            }
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(_) => projector.committed(),
            Err(_) => projector.abandon(),
        }
        outcome
    }

    /// Answers queries from now on, all views of the group. Gives the generations that did before, each with what ends
    /// with the last query on it.
    pub fn publish(&self, views: &Inner) -> Vec<(Table, CancellationToken)> {
        self.projectors.iter().filter_map(|projector| projector.publish(views)).collect()
    }

    /// Takes over views that were filled up to the same position, in the place of their generations before.
    pub fn take_over(&mut self, filled: Group) {
        let names = filled.names();
        self.projectors.retain(|projector| !names.contains(&projector.table().view.name));
        self.projectors.extend(filled.projectors);
    }

    /// Notes how the views are, if `always` or if something was parked.
    pub fn note(&mut self, views: &Inner, always: bool) {
        for projector in &mut self.projectors {
            if projector.parked_anew() || always {
                let status = projector.status();
                metrics::gauge!("cartlog_views_parked", "view" => status.name).set(status.parked as f64);
                views.watched.view(status);
            }
        }
    }
}
