//! Views that move together: one checkpoint, one transaction a batch.

use super::Project;
use super::alone::{Alone, FoldError};
use crate::reader::ViewsInner;
use crate::store::{Commit, ParkedUnit, ReadStore, ReadStoreError, Table, Tip};
use domain::Category;
use eventlog::{Checkpoint, Position};
use journal::Delivery;
use tokio_util::sync::CancellationToken;

/// Generations of different views at the same checkpoint.
pub(crate) struct Group {
    pub checkpoint: Checkpoint,
    pub projectors: Vec<Box<dyn Project>>,
    /// About how many bytes of rows may be read for what is committed at once.
    pub rows_bytes: usize,
}

/// What came of a part of a batch.
#[derive(PartialEq, Eq)]
enum PartOutcome {
    Committed,
    /// It touches more rows than there is room for; nothing has happened.
    TooMuch,
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

    /// Folds the batch into all views and commits it with the checkpoint, in parts where its rows take too much memory. On an error
    /// nothing has happened that the checkpoint does not say: the same batch again goes on there.
    pub async fn apply(&mut self, store: &dyn ReadStore, batch: &[Delivery]) -> Result<(), ReadStoreError> {
        let mut rest = &batch[batch.partition_point(|delivery| delivery.position() <= self.position())..];
        let mut length = rest.len();
        while !rest.is_empty() {
            let (part, later) = rest.split_at(length.min(rest.len()));
            match self.apply_part(store, part).await? {
                PartOutcome::Committed => rest = later,
                PartOutcome::TooMuch => length = part.len().div_ceil(2),
            }
        }
        Ok(())
    }

    async fn apply_part(&mut self, store: &dyn ReadStore, part: &[Delivery]) -> Result<PartOutcome, ReadStoreError> {
        let Some(last) = part.last() else { return Ok(PartOutcome::Committed) };
        let checkpoint = Checkpoint { position: last.position(), event_id: last.id(), ..self.checkpoint };
        let outcome = self.write(store, part, checkpoint).await;
        if let Ok(PartOutcome::Committed) = outcome {
            self.projectors.iter_mut().for_each(|projector| projector.committed());
            self.checkpoint = checkpoint;
        } else {
            self.projectors.iter_mut().for_each(|projector| projector.abandon());
        }
        outcome
    }

    async fn write(
        &mut self,
        store: &dyn ReadStore,
        part: &[Delivery],
        checkpoint: Checkpoint,
    ) -> Result<PartOutcome, ReadStoreError> {
        let mut tables = Vec::with_capacity(self.projectors.len());
        // One event alone is folded, whatever it takes.
        let mut room = if part.len() > 1 { self.rows_bytes } else { usize::MAX };
        for projector in &mut self.projectors {
            // A batch that a panic ended has left its rows there.
            projector.abandon();
            projector.prepare(store, part).await?;
            projector.gather(part);
            if !projector.load(store, &mut room).await? {
                return Ok(PartOutcome::TooMuch);
            }
            projector.fold(part);
            tables.push(projector.changes()?);
        }
        let event_hash = part.last().map(Delivery::hash);
        store.commit(Commit { tables, tips: tips(part), before: self.position(), checkpoint, event_hash }).await?;
        Ok(PartOutcome::Committed)
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
                let (tables, before) = (vec![changes], checkpoint.position);
                let commit = Commit { tables, tips: Vec::new(), before, checkpoint, event_hash: None };
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
    pub fn publish(&self, views: &ViewsInner) -> Vec<(Table, CancellationToken)> {
        self.projectors.iter().filter_map(|projector| projector.publish(views)).collect()
    }

    /// Takes over views that were filled up to the same position, in the place of their generations before.
    pub fn take_over(&mut self, filled: Group) {
        let names = filled.names();
        self.projectors.retain(|projector| !names.contains(&projector.table().view.name));
        self.projectors.extend(filled.projectors);
    }

    /// Notes how the views are, if `always` or if something was parked.
    pub fn note(&mut self, views: &ViewsInner, always: bool) {
        for projector in &mut self.projectors {
            if projector.parked_anew() || always {
                let status = projector.status();
                metrics::gauge!("cartlog_views_parked", "view" => status.name).set(status.parked as f64);
                views.watched.view(status);
            }
        }
    }
}

/// The last event of each stream in the batch, but for claims: nobody is shown their history. By the streams' names, so that neighbours
/// are written to one page after the other.
fn tips(batch: &[Delivery]) -> Vec<Tip> {
    let is_claim = |stream: &str| Category::of_stream(stream).is_none_or(|(category, _)| category == Category::Claim);
    let mut last: Vec<&Delivery> = batch.iter().filter(|delivery| !is_claim(delivery.stream().as_str())).collect();
    // Latest first among those of a stream, of which the first stays.
    last.sort_unstable_by(|one, other| {
        let streams = one.stream().as_str().cmp(other.stream().as_str());
        streams.then_with(|| other.position().cmp(&one.position()))
    });
    last.dedup_by(|one, kept| one.stream() == kept.stream());
    let tip = |delivery: &Delivery| Tip {
        stream: delivery.stream().clone(),
        revision: delivery.revision(),
        position: delivery.position(),
        hash: delivery.hash(),
    };
    last.into_iter().map(tip).collect()
}
