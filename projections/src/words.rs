//! What the search indexes of all stores share: what a typed word is, and how a scope is told apart.
//!
//! Each word begins with its scope, in the index and in what is searched for, so that a search meets its own scope's words only:
//! it finds no row of another one, no rarity of its words there moves its scores, and its cost does not grow with them.

use uuid::Uuid;

/// The most words of a text that are searched for, and of letters in each; what is beyond is left out.
const MOST_WORDS: usize = 32;
pub(crate) const MOST_LETTERS: usize = 100;

/// Consonants, as a stem goes by the vowels before its end: so what leads a word does not change how it is stemmed.
const CONSONANTS: &[u8; 16] = b"bcdfghjklmnpqrst";
/// Two scopes with the same lead would only share the rarity of their words: the rows found are checked one by one.
const LEAD_LETTERS: u32 = 12;

/// What each word of the scope begins with.
pub(crate) fn lead(scope: Uuid) -> String {
    let (high, low) = scope.as_u64_pair();
    let letter = |place: u32| char::from(CONSONANTS[((high ^ low) >> (4 * place) & 0xf) as usize]);
    (0..LEAD_LETTERS).map(letter).collect()
}

/// The words that a user typed, each with whatever stands within it. `_` stands for a space (api.md §3).
pub(crate) fn typed(text: &str) -> impl Iterator<Item = String> {
    let between_words = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '_';
    let words = text.split(between_words).filter(|word| word.contains(char::is_alphanumeric));
    words.take(MOST_WORDS).map(|word| word.chars().filter(|letter| *letter != '"').take(MOST_LETTERS).collect())
}

/// Accents and the like, which a word is found without.
pub(crate) fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// The next word of the text, with what stands before and after it.
pub(crate) fn next_word(text: &str) -> Option<(&str, &str, &str)> {
    let (between, word) = text.split_at(text.find(char::is_alphanumeric)?);
    let end = word.find(|letter: char| !letter.is_alphanumeric() && !is_mark(letter)).unwrap_or(word.len());
    let (word, after) = word.split_at(end);
    Some((between, word, after))
}
