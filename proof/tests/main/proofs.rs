//! Proofs of every tree up to some hundreds of leaves: they are those of the definition, they prove what they say, and
//! nothing else.

use crate::naive::Naive;
use crate::support::{Log, flipped, leaf};
use proof::hash::{Hash, empty_root};
use proof::tree::{
    HashReader, MAX_INCLUSION_HASHES, MissingNode, Node, ProofError, ProveError, RangeError, consistency_nodes,
    consistency_proof, inclusion_nodes, inclusion_proof, root, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const SIZE: u64 = 300;
static LOG: LazyLock<Log> = LazyLock::new(|| Log::of(SIZE));
static ROOTS: LazyLock<Vec<Hash>> = LazyLock::new(|| LOG.roots());

fn naive() -> Naive {
    Naive::new((0..SIZE).map(leaf).collect())
}

fn at(size: u64) -> (u64, Hash) {
    (size, ROOTS[size as usize])
}

fn inclusion(index: u64, size: u64) -> Vec<Hash> {
    inclusion_proof(&LOG.nodes, index, size).unwrap()
}

fn consistency(old: u64, new: u64) -> Vec<Hash> {
    consistency_proof(&LOG.nodes, old, new).unwrap()
}

#[test]
fn every_root_is_that_of_the_definition() {
    let naive = naive();
    for size in 0..=SIZE {
        let expected = naive.root(0, size as usize);
        assert_eq!(ROOTS[size as usize], expected, "{size}");
        assert_eq!(root(&LOG.nodes, size), Ok(expected), "{size}");
    }
}

#[test]
fn every_inclusion_proof_is_that_of_the_definition_and_verifies() {
    let naive = naive();
    for size in 1..=SIZE {
        for index in 0..size {
            let proof = inclusion(index, size);
            assert_eq!(proof, naive.path(index as usize, 0, size as usize), "{index} in {size}");
            verify_inclusion(leaf(index), index, size, &proof, at(size).1).unwrap();
        }
    }
}

#[test]
fn every_consistency_proof_is_that_of_the_definition_and_verifies() {
    let naive = naive();
    for new in 1..=SIZE {
        for old in 1..=new {
            let proof = consistency(old, new);
            assert_eq!(proof, naive.proof(old as usize, new as usize), "{old} in {new}");
            verify_consistency(at(old), at(new), &proof).unwrap();
        }
    }
}

/// Another tree of the same size differs in its root, so that all that is left of a change is another index, another
/// tree, or another hash.
#[test]
fn no_inclusion_proof_proves_anything_else() {
    for size in 1..=20 {
        for index in 0..size {
            let proof = inclusion(index, size);
            let refused = |index, size, proof: &[Hash], root, leaf| {
                verify_inclusion(leaf, index, size, proof, root)
                    .expect_err(&format!("a changed proof of {index} in {size}"));
            };
            for other in (0..size + 2).filter(|other| *other != index) {
                refused(other, size, &proof, at(size).1, leaf(index));
                refused(index, size, &proof, at(size).1, leaf(other));
            }
            for other in (0..=20).filter(|other| *other != size) {
                refused(index, other, &proof, at(other).1, leaf(index));
            }
            refused(index, size, &[&proof[..], &[leaf(0)]].concat(), at(size).1, leaf(index));
            for at_hash in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at_hash] = flipped(proof[at_hash], (size * 7 + index) as usize % 256);
                refused(index, size, &changed, at(size).1, leaf(index));
                changed.remove(at_hash);
                refused(index, size, &changed, at(size).1, leaf(index));
                let mut swapped = proof.clone();
                swapped.swap(at_hash, 0);
                if at_hash != 0 {
                    refused(index, size, &swapped, at(size).1, leaf(index));
                }
            }
        }
    }
}

