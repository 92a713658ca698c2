//! The record that stands in the log of one event, as text: version 1.
//!
//! What lives here: the record's lines, writing them and reading them (`read.rs`). What doesn't: the event's data, of
//! which the record has hashes alone, and the format in which people see a document's number. The guarantee: a record
//! has one encoding, of fewer than 1000 bytes whatever the event, and a few lines of any language check one against its
//! event. The format never changes; another would be another version.

mod read;

use sha2::{Digest, Sha256};
use std::fmt;
use std::num::NonZeroU64;
use uuid::Uuid;

/// The most bytes of a stream's name.
pub const MAX_STREAM_BYTES: usize = 200;
/// The most bytes of an event's type.
pub const MAX_TYPE_BYTES: usize = 100;
/// No record is longer.
pub const MAX_LEAF_BYTES: usize = 999;

/// What a record says of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub stream: String,
    /// The event's place in its stream, from 0.
    pub revision: u64,
    pub id: Uuid,
    pub event_type: String,
    /// Of the data as it is stored.
    pub data: ContentHash,
    /// Of the metadata as it is stored.
    pub metadata: ContentHash,
    pub store: Uuid,
    /// The event's place among those of its store, from 1.
    pub rank: NonZeroU64,
    /// Of the document that the event makes, where it makes one that is numbered.
    pub number: Option<NonZeroU64>,
}

/// SHA-256 of stored bytes; as text 64 hex digits in lower case. Not to be taken for a hash of the tree, which is made
/// otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

/// A line of a record, by the word that it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Version,
    Stream,
    Revision,
    Id,
    Type,
    Data,
    Metadata,
    Store,
    Rank,
    Number,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is not where it belongs")]
    Missing,
    #[error("nothing stands in it")]
    Empty,
    #[error("it has {bytes} bytes; the most is {most}")]
    TooLong { bytes: usize, most: usize },
    #[error("it has a control character or a line break, {0:?}")]
    Control(char),
    #[error("it is no number without leading zeros, from {from}")]
    Number { from: u64 },
    #[error("it is no UUID in lower case, with hyphens")]
    Uuid,
    #[error("it is no SHA-256 in lower-case hex digits")]
    Sha256,
}

/// Why bytes are no record, or an event can have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    #[error("a leaf of {0} bytes; the most is {MAX_LEAF_BYTES}")]
    TooLong(usize),
    #[error("a leaf is UTF-8")]
    NotText,
    #[error("a leaf ends in a newline")]
    Unended,
    #[error("the leaf's line `{line}`: {fault}")]
    Line { line: Line, fault: Fault },
    #[error("something follows the leaf's last line")]
    Trailing,
}

impl Leaf {
    /// The record, whose hash is the leaf of the tree.
    ///
    /// # Errors
    /// The stream or the type can't stand in a line.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        check_text(Line::Stream, &self.stream, MAX_STREAM_BYTES)?;
        check_text(Line::Type, &self.event_type, MAX_TYPE_BYTES)?;
        Ok(self.text().into_bytes())
    }

    /// Reads a record. `to_bytes` writes the same bytes again.
    ///
    /// # Errors
    /// These bytes are none: it says on which line.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        read::leaf(bytes)
    }

    /// Line by line into one text, as a tree has a record for each of millions of events.
    fn text(&self) -> String {
        let Self { stream, revision, id, event_type, data, metadata, store, rank, number } = self;
        let mut text = String::with_capacity(USUAL_BYTES);
        text.push_str(Line::Version.as_str());
        text.push('\n');
        push(&mut text, Line::Stream, stream);
        push_number(&mut text, Line::Revision, *revision);
        push(&mut text, Line::Id, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        push(&mut text, Line::Type, event_type);
        push(&mut text, Line::Data, data.digits(&mut [0; DIGITS]));
        push(&mut text, Line::Metadata, metadata.digits(&mut [0; DIGITS]));
        push(&mut text, Line::Store, store.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        push_number(&mut text, Line::Rank, rank.get());
        if let Some(number) = number {
            push_number(&mut text, Line::Number, number.get());
        }
        text
    }
}

/// Most records are no longer.
const USUAL_BYTES: usize = 512;
/// Of a SHA-256.
const DIGITS: usize = 64;

fn push(text: &mut String, line: Line, value: &str) {
    for part in [line.as_str(), " ", value, "\n"] {
        text.push_str(part);
    }
}

fn push_number(text: &mut String, line: Line, number: u64) {
    push(text, line, &number.to_string());
}

fn check_text(line: Line, text: &str, most: usize) -> Result<(), LeafError> {
    // What a program takes for the end of a line is no control character everywhere in Unicode.
    let breaks = |char: &char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
    let fault = match text.chars().find(breaks) {
        _ if text.is_empty() => Fault::Empty,
        _ if text.len() > most => Fault::TooLong { bytes: text.len(), most },
        Some(char) => Fault::Control(char),
        None => return Ok(()),
    };
    Err(LeafError::Line { line, fault })
}

impl ContentHash {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its digits, in the bytes that are lent for them.
    fn digits<'d>(&self, digits: &'d mut [u8; DIGITS]) -> &'d str {
        const OF: &[u8; 16] = b"0123456789abcdef";
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [OF[usize::from(byte >> 4)], OF[usize::from(byte & 15)]];
        }
        // They are ASCII.
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

impl From<[u8; 32]> for ContentHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits(&mut [0; DIGITS]))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Line {
    /// The word.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "cartlog leaf v1",
            Self::Stream => "stream",
            Self::Revision => "revision",
            Self::Id => "id",
            Self::Type => "type",
            Self::Data => "data",
            Self::Metadata => "metadata",
            Self::Store => "store",
            Self::Rank => "rank",
            Self::Number => "number",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
