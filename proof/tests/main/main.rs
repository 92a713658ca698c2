//! The formats and proofs from outside: against their specifications' examples, against what they say by recursion, and
//! against others' programs.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod checkpoints;
mod cosignatures;
mod foreign;
mod frontiers;
mod go;
mod hostile;
mod keys;
mod known_trees;
mod leaves;
mod naive;
mod notes;
mod proofs;
mod python;
mod shapes;
mod support;
mod tiled;
mod tiles;
mod tlog_proofs;
mod vectors;
