//! Events by hand: ids are given by numbers, what matters to a test by `..`.

use crate::shop::cents;
use domain::billing::{BilledItem, BillingTerms, CouponUse, InvoiceLine, LineKind};
use domain::cart::{CartBilled, CartEvent};
use domain::credit::*;
use domain::gift_card::*;
use domain::invoice::*;
use domain::*;
use ledger::{Account, Document, Entry, Misfit};
use uuid::Uuid;

pub const CARD: GiftCardId = GiftCardId(id(10));
pub const CREDIT: CreditId = CreditId(id(11));
pub const INVOICE: InvoiceId = InvoiceId(id(12));
pub const GIFTER: CustomerId = CustomerId(id(1));
pub const CUSTOMER: CustomerId = CustomerId(id(2));
pub const ITEM: InvoiceLineItemId = InvoiceLineItemId(id(20));
pub const SHIPPING: InvoiceLineItemId = InvoiceLineItemId(id(21));

pub const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn eur() -> Currency {
    "EUR".parse().unwrap()
}

pub fn card_issued(source: GiftCardSource, amount: i64) -> GiftCardIssued {
    GiftCardIssued {
        gift_card_id: CARD,
        store_id: StoreId(id(3)),
        gifter_customer_id: GIFTER,
        recipient_customer_id: CUSTOMER,
        currency: eur(),
        amount_in_cents: cents(amount),
        source,
    }
}

