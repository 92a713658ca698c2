//! Tiles and proofs are those of the tree as it is defined.

use crate::place::CASES;
use crate::seeds::seeds;
use crate::story::Story;
use eventlog::testing::Chance;
use proof::hash::leaf_hash;
use proof::leaf::Leaf;
use proof::tiles::{Rows, Tile, entries_from_bytes, hashes_from_bytes};
use proof::tree::{Frontier, verify_consistency, verify_inclusion};
use tlog::TreeError;

#[tokio::test]
async fn every_tile_is_that_of_the_tree_as_it_is_defined() {
    for seed in seeds("every_tile_is", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 1 + chance.below(3_000)).await;
        let mut frontier = Frontier::new();
        (0..story.leaves.len()).for_each(|index| frontier.append(story.naive.leaf(index)));
        for tile in frontier.tiles_since(0) {
            let Rows::Hashes { level } = tile.rows() else { panic!("{tile}") };
            // As it is, and as it was when it had fewer rows.
            for width in [tile.width(), 1 + chance.below(tile.width().into()) as u16] {
                let tile = Tile::new(tile.rows(), tile.index(), width).unwrap();
                let rows = hashes_from_bytes(&story.tree.tile(tile).await.unwrap(), width).unwrap();
                let leaves = 256usize.pow(level.into());
                for (row, hash) in rows.into_iter().enumerate() {
                    let at = (tile.index() as usize * 256 + row) * leaves;
                    assert_eq!(hash, story.naive.root(at, at + leaves), "row {row} of {tile}");
                }
            }
        }
        let size = story.size();
        for (level, index, width) in
            [(0, size / 256, (size % 256) as u16 + 1), (1, size / 65_536, 256), (8, 0, 1), (63, 0, 1)]
        {
            let tile = Tile::new(Rows::Hashes { level }, index, width).unwrap();
            let refused = story.tree.tile(tile).await;
            assert!(matches!(refused, Err(TreeError::NoSuchTile { .. })), "{tile}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn entries_are_made_anew_and_are_what_the_hashes_say() {
    for seed in seeds("entries_are_made_anew", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 1 + chance.below(1_200)).await;
        for index in 0..story.size().div_ceil(256) {
            let width = (story.size() - index * 256).min(256) as u16;
            for width in [width, 1 + chance.below(width.into()) as u16] {
                let bytes = story.tree.tile(Tile::new(Rows::Entries, index, width).unwrap()).await.unwrap();
                for (entry, at) in entries_from_bytes(&bytes, width).unwrap().into_iter().zip(index * 256..) {
                    let leaf = &story.leaves[at as usize].1;
                    assert_eq!(Leaf::parse(entry).as_ref(), Ok(leaf));
                    assert_eq!(leaf_hash(entry), story.naive.leaf(at as usize));
                    if at % 37 == 0 {
                        assert_eq!(story.tree.record(at).await.unwrap(), entry);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn proofs_of_every_size_verify() {
    for seed in seeds("proofs_of_every_size", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 900).await;
        let (tree, naive) = (&story.tree, &story.naive);
        let size = story.size();
        for _ in 0..60 {
            let new = 1 + chance.below(size as usize);
            let (old, index) = (chance.below(new + 1), chance.below(new));
            let root = naive.root(0, new);
            assert_eq!(tree.root(new as u64).await.unwrap(), root);
            let proof = tree.inclusion(index as u64, new as u64).await.unwrap();
            verify_inclusion(naive.leaf(index), index as u64, new as u64, &proof, root).unwrap();
            let proof = tree.consistency(old as u64, new as u64).await.unwrap();
            verify_consistency((old as u64, naive.root(0, old)), (new as u64, root), &proof).unwrap();
        }
        assert_eq!(tree.state().await.unwrap().unwrap().root(), naive.root(0, size as usize));
        assert_eq!(tree.root(0).await.unwrap(), naive.root(0, 0));
        for refused in [tree.inclusion(0, size + 1).await, tree.consistency(0, size + 1).await] {
            assert!(matches!(refused, Err(TreeError::NotSoLarge { .. })), "{refused:?}");
        }
        assert!(matches!(tree.inclusion(size, size).await, Err(TreeError::Range(_))));
        assert!(matches!(tree.record(size).await, Err(TreeError::NoSuchLeaf { .. })));
    }
}
