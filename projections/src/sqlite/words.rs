//! The words of a search index. Each begins with its scope, in the index and in what is searched for, so that a search meets
//! its own scope's words only: it finds no row of another one, no rarity of its words there moves its scores, and its cost
//! does not grow with them.

use uuid::Uuid;

/// The most words of a text that are searched for, and of letters in each; what is beyond is left out.
const MOST_WORDS: usize = 32;
const MOST_LETTERS: usize = 100;

/// Consonants, as a stem goes by the vowels before its end: so what leads a word does not change how it is stemmed.
const CONSONANTS: &[u8; 16] = b"bcdfghjklmnpqrst";
/// Two scopes with the same lead would only share the rarity of their words: the rows found are checked one by one.
const LEAD_LETTERS: u32 = 12;

/// Ends a word of one or two letters, as these have no stem: "XS" is not many "X".
const AS_IT_IS: &str = "qq";

fn lead(scope: Uuid) -> String {
    let (high, low) = scope.as_u64_pair();
    let letter = |place: u32| char::from(CONSONANTS[((high ^ low) >> (4 * place) & 0xf) as usize]);
    (0..LEAD_LETTERS).map(letter).collect()
}

/// The text as it is indexed.
pub(super) fn indexed(scope: Uuid, text: &str) -> String {
    let mut indexed = String::with_capacity(text.len() * 3);
    lead_words(&lead(scope), text, &mut indexed);
    indexed
}

/// What a user typed, as an FTS5 expression: every word in quotes, so that nothing is taken for syntax, and all of them
/// wanted. `_` stands for a space (api.md §3). Any text at all is safe; `None`: it has no word.
pub(super) fn wanted(scope: Uuid, text: &str) -> Option<String> {
    let lead = lead(scope);
    let between_words = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '_';
    let words = text.split(between_words).filter(|word| word.contains(char::is_alphanumeric));
    let mut expression = String::new();
    for word in words.take(MOST_WORDS) {
        let word: String = word.chars().filter(|letter| *letter != '"').take(MOST_LETTERS).collect();
        expression.push_str(" \"");
        lead_words(&lead, &word, &mut expression);
        expression.push('"');
    }
    (!expression.is_empty()).then_some(expression)
}

/// Puts the lead before every word. What is a letter is known better by the index; what both don't agree on is at least the
/// same in the index and in what is searched for.
fn lead_words(lead: &str, text: &str, into: &mut String) {
    let is_mark = |letter: char| ('\u{300}'..='\u{36f}').contains(&letter);
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (between, word) = rest.split_at(start);
        let end = word.find(|letter: char| !letter.is_alphanumeric() && !is_mark(letter)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        into.extend([between, lead, word]);
        if word.chars().nth(2).is_none() {
            into.push_str(AS_IT_IS);
        }
        rest = after;
    }
    into.push_str(rest);
}