pub fn card_spent(amount: i64, remaining: i64) -> GiftCardEvent {
    GiftCardSpent {
        gift_card_spend_id: GiftCardSpendId(id(30)),
        invoice_id: INVOICE,
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

pub fn card_reversed(amount: i64, remaining: i64) -> GiftCardEvent {
    GiftCardSpendReversed {
        gift_card_spend_id: GiftCardSpendId(id(30)),
        invoice_id: INVOICE,
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

pub fn card_voided() -> GiftCardEvent {
    GiftCardVoided {}.into()
}

pub fn credit_issued(source: CreditSource, amount: i64) -> CreditIssued {
    CreditIssued {
        credit_id: CREDIT,
        store_id: StoreId(id(3)),
        customer_id: CUSTOMER,
        currency: eur(),
        amount_in_cents: cents(amount),
        source,
    }
}

pub fn credit_spent(amount: i64, remaining: i64) -> CreditEvent {
    CreditSpent {
        credit_redemption_id: CreditRedemptionId(id(31)),
        invoice_id: INVOICE,
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

pub fn credit_reversed(amount: i64, remaining: i64) -> CreditEvent {
    CreditSpendReversed {
        credit_redemption_id: CreditRedemptionId(id(31)),
        invoice_id: INVOICE,
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

pub fn credit_voided() -> CreditEvent {
    CreditVoided {}.into()
}

/// At 19 %.
pub fn billed() -> CartEvent {
    let item = BilledItem {
        invoice_line_item_id: ITEM,
        cart_item_id: CartItemId(id(22)),
        product_id: ProductId(id(23)),
        product_title: "Table".to_owned(),
        quantity: 2,
        unit_amount_in_cents: cents(1_000),
    };
    CartBilled {
        cart_id: CartId(id(13)),
        invoice_id: INVOICE,
        customer_id: CUSTOMER,
        store_id: StoreId(id(3)),
        terms: BillingTerms {
            currency: eur(),
            items: vec![item],
            shipping: None,
            tax_rate_in_basis_points: 1_900,
            wallet: Vec::new(),
        },
        coupon: None,
    }
    .into()
}

/// Two tables at 10.00 less 2.00, with 19 % of tax on that, and 5.00 of shipping: 26.42, of which a gift card paid 5.00 and a credit
/// 1.00.
pub fn issued(rates: [Option<u32>; 2]) -> InvoiceIssued {
    let line = |kind, invoice_line_item_id, total, discount, tax, rate| InvoiceLine {
        invoice_line_item_id,
        kind,
        cart_item_id: None,
        product_id: None,
        product_title: None,
        quantity: 1,
        unit_amount_in_cents: cents(total),
        total_amount_in_cents: cents(total),
        discount_amount_in_cents: cents(discount),
        tax_amount_in_cents: cents(tax),
        tax_rate_in_basis_points: rate,
    };
    InvoiceIssued {
        invoice_id: INVOICE,
        store_id: StoreId(id(3)),
        customer_id: CUSTOMER,
        cart_id: CartId(id(13)),
        currency: eur(),
        lines: vec![
            line(LineKind::Item, ITEM, 2_000, 200, 342, rates[0]),
            line(LineKind::Shipping, SHIPPING, 500, 0, 0, rates[1]),
        ],
        coupon: Some(CouponUse {
            coupon_id: CouponId(id(40)),
            code: "SAVE".to_owned(),
            redemption_id: CouponRedemptionId(id(41)),
            amount_in_cents: cents(200),
        }),
        gift_card_spends: vec![GiftCardSpend {
            gift_card_spend_id: GiftCardSpendId(id(30)),
            gift_card_id: CARD,
            amount_in_cents: cents(500),
            remaining_balance_in_cents: cents(0),
        }],
        credit_redemptions: vec![CreditRedemption {
            credit_redemption_id: CreditRedemptionId(id(31)),
            credit_id: CREDIT,
            amount_in_cents: cents(100),
            remaining_balance_in_cents: cents(0),
        }],
        total_amount_in_cents: cents(2_500),
        discount_amount_in_cents: cents(200),
        tax_amount_in_cents: cents(342),
        gift_card_used_amount_in_cents: cents(500),
        credit_used_amount_in_cents: cents(100),
        amount_due_in_cents: cents(2_042),
        issued_on: None,
    }
}

pub fn invoice() -> InvoiceEvent {
    issued([Some(1_900), Some(0)]).into()
}

pub fn collected(amount: i64) -> InvoiceEvent {
    InvoiceCollected {
        order_id: OrderId(id(14)),
        customer_id: CUSTOMER,
        cart_id: CartId(id(13)),
        amount_in_cents: cents(amount),
        currency: Some(eur()),
        items: Vec::new(),
    }
    .into()
}

pub fn failed() -> InvoiceEvent {
    InvoiceFailed { customer_id: CUSTOMER, cart_id: CartId(id(13)) }.into()
}

/// Lines by id, total and tax.
pub fn refunded(refund: u128, lines: &[(InvoiceLineItemId, i64, i64)], credit: i64) -> InvoiceEvent {
    let line = |&(invoice_line_item_id, total, tax): &(InvoiceLineItemId, i64, i64)| RefundLine {
        refund_line_item_id: RefundLineItemId(id(50)),
        invoice_line_item_id,
        total_amount_in_cents: cents(total),
        tax_amount_in_cents: cents(tax),
    };
    RefundIssued {
        refund_id: RefundId(id(refund)),
        customer_id: CUSTOMER,
        lines: lines.iter().map(line).collect(),
        total_amount_in_cents: cents(lines.iter().map(|(_, total, _)| total).sum()),
        credit_amount_in_cents: cents(credit),
        credit_id: (credit > 0).then_some(CREDIT),
        nothing_left: false,
        issued_on: None,
    }
    .into()
}

pub fn closed(refunds: &[u128]) -> InvoiceEvent {
    RefundsClosed { refund_ids: refunds.iter().map(|refund| RefundId(id(*refund))).collect() }.into()
}

/// The document after these events.
pub fn after<E: Into<Event>>(events: impl IntoIterator<Item = E>) -> Option<Document> {
    let mut document = None;
    for event in events {
        Document::apply(&mut document, &event.into()).unwrap();
    }
    document
}

/// What the event makes of the document, which an error leaves as it was.
pub fn then(before: &Option<Document>, event: impl Into<Event>) -> Result<Entry, Misfit> {
    let mut document = before.clone();
    let made = Document::apply(&mut document, &event.into());
    if made.is_err() {
        assert_eq!(document, *before, "half of an event that can't be is left behind");
    }
    made.map(|entry| entry.expect("an entry"))
}

/// What it posts, in the order of the chart.
pub fn posted(entry: &Entry) -> Vec<(String, i64)> {
    entry.postings().iter().map(|posting| (posting.account.to_string(), posting.amount_in_cents)).collect()
}

#[track_caller]
pub fn posts(before: &Option<Document>, event: impl Into<Event>, wanted: &[(&str, i64)]) -> Entry {
    let entry = then(before, event).unwrap();
    let wanted: Vec<(String, i64)> = wanted.iter().map(|(account, amount)| ((*account).to_owned(), *amount)).collect();
    assert_eq!(posted(&entry), wanted);
    assert!(wanted.iter().all(|(account, _)| account.parse::<Account>().is_ok()));
    entry
}
