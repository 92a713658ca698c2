//! Where a log or a vault is said to be: in a directory, or in an engine by its URL.

use crate::config::Secret;
use std::fmt;
use std::path::PathBuf;

/// Where a log or a vault is.
#[derive(Clone, Debug)]
pub enum Location {
    Directory(PathBuf),
    Engine(Secret),
}

impl Location {
    /// A URL, or else a directory.
    pub fn parse(text: String) -> Self {
        match text.contains("://") {
            true => Location::Engine(Secret::new(text)),
            false => Location::Directory(text.into()),
        }
    }
}

impl fmt::Display for Location {
    /// Of a URL only the scheme: any other part can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Directory(directory) => directory.display().fmt(f),
            Location::Engine(url) => {
                write!(f, "{}://…", url.reveal().split_once("://").map_or("", |(scheme, _)| scheme))
            }
        }
    }
}
