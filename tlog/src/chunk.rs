//! Where the leaves of 256 events of one store stand, events that follow one another in the store: the first leaf's index, and how
//! far each is behind the one before it, as varints.

use crate::varint::{put, take};

/// Events of a chunk.
pub const CHUNK: u64 = 256;

/// Adds the leaf of the store's next event to those of a chunk, of which `last` is the last one; `None`: it is the chunk's first.
pub(crate) fn push(chunk: &mut Vec<u8>, last: Option<u64>, index: u64) {
    put(chunk, index - last.unwrap_or(0));
}

/// The leaves' indexes. `None`: these bytes are no chunk.
pub(crate) fn indexes(mut chunk: &[u8]) -> Option<Vec<u64>> {
    let mut indexes: Vec<u64> = Vec::new();
    while !chunk.is_empty() {
        let behind = take(&mut chunk)?;
        let index = match indexes.last() {
            Some(last) => last.checked_add(behind).filter(|_| behind > 0)?,
            None => behind,
        };
        indexes.push(index);
    }
    (indexes.len() as u64 <= CHUNK).then_some(indexes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_read() {
        for leaves in [vec![], vec![0], vec![0, 1, 2], vec![7, 300, 301, 1 << 40]] {
            let (mut chunk, mut last) = (Vec::new(), None);
            for index in &leaves {
                push(&mut chunk, last, *index);
                last = Some(*index);
            }
            assert_eq!(indexes(&chunk), Some(leaves));
        }
    }

    #[test]
    fn what_is_no_chunk_is_not_read_as_one() {
        for bytes in [&[0x80][..], &[1, 0], &[0].repeat(257)] {
            assert_eq!(indexes(bytes), None, "{bytes:?}");
        }
    }
}
