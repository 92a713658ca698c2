//! An object as it is folded event by event, by the code of the view that answers queries about it.

use crate::changes::{Change, changes};
use crate::kind::Kind;
use journal::Envelope;
use projections::views::{Carts, Coupons, Credits, Customers, GiftCards, Invoices, Orders, Products, Stores};
use projections::{AnyReplay, Replay, View};
use serde_json::Value;

/// Fields whose words rows store otherwise than clients read them, and what stands there between two words.
const WORDS: [(&str, char); 2] = [("state", ' '), ("close_reason", '_')];

/// `PartiallyRefunded` as `partially refunded`.
fn as_words(name: &str, between: char) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(between);
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// An object of a kind, as far as its events were given.
pub struct ObjectFold(Box<dyn AnyReplay>);

fn replay<V: View<Store = ()>>() -> Box<dyn AnyReplay> {
    Box::new(Replay::<V>::default())
}

impl ObjectFold {
    /// Before its first event.
    pub fn of(kind: Kind) -> Self {
        Self(match kind {
            Kind::Store => replay::<Stores>(),
            Kind::Product => replay::<Products>(),
            Kind::Customer => replay::<Customers>(),
            Kind::Cart => replay::<Carts>(),
            Kind::Invoice => replay::<Invoices>(),
            Kind::Order => replay::<Orders>(),
            Kind::Credit => replay::<Credits>(),
            Kind::GiftCard => replay::<GiftCards>(),
            Kind::Coupon => replay::<Coupons>(),
        })
    }

    /// Folds the event, of which nothing is to be told. One that does not fit changes nothing.
    pub fn pass(&mut self, envelope: &Envelope) {
        let _ = self.0.apply(envelope);
    }

    /// The part of it that the event is about, as the view stores it; null: there is none.
    ///
    /// # Errors
    /// It can't be written.
    pub fn shown(&self, envelope: &Envelope) -> serde_json::Result<Value> {
        let mut shown = self.0.shown(envelope)?;
        for (field, between) in WORDS {
            if let Some(Value::String(word)) = shown.get_mut(field) {
                *word = as_words(word, between);
            }
        }
        Ok(shown)
    }

    /// Folds the event, and tells what it changed; `None`: it does not fit what stands before it, as where an event before it can't be
    /// read.
    pub fn take(&mut self, envelope: &Envelope) -> Option<Vec<Change>> {
        let before = self.shown(envelope).ok()?;
        self.0.apply(envelope).ok()?;
        let after = self.shown(envelope).ok()?;
        Some(changes(&before, &after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_clients_read_them() {
        for (name, words) in [("Open", "open"), ("PartiallyRefunded", "partially refunded"), ("open", "open")] {
            assert_eq!(as_words(name, ' '), words);
        }
        assert_eq!(as_words("CustomerDeleted", '_'), "customer_deleted");
    }
}
