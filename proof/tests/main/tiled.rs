//! Proofs out of tiles: those of the same tree kept otherwise, and none out of tiles that are damaged.

use crate::naive::Naive;
use crate::support::{Log, NotPublished, leaf};
use proof::tiles::{Rows, Tile, hashes_from_bytes};
use proof::tree::{
    HashReader, Node, ProveError, Tiled, TiledError, consistency_proof, inclusion_proof, root, verify_inclusion,
};
use std::sync::LazyLock;

/// Large enough for a tile on the third level.
const SIZE: u64 = 65_536 + 300;
static LOG: LazyLock<Log> = LazyLock::new(|| Log::of(SIZE));

fn hashes(level: u8, index: u64, width: u16) -> Tile {
    Tile::new(Rows::Hashes { level }, index, width).unwrap()
}

#[test]
fn proofs_out_of_tiles_are_those_out_of_nodes() {
    let published = LOG.published();
    let tiled = Tiled::new(&published, SIZE);
    assert_eq!(root(&tiled, SIZE), Ok(LOG.frontier.root()));
    for index in [0, 1, 255, 256, 4_000, 65_535, 65_536, SIZE - 1] {
        let proof = inclusion_proof(&tiled, index, SIZE).unwrap();
        assert_eq!(proof, inclusion_proof(&LOG.nodes, index, SIZE).unwrap(), "{index}");
        verify_inclusion(leaf(index), index, SIZE, &proof, LOG.frontier.root()).unwrap();
        let proof = consistency_proof(&tiled, index + 1, SIZE).unwrap();
        assert_eq!(proof, consistency_proof(&LOG.nodes, index + 1, SIZE).unwrap(), "{index}");
        // Older trees are proved out of the tiles of today's.
        let older = (index + 1).min(SIZE);
        assert_eq!(root(&tiled, older), Ok(root(&LOG.nodes, older).unwrap()), "{older}");
    }
}

/// MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]), as the specification has it.
#[test]
fn a_row_is_the_root_over_its_leaves() {
    let naive = Naive::new((0..SIZE).map(leaf).collect());
    for (tile, data) in &LOG.published().0 {
        let Rows::Hashes { level } = tile.rows() else { panic!("{tile}") };
        let leaves = 256usize.pow(level.into());
        for (at, row) in hashes_from_bytes(data, tile.width()).unwrap().into_iter().enumerate().step_by(85) {
            let at = tile.index() as usize * 256 + at;
            assert_eq!(row, naive.root(at * leaves, (at + 1) * leaves), "row {at} of {tile}");
        }
    }
}

#[test]
fn a_tile_that_is_damaged_or_lost_is_named() {
    let tile = hashes(0, 257, 44);
    let whole = LOG.published().0[&tile].clone();
    for damaged in [&whole[1..], &whole[32..], &[&whole[..], &[0]].concat()] {
        let mut published = LOG.published();
        published.0.insert(tile, damaged.to_vec());
        let refused = inclusion_proof(&Tiled::new(&published, SIZE), SIZE - 1, SIZE);
        assert!(matches!(refused, Err(ProveError::Read(TiledError::Damaged { tile: named, .. })) if named == tile));
    }
    let mut published = LOG.published();
    published.0.remove(&tile);
    let refused = inclusion_proof(&Tiled::new(&published, SIZE), SIZE - 1, SIZE);
    assert_eq!(refused, Err(ProveError::Read(TiledError::Read { tile, source: NotPublished(tile) })));
    // A bit that changed is not seen here, but by whoever verifies.
    let mut published = LOG.published();
    let mut changed = whole;
    changed[7] ^= 1;
    published.0.insert(tile, changed);
    let proof = inclusion_proof(&Tiled::new(&published, SIZE), SIZE - 1, SIZE).unwrap();
    verify_inclusion(leaf(SIZE - 1), SIZE - 1, SIZE, &proof, LOG.frontier.root()).expect_err("a changed tile");
}

#[test]
fn no_more_is_read_than_the_tree_has() {
    let published = LOG.published();
    let tiled = Tiled::new(&published, 300);
    for node in [(0, 300), (2, 75), (8, 1), (9, 0), (63, 0), (64, 0), (255, 0), (8, u64::MAX), (7, u64::MAX / 2)] {
        let node = Node { level: node.0, index: node.1 };
        assert_eq!(tiled.hashes(&[node]), Err(TiledError::Beyond { node, size: 300 }));
    }
    let smaller = Log::of(300).published();
    let tiled = Tiled::new(&smaller, 300);
    assert_eq!(tiled.hashes(&[Node { level: 0, index: 299 }]), Ok(vec![leaf(299)]));
    assert_eq!(tiled.hashes(&[Node { level: 8, index: 0 }]), Ok(vec![LOG.nodes[&Node { level: 8, index: 0 }]]));
}
