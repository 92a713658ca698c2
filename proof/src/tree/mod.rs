//! The append-only tree over the records of a log: RFC 6962, section 2.1.
//!
//! What lives here: a tree's right edge, which is all that appending needs ([`Frontier`]); proofs that a tree has a
//! leaf and that one tree is the beginning of another, made from hashes that somebody else keeps ([`HashReader`],
//! [`Tiled`]) and checked without them. What doesn't: storage, and who vouches for a root. The guarantee: a proof's
//! length follows from the sizes alone and is looked at first, so that a stranger's proof of any length costs no more
//! than the true one.

mod frontier;
mod prove;
mod ranges;
mod tiled;
mod verify;

pub use frontier::{Frontier, FrontierError};
pub use prove::{
    HashReader, MissingNode, ProveError, consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof, root,
};
pub use ranges::{Node, RangeError};
pub use tiled::{TileReader, Tiled, TiledError};
pub use verify::{ProofError, verify_consistency, verify_inclusion};

/// No proof that a tree has a leaf is longer, whatever the tree's size.
pub const MAX_INCLUSION_HASHES: usize = 64;
