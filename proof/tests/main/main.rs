//! The formats and proofs from outside: against their specifications' examples, against what they say by recursion, and against others' programs.

mod checkpoints;
mod cosignatures;
mod foreign;
mod frontiers;
mod go;
mod keys;
mod known_trees;
mod leaves;
mod naive;
mod notes;
mod proofs;
mod python;
mod support;
mod tiled;
mod tiles;
mod tlog_proofs;
mod vectors;
