//! The words of the search index, as FTS5 gets them: each between spaces, so that its tokenizer has nothing to decide.

use crate::words::{self, Typed, Wanted, lead};
use uuid::Uuid;

/// The text as it is indexed: the stems in their order, then what else its words are found by.
pub(super) fn indexed(scope: Uuid, text: &str) -> String {
    let (lead, words) = (lead(scope), words::of(text));
    let mut indexed = String::with_capacity(text.len() * 4);
    let stems = words.iter().map(|word| word.stem.as_str());
    for word in stems.chain(words.iter().flat_map(|word| word.others())) {
        indexed.extend([&lead, word, " "]);
    }
    indexed
}

/// What a typed text finds, as FTS5 expressions: every word in quotes, so that nothing is taken for syntax.
pub(super) struct Expressions {
    /// What must be found.
    pub needed: String,
    /// What is better: all that was typed. `None`: it is the same.
    pub all: Option<String>,
}

/// `None`: the text has no word.
pub(super) fn wanted(scope: Uuid, typed: &Typed) -> Option<Expressions> {
    let lead = lead(scope);
    let all_of = |words: &mut dyn Iterator<Item = &Wanted>| {
        words.map(|word| expression(&lead, word)).collect::<Vec<_>>().join(" AND ")
    };
    let needed = all_of(&mut typed.wanted.iter().filter(|word| !word.is_optional));
    let all = typed.has_optional().then(|| all_of(&mut typed.wanted.iter()));
    (!needed.is_empty()).then_some(Expressions { needed, all })
}

fn expression(lead: &str, word: &Wanted) -> String {
    let phrase = |last: Option<&str>| {
        let (end, before) = word.stems.split_last().map_or(("", &[][..]), |(end, before)| (end.as_str(), before));
        let words = before.iter().map(String::as_str).chain([last.unwrap_or(end)]);
        words.map(|word| format!("{lead}{word}")).collect::<Vec<_>>().join(" ")
    };
    match &word.beginning {
        None => format!("\"{}\"", phrase(None)),
        Some(beginning) => format!("(\"{}\" OR \"{}\" *)", phrase(None), phrase(Some(beginning))),
    }
}
