//! What a user typed.

use super::apart::{Run, SPLITTER};
use super::stop::is_stop_word;
use super::{MOST_LETTERS, Word, of};
use icu_properties::props::Script;

/// The most words that are searched for; what is beyond is left out.
const MOST_WORDS: usize = 32;

/// The words of a typed text. Any text will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// At least one of them is not optional, if there is any.
    pub wanted: Vec<Wanted>,
}

/// A word that was typed, or several that belong together ("t-shirt").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// As it was typed.
    typed: String,
    /// The stems: one, or several that must follow one another.
    pub stems: Vec<String>,
    /// What the last of the words may begin with instead, where its end may not have been typed yet.
    pub beginning: Option<String>,
    /// A row is found without it.
    pub is_optional: bool,
}

impl Typed {
    /// The words of the text; with `is_beginning` the last one may be only the beginning of one. `_` stands for a space (api.md §3).
    pub fn new(text: &str, is_beginning: bool) -> Self {
        let mut wanted: Vec<Wanted> = chunks(text).flat_map(|chunk| wanted(&chunk)).take(MOST_WORDS).collect();
        let last = wanted.len().saturating_sub(1);
        for (place, word) in wanted.iter_mut().enumerate() {
            match is_beginning && place == last {
                // Of which only the first letter was typed: it can't be told yet.
                true => word.is_optional |= word.beginning.is_none(),
                false => word.beginning = None,
            }
        }
        let mut distinct: Vec<Wanted> = Vec::new();
        for word in wanted {
            if !distinct.iter().any(|known| known.stems == word.stems && known.beginning == word.beginning) {
                distinct.push(word);
            }
        }
        // Nothing but such words: then they are what is meant.
        if distinct.iter().all(|word| word.is_optional) {
            distinct.iter_mut().for_each(|word| word.is_optional = false);
        }
        Self { wanted: distinct }
    }

    pub fn has_optional(&self) -> bool {
        self.wanted.iter().any(|word| word.is_optional)
    }

    /// The typed words that none of the texts has.
    pub fn missed(&self, texts: &[String]) -> Vec<String> {
        let fields: Vec<Vec<Word>> = texts.iter().map(|text| of(text)).collect();
        let missed = self.wanted.iter().filter(|wanted| !fields.iter().any(|field| wanted.is_in(field)));
        missed.map(|wanted| wanted.typed.clone()).collect()
    }
}

impl Wanted {
    fn is_in(&self, field: &[Word]) -> bool {
        let count = self.stems.len();
        (0..field.len()).any(|begin| match field.get(begin..begin + count) {
            Some(words) => self.stems.iter().zip(words).enumerate().all(|(place, (stem, word))| {
                word.is(stem)
                    || (place + 1 == count && self.beginning.as_ref().is_some_and(|letters| word.begins(letters)))
            }),
            None => false,
        })
    }
}

impl Word {
    fn is(&self, stem: &str) -> bool {
        self.stem == stem || self.others().any(|other| other == stem)
    }

    fn begins(&self, letters: &str) -> bool {
        self.stem.starts_with(letters) || self.others().any(|other| other.starts_with(letters))
    }
}

/// What stands between spaces, cut to what counts.
fn chunks(text: &str) -> impl Iterator<Item = String> + '_ {
    let between = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '_';
    text.split(between).filter(|chunk| !chunk.is_empty()).map(|chunk| chunk.chars().take(MOST_LETTERS).collect())
}

/// What is wanted of a chunk: its words one by one where a dictionary told them apart, as they would have stood between spaces; else
/// all in one, as they belong together.
fn wanted(chunk: &str) -> Vec<Wanted> {
    let runs = SPLITTER.runs(chunk);
    let belong_together = runs.iter().all(|run| !run.is_unspaced && run.words.len() == 1);
    let words: Vec<Word> =
        runs.into_iter().flat_map(|run: Run| run.words).filter(|word| !word.stem.is_empty()).collect();
    match words.as_slice() {
        [] => Vec::new(),
        [word] => vec![one(word, chunk)],
        [.., last] if belong_together => vec![Wanted {
            typed: chunk.to_owned(),
            beginning: beginning(last),
            stems: words.iter().map(|word| word.stem.clone()).collect(),
            is_optional: false,
        }],
        words => words.iter().map(|word| one(word, &word.whole)).collect(),
    }
}

fn one(word: &Word, typed: &str) -> Wanted {
    Wanted {
        typed: typed.to_owned(),
        stems: vec![word.stem.clone()],
        beginning: beginning(word),
        is_optional: is_stop_word(&word.whole),
    }
}

/// A single letter is the beginning of too many words; an ideograph, or a syllable, of few.
fn beginning(word: &Word) -> Option<String> {
    let mut letters = word.whole.chars();
    let (first, second) = (letters.next()?, letters.next());
    let is_selective = word.is_unspaced || super::letters::script(first) == Script::Hangul;
    (second.is_some() || is_selective).then(|| word.whole.clone())
}
