//! Whether a block of leaves may have a key: a Bloom filter.
//!
//! The guarantee: a key that was put in is found; of those that were not, about one in two thousand is taken for one that was.

use crate::key::KeyHash;

/// Leaves of a block.
pub const BLOCK: u64 = 4096;
/// Bits for each key.
const BITS: usize = 16;
/// Of those, how many a key sets: the number with the fewest mistakes.
const SET: u64 = 11;

/// The filter of a block that has these keys, in any order and however often.
pub(crate) fn of(mut keys: Vec<KeyHash>) -> Vec<u8> {
    keys.sort_unstable();
    keys.dedup();
    let mut bytes = vec![0; (keys.len() * BITS).div_ceil(64).max(1) * 8];
    let bits = bytes.len() as u64 * 8;
    for bit in keys.iter().flat_map(|key| places(*key, bits)) {
        bytes[bit / 8] |= 1 << (bit % 8);
    }
    bytes
}

/// Whether the block may have the key. Bytes that are no filter may have anything.
pub(crate) fn may_have(filter: &[u8], key: KeyHash) -> bool {
    filter.is_empty() || places(key, filter.len() as u64 * 8).all(|bit| filter[bit / 8] & 1 << (bit % 8) != 0)
}

/// Steps from a place, both out of one hash: as good as a hash for each (Kirsch and Mitzenmacher, 2006).
fn places(KeyHash(hash): KeyHash, bits: u64) -> impl Iterator<Item = usize> {
    let (start, step) = (hash & 0xffff_ffff, hash >> 32 | 1);
    (0..SET).map(move |number| ((start + number * step) % bits) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use uuid::Uuid;

    fn key(store: u128, id: u128) -> KeyHash {
        Key::Event(Uuid::from_u128(id)).hash(Uuid::from_u128(store))
    }

    #[test]
    fn every_key_is_found_and_hardly_any_other() {
        for keys in [1, 300, 4_096, 10_000] {
            let mut put: Vec<KeyHash> = (0..keys).map(|id| key(1, id)).collect();
            let filter = of(put.clone());
            assert!(put.iter().all(|key| may_have(&filter, *key)));
            assert!(filter.len() as u128 * 8 <= keys * 16 + 64);
            // However often, and in whichever order.
            put.reverse();
            put.extend(put.clone());
            assert_eq!(of(put), filter);
            let mistakes = (0..20_000).filter(|id| may_have(&filter, key(2, *id))).count();
            assert!(mistakes < 40, "{mistakes} of 20,000 with {keys} keys");
        }
    }

    #[test]
    fn a_block_without_keys_has_none() {
        assert!(!may_have(&of(Vec::new()), key(1, 1)));
    }
}
