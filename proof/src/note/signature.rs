//! One line of a note: who signed it, and the signature, which has not been checked.

use crate::keys::{KeyId, KeyName, KeyNameError};
use crate::text::{from_base64, to_base64};
use std::fmt;
use std::str::FromStr;

/// What a line begins with: an em dash and a space.
const BEGINS: &str = "— ";

/// A signature by a key of that name and id, of whatever kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// Why a line is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("it is an em dash, a name and a signature, with a space between them")]
    Shape,
    #[error(transparent)]
    Name(#[from] KeyNameError),
    #[error("it is not in base64")]
    Base64,
    #[error("it has a key's id of four bytes, and more behind it")]
    Short,
}

impl Signature {
    pub(crate) fn new(name: KeyName, id: KeyId, bytes: Vec<u8>) -> Self {
        Self { name, id, bytes }
    }

    pub fn name(&self) -> &KeyName {
        &self.name
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What stands behind the key's id.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEGINS}{} {}", self.name, to_base64([&self.id.0, &self.bytes[..]].concat()))
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(line: &str) -> Result<Self, SignatureError> {
        let rest = line.strip_prefix(BEGINS).ok_or(SignatureError::Shape)?;
        let (name, base64) = rest.split_once(' ').ok_or(SignatureError::Shape)?;
        let name = name.parse()?;
        let bytes = from_base64(base64).ok_or(SignatureError::Base64)?;
        match bytes.split_first_chunk() {
            Some((id, bytes)) if !bytes.is_empty() => Ok(Self { name, id: KeyId(*id), bytes: bytes.to_vec() }),
            Some(_) | None => Err(SignatureError::Short),
        }
    }
}
