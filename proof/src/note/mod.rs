//! Texts that keys have signed: <https://c2sp.org/signed-note>.
//!
//! What lives here: a note's format, signing it with Ed25519 ([`Signer`]), and which of the keys that are known signed
//! it (`open.rs`). What doesn't: what the text says. The guarantee: a text is only given out beside who signed it, or
//! under a name that says that nobody was asked.

mod cosigned;
mod open;
mod signature;
mod signer;

pub(crate) use cosigned::{MAX_TIME, message as cosigned_message};
pub use open::{OpenError, Opened, SignedBy, Statement};
pub use signature::{Signature, SignatureError};
pub use signer::Signer;

use std::fmt;

/// No note is longer: the signatures of the largest keys that are in use, as many as there may be, and a text.
pub const MAX_NOTE_BYTES: usize = 1_000_000;
/// No note has more signatures. The specification asks for 16.
pub const MAX_SIGNATURES: usize = 100;

/// A text and its signatures, none of which has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// Why bytes, or a text, are no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("a note of {0} bytes; the most is {MAX_NOTE_BYTES}")]
    TooLong(usize),
    #[error("a note is UTF-8")]
    NotText,
    #[error("a note has no control characters but newlines, so not {0:?}")]
    Control(char),
    #[error("a note's text ends in a newline")]
    TextUnended,
    #[error("no blank line stands between a text and its signatures")]
    NoBlankLine,
    #[error("a note has a signature, and a newline at its end")]
    NoSignature,
    #[error("signature {line}: {error}")]
    Signature { line: usize, error: SignatureError },
    #[error("a note of more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
}

impl Note {
    /// The text with these signatures, which aren't checked.
    ///
    /// # Errors
    /// There is no signature, or the text can't be signed.
    pub fn new(text: &str, signatures: Vec<Signature>) -> Result<Self, NoteError> {
        check_text(text)?;
        if signatures.is_empty() {
            return Err(NoteError::NoSignature);
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let note = Self { text: text.to_owned(), signatures };
        let length = note.to_string().len();
        if length > MAX_NOTE_BYTES { Err(NoteError::TooLong(length)) } else { Ok(note) }
    }

    /// With one more signature, which takes the place of an earlier one by the same key.
    ///
    /// # Errors
    /// The note would get too long, or have too many.
    pub fn with(self, signature: Signature) -> Result<Self, NoteError> {
        let mut signatures = self.signatures;
        signatures.retain(|other| (other.name(), other.id()) != (signature.name(), signature.id()));
        signatures.push(signature);
        Self::new(&self.text, signatures)
    }

    /// Reads a note. What is written of it again is the same to the byte.
    ///
    /// # Errors
    /// These bytes are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        check_characters(whole)?;
        // The text may have blank lines; the last one is where it ends.
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::NoBlankLine)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignature)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let signature = line.parse().map_err(|error| NoteError::Signature { line: at + 1, error })?;
            signatures.push(signature);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The text, which anybody may have written: for whoever looks at who is asked before it is believed.
    /// [`Note::open`] checks.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// All signatures, by whomever.
    pub fn unverified_signatures(&self) -> &[Signature] {
        &self.signatures
    }
}

/// Whether it can be the text of a note.
fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong(text.len()));
    }
    check_characters(text)?;
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::TextUnended) }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.chars().find(|char| *char < ' ' && *char != '\n') {
        Some(char) => Err(NoteError::Control(char)),
        None => Ok(()),
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}