#[test]
fn no_consistency_proof_proves_anything_else() {
    for new in 2..=20 {
        for old in 1..new {
            let proof = consistency(old, new);
            let refused = |old, new, proof: &[Hash]| {
                verify_consistency(old, new, proof).expect_err(&format!("a changed proof of {old:?} in {new:?}"));
            };
            for other in (0..=20).filter(|other| *other != old) {
                refused(at(other), at(new), &proof);
            }
            for other in (0..=20).filter(|other| *other != new) {
                refused(at(old), at(other), &proof);
            }
            let bit = (new * 7 + old) as usize % 256;
            refused((old, flipped(at(old).1, bit)), at(new), &proof);
            refused(at(old), (new, flipped(at(new).1, bit)), &proof);
            refused(at(old), at(new), &[&proof[..], &[leaf(0)]].concat());
            for at_hash in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at_hash] = flipped(proof[at_hash], bit);
                refused(at(old), at(new), &changed);
                changed.remove(at_hash);
                refused(at(old), at(new), &changed);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_changed_bit_is_refused(size in 2..=SIZE, index in 0..SIZE, at_hash in 0usize..9, bit in 0usize..256) {
        let index = index % size;
        let mut proof = inclusion(index, size);
        let at_hash = at_hash % proof.len();
        proof[at_hash] = flipped(proof[at_hash], bit);
        let refused = verify_inclusion(leaf(index), index, size, &proof, at(size).1);
        prop_assert!(matches!(refused, Err(ProofError::Root { .. })), "{:?}", refused);
        let old = index.max(1);
        let mut proof = consistency(old, size);
        let at_hash = at_hash % proof.len();
        proof[at_hash] = flipped(proof[at_hash], bit);
        let refused = verify_consistency(at(old), at(size), &proof);
        prop_assert!(matches!(refused, Err(ProofError::Root { .. })), "{:?}", refused);
    }

    /// Whatever the sizes: no panic, and never a proof that is longer than it may be.
    #[test]
    fn no_size_is_too_large(index in any::<u64>(), size in 1..=u64::MAX) {
        let index = index % size;
        for nodes in [inclusion_nodes(index, size), consistency_nodes(index, size)] {
            prop_assert!(nodes.unwrap().len() < 130);
        }
        let refused = verify_inclusion(leaf(0), index, size, &[leaf(0); MAX_INCLUSION_HASHES + 1], leaf(0));
        let is_short = matches!(refused, Err(ProofError::Length { expected, .. }) if expected <= MAX_INCLUSION_HASHES);
        prop_assert!(is_short, "{:?}", refused);
        for length in 0..=MAX_INCLUSION_HASHES {
            verify_inclusion(leaf(0), index, size, &vec![leaf(0); length], leaf(0)).expect_err("no tree of these");
            verify_consistency((index, leaf(0)), (size, leaf(1)), &vec![leaf(0); length]).expect_err("no trees of these");
        }
    }
}

#[test]
fn the_largest_tree_has_the_longest_proof() {
    let expected = |index| match verify_inclusion(leaf(0), index, u64::MAX, &[], leaf(0)) {
        Err(ProofError::Length { expected, .. }) => expected,
        other => panic!("{other:?}"),
    };
    assert_eq!(expected(0), MAX_INCLUSION_HASHES);
    assert_eq!(expected(u64::MAX - 1), 63);
}

#[test]
fn a_proof_of_wild_length_is_refused_for_its_length() {
    let wild = vec![leaf(0); 1_000_000];
    let refused = verify_inclusion(leaf(3), 3, 7, &wild, at(7).1);
    assert_eq!(refused, Err(ProofError::Length { expected: 3, found: 1_000_000 }));
    let refused = verify_consistency(at(3), at(7), &wild);
    assert_eq!(refused, Err(ProofError::Length { expected: 4, found: 1_000_000 }));
}

#[test]
fn every_tree_begins_with_the_empty_one_and_with_itself() {
    let empty = (0, empty_root());
    for size in [0, 1, 7, 8] {
        assert_eq!(consistency(0, size), []);
        assert_eq!(verify_consistency(empty, at(size), &[]), Ok(()));
        assert_eq!(consistency(size, size), []);
        assert_eq!(verify_consistency(at(size), at(size), &[]), Ok(()));
        assert!(verify_consistency(at(size), (size, leaf(9)), &[]).is_err());
        assert!(verify_consistency((0, leaf(9)), at(size), &[]).is_err());
        assert!(verify_consistency(empty, at(size), &[leaf(9)]).is_err());
    }
}

#[test]
fn there_is_no_proof_of_what_is_not_there() {
    let no_leaf = RangeError::NoSuchLeaf { index: 7, size: 7 };
    assert_eq!(inclusion_proof(&LOG.nodes, 7, 7), Err(ProveError::Range(no_leaf)));
    assert_eq!(verify_inclusion(leaf(7), 7, 7, &[], at(7).1), Err(no_leaf.into()));
    assert_eq!(inclusion_nodes(0, 0), Err(RangeError::NoSuchLeaf { index: 0, size: 0 }));
    let shrunk = RangeError::Shrunk { old: 8, new: 7 };
    assert_eq!(consistency_proof(&LOG.nodes, 8, 7), Err(ProveError::Range(shrunk)));
    assert_eq!(verify_consistency(at(8), at(7), &[]), Err(shrunk.into()));
    assert_eq!(consistency_nodes(8, 7), Err(shrunk));
}

/// Who has to wait for the hashes asks first which those are.
#[test]
fn a_proof_takes_the_nodes_that_were_named_before() {
    for (index, size) in [(0, 1), (0, 7), (6, 7), (100, 299), (255, 300)] {
        let named = inclusion_nodes(index, size).unwrap().into_iter().chain(consistency_nodes(index, size).unwrap());
        let some: BTreeMap<Node, Hash> = named.map(|node| (node, LOG.nodes[&node])).collect();
        assert_eq!(inclusion_proof(&some, index, size).unwrap(), inclusion(index, size));
        assert_eq!(consistency_proof(&some, index, size).unwrap(), consistency(index, size));
        for node in inclusion_nodes(index, size).unwrap() {
            let mut fewer = some.clone();
            fewer.remove(&node);
            let error = inclusion_proof(&fewer, index, size).expect_err("a hash is missing");
            assert!(matches!(error, ProveError::Read(missing) if missing.0 == node));
        }
    }
}

/// A storage that answers less than it was asked.
struct Forgetful;

impl HashReader for Forgetful {
    type Error = MissingNode;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Hash>, MissingNode> {
        Ok(nodes.iter().skip(1).map(|node| LOG.nodes[node]).collect())
    }
}

#[test]
fn a_storage_that_answers_less_is_found_out() {
    assert_eq!(inclusion_proof(&Forgetful, 3, 7), Err(ProveError::Count { asked: 4, given: 3 }));
    assert_eq!(root(&Forgetful, 8), Err(ProveError::Count { asked: 1, given: 0 }));
}
