//! Numbers of documents: 1 to n of each kind, none twice.

use super::{Books, items, text};
use serde_json::Value;
use std::collections::BTreeSet;

/// Of a store that numbers as stores do which were told nothing.
#[track_caller]
pub fn check(books: &Books) {
    let invoices: Vec<u64> = books.invoices.iter().map(|invoice| number(&invoice["invoice_number"])).collect();
    check_ranks(&invoices, invoices.len(), "invoices");
    let refunds = books.invoices.iter().flat_map(|invoice| items(&invoice["refunds"]));
    let refunds: Vec<u64> = refunds.map(|refund| number(&refund["credit_note_number"])).collect();
    // Of an invoice's refunds only the last are shown with it.
    let hidden = books.invoices.iter().any(|invoice| items(&invoice["refunds"]).len() == 10);
    let last = if hidden { usize::MAX } else { refunds.len() };
    check_ranks(&refunds, last, "refunds");
}

#[track_caller]
fn check_ranks(numbers: &[u64], last: usize, of: &str) {
    let distinct: BTreeSet<_> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len(), "two {of} have one number: {numbers:?}");
    let bounds = 1..=last as u64;
    assert!(numbers.iter().all(|number| bounds.contains(number)), "{of} are numbered with gaps: {distinct:?}");
}

#[track_caller]
fn number(value: &Value) -> u64 {
    text(value).parse().unwrap_or_else(|_| panic!("no rank: {value}"))
}
