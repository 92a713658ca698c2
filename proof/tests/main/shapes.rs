//! The examples as they stand in `vectors/v1.json`, which other languages read too.

use serde::{Deserialize, Serialize};

/// The log's records are `record 0`, `record 1` and so on. Hashes are in base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vectors {
    pub roots: Vec<Root>,
    pub inclusion: Vec<Inclusion>,
    pub consistency: Vec<Consistency>,
    pub frontiers: Vec<SavedFrontier>,
    pub tiles: Vec<TileVector>,
    pub changed: Vec<Changed>,
    pub bundle: Bundle,
    pub notes: Vec<SignedNote>,
    pub cosigned: CosignedNote,
    pub leaves: Vec<LeafVector>,
    pub proofs: Vec<ProofVector>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Root {
    pub size: u64,
    pub root: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inclusion {
    pub index: u64,
    pub size: u64,
    pub hashes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consistency {
    pub old: u64,
    pub new: u64,
    pub hashes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedFrontier {
    pub size: u64,
    pub hex: String,
}

/// No level: a bundle of entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TileVector {
    pub level: Option<u8>,
    pub index: u64,
    pub width: u16,
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    pub old: u64,
    pub new: u64,
    pub paths: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    pub records: Vec<String>,
    pub hex: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedNote {
    pub secret: String,
    pub key: String,
    pub text: String,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CosignedNote {
    pub log: String,
    pub witness: String,
    pub origin: String,
    pub at: u64,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeafVector {
    pub text: String,
    pub hash: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProofVector {
    pub key: String,
    pub origin: String,
    pub record: String,
    pub file: String,
}
