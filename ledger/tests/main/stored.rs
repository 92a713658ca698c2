//! Documents and entries as they are stored: they come back as they were, take little room, and an entry that sums to
//! something is none.

use crate::books::Books;
use crate::chance::for_seeds;
use crate::events::*;
use crate::shop::Shop;
use domain::invoice::{InvoiceEvent, InvoiceIssued};
use domain::limits::{MAX_CART_LINES, MAX_OPEN_REFUNDS};
use domain::{Cents, InvoiceLineItemId};
use ledger::{Dated, Document, Entry};
use serde_json::{Value, json};

#[test]
fn documents_and_entries_come_back_as_they_were() {
    for_seeds(2, |seed| {
        let mut shop = Shop::new(seed);
        (0..500).for_each(|_| shop.step());
        let books = Books::of(&shop);
        for document in books.documents.values() {
            let stored = serde_json::to_vec(document).unwrap();
            assert_eq!(serde_json::from_slice::<Document>(&stored).unwrap(), *document);
        }
        for dated in &books.entries {
            let stored = serde_json::to_vec(dated).unwrap();
            assert_eq!(serde_json::from_slice::<Dated>(&stored).unwrap(), *dated);
        }
    });
}

fn stored() -> Value {
    serde_json::to_value(then(&None, invoice()).unwrap()).unwrap()
}

fn refused(entry: Value) -> String {
    serde_json::from_value::<Entry>(entry).unwrap_err().to_string()
}

#[test]
fn what_is_no_entry_is_not_read_as_one() {
    assert!(serde_json::from_value::<Entry>(stored()).is_ok());
    let mut changed = stored();
    changed["postings"][0]["amount_in_cents"] = json!(2_043);
    assert_eq!(refused(changed), "the postings sum to 1 cents, not to zero");
    let mut twice = stored();
    twice["postings"][1]["account"] = json!("receivable");
    assert_eq!(refused(twice), "accounts or rates stand in the entry twice, or out of order");
    for (field, value) in [("base_in_cents", 1), ("tax_in_cents", 1)] {
        let mut changed = stored();
        changed["tax"][1][field] = json!(value);
        assert_eq!(refused(changed), "what the entry says of tax is not what it posts");
    }
    let mut of_another_rate = stored();
    of_another_rate["tax"][1]["rate"] = json!(700);
    assert_eq!(refused(of_another_rate), "what the entry says of tax is not what it posts");
}

/// A thousand lines, and as many refunds open as may be.
#[test]
fn the_largest_document_is_bounded() {
    let mut large: InvoiceIssued = issued([Some(1_900), Some(0)]);
    let (item, shipping) = (large.lines[0].clone(), large.lines[1].clone());
    let lines = (0..MAX_CART_LINES as u128).map(|number| {
        let mut line = item.clone();
        line.invoice_line_item_id = InvoiceLineItemId(id(1_000 + number));
        line
    });
    large.lines = lines.chain([shipping]).collect();
    let times = |amount: Cents| amount.times(MAX_CART_LINES as u32).unwrap();
    large.total_amount_in_cents = times(crate::shop::cents(2_000)).plus(crate::shop::cents(500)).unwrap();
    large.discount_amount_in_cents = times(crate::shop::cents(200));
    large.tax_amount_in_cents = times(crate::shop::cents(342));
    large.coupon.as_mut().unwrap().amount_in_cents = large.discount_amount_in_cents;
    large.amount_due_in_cents = times(crate::shop::cents(2_142)).minus(crate::shop::cents(100)).unwrap();
    let due = large.amount_due_in_cents.get();
    let refunds = (0..MAX_OPEN_REFUNDS as u128)
        .map(|number| refunded(10_000 + number, &[(InvoiceLineItemId(id(1_000 + number)), 100, 16)], 0));
    let document = after([InvoiceEvent::from(large), collected(due)].into_iter().chain(refunds));
    let bytes = serde_json::to_vec(&document.unwrap()).unwrap().len();
    assert!(bytes < 100_000, "{bytes} bytes");
}

/// Of what nothing follows any more next to nothing is kept.
#[test]
fn what_is_over_is_small() {
    let all = refunded(60, &[(ITEM, 2_142, 342), (SHIPPING, 500, 0)], 600);
    for over in [after([invoice(), failed()]), after([invoice(), collected(2_042), all, closed(&[60])])] {
        let text = serde_json::to_string(&over.unwrap()).unwrap();
        assert!(!text.contains(&ITEM.to_string()) && text.len() < 300, "{text}");
    }
}
