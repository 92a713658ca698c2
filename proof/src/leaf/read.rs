//! Reads a record, line by line in their order, each in its one encoding.

use super::{ContentHash, Fault, Leaf, LeafError, Line, MAX_LEAF_BYTES, MAX_STREAM_BYTES, MAX_TYPE_BYTES, check_text};
use crate::text::decimal;
use std::num::NonZeroU64;
use uuid::Uuid;

pub(super) fn leaf(bytes: &[u8]) -> Result<Leaf, LeafError> {
    if bytes.len() > MAX_LEAF_BYTES {
        return Err(LeafError::TooLong(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| LeafError::NotText)?;
    let mut lines = Lines(text);
    if lines.next()? != Some(Line::Version.to_string().as_str()) {
        return Err(LeafError::Line { line: Line::Version, fault: Fault::Missing });
    }
    let leaf = Leaf {
        stream: lines.text(Line::Stream, MAX_STREAM_BYTES)?,
        revision: lines.field(Line::Revision, Fault::Number { from: 0 }, decimal)?,
        id: lines.field(Line::Id, Fault::Uuid, uuid)?,
        event_type: lines.text(Line::Type, MAX_TYPE_BYTES)?,
        data: lines.field(Line::Data, Fault::Sha256, sha256)?,
        metadata: lines.field(Line::Metadata, Fault::Sha256, sha256)?,
        store: lines.field(Line::Store, Fault::Uuid, uuid)?,
        rank: lines.field(Line::Rank, Fault::Number { from: 1 }, from_one)?,
        number: match lines.0 {
            "" => None,
            _ => Some(lines.field(Line::Number, Fault::Number { from: 1 }, from_one)?),
        },
    };
    if lines.0.is_empty() { Ok(leaf) } else { Err(LeafError::Trailing) }
}

/// What is left of the record.
struct Lines<'t>(&'t str);

impl<'t> Lines<'t> {
    /// The next line. `None`: there is none.
    fn next(&mut self) -> Result<Option<&'t str>, LeafError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (line, rest) = self.0.split_once('\n').ok_or(LeafError::Unended)?;
        self.0 = rest;
        Ok(Some(line))
    }

    /// What stands behind the line's word.
    fn value(&mut self, line: Line) -> Result<&'t str, LeafError> {
        let value = self.next()?.and_then(|text| text.strip_prefix(&format!("{line} ")));
        value.ok_or(LeafError::Line { line, fault: Fault::Missing })
    }

    fn text(&mut self, line: Line, most: usize) -> Result<String, LeafError> {
        let value = self.value(line)?;
        check_text(line, value, most)?;
        Ok(value.to_owned())
    }

    fn field<T>(&mut self, line: Line, fault: Fault, read: impl Fn(&str) -> Option<T>) -> Result<T, LeafError> {
        read(self.value(line)?).ok_or(LeafError::Line { line, fault })
    }
}

fn from_one(text: &str) -> Option<NonZeroU64> {
    decimal(text).and_then(NonZeroU64::new)
}

/// As it is written: others read braces, capitals, and no hyphens too.
fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|uuid| uuid.to_string() == text)
}

fn sha256(text: &str) -> Option<ContentHash> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    let hash = ContentHash::from(bytes);
    (hash.to_string() == text).then_some(hash)
}
