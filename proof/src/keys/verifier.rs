//! The public part of a key, and its text: `<name>+<id>+<base64 of kind and key>`.

use super::name::{KeyId, KeyName, KeyNameError};
use crate::text::{from_base64, to_base64};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// What a key's signatures say. Its byte is part of the key's id, so that one key signs for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The text is the signer's: Ed25519 over it.
    Ed25519,
    /// The signer saw the text at a time: <https://c2sp.org/tlog-cosignature>, with Ed25519.
    Cosignature,
}

/// By what signatures are checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    public_key: [u8; 32],
}

/// Why a text is no verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VkeyError {
    #[error("a verifier key is a name, an id and a key, with a plus sign between them")]
    Shape,
    #[error(transparent)]
    Name(#[from] KeyNameError),
    #[error("a key's id is 8 lower-case hex digits")]
    Id,
    #[error("the key itself is not in base64")]
    Base64,
    #[error("keys of kind {0:#04x} are not known here")]
    Kind(u8),
    #[error("an Ed25519 key has 32 bytes, not {0}")]
    Length(usize),
    #[error("the key's id is {actual}, not {said}")]
    OtherId { said: KeyId, actual: KeyId },
}

impl KeyKind {
    const ALL: [Self; 2] = [Self::Ed25519, Self::Cosignature];

    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

impl VerifierKey {
    pub fn new(name: KeyName, kind: KeyKind, public_key: [u8; 32]) -> Self {
        Self { name, kind, public_key }
    }

    pub fn name(&self) -> &KeyName {
        &self.name
    }

    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// The first bytes of the hash over name, kind and key.
    pub fn id(&self) -> KeyId {
        let hasher = Sha256::new().chain_update(self.name.as_str()).chain_update(b"\n");
        let [a, b, c, d, ..]: [u8; 32] = hasher.chain_update(self.kind_and_key()).finalize().into();
        KeyId([a, b, c, d])
    }

    /// Whether the key signed the message: of a cosignature that is not the text of the note.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public_key).verify(message, signature).is_ok()
    }

    fn kind_and_key(&self) -> Vec<u8> {
        [&[self.kind.byte()], &self.public_key[..]].concat()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id(), to_base64(self.kind_and_key()))
    }
}

impl FromStr for VerifierKey {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        let (name, rest) = text.split_once('+').ok_or(VkeyError::Shape)?;
        // The key may have plus signs itself.
        let (id, key) = rest.split_once('+').ok_or(VkeyError::Shape)?;
        let name = name.parse()?;
        let mut said = KeyId([0; 4]);
        hex::decode_to_slice(id, &mut said.0).map_err(|_| VkeyError::Id)?;
        if said.to_string() != id {
            return Err(VkeyError::Id);
        }
        let bytes = from_base64(key).ok_or(VkeyError::Base64)?;
        let (kind, public_key) = bytes.split_first().ok_or(VkeyError::Shape)?;
        let kind = KeyKind::ALL.into_iter().find(|known| known.byte() == *kind).ok_or(VkeyError::Kind(*kind))?;
        let public_key = public_key.try_into().map_err(|_| VkeyError::Length(public_key.len()))?;
        let key = Self { name, kind, public_key };
        let actual = key.id();
        if actual == said { Ok(key) } else { Err(VkeyError::OtherId { said, actual }) }
    }
}
