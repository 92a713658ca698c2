//! Which of the keys that are known signed a note.

use super::cosigned::{message, parts};
use super::{Note, Signature};
use crate::keys::{KeyId, KeyKind, KeyName, VerifierKey};

/// A note that a key signed which is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'n, 'k> {
    pub text: &'n str,
    /// In the order of the signatures; at least one, and none twice.
    pub signed_by: Vec<SignedBy<'k>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedBy<'k> {
    pub key: &'k VerifierKey,
    pub statement: Statement,
}

/// What a signature says of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It is the signer's.
    Signed,
    /// The signer saw it, at this second since 1970.
    Cosigned { at: u64 },
}

/// Why a note is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("two of the keys to check with are called {name}+{id}")]
    Ambiguous { name: KeyName, id: KeyId },
    #[error("{name}+{id} signed it twice")]
    Twice { name: KeyName, id: KeyId },
    #[error("the signature by {name}+{id} is not one of this text")]
    Forged { name: KeyName, id: KeyId },
    #[error("none of the keys to check with signed it")]
    Unsigned,
}

impl Note {
    /// Checks each signature by one of these keys; those by others are passed over.
    ///
    /// # Errors
    /// None of the keys signed it, or one did so twice, or something stands there in its name that it did not sign.
    pub fn open<'n, 'k>(&'n self, keys: &[&'k VerifierKey]) -> Result<Opened<'n, 'k>, OpenError> {
        let mut signed_by: Vec<SignedBy<'k>> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = key_of(signature, keys)? else { continue };
            let (name, id) = (signature.name().clone(), signature.id());
            if signed_by.iter().any(|earlier| earlier.key == key) {
                return Err(OpenError::Twice { name, id });
            }
            let statement = statement(key, &self.text, signature.bytes()).ok_or(OpenError::Forged { name, id })?;
            signed_by.push(SignedBy { key, statement });
        }
        if signed_by.is_empty() { Err(OpenError::Unsigned) } else { Ok(Opened { text: &self.text, signed_by }) }
    }
}

/// The key that is known by the signature's name and id.
fn key_of<'k>(signature: &Signature, keys: &[&'k VerifierKey]) -> Result<Option<&'k VerifierKey>, OpenError> {
    let is_its = |key: &&&VerifierKey| key.name() == signature.name() && key.id() == signature.id();
    let mut its = keys.iter().filter(is_its);
    match (its.next(), its.next()) {
        (key, None) => Ok(key.copied()),
        (_, Some(key)) => Err(OpenError::Ambiguous { name: key.name().clone(), id: key.id() }),
    }
}

/// What the signature says. `None`: the key did not make it.
fn statement(key: &VerifierKey, text: &str, signature: &[u8]) -> Option<Statement> {
    match key.kind() {
        KeyKind::Ed25519 => key.signed(text.as_bytes(), signature).then_some(Statement::Signed),
        KeyKind::Cosignature => {
            let (at, signature) = parts(signature)?;
            key.signed(message(at, text).as_bytes(), signature).then_some(Statement::Cosigned { at })
        }
    }
}
