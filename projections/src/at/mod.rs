//! The views as they were at a position of the log: rows folded anew, by the views' own code, from their events up to there.
//!
//! What lives here: folding a row ([`ViewsAt::row`] and its siblings), and lists of such rows. What each view can be asked stands beside
//! the view, as what it can be asked now does. The guarantee: an answer is the one that was given at that position, but for what was
//! erased since, and rows that were parked then and can be folded now.

mod list;

pub(crate) use list::ListAt;

use crate::fill::{Alone, FoldError};
use crate::reader::{ReadError, Views};
use crate::view::{Source, View, touched};
use crate::{Misfit, RowKey};
use eventlog::{Position, StreamName};
use futures::future::try_join_all;
use journal::{Envelope, Journal, JournalError, Tail};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Events that are read at once.
const CHUNK: usize = 500;
/// Rows that are folded at once.
const AT_ONCE: usize = 4;

/// All views as they were at a position. Cheap to clone.
#[derive(Clone)]
pub struct ViewsAt {
    pub(crate) views: Views,
    journal: Journal,
    at: Position,
}

impl ViewsAt {
    /// The views must have reached the position ([`Views::wait_for`]).
    pub fn new(views: Views, journal: Journal, at: Position) -> Self {
        Self { views, journal, at }
    }

    pub fn position(&self) -> Position {
        self.at
    }

    /// The row of a view whose rows have streams of their own.
    pub(crate) async fn row<V: View<Store = ()>>(&self, key: Uuid) -> Result<Option<Arc<V::Row>>, ReadError> {
        let Source::OwnStream(category) = V::SOURCE else { return self.row_by_history::<V>(key.into()).await };
        let stream = StreamName::new(category.stream(key));
        Ok(self.rows_in::<V>(&stream, &[key.into()]).await?.remove(&RowKey::from(key)))
    }

    /// The rows of these keys, all of whose events stand in that stream.
    pub(crate) async fn rows_in<V: View<Store = ()>>(
        &self,
        stream: &StreamName,
        keys: &[RowKey],
    ) -> Result<HashMap<RowKey, Arc<V::Row>>, ReadError> {
        let mut rows: Rows<V> = keys.iter().map(|key| (*key, Folded { row: None, is_parked: false })).collect();
        let mut tail = Tail::default();
        loop {
            let slice = self.journal.read_stream(stream, tail, CHUNK).await.map_err(in_history)?;
            let read = slice.events.len();
            let until = slice.events.iter().take_while(|envelope| envelope.position <= self.at);
            let folded = until.map(|envelope| fold::<V>(&mut rows, envelope)).count();
            tail = slice.tail;
            if folded < read || !slice.is_full {
                let there = rows.into_iter().filter_map(|(key, folded)| Some((key, Arc::new(folded.row?))));
                return Ok(there.collect());
            }
        }
    }

    /// Rows that have streams of their own, in the order of those that there are now.
    pub(crate) async fn each<V: View<Store = ()>>(
        &self,
        now: Vec<Arc<V::Row>>,
        key: fn(&V::Row) -> Uuid,
    ) -> Result<Vec<Option<Arc<V::Row>>>, ReadError> {
        let keys: Vec<Uuid> = now.iter().map(|row| key(row)).collect();
        let mut rows = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            rows.extend(try_join_all(keys.iter().map(|key| self.row::<V>(*key))).await?);
        }
        Ok(rows)
    }

    /// The row of a view whose rows have events in several streams.
    pub(crate) async fn row_by_history<V: View<Store = ()>>(
        &self,
        key: RowKey,
    ) -> Result<Option<Arc<V::Row>>, ReadError> {
        let table = self.views.of::<V>()?.table();
        let alone = Alone::new(&self.journal, self.views.inner.store.as_ref(), self.at);
        let folded = alone.fold::<V>(table, key, &[]).await;
        let folded = folded.map_err(|error| match error {
            FoldError::Journal(error) => in_history(error),
            FoldError::Store(error) => error.into(),
            // Of a view that keeps nothing of stores.
            FoldError::Unfoldable(_) | FoldError::InOrder(_) => ReadError::NotReady(V::DECLARATION.name),
        })?;
        Ok(folded.row.map(Arc::new))
    }
}

struct Folded<R> {
    row: Option<R>,
    /// An event did not fit: the row waits there, as it did in the view.
    is_parked: bool,
}

type Rows<V> = HashMap<RowKey, Folded<<V as View>::Row>>;

fn fold<V: View<Store = ()>>(rows: &mut Rows<V>, envelope: &Envelope) {
    for key in touched::<V>(envelope, &()).as_slice() {
        let Some(folded) = rows.get_mut(key).filter(|folded| !folded.is_parked) else { continue };
        if let Err(Misfit(_)) = V::apply(&mut folded.row, *key, envelope, &()) {
            folded.is_parked = true;
        }
    }
}

fn in_history(error: JournalError) -> ReadError {
    ReadError::History(Arc::new(error))
}
