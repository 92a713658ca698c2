//! Decoded rows in memory, shared by the worker and the readers of one generation.
//!
//! The guarantee: whoever reads after a batch was published never sees a row from before it. The worker takes the rows that
//! a batch touches out, changes them, and puts them back once they are committed. A reader who finds none reads the store,
//! and may leave what it read only if the worker put nothing there in the meantime.

use crate::RowKey;
use crate::store::{Changed, Facets};
use quick_cache::sync::{Cache, GuardResult, PlaceholderGuard};
use quick_cache::{OptionsBuilder, Weighter};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// A decoded row.
pub(crate) struct Cached<R> {
    pub row: Arc<R>,
    /// About how many bytes it takes.
    pub weight: u32,
    /// Of its facets as stored; `None` as long as nobody asked.
    pub facets: Option<Fingerprint>,
}

impl<R> Clone for Cached<R> {
    fn clone(&self) -> Self {
        Self { row: Arc::clone(&self.row), weight: self.weight, facets: self.facets }
    }
}

impl<R> Cached<R> {
    /// A row that was read from, or written as, a document of so many bytes.
    pub fn new(row: R, document_bytes: usize, facets: Option<Fingerprint>) -> Self {
        Self { row: Arc::new(row), weight: weight(document_bytes), facets }
    }
}

impl<R> Cached<R> {
    /// As [`Self::new`], of what others have too.
    pub fn shared(row: Arc<R>, document_bytes: usize) -> Self {
        Self { row, weight: weight(document_bytes), facets: None }
    }

    /// How long the document was that it was read from, or written as.
    pub fn document_bytes(&self) -> usize {
        self.weight.saturating_sub(BESIDE) as usize / 2
    }
}

/// What a row takes beside itself.
const BESIDE: u32 = 256;

/// A decoded row takes about twice its document, with its place in the cache.
pub(crate) fn weight(document_bytes: usize) -> u32 {
    u32::try_from(document_bytes.saturating_mul(2).saturating_add(BESIDE as usize)).unwrap_or(u32::MAX)
}

/// To tell which of a row's facets changed, without keeping them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    columns: u64,
    labels: u64,
    search_text: u64,
}

impl Fingerprint {
    pub fn of(facets: &Facets) -> Self {
        Self { columns: hash(&facets.columns), labels: hash(&facets.labels), search_text: hash(&facets.search_text) }
    }

    /// What is other than `before`; everything, where that is not known.
    pub fn changed_since(&self, before: Option<Fingerprint>) -> Changed {
        before.map_or(Changed::ALL, |before| Changed {
            columns: self.columns != before.columns,
            labels: self.labels != before.labels,
            search_text: self.search_text != before.search_text,
        })
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[derive(Clone)]
pub(crate) struct ByBytes;

impl<R> Weighter<RowKey, Cached<R>> for ByBytes {
    fn weight(&self, _key: &RowKey, row: &Cached<R>) -> u64 {
        u64::from(row.weight)
    }
}

/// A place that a reader may fill.
pub(crate) type VacantRow<'a, R> = PlaceholderGuard<
    'a,
    RowKey,
    Cached<R>,
    ByBytes,
    quick_cache::DefaultHashBuilder,
    quick_cache::sync::DefaultLifecycle<RowKey, Cached<R>>,
>;

pub(crate) struct RowCache<R> {
    rows: Cache<RowKey, Cached<R>, ByBytes>,
    /// A heavier row is never kept.
    heaviest: u32,
}

/// Of the rows that a cache is expected to hold, the average.
const TYPICAL_BYTES: u64 = 1_024;
/// Parts of the cache that are locked by themselves.
const SHARDS: u64 = 16;
/// A row may take this part of the cache at most. It must fit into a shard well: what is too heavy for its shard is not taken
/// in, and does not drive out what a reader is about to leave there either.
const LARGEST_PART: u64 = 64;
const _: () = assert!(LARGEST_PART >= 2 * SHARDS);

impl<R> RowCache<R> {
    pub fn new(bytes: u64) -> Self {
        let options = OptionsBuilder::new()
            .weight_capacity(bytes)
            .estimated_items_capacity(usize::try_from(bytes / TYPICAL_BYTES).unwrap_or(usize::MAX))
            .shards(SHARDS as usize)
            .build();
        // Both capacities are given.
        let options = options.expect("options of a cache");
        Self {
            rows: Cache::with_options(options, ByBytes, Default::default(), Default::default()),
            heaviest: u32::try_from(bytes / LARGEST_PART).unwrap_or(u32::MAX),
        }
    }

    /// The row, or the place for it. Waits for another reader who is filling it.
    pub async fn get_or_place(&self, key: &RowKey) -> Result<Cached<R>, VacantRow<'_, R>> {
        self.rows.get_value_or_guard_async(key).await
    }

    /// The row, or the place for it, or neither when another reader is filling it.
    pub fn try_get_or_place(&self, key: &RowKey) -> Result<Cached<R>, Option<VacantRow<'_, R>>> {
        match self.rows.get_value_or_guard(key, Some(Duration::ZERO)) {
            GuardResult::Value(row) => Ok(row),
            GuardResult::Guard(place) => Err(Some(place)),
            GuardResult::Timeout => Err(None),
        }
    }

    /// Takes the row out, to change it. A reader who is reading the store for it now will not leave it here.
    pub fn take(&self, key: &RowKey) -> Option<Cached<R>> {
        self.rows.remove(key).map(|(_, row)| row)
    }

    /// Puts back a row that was committed.
    pub fn put(&self, key: RowKey, row: Cached<R>) {
        if row.weight > self.heaviest {
            self.rows.remove(&key);
        } else {
            self.rows.insert(key, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough for as many shards as a machine with many cores would like.
    const BYTES: u64 = 1 << 24;

    #[tokio::test]
    async fn what_a_reader_read_before_a_commit_does_not_stay_after_it() {
        let cache = RowCache::<u32>::new(BYTES);
        let key = RowKey::from(uuid::Uuid::from_u128(1));
        let heaviest = (BYTES / LARGEST_PART) as usize / 2 - 128;
        for (document_bytes, stays) in [(1, true), (heaviest, true), (heaviest + 1, false), (BYTES as usize, false)] {
            cache.take(&key);
            let Err(place) = cache.get_or_place(&key).await else { panic!("nothing was put there") };
            cache.put(key, Cached::new(2, document_bytes, None));
            let _ = place.insert(Cached::new(1, 1, None));
            let found = cache.try_get_or_place(&key).ok().map(|cached| *cached.row);
            assert_eq!(found, stays.then_some(2), "{document_bytes} bytes");
        }
    }

    #[tokio::test]
    async fn what_a_reader_read_while_a_row_is_out_gives_way_to_the_row() {
        let cache = RowCache::<u32>::new(1 << 20);
        let key = RowKey::from(uuid::Uuid::from_u128(1));
        cache.put(key, Cached::new(1, 1, None));
        assert!(cache.take(&key).is_some());
        let Err(place) = cache.get_or_place(&key).await else { panic!("the row is out") };
        assert!(place.insert(Cached::new(1, 1, None)).is_ok());
        cache.put(key, Cached::new(2, 1, None));
        assert_eq!(cache.try_get_or_place(&key).ok().map(|cached| *cached.row), Some(2));
    }
}
