//! The words of the search indexes: what a text has, and what a typed one wants. Both stores index and search these, and none has
//! a tokenizer, dictionary or stemmer of its own: so the same is found whatever the database, its locale and its version.
//!
//! Each word begins with its scope, in the index and in what is searched for, so that a search meets its own scope's words only:
//! it finds no row of another one, no rarity of its words there moves its scores, and its cost does not grow with them.
//!
//! A change of what words are made changes what the index means: the version of the views that are searched is raised with it.

mod apart;
mod letters;
mod stop;
mod typed;

use apart::SPLITTER;
pub(crate) use typed::{Typed, Wanted};
use uuid::Uuid;

/// The most letters of a word that count.
const MOST_LETTERS: usize = 100;

/// Two scopes with the same lead would only share the rarity of their words: the rows found are checked one by one.
const LEAD: &[u8; 16] = b"bcdfghjklmnpqrst";
const LEAD_LETTERS: u32 = 12;

/// What each word of the scope begins with.
pub(crate) fn lead(scope: Uuid) -> String {
    let (high, low) = scope.as_u64_pair();
    let letter = |place: u32| char::from(LEAD[((high ^ low) >> (4 * place) & 0xf) as usize]);
    (0..LEAD_LETTERS).map(letter).collect()
}

/// A word of a text, of letters and digits only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// By which it is found in any form.
    pub stem: String,
    /// As it was written, in letters as they are compared.
    whole: String,
    /// Shorter words that it is made of.
    within: Vec<String>,
    /// It comes from a script that writes no space between words.
    is_unspaced: bool,
}

impl Word {
    /// What else it is found by, at the same place: as it was written, for whoever has typed only its beginning; and what it is
    /// made of.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        let whole = (self.whole != self.stem).then_some(&self.whole);
        whole.into_iter().chain(&self.within).map(String::as_str)
    }
}

/// The words of the text, in their order.
pub(crate) fn of(text: &str) -> Vec<Word> {
    let words: Vec<Word> = SPLITTER.runs(text).into_iter().flat_map(|run| run.words).collect();
    words.into_iter().filter(|word| !word.stem.is_empty()).collect()
}
