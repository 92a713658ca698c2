//! The fold: the log's events, in their order, become the rows of the tree.
//!
//! What lives here: what each event adds, and the tree's end in memory, which later events add to. What doesn't: who brings the events,
//! and where rows are kept. The guarantee: pure; the same events make the same rows, however they are cut into stretches.

mod edge;
mod records;

pub(crate) use edge::{Edge, LEVELS, partial};

use crate::batch::{Batch, ChunkRow, FilterRow, SpanRow, State};
use crate::filter::{self, BLOCK};
use crate::key::{self, KeyHash};
use crate::read::{Counted, ReadEvent, leaf_hash, record};
use crate::record::StoreRecord;
use crate::rules::RulesInForce;
use crate::span::{OpenSpan, Place, SPAN};
use domain::Timestamp;
use eventlog::{Checkpoint, LogId, Position, RecordedEvent, Retry};
use proof::leaf::LeafError;
use proof::tree::Frontier;
use records::Records;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Why the log can't be folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    #[error("the log's event at position {found} comes after the one at {after}")]
    OutOfOrder { after: Position, found: Position },
    #[error("the event at position {position} can't stand in the log's tree")]
    Leaf {
        position: Position,
        #[source]
        source: LeafError,
    },
    #[error("what the tree has of store {0} is not known")]
    UnknownStore(Uuid),
    #[error("what the tree has of store {0} is damaged")]
    DamagedStore(Uuid),
    /// It was told from a tree that somebody else has built on meanwhile.
    #[error("what the tree has of store {0} is further than where it stood")]
    Ahead(Uuid),
}

impl FoldError {
    /// Whether trying again helps, from where the tree stands by then.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Ahead(_) => Retry::Busy,
            Self::OutOfOrder { .. } | Self::Leaf { .. } | Self::UnknownStore(_) | Self::DamagedStore(_) => Retry::Never,
        }
    }
}

/// The end of a tree, which events are added to. A builder that failed, or whose batch was not written, is of no use any more.
pub struct Builder {
    rules: RulesInForce,
    state: State,
    edge: Edge,
    span: OpenSpan,
    /// The keys of the leaves since the last complete block.
    block: Vec<KeyHash>,
    records: Records,
}

/// Events that follow one another in the log, read but not folded yet.
pub struct Stretch<'e>(Vec<ReadEvent<'e>>);

impl Builder {
    /// Of a log whose tree was not begun yet.
    pub fn new(rules: RulesInForce, log_id: LogId) -> Self {
        let (checkpoint, frontier) = (Checkpoint::start(log_id), Frontier::new());
        let state = State { rules: rules.rules().clone(), checkpoint, frontier, latest: None };
        Self::resume(rules, state, Edge::default())
    }

    /// Of a tree that stands there, with the partial tiles that it has. The leaves of its open block are then recalled.
    pub(crate) fn resume(rules: RulesInForce, state: State, edge: Edge) -> Self {
        Self { rules, state, edge, span: OpenSpan::default(), block: Vec::new(), records: Records::new() }
    }

    /// Takes a leaf of the open block that the tree has already; all of them, in their order.
    pub(crate) fn recall(&mut self, index: u64, event: &RecordedEvent, counted: &Counted<'_>, place: Place) {
        if index >= self.state.size() - self.state.size() % SPAN {
            self.span.push(counted.store, place);
        }
        self.block.extend(key::hashes(counted.store, event.id, &counted.said));
    }

