//! The words of the search index: stems, as PostgreSQL gets them.
//!
//! They are made here and not by a text search configuration of the server: so the same words are found whatever the database's
//! locale, its extensions, and its version, whose dictionaries change now and then under an index.

use crate::store::Searched;
use crate::words::{MOST_LETTERS, is_mark, lead, next_word, typed};
use rust_stemmers::{Algorithm, Stemmer};
use std::collections::BTreeMap;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// As many as a `tsvector` tells apart: what comes later is all at the last one.
const LAST_PLACE: usize = 16_383;
/// So many places of a word are kept, as by the server.
const MOST_PLACES: usize = 255;
/// Of all words of a row together; the server takes 1 MiB. What is beyond is left out.
const MOST_BYTES: usize = 768 * 1024;

/// The words of the texts, which are in the order of the declared fields, as a `tsvector`.
pub(super) fn indexed(searched: &Searched, scope: Uuid, texts: &[String]) -> String {
    let (lead, stemmer) = (lead(scope), Stemmer::create(Algorithm::English));
    let mut places: BTreeMap<String, Vec<(usize, char)>> = BTreeMap::new();
    let (mut place, mut bytes) = (0, 0);
    for (field, text) in texts.iter().enumerate() {
        let weight = letter(searched, field);
        // No phrase goes from one field to the next.
        place += 1;
        for stem in stems(&stemmer, text) {
            place += 1;
            bytes += lead.len() + stem.len() + 4;
            if bytes > MOST_BYTES {
                break;
            }
            let places = places.entry(stem).or_default();
            if places.len() < MOST_PLACES {
                places.push((place.min(LAST_PLACE), weight));
            }
        }
    }
    let mut vector = String::with_capacity(bytes * 2);
    for (stem, places) in places {
        // Writing to a string can't fail.
        let _ = write!(vector, "'{lead}{stem}':");
        let places: Vec<String> = places.into_iter().map(|(place, weight)| format!("{place}{weight}")).collect();
        vector.push_str(&places.join(","));
        vector.push(' ');
    }
    vector
}

/// What a user typed: an expression for each word, all of which are wanted. Any text at all is safe; empty: it has no word.
pub(super) fn wanted(scope: Uuid, text: &str) -> Vec<String> {
    let (lead, stemmer) = (lead(scope), Stemmer::create(Algorithm::English));
    let mut wanted: Vec<String> = Vec::new();
    for word in typed(text) {
        // What is several words to the index ("o'brien") is a phrase.
        let parts: Vec<String> = stems(&stemmer, &word).map(|stem| format!("'{lead}{stem}'")).collect();
        let expression = match parts.len() {
            0 => continue,
            1 => parts.concat(),
            _ => format!("({})", parts.join(" <-> ")),
        };
        if !wanted.contains(&expression) {
            wanted.push(expression);
        }
    }
    wanted
}

/// The stems of a text's words: letters and digits only, so that nothing is taken for syntax.
fn stems<'a>(stemmer: &'a Stemmer, text: &'a str) -> impl Iterator<Item = String> + 'a {
    let mut rest = text;
    let words = std::iter::from_fn(move || {
        let (_, word, after) = next_word(rest)?;
        rest = after;
        Some(word)
    });
    let stems = words.map(|word| {
        // No more letters than of a word that is searched for.
        let letters = word.chars().take(MOST_LETTERS).flat_map(char::to_lowercase).nfd();
        let plain: String = letters.filter(|letter| !is_mark(*letter)).collect();
        stemmer.stem(&plain).into_owned()
    });
    stems.filter(|stem| !stem.is_empty())
}

/// PostgreSQL knows four weights, A to D: the largest of the declared ones is A, and those beyond the fourth are D too.
fn letter(searched: &Searched, field: usize) -> char {
    let weight = searched.fields.get(field).map_or(0, |field| field.weight);
    let place = distinct_weights(searched).iter().position(|known| *known <= weight).unwrap_or(3);
    ['A', 'B', 'C', 'D'][place.min(3)]
}

/// What the letters D, C, B and A count in a rank, as PostgreSQL wants them.
pub(super) fn weights(searched: &Searched) -> String {
    let distinct = distinct_weights(searched);
    let largest = f64::from(distinct.first().copied().unwrap_or(1).max(1));
    let share = |place: usize| f64::from(distinct.get(place).copied().unwrap_or(0)) / largest;
    format!("{{{},{},{},{}}}", share(3), share(2), share(1), share(0))
}

fn distinct_weights(searched: &Searched) -> Vec<u8> {
    let mut weights: Vec<u8> = searched.fields.iter().map(|field| field.weight).collect();
    weights.sort_unstable_by(|one, other| other.cmp(one));
    weights.dedup();
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::View;
    use crate::views::Products;
    use proptest::prelude::*;

    fn searched() -> &'static Searched {
        Products::DECLARATION.search.as_ref().expect("products are searched")
    }

    /// Nothing that means something in quotes, and what is allowed between these.
    fn is_safe(expression: &str, between: &str) -> bool {
        let mut parts = expression.split('\'');
        let is_letter =
            |letter: char| !letter.is_ascii_punctuation() && !letter.is_whitespace() && !letter.is_control();
        let ends =
            |outside: Option<&str>| outside.is_some_and(|text| text.chars().all(|letter| between.contains(letter)));
        while ends(parts.next()) {
            match parts.next() {
                None => return true,
                Some(word) if !word.is_empty() && word.chars().all(is_letter) => {}
                Some(_) => return false,
            }
        }
        false
    }

    proptest! {
        #[test]
        fn no_text_gets_out_of_its_quotes(text in any::<String>(), other in "[a-zA-Z'\\\\:& _é\u{301}\u{345}日ा-]{0,40}") {
            let scope = Uuid::from_u128(7);
            for text in [text, other] {
                let vector = indexed(searched(), scope, &vec![text.clone(); 5]);
                prop_assert!(is_safe(&vector, " :,ABCD0123456789"), "{vector}");
                for expression in wanted(scope, &text) {
                    prop_assert!(is_safe(&expression, " ()<->"), "{expression}");
                }
            }
        }
    }

    #[test]
    fn words_are_told_apart_by_place_weight_and_scope() {
        let (one, other) = (lead(Uuid::from_u128(1)), lead(Uuid::from_u128(2)));
        assert_ne!(one, other);
        let texts = ["Red tables", "", "", "", "O'Brien's table"].map(str::to_owned);
        let vector = indexed(searched(), Uuid::from_u128(1), &texts);
        let expected = format!("'{one}brien':9C '{one}o':8C '{one}red':2A '{one}s':10C '{one}tabl':3A,11C ");
        assert_eq!(vector, expected);
        assert_eq!(
            wanted(Uuid::from_u128(2), "O'Brien  tables O'Brien"),
            [format!("('{other}o' <-> '{other}brien')"), format!("'{other}tabl'"),]
        );
        assert_eq!(weights(searched()), "{0,0.125,0.5,1}");
    }
}
