//! Files of certificates and keys in PEM that settings name.
//!
//! What lives here: whether such a file is there and holds anything, with an error that names it. What doesn't: what a certificate
//! says, and who trusts it, which is the business of whoever speaks TLS. Why it is looked at: the clients of some engines take a file that
//! holds nothing for one that trusts nobody, or everybody, and say so only once they have tried.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a file of certificates or keys can't be used. Cheap to clone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PemError {
    #[error("{}: {source}", file.display())]
    Unread { file: PathBuf, source: Arc<io::Error> },
    #[error("{}: there is no certificate and no key in it; PEM begins with -----BEGIN", .0.display())]
    Nothing(PathBuf),
}

/// What stands in the file.
///
/// # Errors
/// It can't be read, or holds neither a certificate nor a key.
pub fn read(file: impl AsRef<Path>) -> Result<Vec<u8>, PemError> {
    const BEGINS: &[u8] = b"-----BEGIN ";
    let file = file.as_ref();
    let text =
        std::fs::read(file).map_err(|error| PemError::Unread { file: file.to_owned(), source: Arc::new(error) })?;
    match text.windows(BEGINS.len()).any(|part| part == BEGINS) {
        true => Ok(text),
        false => Err(PemError::Nothing(file.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_file_without_anything_in_it_is_named_as_is_one_that_is_not_there() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ca.pem");
        let error = read(&file).expect_err("it is not there");
        let source =
            error.source().and_then(|source| source.downcast_ref::<Arc<io::Error>>()).map(|error| error.kind());
        assert_eq!(source, Some(io::ErrorKind::NotFound));
        assert!(error.to_string().contains("ca.pem"), "{error}");
        for (text, is_used) in [("", false), ("no PEM", false), ("as text\n-----BEGIN CERTIFICATE-----\n", true)] {
            std::fs::write(&file, text).expect("it can be written");
            match read(&file) {
                Ok(read) => assert!(is_used && read == text.as_bytes(), "{text}"),
                Err(error) => assert!(!is_used && error.to_string().contains("ca.pem"), "{text}: {error}"),
            }
        }
    }
}
