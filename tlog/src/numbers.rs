//! The numbers of one store's documents, as far as leaves have them.

use crate::varint::{put, take};
use domain::{Category, Timestamp};
use std::num::NonZeroU64;

/// How many documents a store has issued, so that the next one has its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    invoices: u64,
    credit_notes: u64,
}

impl Numbers {
    /// Folds the store's next event, as it is stored. Gives the number of the document that it makes, if it makes one: also if its data
    /// can't be read.
    pub fn read(
        &mut self,
        category: Category,
        event_type: &str,
        _data: &[u8],
        _at: Option<Timestamp>,
    ) -> Option<NonZeroU64> {
        let count = match (category, event_type) {
            (Category::Invoice, "InvoiceIssued") => &mut self.invoices,
            (Category::Invoice, "RefundIssued") => &mut self.credit_notes,
            _ => return None,
        };
        *count += 1;
        NonZeroU64::new(*count)
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        put(bytes, self.invoices);
        put(bytes, self.credit_notes);
    }

    /// What `write` wrote. `None`: these are other bytes.
    pub fn parse(mut bytes: &[u8]) -> Option<Self> {
        let numbers = Self { invoices: take(&mut bytes)?, credit_notes: take(&mut bytes)? };
        bytes.is_empty().then_some(numbers)
    }

    /// About how many bytes it takes in memory, beside itself.
    pub fn weight(&self) -> u64 {
        0
    }
}
