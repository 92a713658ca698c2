//! Whoever vouches for having seen a log's checkpoint: <https://c2sp.org/tlog-cosignature>, with Ed25519.
//!
//! What lives here: making such a cosignature. What doesn't: checking one, which a note does for all kinds of keys
//! ([`crate::note`]), and whether the checkpoint is consistent with what was seen before, which has to be proved first
//! ([`crate::tree::verify_consistency`]). The guarantee: what is signed is a checkpoint, and begins as nothing does
//! that a log signs.

use crate::checkpoint::Checkpoint;
use crate::keys::{KeyKind, KeyName, Seed, VerifierKey};
use crate::note::{MAX_TIME, Signature, cosigned_message};

/// A key that cosigns checkpoints. It is no log's, and no other cosigner's: the message doesn't name it.
#[derive(Debug)]
pub struct Cosigner {
    seed: Seed,
    key: VerifierKey,
}

/// Seconds since 1970 that a cosignature can't name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("second {0} since 1970 is too late for a cosignature")]
pub struct TimeError(pub u64);

impl Cosigner {
    pub fn new(name: KeyName, seed: Seed) -> Self {
        let key = VerifierKey::new(name, KeyKind::Cosignature, seed.public_key());
        Self { seed, key }
    }

    /// By what others check.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    /// Says that at this second since 1970 the checkpoint was the largest that was seen of its log.
    ///
    /// # Errors
    /// The time is beyond 63 bits.
    pub fn cosign(&self, checkpoint: &Checkpoint, at: u64) -> Result<Signature, TimeError> {
        if at > MAX_TIME {
            return Err(TimeError(at));
        }
        let signature = self.seed.sign(cosigned_message(at, &checkpoint.to_string()).as_bytes());
        let bytes = [&at.to_be_bytes()[..], &signature].concat();
        Ok(Signature::new(self.key.name().clone(), self.key.id(), bytes))
    }
}
