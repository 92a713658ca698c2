//! What each event makes of the books, by example.

use crate::events::*;
use domain::credit::{CreditEvent, CreditSource};
use domain::gift_card::{GiftCardEvent, GiftCardSource, GiftCardSpendDeclined};
use domain::{Event, JobId, OrderId, RefundId};
use ledger::{Document, References, TaxPart, TaxRate};

#[test]
fn a_gift_card_is_owed_from_its_issue_on_whoever_paid_for_it() {
    for (source, other_side, outstanding) in [
        (GiftCardSource::Sold, "clearing:gift-card-sales", "gift-cards:sold"),
        (GiftCardSource::Given, "goodwill", "gift-cards:given"),
        (GiftCardSource::Unstated, "unstated", "gift-cards:unstated"),
    ] {
        let issue = GiftCardEvent::from(card_issued(source, 100));
        let entry = then(&None, issue.clone()).unwrap();
        let mut wanted = vec![(other_side.to_owned(), 100), (outstanding.to_owned(), -100)];
        let mut found = posted(&entry);
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted);
        let refers_to = References { customer_id: Some(GIFTER), gift_card_id: Some(CARD), ..References::default() };
        assert_eq!((entry.currency(), *entry.refers_to(), entry.tax()), (eur(), refers_to, &[][..]));

        let card = after([issue]);
        let spent = posts(&card, card_spent(30, 70), &[("clearing:gift-cards", -30), (outstanding, 30)]);
        let refers_to = References {
            customer_id: Some(CUSTOMER),
            gift_card_id: Some(CARD),
            invoice_id: Some(INVOICE),
            ..References::default()
        };
        assert_eq!(*spent.refers_to(), refers_to);
        posts(&card, card_voided(), &[(outstanding, 100), ("breakage", -100)]);
        let used = after([GiftCardEvent::from(card_issued(source, 100)), card_spent(30, 70)]);
        posts(&used, card_reversed(30, 100), &[("clearing:gift-cards", 30), (outstanding, -30)]);
        posts(&used, card_voided(), &[(outstanding, 70), ("breakage", -70)]);
        let voided = after([GiftCardEvent::from(card_issued(source, 100)), card_spent(30, 70), card_voided()]);
        posts(&voided, card_reversed(30, 0), &[("clearing:gift-cards", 30), ("breakage", -30)]);
        let empty = after([GiftCardEvent::from(card_issued(source, 100)), card_spent(100, 0)]);
        // An entry of nothing names its accounts all the same.
        posts(&empty, card_voided(), &[(outstanding, 0), ("breakage", 0)]);
        let declined = GiftCardEvent::from(GiftCardSpendDeclined { invoice_id: INVOICE });
        assert_eq!(Document::apply(&mut empty.clone(), &Event::from(declined)), Ok(None));
    }
}

#[test]
fn a_credit_is_given_away_or_comes_of_a_refund() {
    let refund = CreditSource::Refund { invoice_id: INVOICE, refund_id: RefundId(id(60)) };
    for (source, other_side, invoice) in [
        (CreditSource::Issued, ("goodwill", 100), None),
        (CreditSource::Batch { job_id: JobId(id(61)) }, ("goodwill", 100), None),
        (refund, ("clearing:refund-credits", 100), Some(INVOICE)),
    ] {
        let issue = CreditEvent::from(credit_issued(source, 100));
        let entry = then(&None, issue.clone()).unwrap();
        let mut found = posted(&entry);
        found.sort_by_key(|(_, amount)| -amount);
        assert_eq!(found, [(other_side.0.to_owned(), 100), ("credits".to_owned(), -100)]);
        let refund_id = invoice.map(|_| RefundId(id(60)));
        let refers_to = References {
            customer_id: Some(CUSTOMER),
            credit_id: Some(CREDIT),
            invoice_id: invoice,
            refund_id,
            ..References::default()
        };
        assert_eq!(*entry.refers_to(), refers_to);
        let credit = after([issue.clone()]);
        posts(&credit, credit_spent(30, 70), &[("clearing:credits", -30), ("credits", 30)]);
        let used = after([issue.clone(), credit_spent(30, 70)]);
        posts(&used, credit_reversed(30, 100), &[("clearing:credits", 30), ("credits", -30)]);
        posts(&used, credit_voided(), &[("credits", 70), ("breakage", -70)]);
        let voided = after([issue, credit_spent(30, 70), credit_voided()]);
        posts(&voided, credit_reversed(30, 0), &[("clearing:credits", 30), ("breakage", -30)]);
    }
}

#[test]
fn an_invoice_is_a_sale_with_its_tax_and_what_paid_for_it_and_failing_undoes_it() {
    let wanted = [
        ("receivable", 2_042),
        ("clearing:gift-cards", 500),
        ("clearing:credits", 100),
        ("tax-payable:1900", -342),
        ("sales", -2_000),
        ("discounts", 200),
        ("shipping", -500),
    ];
    let entry = posts(&None, invoice(), &wanted);
    let part = |points, base_in_cents, tax_in_cents| TaxPart {
        rate: TaxRate::BasisPoints(points),
        base_in_cents,
        tax_in_cents,
    };
    assert_eq!(entry.tax(), [part(0, 500, 0), part(1_900, 1_800, 342)]);
    let refers_to = References { customer_id: Some(CUSTOMER), invoice_id: Some(INVOICE), ..References::default() };
    assert_eq!(*entry.refers_to(), refers_to);
    let undone = wanted.map(|(account, amount)| (account, -amount));
    let entry = posts(&after([invoice()]), failed(), &undone);
    assert_eq!(entry.tax(), [part(0, -500, 0), part(1_900, -1_800, -342)]);
}

#[test]
fn what_is_collected_is_owed_no_longer_and_what_is_refunded_is_promised_first() {
    let open = after([invoice()]);
    let entry = posts(&open, collected(2_042), &[("receivable", -2_042), ("cash", 2_042)]);
    assert_eq!(entry.refers_to().order_id, Some(OrderId(id(14))));
    let paid = after([invoice(), collected(2_042)]);
    // All of the items as money but for 1.00, and 3.00 of the shipping.
    let refund = refunded(60, &[(ITEM, 2_142, 342), (SHIPPING, 300, 0)], 400);
    let entry = posts(
        &paid,
        refund.clone(),
        &[
            ("clearing:refund-credits", -400),
            ("refunds-payable", -2_042),
            ("tax-payable:1900", 342),
            ("sales", 1_800),
            ("shipping", 300),
        ],
    );
    assert_eq!((entry.refers_to().refund_id, entry.refers_to().credit_id), (Some(RefundId(id(60))), Some(CREDIT)));
    let rates: Vec<_> = entry.tax().iter().map(|part| (part.base_in_cents, part.tax_in_cents)).collect();
    assert_eq!(rates, [(-300, 0), (-1_800, -342)]);
    let promised = after([invoice(), collected(2_042), refund, refunded(61, &[(SHIPPING, 200, 0)], 200)]);
    let entry = posts(&promised, closed(&[60]), &[("cash", -2_042), ("refunds-payable", 2_042)]);
    assert_eq!(entry.refers_to().refund_id, Some(RefundId(id(60))));
    let entry = posts(&promised, closed(&[60, 61]), &[("cash", -2_042), ("refunds-payable", 2_042)]);
    assert_eq!(entry.refers_to().refund_id, None);
    // One that came as a credit alone has nothing to pay out.
    posts(&promised, closed(&[61]), &[("cash", 0), ("refunds-payable", 0)]);
}
