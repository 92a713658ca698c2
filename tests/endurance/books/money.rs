//! Money: every cent is spent once, every invoice adds up, and no refund gives back more than there was.

use super::{Books, cents, items, text};
use serde_json::Value;
use std::collections::BTreeMap;

#[track_caller]
pub fn check(books: &Books) {
    for invoice in &books.invoices {
        check_invoice(invoice);
        check_refunds(invoice);
        check_refund_credits(books, invoice);
    }
    let cards = books.gift_cards.iter().flat_map(|card| check_balance(card, "spends", "gift_card_id"));
    let credits = books.credits.iter().flat_map(|credit| check_balance(credit, "redemptions", "credit_id"));
    check_spends(books, cards.chain(credits).collect());
    for coupon in &books.coupons {
        check_coupon(books, coupon);
    }
}

/// total − discount + tax = gift cards + credits + to collect, and each is the sum of its parts.
#[track_caller]
fn check_invoice(invoice: &Value) {
    let of = |field: &str| cents(&invoice[format!("{field}_in_cents")]);
    let lines = items(&invoice["invoice_line_items"]);
    let sum = |field: &str| lines.iter().map(|line| cents(&line[format!("{field}_in_cents")])).sum::<i64>();
    for field in ["total_amount", "discount_amount", "tax_amount", "refunded_amount"] {
        assert_eq!(of(field), sum(field), "{field} of {invoice:#}");
    }
    let spent = |list: &str| items(&invoice[list]).iter().map(|spend| cents(&spend["amount_in_cents"])).sum::<i64>();
    assert_eq!(of("gift_card_used_amount"), spent("gift_card_spends"), "{invoice:#}");
    assert_eq!(of("credit_used_amount"), spent("credit_redemptions"), "{invoice:#}");
    assert_eq!(of("subtotal_amount"), of("amount_due"), "{invoice:#}");
    assert!(of("amount_due") >= 0, "{invoice:#}");
    let paid = of("gift_card_used_amount") + of("credit_used_amount") + of("amount_due");
    assert_eq!(of("total_amount") - of("discount_amount") + of("tax_amount"), paid, "{invoice:#}");
}

/// Refunds never exceed the invoice, nor any line of it; refunded is what has nothing left.
#[track_caller]
fn check_refunds(invoice: &Value) {
    let lines = items(&invoice["invoice_line_items"]);
    let of_line = |line: &Value, field: &str| cents(&line[format!("{field}_amount_in_cents")]);
    let gross = |line: &Value| of_line(line, "total") - of_line(line, "discount") + of_line(line, "tax");
    assert!(lines.iter().all(|line| of_line(line, "refunded") <= gross(line)), "{invoice:#}");
    let refunds = items(&invoice["refunds"]);
    let shown: i64 = refunds.iter().map(|refund| cents(&refund["total_amount_in_cents"])).sum();
    let refunded = cents(&invoice["refunded_amount_in_cents"]);
    // An invoice shows its last ten.
    assert!(shown == refunded || (refunds.len() == 10 && shown < refunded), "{invoice:#}");
    assert_eq!(refunded, lines.iter().map(|line| of_line(line, "refunded")).sum::<i64>(), "{invoice:#}");
    let as_credit: i64 = refunds.iter().map(|refund| cents(&refund["credit_amount_in_cents"])).sum();
    assert!(shown - as_credit <= cents(&invoice["amount_due_in_cents"]), "more money back than came in: {invoice:#}");
    let left = lines.iter().map(gross).sum::<i64>() - refunded;
    let expected = match (refunded, left) {
        (0, _) => None,
        (_, 0) => Some("refunded"),
        (_, _) => Some("partially refunded"),
    };
    assert!(expected.is_none_or(|state| invoice["state"] == state), "{invoice:#}");
}

/// Each refund that gives a credit gave exactly that one.
#[track_caller]
fn check_refund_credits(books: &Books, invoice: &Value) {
    // Of a customer who is gone, credits can't be listed any more.
    if !books.carts.iter().any(|(customer, _)| invoice["customer_id"] == customer.as_str()) {
        return;
    }
    for refund in items(&invoice["refunds"]) {
        let Some(id) = refund["credit_id"].as_str() else { continue };
        let credit = books.credits.iter().find(|credit| credit["credit_id"] == id);
        let credit = credit.unwrap_or_else(|| panic!("no credit of {refund:#}"));
        assert_eq!(credit["original_balance_in_cents"], refund["credit_amount_in_cents"], "{credit:#}");
    }
}

/// Balance = original − live spends, 0 once voided. Gives the spends by invoice and balance; of failed ones 0.
#[track_caller]
fn check_balance(balance: &Value, spends: &str, id: &str) -> Vec<((String, String), i64)> {
    let (original, current) =
        (cents(&balance["original_balance_in_cents"]), cents(&balance["current_balance_in_cents"]));
    let spends = items(&balance[spends]);
    let live = spends.iter().filter(|spend| spend["reversed_at"].is_null());
    let spent: i64 = live.clone().map(|spend| cents(&spend["amount_in_cents"])).sum();
    let expected = if balance["voided_at"].is_null() { original - spent } else { 0 };
    assert_eq!(current, expected, "{balance:#}");
    assert!((0..=original).contains(&spent), "{balance:#}");
    let invoice = |spend: &Value| (text(&spend["invoice_id"]).to_owned(), text(&balance[id]).to_owned());
    live.map(|spend| (invoice(spend), cents(&spend["amount_in_cents"]))).collect()
}

/// What balances say they gave is what invoices say they got; a failed invoice keeps nothing.
#[track_caller]
fn check_spends(books: &Books, given: Vec<((String, String), i64)>) {
    let given: BTreeMap<_, _> = given.into_iter().collect();
    let mut got = BTreeMap::new();
    for invoice in books.invoices.iter().filter(|invoice| invoice["state"] != "failed") {
        let spends = [("gift_card_spends", "gift_card_id"), ("credit_redemptions", "credit_id")];
        for (list, id) in spends {
            for spend in items(&invoice[list]) {
                let key = (text(&invoice["invoice_id"]).to_owned(), text(&spend[id]).to_owned());
                let before = got.insert(key, cents(&spend["amount_in_cents"]));
                assert_eq!(before, None, "{invoice:#} asked a balance twice");
            }
        }
    }
    let known = |(_, balance): &&(String, String)| {
        books.gift_cards.iter().any(|card| card["gift_card_id"] == **balance)
            || books.credits.iter().any(|credit| credit["credit_id"] == **balance)
    };
    // Balances of customers who are gone can't be listed any more.
    let got: BTreeMap<_, _> =
        got.iter().filter(|(key, _)| known(key)).map(|(key, amount)| (key.clone(), *amount)).collect();
    assert_eq!(given, got, "what balances gave, and what invoices got");
}

/// Uses that count are those of invoices that did not fail, and never more than the limit.
#[track_caller]
fn check_coupon(books: &Books, coupon: &Value) {
    let used_by = |invoice: &&Value| {
        invoice["coupon_redemption"]["coupon_code_id"] == coupon["coupon_code_id"] && invoice["state"] != "failed"
    };
    let (used, counted) = (books.invoices.iter().filter(used_by).count() as i64, cents(&coupon["redemption_count"]));
    assert_eq!(counted, used, "{coupon:#}");
    assert!(coupon["usage_limit"].as_i64().is_none_or(|limit| counted <= limit), "{coupon:#}");
}
