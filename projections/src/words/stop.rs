//! Words that say nothing of a thing: a search for "the bed" is one for a bed.
//!
//! No list of any library will do: they are made for prose, and have `top`, `side`, `full`, and the sizes S and M among them. What
//! is here are articles, and what joins one thing to another. As rows with all words come first, a word too many costs little.

/// In letters as they are compared.
#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    // English
    "a", "an", "the", "of", "for", "with", "and", "or", "in", "on", "to", "by", "from", "at",
    // German
    "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines", "und", "mit", "fur", "von", "zum", "zur",
    // French
    "le", "la", "les", "un", "une", "du", "de", "et", "avec", "pour", "au", "aux",
    // Spanish and Portuguese
    "el", "los", "las", "una", "unos", "unas", "y", "con", "para", "del", "os", "as", "um", "uma", "com", "do", "da", "dos",
    // Italian
    "il", "lo", "gli", "uno", "per", "di", "della", "del",
    // Dutch and the North
    "het", "een", "en", "ett", "och", "met", "voor", "van", "og", "med",
    // Chinese
    "的", "了", "和", "与", "與",
    // Japanese
    "の", "を", "は", "が", "に", "で", "と", "も", "へ", "や",
    // Thai
    "ของ", "และ", "ที่", "สำหรับ",
];

pub(super) fn is_stop_word(whole: &str) -> bool {
    STOP_WORDS.contains(&whole)
}
