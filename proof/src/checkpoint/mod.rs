//! What a log's keeper signs: which log, how large, and its root. <https://c2sp.org/tlog-checkpoint>.
//!
//! What lives here: a checkpoint's text, signing it, and whose signatures make it one to be believed ([`Policy`]). What
//! doesn't: whether the log grew only, which [`crate::tree::verify_consistency`] checks between two of them. The
//! guarantee: what is opened was signed by the log's own key, is of the log that was asked for, and was seen by as many
//! witnesses as the policy says.

mod policy;

pub use policy::{CheckpointError, Cosigned, Policy, PolicyError, Vouched};

use crate::hash::{Hash, HashError, empty_root};
use crate::note::{Note, NoteError, Signer};
use crate::text::decimal;
use std::fmt;
use std::str::FromStr;

/// The state of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why a text is no checkpoint, or can't become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointTextError {
    #[error("a checkpoint has three lines or more, each with a newline at its end")]
    Shape,
    #[error("line {line} of a checkpoint is empty")]
    Empty { line: usize },
    #[error("line {line} of a checkpoint has the control character {char:?}")]
    Control { line: usize, char: char },
    #[error("a checkpoint's second line is the log's size, a number without leading zeros")]
    Size,
    #[error("a checkpoint's third line is its root: {0}")]
    Root(#[from] HashError),
    #[error("the tree without leaves has another root")]
    EmptyRoot,
}

impl Checkpoint {
    /// Of the log that is known by `origin`, at that size. Extension lines are opaque, and not recommended: nobody
    /// checks them.
    ///
    /// # Errors
    /// The origin or an extension is not one line of text, or the empty log has a root that it can't have.
    pub fn new(
        origin: impl Into<String>,
        size: u64,
        root: Hash,
        extensions: Vec<String>,
    ) -> Result<Self, CheckpointTextError> {
        let checkpoint = Self { origin: origin.into(), size, root, extensions };
        check_line(1, &checkpoint.origin)?;
        checkpoint.extensions.iter().enumerate().try_for_each(|(at, extension)| check_line(at + 4, extension))?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointTextError::EmptyRoot);
        }
        Ok(checkpoint)
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The leaves of the log's tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn root(&self) -> Hash {
        self.root
    }

    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The note that a log publishes. Whoever signs one makes sure that the log signs no other of the same size.
    ///
    /// # Errors
    /// The extensions are too long for a note.
    pub fn sign(&self, signer: &Signer) -> Result<Note, NoteError> {
        let text = self.to_string();
        Note::new(&text, vec![signer.sign(&text)?])
    }
}

fn check_line(line: usize, text: &str) -> Result<(), CheckpointTextError> {
    match text.chars().find(|char| *char < ' ') {
        Some(char) => Err(CheckpointTextError::Control { line, char }),
        None if text.is_empty() => Err(CheckpointTextError::Empty { line }),
        None => Ok(()),
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|extension| writeln!(f, "{extension}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointTextError;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, CheckpointTextError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointTextError::Shape)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointTextError::Shape);
        };
        let size = decimal(size).ok_or(CheckpointTextError::Size)?;
        Self::new(origin, size, root.parse()?, lines.map(str::to_owned).collect())
    }
}
