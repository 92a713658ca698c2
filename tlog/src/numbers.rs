//! The numbers of one store's documents, as far as leaves have them.

use domain::numbers::{Numbering, NumberingEvent};
use domain::{Category, Timestamp};
use std::num::NonZeroU64;

/// What was counted of a store's documents, so that the next one has its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers(Numbering);

/// About what it takes in memory beside itself: patterns, and a few years.
const WEIGHT: u64 = 512;

impl Numbers {
    /// Folds the store's next event, as it is stored. Gives the number of the document that it makes, if it makes one: also if its data
    /// can't be read.
    pub fn read(
        &mut self,
        category: Category,
        event_type: &str,
        data: &[u8],
        at: Option<Timestamp>,
    ) -> Option<NonZeroU64> {
        match category {
            Category::Store | Category::Invoice => {}
            Category::Product
            | Category::Customer
            | Category::Cart
            | Category::Order
            | Category::GiftCard
            | Category::Credit
            | Category::Coupon
            | Category::Claim => return None,
        }
        let number = self.0.fold(NumberingEvent::of_stored(event_type, data, at)?)?;
        Some(number.rank)
    }

    /// Nothing of a store whose documents have neither settings nor numbers yet.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        if *self != Self::default() {
            serde_json::to_writer(bytes, &self.0).expect("memory takes texts, and maps whose keys are numbers");
        }
    }

    /// What `write` wrote. `None`: these are other bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [] => Some(Self::default()),
            bytes => serde_json::from_slice(bytes).ok().map(Self),
        }
    }

    /// About how many bytes it takes in memory, beside itself.
    pub fn weight(&self) -> u64 {
        if *self == Self::default() { 0 } else { WEIGHT }
    }
}
