//! The hashes that a tree is made of: RFC 6962, section 2.1, with SHA-256.
//!
//! What lives here: a hash, its text, and how those of leaves and nodes come about. What doesn't: which hash stands
//! where in a tree. The guarantee: a leaf's hash is never a node's, as different bytes stand before what is hashed.

use crate::text::{from_base64, to_base64};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A hash of a tree. As text it is base64, which is how checkpoints and proofs have it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// The text of a hash is the base64 of 32 bytes, in 44 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no hash: that is 32 bytes in base64")]
pub struct HashError;

impl Hash {
    pub const BYTES: usize = 32;

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The hash of a leaf, from the record that it stands for.
pub fn leaf_hash(record: &[u8]) -> Hash {
    hashed(&[&[0x00], record])
}

/// The hash of a node, from those of its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hashed(&[&[0x01], &left.0, &right.0])
}

/// The root of the tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    hashed(&[])
}

fn hashed(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_base64(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        // Bounded before it is decoded, as a line may be as long as the file that it stands in.
        if text.len() != 44 {
            return Err(HashError);
        }
        let bytes = from_base64(text).ok_or(HashError)?;
        bytes.try_into().map(Self).map_err(|_| HashError)
    }
}
