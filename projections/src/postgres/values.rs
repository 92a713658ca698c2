//! Values on their way to the server.

use crate::store::Value;
use eventlog::Position;
use std::borrow::Cow;

/// The longest text that is stored as it is, in bytes. An index's entry must fit into a third of a page, together with the others.
const LONGEST_TEXT: usize = 256;

/// A text as it is stored, in a column and in what it is compared with. Columns are only ever compared for equality, so a long one
/// is told apart by its hash; and PostgreSQL has no text with a NUL in it.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_TEXT && !text.contains('\0') {
        return Cow::Borrowed(text);
    }
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = without_nul(&text[..end]);
    Cow::Owned(format!("{start}\u{1}{}", blake3::hash(text.as_bytes()).to_hex()))
}

/// A text that only people read.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(super) fn number(position: Position) -> i64 {
    match Value::from(position) {
        Value::Integer(number) => number,
        Value::Null | Value::Text(_) | Value::Id(_) | Value::Parts(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_stay_different_and_fit_into_an_index() {
        let long = "ü".repeat(1_000);
        let texts =
            ["", "a", "a\0", "a\u{fffd}", &"a".repeat(256), &"a".repeat(257), &"a".repeat(258), &long, &long[2..]];
        for (place, one) in texts.iter().enumerate() {
            assert!(text(one).len() <= 400 && !text(one).contains('\0'), "{one:?}");
            assert!(texts[..place].iter().all(|other| text(one) != text(other)), "{one:?}");
        }
        assert_eq!(text("vendor"), "vendor");
    }
}
