//! Proofs, made from hashes that somebody else keeps.

use super::ranges::{Node, RangeError, joined, nodes, of_consistency, of_inclusion};
use crate::hash::Hash;
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;

/// Whoever keeps the hashes of complete subtrees. A map of them is one, for callers that have to wait for theirs:
/// `inclusion_nodes` and `consistency_nodes` say what is to be fetched.
pub trait HashReader {
    type Error: Error + 'static;

    /// The hash of each of these, in their order. A proof asks once, for fewer than 130.
    ///
    /// # Errors
    /// One can't be read: there is no proof then.
    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Hash>, Self::Error>;
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E: Error + 'static> {
    #[error(transparent)]
    Range(RangeError),
    #[error("the hashes can't be read")]
    Read(#[source] E),
    #[error("{asked} hashes were asked for, and {given} given")]
    Count { asked: usize, given: usize },
}

/// A map of hashes lacks one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hash of subtree {} of level {} is not there", .0.index, .0.level)]
pub struct MissingNode(pub Node);

impl HashReader for BTreeMap<Node, Hash> {
    type Error = MissingNode;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Hash>, MissingNode> {
        nodes.iter().map(|node| self.get(node).copied().ok_or(MissingNode(*node))).collect()
    }
}

/// The root of the tree of that size.
///
/// # Errors
/// The hashes can't be read.
pub fn root<R: HashReader>(reader: &R, size: u64) -> Result<Hash, ProveError<R::Error>> {
    let whole = 0..size;
    let roots = read(reader, std::slice::from_ref(&whole))?;
    Ok(joined(&roots))
}

/// The proof that the tree of that size has at `index`, from 0, the leaf that it has: RFC 6962, section 2.1.1.
///
/// # Errors
/// The tree has no such leaf, or the hashes can't be read.
pub fn inclusion_proof<R: HashReader>(reader: &R, index: u64, size: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    read(reader, &of_inclusion(index, size).map_err(ProveError::Range)?)
}

/// The proof that the tree of `new` leaves begins with all those of the tree of `old`: RFC 6962, section 2.1.2. Of a
/// tree without leaves, and of the tree itself, there is nothing to prove, and so no hash in it.
///
/// # Errors
/// The old tree is the larger one, or the hashes can't be read.
pub fn consistency_proof<R: HashReader>(reader: &R, old: u64, new: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    read(reader, &of_consistency(old, new).map_err(ProveError::Range)?)
}

/// What `inclusion_proof` will read.
///
/// # Errors
/// The tree has no such leaf.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Node>, RangeError> {
    Ok(of_inclusion(index, size)?.iter().flat_map(nodes).collect())
}

/// What `consistency_proof` will read.
///
/// # Errors
/// The old tree is the larger one.
pub fn consistency_nodes(old: u64, new: u64) -> Result<Vec<Node>, RangeError> {
    Ok(of_consistency(old, new)?.iter().flat_map(nodes).collect())
}

/// The hash over each of the ranges.
fn read<R: HashReader>(reader: &R, ranges: &[Range<u64>]) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let nodes_of_each: Vec<Vec<Node>> = ranges.iter().map(nodes).collect();
    let asked = nodes_of_each.concat();
    if asked.is_empty() {
        // Of the empty tree there is a root all the same, and no range of a proof is empty.
        return Ok(ranges.iter().map(|_| joined(&[])).collect());
    }
    let given = reader.hashes(&asked).map_err(ProveError::Read)?;
    if given.len() != asked.len() {
        return Err(ProveError::Count { asked: asked.len(), given: given.len() });
    }
    let mut rest = given.as_slice();
    let over = |nodes: &Vec<Node>| {
        let (of_range, others) = rest.split_at(nodes.len());
        rest = others;
        joined(of_range)
    };
    Ok(nodes_of_each.iter().map(over).collect())
}
