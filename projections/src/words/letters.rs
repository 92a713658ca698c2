//! One form for all that people write for the same letters: of another width, composed or not, in capitals, with accents or
//! vowel marks.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed};
use std::borrow::Cow;

const COMPATIBLE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const DECOMPOSED: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();
const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();
const SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// Where words end in scripts that write no space; of the invisible letters the only one that parts.
const ZERO_WIDTH_SPACE: char = '\u{200b}';
/// Makes Arabic words longer, and means nothing.
const TATWEEL: char = '\u{640}';
/// Thai and Lao AM, which the compatible form takes apart and dictionaries know whole.
const AM: [(&str, &str); 2] = [("\u{e4d}\u{e32}", "\u{e33}"), ("\u{ecd}\u{eb2}", "\u{eb3}")];

/// The text in its compatible form (NFKC), without regard to case: what is told apart into words.
pub(super) fn unified(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let compatible = COMPATIBLE.normalize(text);
    let folded = CASES.fold_string(&compatible);
    let whole = |text: String, (apart, whole): &(&str, &str)| match text.contains(apart) {
        true => text.replace(apart, whole),
        false => text,
    };
    Cow::Owned(AM.iter().fold(folded.into_owned(), whole))
}

pub(super) fn script(letter: char) -> Script {
    SCRIPTS.get(letter)
}

/// What stands on, under or around a letter.
fn is_mark(letter: char) -> bool {
    !letter.is_ascii() && GeneralCategoryGroup::Mark.contains(CATEGORIES.get(letter))
}

/// What nobody sees, as a hint where a line may break.
pub(super) fn is_ignorable(letter: char) -> bool {
    !letter.is_ascii() && letter != ZERO_WIDTH_SPACE && IGNORABLE.contains(letter)
}

/// Whether a word may begin with it: a letter or a digit.
pub(super) fn is_letter(letter: char) -> bool {
    const LETTERS: GeneralCategoryGroup = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Number);
    letter.is_ascii_alphanumeric() || (!letter.is_ascii() && LETTERS.contains(CATEGORIES.get(letter)))
}

/// Whether a word goes on with it.
pub(super) fn is_within_word(letter: char) -> bool {
    is_letter(letter) || is_mark(letter) || is_ignorable(letter)
}

/// The letters of a word, without what people leave out when they search: accents, vowel marks, strokes. Of scripts whose marks are
/// letters nothing is left out.
pub(super) fn plain(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let first = word.chars().map(script).find(|script| !matches!(*script, Script::Common | Script::Inherited));
    match first {
        Some(Script::Latin) => {
            let mut plain = String::with_capacity(word.len());
            bare(word).for_each(|letter| push_latin(letter, &mut plain));
            plain
        }
        Some(Script::Greek | Script::Cyrillic | Script::Hebrew | Script::Arabic) => bare(word).collect(),
        _ => word.to_owned(),
    }
}

/// The letters alone.
fn bare(word: &str) -> impl Iterator<Item = char> + '_ {
    DECOMPOSED.normalize_iter(word.chars()).filter(|letter| !is_mark(*letter) && *letter != TATWEEL)
}

/// As people write it who don't have the letter: `l` for `ł`, `oe` for `œ`.
fn push_latin(letter: char, plain: &mut String) {
    let written = deunicode::deunicode_char(letter).filter(|_| !letter.is_ascii() && script(letter) == Script::Latin);
    match written.filter(|written| !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        Some(written) => plain.push_str(&written.to_ascii_lowercase()),
        None => plain.push(letter),
    }
}
