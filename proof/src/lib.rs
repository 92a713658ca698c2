//! What makes an append-only log provable to strangers, who trust neither whoever keeps it nor this program.
//!
//! What lives here: the tree over a log's records and its proofs ([`tree`]), how it is published ([`tiles`]), what its
//! keeper and witnesses sign ([`note`], [`checkpoint`], [`cosignature`]), what stands in it of one event ([`leaf`]),
//! and all of that in one file ([`tlog_proof`]), in the formats of <https://c2sp.org> and RFC 6962, so that other
//! programs check it. What doesn't: where hashes, tiles and keys are kept, what time it is, and which events a log has.
//! The guarantee: every function is pure and total. What is read comes from strangers: it is bounded before it is
//! looked at, and what has been read is written again to the byte, so that nothing has two encodings.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod checkpoint;
pub mod cosignature;
pub mod hash;
pub mod keys;
pub mod leaf;
pub mod note;
mod text;
pub mod tiles;
pub mod tlog_proof;
pub mod tree;
