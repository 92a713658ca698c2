//! Which leaves each hash of a proof stands for, and which complete subtrees those are made of. Arithmetic alone.

use crate::hash::{Hash, empty_root, node_hash};
use std::ops::Range;

/// A complete subtree: the `index`-th of those that have `2^level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    pub level: u8,
    pub index: u64,
}

/// What there is no proof of, whatever the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error("a tree of {size} leaves has none at {index}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("a tree of {old} leaves is not the beginning of one of {new}")]
    Shrunk { old: u64, new: u64 },
}

/// The leaves that each hash of an inclusion proof stands for, in the proof's order: from the leaf to the root.
pub(super) fn of_inclusion(index: u64, size: u64) -> Result<Vec<Range<u64>>, RangeError> {
    if index >= size {
        return Err(RangeError::NoSuchLeaf { index, size });
    }
    let (mut ranges, mut within) = (Vec::new(), 0..size);
    while within.end - within.start > 1 {
        let middle = middle(&within);
        let (left, right) = (within.start..middle, middle..within.end);
        let (inside, beside) = if index < middle { (left, right) } else { (right, left) };
        ranges.push(beside);
        within = inside;
    }
    ranges.reverse();
    Ok(ranges)
}

/// The leaves that each hash of a consistency proof stands for, in the proof's order. None where one tree is empty, or
/// both are the same.
pub(super) fn of_consistency(old: u64, new: u64) -> Result<Vec<Range<u64>>, RangeError> {
    if old > new {
        return Err(RangeError::Shrunk { old, new });
    }
    let (mut ranges, mut within) = (Vec::new(), 0..new);
    while old != 0 && old != within.end {
        let middle = middle(&within);
        let (left, right) = (within.start..middle, middle..within.end);
        let (inside, beside) = if old <= middle { (left, right) } else { (right, left) };
        ranges.push(beside);
        within = inside;
    }
    // What is left is the last complete part of the old tree; where it is the whole of it, whoever checks has its root.
    if old != 0 && within.start != 0 {
        ranges.push(within);
    }
    ranges.reverse();
    Ok(ranges)
}

/// Where a subtree of two leaves or more divides: its left part has the largest power of two that is smaller than the
/// whole.
fn middle(range: &Range<u64>) -> u64 {
    range.start + (1 << (range.end - range.start - 1).ilog2())
}

/// The complete subtrees of a range that begins where a subtree may, from the left. Each is smaller than the one before
/// it.
pub(super) fn nodes(range: &Range<u64>) -> Vec<Node> {
    let (mut nodes, mut start) = (Vec::new(), range.start);
    while start < range.end {
        let level = (range.end - start).ilog2();
        nodes.push(Node { level: level as u8, index: start >> level });
        start += 1 << level;
    }
    nodes
}

/// The root over complete subtrees that stand beside each other, each smaller than the one before it.
pub(super) fn joined(parts: &[Hash]) -> Hash {
    match parts.split_last() {
        None => empty_root(),
        Some((last, others)) => others.iter().rev().fold(*last, |right, left| node_hash(left, &right)),
    }
}
