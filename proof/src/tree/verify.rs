//! Proofs, checked with nothing but what they say: RFC 9162, sections 2.1.3.2 and 2.1.4.2, whose proofs are those of
//! RFC 6962.

use super::ranges::{RangeError, of_consistency, of_inclusion};
use crate::hash::{Hash, empty_root, node_hash};

/// Why a proof proves nothing. Trying again doesn't help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Range(#[from] RangeError),
    #[error("such a proof has {expected} hashes, not {found}")]
    Length { expected: usize, found: usize },
    #[error("the proof leads to the root {found}, not to {expected}")]
    Root { expected: Hash, found: Hash },
}

/// Checks that the tree of that size and root has the leaf at `index`, from 0.
///
/// # Errors
/// The proof is one of something else, or of nothing.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> Result<(), ProofError> {
    expect_length(of_inclusion(index, size)?.len(), proof)?;
    let mut path = Path { at: index, last: size - 1 };
    let mut found = leaf;
    for beside in proof {
        found = match path.step() {
            Side::Left => node_hash(beside, &found),
            Side::Right => node_hash(&found, beside),
        };
    }
    expect_root(root, found)
}

/// Checks that the tree of `new` leaves begins with the tree of `old`. Every tree begins with the one without leaves.
///
/// # Errors
/// The proof is one of something else, or of nothing.
pub fn verify_consistency(
    (old, old_root): (u64, Hash),
    (new, new_root): (u64, Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    expect_length(of_consistency(old, new)?.len(), proof)?;
    if old == new {
        return expect_root(old_root, new_root);
    }
    if old == 0 {
        return expect_root(empty_root(), old_root);
    }
    // Up to the root of the old tree's last complete subtree. Where that is the whole old tree, its root is not in the
    // proof.
    let up = old.trailing_zeros();
    let mut path = Path { at: (old - 1) >> up, last: (new - 1) >> up };
    let (start, rest) = match proof {
        [first, rest @ ..] if !old.is_power_of_two() => (*first, rest),
        [..] => (old_root, proof),
    };
    let (mut found_old, mut found_new) = (start, start);
    for beside in rest {
        match path.step() {
            Side::Left => {
                found_old = node_hash(beside, &found_old);
                found_new = node_hash(beside, &found_new);
            }
            Side::Right => found_new = node_hash(&found_new, beside),
        }
    }
    expect_root(old_root, found_old)?;
    expect_root(new_root, found_new)
}

/// On which side of the path a hash of the proof stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root: its index and that of the last node, both on the level that the way has reached.
struct Path {
    at: u64,
    last: u64,
}

impl Path {
    /// Goes up to the next node that has two children, and says where its other child stands.
    ///
    /// On the right edge a node may have no sibling and so be its parent, which the RFC skips to by shifting. Here
    /// nothing needs to be skipped: a way that has come to the edge stays on it, where every sibling stands to the
    /// left, and how many there are the proof's length has said.
    fn step(&mut self) -> Side {
        let side = if self.at & 1 == 1 || self.at == self.last { Side::Left } else { Side::Right };
        (self.at, self.last) = (self.at >> 1, self.last >> 1);
        side
    }
}

fn expect_length(expected: usize, proof: &[Hash]) -> Result<(), ProofError> {
    if proof.len() == expected { Ok(()) } else { Err(ProofError::Length { expected, found: proof.len() }) }
}

fn expect_root(expected: Hash, found: Hash) -> Result<(), ProofError> {
    if found == expected { Ok(()) } else { Err(ProofError::Root { expected, found }) }
}
