//! What is kept of one store: how many events it has so far, where the leaves of the newest of them stand, and its documents' numbers.

use crate::chunk::{self, CHUNK};
use crate::numbers::Numbers;
use crate::varint::{put, take};
use std::num::NonZeroU64;

/// The version of the bytes.
const VERSION: u8 = 1;

/// Of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreRecord {
    /// Its events so far: the rank of the last one.
    count: u64,
    /// The leaf of the last one.
    last: u64,
    /// The leaves of those since the last complete chunk.
    open: Vec<u8>,
    pub numbers: Numbers,
}

/// A chunk that an event completed: the `number`-th of its store, from 0.
pub(crate) struct CompleteChunk {
    pub number: u64,
    pub bytes: Vec<u8>,
}

impl StoreRecord {
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The leaves of the events since the last complete chunk.
    pub fn open(&self) -> &[u8] {
        &self.open
    }

    /// Counts the store's next event, whose leaf has this index: its rank, and the chunk that it completes. `None`: the store has later
    /// events already.
    pub fn push(&mut self, index: u64) -> Option<(NonZeroU64, Option<CompleteChunk>)> {
        if self.count > 0 && self.last >= index {
            return None;
        }
        let last = (!self.open.is_empty()).then_some(self.last);
        chunk::push(&mut self.open, last, index);
        self.last = index;
        self.count += 1;
        let complete = self
            .count
            .is_multiple_of(CHUNK)
            .then(|| CompleteChunk { number: self.count / CHUNK - 1, bytes: std::mem::take(&mut self.open) });
        Some((NonZeroU64::new(self.count)?, complete))
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.open.len());
        bytes.push(VERSION);
        put(&mut bytes, self.count);
        put(&mut bytes, self.last);
        put(&mut bytes, self.open.len() as u64);
        bytes.extend(&self.open);
        self.numbers.write(&mut bytes);
        bytes
    }

    /// What `to_bytes` wrote. `None`: these are other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (_, mut rest) = bytes.split_first().filter(|(version, _)| **version == VERSION)?;
        let (count, last) = (take(&mut rest)?, take(&mut rest)?);
        let open = usize::try_from(take(&mut rest)?).ok()?;
        let (open, numbers) = rest.split_at_checked(open)?;
        let is_whole = chunk::indexes(open)?.len() as u64 == count % CHUNK;
        let numbers = Numbers::parse(numbers)?;
        is_whole.then(|| Self { count, last, open: open.to_vec(), numbers })
    }

    /// About how many bytes it takes in memory.
    pub fn weight(&self) -> u64 {
        256 + self.open.capacity() as u64 + self.numbers.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_chunks_follow_from_what_was_pushed() {
        let mut record = StoreRecord::default();
        let mut chunks = Vec::new();
        for event in 0..600 {
            record = StoreRecord::from_bytes(&record.to_bytes()).expect("read back");
            let (rank, complete) = record.push(event * 3).expect("the next one");
            assert!(record.clone().push(event * 3).is_none());
            assert_eq!(rank.get(), event + 1);
            chunks.extend(complete.map(|chunk| (chunk.number, chunk::indexes(&chunk.bytes).expect("a chunk"))));
        }
        let expected = |chunk: u64| (chunk * CHUNK..(chunk + 1) * CHUNK).map(|event| event * 3).collect::<Vec<_>>();
        assert_eq!(chunks, [(0, expected(0)), (1, expected(1))]);
        assert_eq!(
            chunk::indexes(record.open()).expect("a chunk"),
            (512..600).map(|event| event * 3).collect::<Vec<_>>()
        );
        assert_eq!(record.count(), 600);
    }

    #[test]
    fn no_other_bytes_are_read_as_a_record() {
        let mut record = StoreRecord::default();
        (0..5).for_each(|index| drop(record.push(index)));
        let bytes = record.to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(StoreRecord::from_bytes(&bytes[..end]), None, "{end}");
        }
        let mut newer = bytes;
        newer[0] = 2;
        assert_eq!(StoreRecord::from_bytes(&newer), None);
    }
}
