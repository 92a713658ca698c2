//! Why the vault did not do what it was asked.

use eventlog::{CausedBy, Retry};
use journal::KeysError;

/// Why the vault did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    /// It can't be reached now.
    #[error("{0}")]
    Away(#[source] CausedBy),
    /// What it holds is not what was written, or not what this version can read: trying again does not help, a backup does.
    #[error("{0}")]
    Damaged(#[source] CausedBy),
}

impl From<VaultError> for KeysError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Away(reason) => KeysError::Away(reason),
            VaultError::Damaged(reason) => KeysError::Damaged(reason),
        }
    }
}

impl From<KeysError> for VaultError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Away(reason) => VaultError::Away(reason),
            KeysError::Damaged(reason) => VaultError::Damaged(reason),
        }
    }
}

impl VaultError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            VaultError::Away(_) => Retry::Later,
            VaultError::Damaged(_) => Retry::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_whether_trying_again_helps_also_where_it_is_told_as_the_keys() {
        let source = || std::io::Error::other("it is so").into();
        for (error, retry) in
            [(VaultError::Away(source()), Retry::Later), (VaultError::Damaged(source()), Retry::Never)]
        {
            assert_eq!((error.retry(), KeysError::from(error).retry()), (retry, retry));
        }
    }
}
