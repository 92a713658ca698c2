//! Whose signatures make a checkpoint one to be believed.

use super::{Checkpoint, CheckpointTextError};
use crate::keys::{KeyKind, KeyName, VerifierKey};
use crate::note::{Note, NoteError, OpenError, Opened, Statement};
use std::collections::BTreeSet;

/// Which log is asked for, by which key it signs, and how many of which witnesses have to have seen it.
#[derive(Clone, Debug)]
pub struct Policy {
    origin: String,
    log: VerifierKey,
    witnesses: Vec<VerifierKey>,
    quorum: usize,
}

/// A policy that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("{0} is not a witness's key, but one that signs texts as its own")]
    NotAWitness(KeyName),
    #[error("the key of {0} is another's too")]
    SameKey(KeyName),
    #[error("{quorum} witnesses are asked for, of {known}")]
    Quorum { quorum: usize, known: usize },
}

/// Why a checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{0} did not sign it")]
    NotByTheLog(KeyName),
    #[error(transparent)]
    Text(#[from] CheckpointTextError),
    #[error("it is of another log, {found:?}")]
    Origin { found: String },
    #[error("{found} of the known witnesses saw it, and {quorum} are asked for")]
    Quorum { quorum: usize, found: usize },
}

/// A checkpoint that its log signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    pub checkpoint: Checkpoint,
    /// Those of the known witnesses that saw it.
    pub cosigned: Vec<Cosigned>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    pub by: KeyName,
    /// Seconds since 1970, by the witness's clock.
    pub at: u64,
}

impl Policy {
    /// The log's signature is enough.
    pub fn new(origin: impl Into<String>, log: VerifierKey) -> Self {
        Self { origin: origin.into(), log, witnesses: Vec::new(), quorum: 0 }
    }

    /// At least `quorum` of these have to have seen it as well.
    ///
    /// # Errors
    /// That can never be, or one key would count twice.
    pub fn with_witnesses(self, witnesses: Vec<VerifierKey>, quorum: usize) -> Result<Self, PolicyError> {
        let mut keys = BTreeSet::from([*self.log.public_key()]);
        for witness in &witnesses {
            match witness.kind() {
                KeyKind::Cosignature => {}
                KeyKind::Ed25519 => return Err(PolicyError::NotAWitness(witness.name().clone())),
            }
            // Cosignatures don't name their signer, so that whoever has one under two names would count as two.
            if !keys.insert(*witness.public_key()) {
                return Err(PolicyError::SameKey(witness.name().clone()));
            }
        }
        let known = witnesses.len();
        if quorum > known { Err(PolicyError::Quorum { quorum, known }) } else { Ok(Self { witnesses, quorum, ..self }) }
    }

    /// Reads and checks what a log published.
    ///
    /// # Errors
    /// It is no checkpoint, or not one of this log, or too few vouch for it.
    pub fn open(&self, published: &[u8]) -> Result<Vouched, CheckpointError> {
        self.check(&Note::parse(published)?)
    }

    /// Checks a note that has been read.
    ///
    /// # Errors
    /// It is no checkpoint, or not one of this log, or too few vouch for it.
    pub fn check(&self, note: &Note) -> Result<Vouched, CheckpointError> {
        let keys: Vec<&VerifierKey> = self.witnesses.iter().chain([&self.log]).collect();
        let opened = note.open(&keys)?;
        if !opened.signed_by.iter().any(|signed| *signed.key == self.log) {
            return Err(CheckpointError::NotByTheLog(self.log.name().clone()));
        }
        let checkpoint: Checkpoint = opened.text.parse()?;
        if checkpoint.origin() != self.origin {
            return Err(CheckpointError::Origin { found: checkpoint.origin });
        }
        let cosigned = self.cosigned(&opened);
        match cosigned.len() {
            found if found < self.quorum => Err(CheckpointError::Quorum { quorum: self.quorum, found }),
            _ => Ok(Vouched { checkpoint, cosigned }),
        }
    }

    fn cosigned(&self, opened: &Opened<'_, '_>) -> Vec<Cosigned> {
        let by_witnesses = opened.signed_by.iter().filter(|signed| *signed.key != self.log);
        let cosigned = by_witnesses.filter_map(|signed| match signed.statement {
            Statement::Cosigned { at } => Some(Cosigned { by: signed.key.name().clone(), at }),
            Statement::Signed => None,
        });
        cosigned.collect()
    }
}
