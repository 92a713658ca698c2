//! Whoever signs notes.

use super::{NoteError, Signature, check_text};
use crate::keys::{KeyKind, KeyName, Seed, VerifierKey};

/// A key that signs texts as its own.
#[derive(Debug)]
pub struct Signer {
    seed: Seed,
    key: VerifierKey,
}

impl Signer {
    pub fn new(name: KeyName, seed: Seed) -> Self {
        let key = VerifierKey::new(name, KeyKind::Ed25519, seed.public_key());
        Self { seed, key }
    }

    /// By what others check.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    /// The signature of the text, the same each time.
    ///
    /// # Errors
    /// It can't be the text of a note.
    pub fn sign(&self, text: &str) -> Result<Signature, NoteError> {
        check_text(text)?;
        let bytes = self.seed.sign(text.as_bytes()).to_vec();
        Ok(Signature::new(self.key.name().clone(), self.key.id(), bytes))
    }
}
