//! Invoices whose lines say no rate.

use crate::events::*;
use domain::Event;
use ledger::{Account, Document, TaxRate};

#[test]
fn an_invoice_whose_lines_say_no_rate_has_that_of_its_billing() {
    let old = Event::from(domain::invoice::InvoiceEvent::from(issued([None, None])));
    let mut document = None;
    assert_eq!(Document::apply(&mut document, &billed().into()), Ok(None), "a billing makes no entry");
    let entry = Document::apply(&mut document, &old).unwrap().unwrap();
    assert_eq!(entry, then(&None, invoice()).unwrap(), "as if the lines had said it");
    // And so has what is refunded of it.
    Document::apply(&mut document, &collected(2_042).into()).unwrap();
    let refund = then(&document, refunded(60, &[(ITEM, 119, 19)], 0)).unwrap();
    assert_eq!(refund.amount_on(Account::TaxPayable(TaxRate::BasisPoints(1_900))), 19);
}

#[test]
fn one_without_its_billing_has_an_unknown_rate_but_for_shipping() {
    let old = domain::invoice::InvoiceEvent::from(issued([None, None]));
    let entry = then(&None, old).unwrap();
    assert_eq!(entry.amount_on(Account::TaxPayable(TaxRate::Unknown)), -342);
    let bases: Vec<_> = entry.tax().iter().map(|part| (part.rate, part.base_in_cents)).collect();
    assert_eq!(bases, [(TaxRate::BasisPoints(0), 500), (TaxRate::Unknown, 1_800)]);
}

#[test]
fn lines_that_say_their_rate_need_no_billing_and_are_believed_before_it() {
    let other = domain::invoice::InvoiceEvent::from(issued([Some(700), Some(0)]));
    let entry = then(&after([Event::from(billed())]), other).unwrap();
    assert_eq!(entry.amount_on(Account::TaxPayable(TaxRate::BasisPoints(700))), -342);
}
