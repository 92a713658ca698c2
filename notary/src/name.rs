//! Under which name a log signs.

use proof::keys::{KeyName, KeyNameError};
use std::fmt;
use std::str::FromStr;
use vault::IncarnationId;

/// No name is longer, in bytes: what follows it in an origin is no longer than 47.
const MAX_BYTES: usize = 100;

/// What stands before the log's id in its origins: best a name of the keeper's own in the domain name system and a path, without a
/// scheme, such as `example.com/cartlog`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName(String);

/// What no log is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogNameError {
    #[error("{0}")]
    Key(#[from] KeyNameError),
    #[error("a log's name has at most {MAX_BYTES} bytes, not {0}")]
    TooLong(usize),
    #[error("a log's name neither begins nor ends with a slash")]
    Slash,
    #[error("a log's name has no scheme, such as https://, before it")]
    Scheme,
}

impl LogName {
    /// `<name>/<log id>/<number>`: the origin of an incarnation's checkpoints, which is the name of its key as well.
    pub fn origin(&self, of: IncarnationId) -> String {
        format!("{self}/{of}")
    }
}

impl Default for LogName {
    fn default() -> Self {
        Self("cartlog".to_owned())
    }
}

impl FromStr for LogName {
    type Err = LogNameError;

    fn from_str(name: &str) -> Result<Self, LogNameError> {
        name.parse::<KeyName>()?;
        if name.len() > MAX_BYTES {
            return Err(LogNameError::TooLong(name.len()));
        }
        if name.contains("://") {
            return Err(LogNameError::Scheme);
        }
        if name.starts_with('/') || name.ends_with('/') {
            return Err(LogNameError::Slash);
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_called_what_a_key_can_be_called_too() {
        let good = ["cartlog", "example.com/shop", "böse.example"];
        assert!(good.iter().all(|name| name.parse::<LogName>().is_ok_and(|log| log.to_string() == *name)));
        for (bad, why) in [
            ("", LogNameError::Key(KeyNameError::Empty)),
            ("a shop", LogNameError::Key(KeyNameError::Character(' '))),
            ("a+b", LogNameError::Key(KeyNameError::Character('+'))),
            ("a\nb", LogNameError::Key(KeyNameError::Character('\n'))),
            ("/a", LogNameError::Slash),
            ("a/", LogNameError::Slash),
            ("https://a", LogNameError::Scheme),
            (&"a".repeat(101), LogNameError::TooLong(101)),
        ] {
            assert_eq!(bad.parse::<LogName>(), Err(why), "{bad:?}");
        }
    }
}
