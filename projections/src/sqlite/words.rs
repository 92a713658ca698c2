//! The words of the search index, as FTS5 gets them.

use crate::words::{lead, next_word, typed};
use uuid::Uuid;

/// Ends a word of one or two letters, as these have no stem: "XS" is not many "X".
const AS_IT_IS: &str = "qq";

/// The text as it is indexed.
pub(super) fn indexed(scope: Uuid, text: &str) -> String {
    let mut indexed = String::with_capacity(text.len() * 3);
    lead_words(&lead(scope), text, &mut indexed);
    indexed
}

/// What a user typed, as an FTS5 expression: every word in quotes, so that nothing is taken for syntax, and all of them
/// wanted. Any text at all is safe; `None`: it has no word.
pub(super) fn wanted(scope: Uuid, text: &str) -> Option<String> {
    let lead = lead(scope);
    let mut expression = String::new();
    for word in typed(text) {
        expression.push_str(" \"");
        lead_words(&lead, &word, &mut expression);
        expression.push('"');
    }
    (!expression.is_empty()).then_some(expression)
}

/// Puts the lead before every word. What is a letter is known better by the index; what both don't agree on is at least the
/// same in the index and in what is searched for.
fn lead_words(lead: &str, text: &str, into: &mut String) {
    let mut rest = text;
    while let Some((between, word, after)) = next_word(rest) {
        into.extend([between, lead, word]);
        if word.chars().nth(2).is_none() {
            into.push_str(AS_IT_IS);
        }
        rest = after;
    }
    into.push_str(rest);
}