    /// Where the tree stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Reads events, the next ones of the log.
    pub fn read<'e>(&self, events: &'e [RecordedEvent]) -> Stretch<'e> {
        Stretch(events.iter().map(|event| ReadEvent::of(event, &self.rules)).collect())
    }

    /// The stores of the stretch of which it has to be told what the tree has of them.
    pub fn unknown(&self, stretch: &Stretch<'_>) -> Vec<Uuid> {
        let stores: BTreeSet<Uuid> = stretch.0.iter().filter_map(|read| Some(read.counted.as_ref()?.store)).collect();
        stores.into_iter().filter(|store| !self.records.has(store)).collect()
    }

    /// Tells what the tree has of a store. `None`: nothing.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn tell(&mut self, store: Uuid, kept: Option<Vec<u8>>) -> Result<(), FoldError> {
        let record = match kept {
            None => StoreRecord::default(),
            Some(bytes) => StoreRecord::from_bytes(&bytes).ok_or(FoldError::DamagedStore(store))?,
        };
        self.records.tell(store, record);
        Ok(())
    }

    /// Folds the stretch. `None`: there is no event in it.
    ///
    /// # Errors
    /// The events don't follow what was folded before, or one can have no leaf.
    pub fn fold(&mut self, stretch: Stretch<'_>) -> Result<Option<Batch>, FoldError> {
        if stretch.0.is_empty() {
            return Ok(None);
        }
        let mut batch = Batch {
            after: self.state.checkpoint.position,
            state: self.state.clone(),
            tiles: Vec::new(),
            spans: Vec::new(),
            stores: Vec::new(),
            chunks: Vec::new(),
            filters: Vec::new(),
        };
        let mut stores = BTreeMap::new();
        for read in stretch.0 {
            let (after, found) = (self.state.checkpoint.position, read.event.position);
            if found <= after {
                return Err(FoldError::OutOfOrder { after, found });
            }
            if let Some(counted) = read.counted {
                self.add(read.event, counted, &mut batch, &mut stores)?;
            }
            let log_id = self.state.checkpoint.log_id;
            self.state.checkpoint = Checkpoint { log_id, position: found, event_id: read.event.id };
        }
        self.finish(&mut batch, stores);
        Ok(Some(batch))
    }

    /// What is open at the tree's end, as it is after the stretch.
    fn finish(&mut self, batch: &mut Batch, stores: BTreeMap<Uuid, StoreRecord>) {
        batch.tiles.extend(self.edge.take_grown(self.state.size()));
        if self.span.leaves() > 0 && !stores.is_empty() {
            batch.spans.push(self.span_row());
        }
        batch.stores = stores.iter().map(|(store, record)| (*store, record.to_bytes())).collect();
        self.records.put_back(stores);
        batch.state = self.state.clone();
    }

    fn add(
        &mut self,
        event: &RecordedEvent,
        counted: Counted<'_>,
        batch: &mut Batch,
        stores: &mut BTreeMap<Uuid, StoreRecord>,
    ) -> Result<(), FoldError> {
        let Counted { category, store, said } = counted;
        let kept = match stores.entry(store) {
            Entry::Occupied(kept) => kept.into_mut(),
            Entry::Vacant(free) => free.insert(self.records.take(&store).ok_or(FoldError::UnknownStore(store))?),
        };
        let number = kept.numbers.read(category, &event.event_type, &event.data, said.occurred_at);
        let (rank, chunk) = kept.push(self.state.size()).ok_or(FoldError::Ahead(store))?;
        let chunk = chunk.map(|chunk| ChunkRow { store, number: chunk.number, indexes: chunk.bytes });
        batch.chunks.extend(chunk);
        let place = Place { position: event.position, rank, number };
        let text = record(event, store, &place);
        let text = text.map_err(|source| FoldError::Leaf { position: event.position, source })?;
        let Self { state, edge, .. } = self;
        state.frontier.append_and_tell(leaf_hash(&text), |node, hash| batch.tiles.extend(edge.push(node, &hash)));
        self.state.latest = latest(self.state.latest, said.occurred_at);
        self.span.push(store, place);
        self.block.extend(key::hashes(store, event.id, &said));
        self.close(batch);
        Ok(())
    }

    /// Closes the span and the block that the last leaf has filled.
    fn close(&mut self, batch: &mut Batch) {
        let size = self.state.size();
        if size.is_multiple_of(SPAN) {
            batch.spans.push(self.span_row());
            self.span = OpenSpan::default();
        }
        if size.is_multiple_of(BLOCK) {
            let as_many = Vec::with_capacity(self.block.len());
            let bits = filter::of(std::mem::replace(&mut self.block, as_many));
            batch.filters.push(FilterRow { block: size / BLOCK - 1, bits });
        }
    }

    fn span_row(&self) -> SpanRow {
        SpanRow {
            number: (self.state.size() - 1) / SPAN,
            first: self.span.first(),
            latest: self.state.latest,
            places: self.span.bytes().to_vec(),
        }
    }
}

/// The running maximum. What can't be read, or is said nowhere, moves nothing.
pub(crate) fn latest(latest: Option<Timestamp>, said: Option<Timestamp>) -> Option<Timestamp> {
    latest.max(said)
}
