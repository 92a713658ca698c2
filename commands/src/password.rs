//! One form for all spellings of one password (RFC 8265, OpaqueString), so that another keyboard is no other password.

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, HangulSyllableType, JoinControl,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use zeroize::Zeroizing;

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

/// What is hashed of a secret: with every space as U+0020, and composed. One that the profile refuses, as it has letters that are
/// not shown, say, is taken as it was given.
pub(crate) fn prepared(secret: &str) -> Zeroizing<String> {
    Zeroizing::new(opaque(secret).unwrap_or_else(|| secret.to_owned()))
}

/// What is tried of a secret, in this order: as it is hashed; and as it was given, where that is something else, as versions before
/// hashed it so. However it ends, a wrong secret is tried as often as one of nobody.
pub(crate) fn tries(secret: &str) -> Vec<Zeroizing<String>> {
    let mut tries = vec![prepared(secret)];
    if *tries[0] != secret {
        tries.push(Zeroizing::new(secret.to_owned()));
    }
    tries
}

fn opaque(secret: &str) -> Option<String> {
    if secret.is_ascii() {
        return None;
    }
    let is_space = |letter: char| category(letter) == GeneralCategory::SpaceSeparator;
    let spaced: Zeroizing<String> =
        Zeroizing::new(secret.chars().map(|letter| if is_space(letter) { ' ' } else { letter }).collect());
    let composed = COMPOSED.normalize(&spaced).into_owned();
    composed.chars().all(is_allowed).then_some(composed)
}

fn category(letter: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(letter)
}

/// RFC 8264's FreeformClass (§4.3, §9). What it allows only beside certain others is allowed: a text that is normalized all the same
/// is one that is also tried as it was given.
fn is_allowed(letter: char) -> bool {
    /// §9.6.
    const REFUSED: [char; 11] = [
        '\u{640}', '\u{7fa}', '\u{302e}', '\u{302f}', '\u{3031}', '\u{3032}', '\u{3033}', '\u{3034}', '\u{3035}',
        '\u{303b}', '\u{fffd}',
    ];
    if letter.is_ascii() {
        return !letter.is_ascii_control();
    }
    if CodePointSetData::new::<JoinControl>().contains(letter) {
        return true;
    }
    let is_shown = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation)
        .union(GeneralCategoryGroup::Symbol)
        .contains(category(letter));
    let syllable = CodePointMapData::<HangulSyllableType>::new().get(letter);
    let is_jamo = matches!(
        syllable,
        HangulSyllableType::LeadingJamo | HangulSyllableType::VowelJamo | HangulSyllableType::TrailingJamo
    );
    is_shown
        && !is_jamo
        && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
        && !REFUSED.contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(secret: &str) -> Vec<String> {
        tries(secret).iter().map(|secret| secret.to_string()).collect()
    }

    #[test]
    fn what_is_written_otherwise_is_one_secret() {
        for (secret, form) in [
            ("cafe\u{301}", "café"),
            ("a\u{a0}b\u{3000}c\u{2009}d", "a b c d"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("か\u{3099}", "が"),
            ("\u{212b}\u{1f600}", "\u{c5}\u{1f600}"),
        ] {
            assert_eq!(tried(secret), [form, secret], "{secret:?}");
        }
    }

    #[test]
    fn what_has_one_form_or_none_is_tried_once_as_it_was_given() {
        for secret in [
            "",
            "correct horse",
            "Ａ ß ı ﬁ",
            "café",
            "tab\tbed",
            "e\u{301}\u{ad}",
            "e\u{301}\u{7}",
            "e\u{301}\u{378}",
            "\u{1112}\u{302e}",
        ] {
            assert_eq!(tried(secret), [secret], "{secret:?}");
        }
    }
}
