//! The right edge of a tree: what appending to it needs, a few hashes whatever its size.

use super::ranges::{Node, joined};
use crate::hash::{Hash, node_hash};
use crate::tiles::{Tile, changed};
use sha2::{Digest, Sha256};

/// The format that `to_bytes` writes.
const VERSION: u8 = 1;
/// Before the hashes: the version and the size.
const HEAD: usize = 1 + 8;
/// More leaves than any log will have. Others count with signed numbers.
const MAX_SIZE: u64 = i64::MAX as u64;

/// A tree's size and the roots of the complete subtrees that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// From the left, the largest first: one for each bit that is set in the size.
    edge: Vec<Hash>,
}

/// Why bytes are no saved frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    #[error("a saved frontier begins with a version and a size, which these {0} bytes are too few for")]
    Short(usize),
    #[error("a frontier of version {0}; this program reads version {VERSION}")]
    Version(u8),
    #[error("a frontier of {0} leaves, more than a log can have")]
    Size(u64),
    #[error("a frontier of that size takes {expected} bytes, not {found}")]
    Length { expected: usize, found: usize },
    #[error("the frontier is not as it was saved")]
    Damaged,
}

impl Frontier {
    /// Of the tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn root(&self) -> Hash {
        joined(&self.edge)
    }

    /// Appends a leaf, by its hash.
    pub fn append(&mut self, leaf: Hash) {
        self.append_and_tell(leaf, |_, _| ());
    }

    /// Appends a leaf, and tells of each subtree that it completes, itself first: what a storage of nodes or tiles
    /// writes down.
    pub fn append_and_tell(&mut self, leaf: Hash, mut completed: impl FnMut(Node, Hash)) {
        let (mut node, mut hash) = (Node { level: 0, index: self.size }, leaf);
        completed(node, hash);
        while node.index & 1 == 1 {
            // An odd index says that the subtree to the left is complete, so that its root is on the edge.
            let Some(left) = self.edge.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, hash);
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The tiles of hashes that differ between the tree of that size and this one, complete and partial: what is to be
    /// published.
    pub fn tiles_since(&self, size: u64) -> impl Iterator<Item = Tile> {
        changed(size, self.size)
    }

    /// To be kept: a version, the size, the hashes, and SHA-256 over all that, by which damage is noticed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.size.to_be_bytes());
        for hash in &self.edge {
            bytes.extend(hash.as_bytes());
        }
        let check = Sha256::digest(&bytes);
        bytes.extend(check);
        bytes
    }

    /// What `to_bytes` wrote.
    ///
    /// # Errors
    /// These are other bytes, or they have been damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (head, hashes) = bytes.split_first_chunk::<HEAD>().ok_or(FrontierError::Short(bytes.len()))?;
        let [version, size @ ..] = *head;
        if version != VERSION {
            return Err(FrontierError::Version(version));
        }
        let size = u64::from_be_bytes(size);
        if size > MAX_SIZE {
            return Err(FrontierError::Size(size));
        }
        let count = size.count_ones() as usize;
        let expected = HEAD + (count + 1) * Hash::BYTES;
        if bytes.len() != expected {
            return Err(FrontierError::Length { expected, found: bytes.len() });
        }
        let (kept, check) = bytes.split_at(expected - Hash::BYTES);
        if Sha256::digest(kept)[..] != *check {
            return Err(FrontierError::Damaged);
        }
        let edge = hashes.as_chunks().0.iter().take(count).copied().map(Hash::from).collect();
        Ok(Self { size, edge })
    }
}
