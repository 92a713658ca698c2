//! A text told apart into words: at what is no letter, where the script changes, and, in scripts that write no space between
//! words, by dictionaries.

use super::letters::{is_ignorable, is_letter, is_within_word, plain, script, unified};
use super::{MOST_LETTERS, Word};
use icu_properties::props::Script;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use rust_stemmers::{Algorithm, Stemmer};
use std::sync::LazyLock;

/// A word of so many ideographs is looked through for shorter ones.
const COMPOUND: std::ops::RangeInclusive<usize> = 3..=6;
/// The same of katakana, which stands for words of other languages, whose compounds no dictionary has.
const KATAKANA_COMPOUND: std::ops::RangeInclusive<usize> = 5..=24;
/// What of such a compound is taken for a word of its own, and what must be left beside it.
const KATAKANA_WORD: usize = 3;
const KATAKANA_REST: usize = 2;

/// Hangul has spaces, but not within compounds, nor before particles; no dictionary tells these apart either, so all parts of
/// so many syllables count.
const HANGUL_COMPOUND: std::ops::RangeInclusive<usize> = 3..=12;
const HANGUL_PART: std::ops::RangeInclusive<usize> = 2..=6;

/// Tells words apart.
pub(super) struct Splitter {
    dictionaries: WordSegmenterBorrowed<'static>,
    stemmer: Stemmer,
}

/// The one that there is.
pub(super) static SPLITTER: LazyLock<Splitter> = LazyLock::new(|| Splitter {
    dictionaries: WordSegmenter::new_dictionary(Default::default()),
    stemmer: Stemmer::create(Algorithm::English),
});

/// Letters that follow one another, with nothing between.
pub(super) struct Run {
    pub words: Vec<Word>,
    /// Whether its words were told apart by a dictionary: each is one that could stand alone.
    pub is_unspaced: bool,
}

impl Splitter {
    /// The runs of letters in the text, each with its words.
    pub fn runs(&self, text: &str) -> Vec<Run> {
        let text = unified(text);
        let mut rest = &*text;
        let mut runs = Vec::new();
        while let Some(begin) = rest.find(is_letter) {
            let from = &rest[begin..];
            let end = from.find(|letter: char| !is_within_word(letter)).unwrap_or(from.len());
            runs.push(self.run(&from[..end]));
            rest = &from[end..];
        }
        runs
    }

    fn run(&self, letters: &str) -> Run {
        if letters.is_ascii() {
            return Run { words: vec![self.word(letters, false)], is_unspaced: false };
        }
        let seen: String = letters.chars().filter(|letter| !is_ignorable(*letter)).collect();
        let mut run = Run { words: Vec::new(), is_unspaced: false };
        for (piece, is_unspaced) in pieces(&seen) {
            run.is_unspaced |= is_unspaced;
            match is_unspaced {
                true => run.words.extend(self.by_dictionary(piece).map(|word| self.word(word, true))),
                false => run.words.push(self.word(piece, false)),
            }
        }
        run
    }

    fn by_dictionary<'t>(&self, piece: &'t str) -> impl Iterator<Item = &'t str> {
        let ends: Vec<usize> = self.dictionaries.segment_str(piece).collect();
        let words: Vec<&str> = ends.windows(2).map(|ends| &piece[ends[0]..ends[1]]).collect();
        words.into_iter().filter(|word| word.contains(is_letter))
    }

    fn word(&self, letters: &str, is_unspaced: bool) -> Word {
        let cut = letters.char_indices().nth(MOST_LETTERS).map_or(letters, |(end, _)| &letters[..end]);
        let whole = plain(cut);
        let is_english = whole.bytes().all(|byte| byte.is_ascii_lowercase());
        let stem = if is_english { self.stemmer.stem(&whole).into_owned() } else { whole.clone() };
        let within = if whole.is_ascii() { Vec::new() } else { self.within(&whole, is_unspaced) };
        Word { stem, whole, within, is_unspaced }
    }

    /// The shorter words within one that was written without spaces, or may be a compound.
    fn within(&self, word: &str, is_unspaced: bool) -> Vec<String> {
        let ends: Vec<usize> = word.char_indices().map(|(begin, _)| begin).chain([word.len()]).collect();
        let (count, is_all) = (ends.len() - 1, |of: Script| word.chars().all(|letter| is_of(letter, of)));
        if KATAKANA_COMPOUND.contains(&count) && is_all(Script::Katakana) {
            let lengths = KATAKANA_WORD..=count - KATAKANA_REST;
            let first_and_last = |length: usize| [&word[..ends[length]], &word[ends[count - length]..]];
            return lengths.flat_map(first_and_last).map(str::to_owned).collect();
        }
        if HANGUL_COMPOUND.contains(&count) && is_all(Script::Hangul) {
            let from = |begin: usize| HANGUL_PART.map(move |length| (begin, begin + length));
            let parts = (0..count).flat_map(from).filter(|(begin, end)| *end <= count && end - begin < count);
            return parts.map(|(begin, end)| word[ends[begin]..ends[end]].to_owned()).collect();
        }
        if !(is_unspaced && COMPOUND.contains(&count) && is_all(Script::Han)) {
            return Vec::new();
        }
        let spans = (0..count).flat_map(|begin| (begin + 2..=count).map(move |end| (begin, end)));
        let shorter =
            spans.filter(|(begin, end)| end - begin < count).map(|(begin, end)| &word[ends[begin]..ends[end]]);
        // Beginning and end: a dictionary has it.
        shorter.filter(|part| self.dictionaries.segment_str(part).count() == 2).map(str::to_owned).collect()
    }
}

/// The long vowel belongs to no script of its own.
fn is_of(letter: char, script: Script) -> bool {
    let known = self::script(letter);
    known == script || (known == Script::Common && is_letter(letter))
}

/// Whether it writes no space between words.
fn is_unspaced(script: Script) -> bool {
    matches!(
        script,
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Bopomofo
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
    )
}

/// Letters of one script, or of several that write no space, which the flag says. Digits and the like go with what is before them.
fn pieces(run: &str) -> Vec<(&str, bool)> {
    let (mut pieces, mut begin, mut current) = (Vec::new(), 0, None);
    for (at, letter) in run.char_indices() {
        let script = script(letter);
        if matches!(script, Script::Common | Script::Inherited) {
            continue;
        }
        // Scripts without spaces count as one.
        let kind = if is_unspaced(script) { Script::Han } else { script };
        if current.is_some_and(|current| current != kind) {
            pieces.push((&run[begin..at], current == Some(Script::Han)));
            begin = at;
        }
        current = Some(kind);
    }
    pieces.push((&run[begin..], current == Some(Script::Han)));
    pieces
}
