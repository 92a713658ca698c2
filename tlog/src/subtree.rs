//! The roots over rows of tiles.

use proof::hash::{Hash, node_hash};

/// The hashes of a tile.
pub(crate) fn rows(tile: &[u8]) -> Vec<Hash> {
    tile.as_chunks().0.iter().copied().map(Hash::from).collect()
}

/// The complete subtrees that the rows are, the largest first.
pub(crate) fn subtrees(mut rows: &[Hash]) -> Vec<Hash> {
    let mut subtrees = Vec::new();
    while !rows.is_empty() {
        let (first, rest) = rows.split_at(1 << rows.len().ilog2());
        subtrees.push(whole(first));
        rows = rest;
    }
    subtrees
}

/// The root over as many rows as a power of two.
fn whole(rows: &[Hash]) -> Hash {
    match rows {
        [row] => *row,
        rows => {
            let (left, right) = rows.split_at(rows.len() / 2);
            node_hash(&whole(left), &whole(right))
        }
    }
}
