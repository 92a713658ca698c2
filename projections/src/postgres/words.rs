//! The words of the search index, as PostgreSQL gets them: a `tsvector` and `tsquery`s, made here and not by a text search
//! configuration of the server.

use crate::store::Searched;
use crate::words::{self, Typed, Wanted, lead};
use std::collections::BTreeMap;
use std::fmt::Write;
use uuid::Uuid;

/// As many as a `tsvector` tells apart: what comes later is all at the last one.
const LAST_PLACE: usize = 16_383;
/// So many places of a word are kept, as by the server.
const MOST_PLACES: usize = 255;
/// Of all words of a row together; the server takes 1 MiB. What is beyond is left out.
const MOST_BYTES: usize = 768 * 1024;

/// The words of the texts, which are in the order of the declared fields, as a `tsvector`.
pub(super) fn indexed(searched: &Searched, scope: Uuid, texts: &[String]) -> String {
    let lead = lead(scope);
    let mut places = WordPositions::default();
    for (field, text) in texts.iter().enumerate() {
        let weight = letter(searched, field);
        // No phrase goes from one field to the next.
        places.last += 1;
        for word in words::of(text) {
            places.last += 1;
            std::iter::once(word.stem.as_str()).chain(word.others()).for_each(|word| places.add(&lead, word, weight));
        }
    }
    let mut vector = String::with_capacity(places.bytes * 2);
    for (word, places) in places.of_words {
        // Writing to a string can't fail.
        let _ = write!(vector, "'{lead}{word}':");
        let places: Vec<String> = places.into_iter().map(|(place, weight)| format!("{place}{weight}")).collect();
        vector.push_str(&places.join(","));
        vector.push(' ');
    }
    vector
}

/// Where each word stands.
#[derive(Default)]
struct WordPositions {
    of_words: BTreeMap<String, Vec<(usize, char)>>,
    last: usize,
    bytes: usize,
}

impl WordPositions {
    fn add(&mut self, lead: &str, word: &str, weight: char) {
        self.bytes += lead.len() + word.len() + 4;
        if self.bytes > MOST_BYTES {
            return;
        }
        let places = self.of_words.entry(word.to_owned()).or_default();
        if places.len() < MOST_PLACES {
            places.push((self.last.min(LAST_PLACE), weight));
        }
    }
}

/// What a typed text finds. Any text at all is safe.
pub(super) struct Expressions {
    /// An expression for each word that must be found; empty: the text has none.
    pub needed: Vec<String>,
    /// What is better: all that was typed. `None`: it is the same.
    pub all: Option<String>,
}

pub(super) fn wanted(scope: Uuid, typed: &Typed) -> Expressions {
    let lead = lead(scope);
    let needed = typed.wanted.iter().filter(|word| !word.is_optional).map(|word| expression(&lead, word)).collect();
    let all = || typed.wanted.iter().map(|word| expression(&lead, word)).collect::<Vec<_>>().join(" & ");
    Expressions { needed, all: typed.has_optional().then(all) }
}

/// Several words that belong together are a phrase.
fn expression(lead: &str, word: &Wanted) -> String {
    let mut words: Vec<String> = word.stems.iter().map(|stem| format!("'{lead}{stem}'")).collect();
    if let (Some(beginning), Some(last)) = (&word.beginning, words.last_mut()) {
        *last = format!("({last} | '{lead}{beginning}':*)");
    }
    match words.len() {
        1 => words.concat(),
        _ => format!("({})", words.join(" <-> ")),
    }
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
                for is_beginning in [false, true] {
                    let wanted = wanted(scope, &Typed::new(&text, is_beginning));
                    for expression in wanted.needed.into_iter().chain(wanted.all) {
                        prop_assert!(is_safe(&expression, " ()<->&|:*"), "{expression}");
                    }
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
        let expected = format!(
            "'{one}brien':9C '{one}o':8C '{one}red':2A '{one}s':10C '{one}tabl':3A,11C '{one}table':11C '{one}tables':3A "
        );
        assert_eq!(vector, expected);
        let wanted = |text: &str, is_beginning| wanted(Uuid::from_u128(2), &Typed::new(text, is_beginning));
        assert_eq!(
            wanted("O'Brien  tables O'Brien", false).needed,
            [format!("('{other}o' <-> '{other}brien')"), format!("'{other}tabl'")]
        );
        let beginning = wanted("the red-tables", true);
        assert_eq!(beginning.needed, [format!("('{other}red' <-> ('{other}tabl' | '{other}tables':*))")]);
        assert_eq!(beginning.all, Some(format!("'{other}the' & {}", beginning.needed[0])));
        assert_eq!(weights(searched()), "{0,0.125,0.5,1}");
    }
}
