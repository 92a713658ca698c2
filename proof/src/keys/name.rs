//! By what a key is known in a note: its name and its id.

use std::fmt;
use std::str::FromStr;

/// Whose key it is, such as `example.com/log`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// What no key is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyNameError {
    #[error("a key's name is not empty")]
    Empty,
    #[error("a key's name has neither spaces, plus signs nor control characters, so not {0:?}")]
    Character(char),
}

impl KeyName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(name: &str) -> Result<Self, KeyNameError> {
        if name.is_empty() {
            return Err(KeyNameError::Empty);
        }
        // A note may have no character below U+0020, so that a name with one could sign nothing.
        let is_forbidden = |char: &char| char.is_whitespace() || *char == '+' || *char < ' ';
        match name.chars().find(is_forbidden) {
            Some(char) => Err(KeyNameError::Character(char)),
            None => Ok(Self(name.to_owned())),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells the keys of one name apart. It is short, and vouches for nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
