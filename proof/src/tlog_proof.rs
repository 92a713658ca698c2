//! All that proves to somebody without a network that a log has a record: <https://c2sp.org/tlog-proof>.
//!
//! What lives here: the file, and checking it against a record and a [`Policy`]. What doesn't: whose log is asked, and
//! what the record says. The guarantee: whoever has the file, the record and the keys needs nothing else.

use crate::checkpoint::{CheckpointError, Policy, Vouched};
use crate::hash::{Hash, HashError, leaf_hash};
use crate::note::{MAX_NOTE_BYTES, Note, NoteError};
use crate::text::{decimal, from_base64, to_base64};
use crate::tree::{MAX_INCLUSION_HASHES, ProofError, verify_inclusion};
use std::fmt;

const BEGINS: &str = "c2sp.org/tlog-proof@v1";
/// The most bytes that stand beside a proof.
pub const MAX_EXTRA_BYTES: usize = 64 * 1024;
/// No file is longer: a note, the extra data, and the lines of the proof.
pub const MAX_PROOF_BYTES: usize = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES + 4096;

/// Where a record stands in a log, and by what that is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    hashes: Vec<Hash>,
    checkpoint: Note,
}

/// Why bytes are no proof, or can't be written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofTextError {
    #[error("a proof of {0} bytes; the most is {MAX_PROOF_BYTES}")]
    TooLong(usize),
    #[error("a proof is UTF-8")]
    NotText,
    #[error("a proof begins with the line {BEGINS}")]
    Begins,
    #[error("a line of extra data has some, in base64, and at most {MAX_EXTRA_BYTES} bytes of it")]
    Extra,
    #[error("a line with the index of the leaf is missing, or is no number without leading zeros")]
    Index,
    #[error("hash {line} of the proof: {error}")]
    Hash { line: usize, error: HashError },
    #[error("a proof of more than {MAX_INCLUSION_HASHES} hashes")]
    TooManyHashes,
    #[error("no blank line stands between the proof and its checkpoint")]
    NoCheckpoint,
    #[error("the checkpoint: {0}")]
    Checkpoint(NoteError),
}

/// Why a proof doesn't prove the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

impl TlogProof {
    /// That the log of the checkpoint has a leaf at `index`, from 0. Nothing is checked.
    ///
    /// # Errors
    /// There are more hashes than any tree has.
    pub fn new(index: u64, hashes: Vec<Hash>, checkpoint: Note) -> Result<Self, TlogProofTextError> {
        if hashes.len() > MAX_INCLUSION_HASHES {
            return Err(TlogProofTextError::TooManyHashes);
        }
        Ok(Self { extra: None, index, hashes, checkpoint })
    }

    /// With data beside it, which nothing vouches for.
    ///
    /// # Errors
    /// There is none, or too much.
    pub fn with_extra(self, extra: Vec<u8>) -> Result<Self, TlogProofTextError> {
        match extra.len() {
            1..=MAX_EXTRA_BYTES => Ok(Self { extra: Some(extra), ..self }),
            _ => Err(TlogProofTextError::Extra),
        }
    }

    pub fn unverified_extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    pub fn unverified_checkpoint(&self) -> &Note {
        &self.checkpoint
    }

    /// Checks that the log has the record at the proof's index, and who vouches for the log.
    ///
    /// # Errors
    /// The checkpoint is not to be believed by this policy, or its tree hasn't got the record there.
    pub fn verify(&self, record: &[u8], policy: &Policy) -> Result<Vouched, TlogProofError> {
        let vouched = policy.check(&self.checkpoint)?;
        let (size, root) = (vouched.checkpoint.size(), vouched.checkpoint.root());
        verify_inclusion(leaf_hash(record), self.index, size, &self.hashes, root)?;
        Ok(vouched)
    }

    /// Reads a file. What is written of it again is the same to the byte.
    ///
    /// # Errors
    /// These bytes are no proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofTextError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(TlogProofTextError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofTextError::NotText)?;
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(TlogProofTextError::NoCheckpoint)?;
        let mut lines = proof.split('\n').peekable();
        lines.next_if_eq(&BEGINS).ok_or(TlogProofTextError::Begins)?;
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(extra_in).transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(TlogProofTextError::Index)?;
        let hashes = hashes_in(lines)?;
        let checkpoint = Note::parse(checkpoint.as_bytes()).map_err(TlogProofTextError::Checkpoint)?;
        Ok(Self { extra, index, hashes, checkpoint })
    }
}

fn extra_in(line: &str) -> Result<Vec<u8>, TlogProofTextError> {
    let extra = line.strip_prefix("extra ").and_then(from_base64);
    extra.filter(|extra| (1..=MAX_EXTRA_BYTES).contains(&extra.len())).ok_or(TlogProofTextError::Extra)
}

fn hashes_in<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Vec<Hash>, TlogProofTextError> {
    let mut hashes = Vec::new();
    for (at, line) in lines.enumerate() {
        if at == MAX_INCLUSION_HASHES {
            return Err(TlogProofTextError::TooManyHashes);
        }
        hashes.push(line.parse().map_err(|error| TlogProofTextError::Hash { line: at + 1, error })?);
    }
    Ok(hashes)
}

/// The file.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BEGINS}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
