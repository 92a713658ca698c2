//! What keeps several cartlogs apart in one engine.

use serde::Deserialize;

/// A name that is one in every engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

#[cfg_attr(not(feature = "engines"), allow(dead_code, reason = "a build without an engine does not read its settings"))]
impl Namespace {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nobody has chosen another one.
    pub fn is_default(&self) -> bool {
        self.0 == "cartlog"
    }
}

impl<'de> Deserialize<'de> for Namespace {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        let starts_well = name.starts_with(|letter: char| letter.is_ascii_lowercase());
        match starts_well && name.len() <= 40 && name.chars().all(is_plain) {
            true => Ok(Self(name)),
            false => Err(serde::de::Error::custom(
                "namespace has up to 40 lower-case letters, digits and underscores, and begins with a letter",
            )),
        }
    }
}
