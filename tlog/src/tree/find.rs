//! Finding a store's events by what stands in them.
//!
//! Filters say which blocks of leaves may have a key; those are read, span by span and from the newest on, and each event is looked at
//! itself, so that a filter's mistake costs time and finds nothing. A search does a bounded amount of work and says where to go on.

use super::{Part, Tree, TreeError};
use crate::filter::{BLOCK, may_have};
use crate::key::Key;
use crate::span::SPAN;
use domain::StoreId;
use eventlog::RecordedEvent;
use std::collections::VecDeque;

/// Filters that are looked at in one search, at most: four million leaves'.
const FILTERS: u64 = 1_024;
/// Filters that are fetched at once.
const FETCHED: u64 = 32;
/// Found events together are not much larger.
const BYTES: usize = 4 * 1024 * 1024;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    pub store: StoreId,
    pub key: Key,
    /// Only leaves before this one: where an earlier search says to go on. `None`: from the newest.
    pub before: Option<u64>,
    /// How many events are wanted at most; at least one.
    pub limit: usize,
    /// How many blocks of 4,096 events are read at most; at least one.
    pub blocks: usize,
}

/// An event that has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Of its leaf.
    pub index: u64,
    pub event: RecordedEvent,
}

/// What a search found, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPage {
    pub found: Vec<Found>,
    /// Where to go on. `None`: there is no more.
    pub before: Option<u64>,
}

impl Tree {
    /// The store's events that have the key, newest first.
    ///
    /// # Errors
    /// [`TreeError::Differs`] where the log is not what it was.
    pub async fn find(&self, sought: &Sought) -> Result<FoundPage, TreeError> {
        let size = self.size().await?;
        let mut search = Search {
            tree: self,
            sought,
            before: sought.before.map_or(size, |before| before.min(size)),
            found: Vec::new(),
            bytes: 0,
        };
        let (mut blocks, mut filters) = (sought.blocks.max(1), FILTERS);
        let mut known = Filters::default();
        while search.before > 0 && !search.is_full() && blocks > 0 && filters > 0 {
            let block = (search.before - 1) / BLOCK;
            let is_open = (block + 1) * BLOCK > size;
            if !is_open {
                filters -= 1;
                if !known.may_have(self, block, sought).await? {
                    search.before = block * BLOCK;
                    continue;
                }
            }
            blocks -= 1;
            search.read(block).await?;
        }
        Ok(FoundPage { before: (search.before > 0).then_some(search.before), found: search.found })
    }
}

struct Search<'s> {
    tree: &'s Tree,
    sought: &'s Sought,
    /// All from here on were looked at.
    before: u64,
    found: Vec<Found>,
    bytes: usize,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.sought.limit.max(1) || self.bytes >= BYTES
    }

    /// Looks through a block, from its end, until enough was found.
    async fn read(&mut self, block: u64) -> Result<(), TreeError> {
        while self.before > block * BLOCK && !self.is_full() {
            let (span, sought) = ((self.before - 1) / SPAN, self.sought);
            let mut newest = Newest::of(sought.limit.max(1) - self.found.len());
            self.tree
                .walk(span, self.before, &mut |walked| {
                    let is_theirs = walked.counted.store == sought.store.0;
                    if is_theirs && sought.key.is_of(walked.event.id, &walked.counted.said) {
                        newest.push(Found { index: walked.index, event: walked.event.clone() });
                    }
                })
                .await?;
            // Those that found no room are older than all that did.
            let oldest = newest.found.front().filter(|_| newest.is_cut).map(|found| found.index);
            self.before = oldest.unwrap_or(span * SPAN);
            self.bytes += newest.bytes;
            self.found.extend(newest.found.into_iter().rev());
        }
        Ok(())
    }
}

/// The newest of what a span has, as many as there is room for.
struct Newest {
    most: usize,
    found: VecDeque<Found>,
    bytes: usize,
    is_cut: bool,
}

impl Newest {
    fn of(most: usize) -> Self {
        Self { most, found: VecDeque::new(), bytes: 0, is_cut: false }
    }

    fn push(&mut self, found: Found) {
        self.bytes += weight(&found);
        self.found.push_back(found);
        while self.found.len() > self.most || (self.bytes > BYTES && self.found.len() > 1) {
            let oldest = self.found.pop_front();
            self.bytes -= oldest.as_ref().map_or(0, weight);
            self.is_cut = true;
        }
    }
}

fn weight(found: &Found) -> usize {
    found.event.data.len() + found.event.metadata.len()
}

/// The filters that were fetched last.
#[derive(Default)]
struct Filters {
    first: u64,
    bits: Vec<Vec<u8>>,
}

impl Filters {
    async fn may_have(&mut self, tree: &Tree, block: u64, sought: &Sought) -> Result<bool, TreeError> {
        if !(self.first..self.first + self.bits.len() as u64).contains(&block) {
            self.first = (block + 1).saturating_sub(FETCHED);
            self.bits = tree.store.filters(self.first..block + 1).await?;
        }
        let bits = self.bits.get((block - self.first) as usize).ok_or(TreeError::Lacks(Part::Filter(block)))?;
        Ok(may_have(bits, sought.key.hash(sought.store.0)))
    }
}
