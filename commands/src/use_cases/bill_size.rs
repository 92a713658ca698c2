//! Whether what a bill makes can be stored: looked at before the first of its events, as none of them can be taken back.
//!
//! What lives here: the largest that each event of a bill can become, by encoding it with every amount at its longest. The
//! guarantee: what [`check`] lets pass is billed, invoiced, ordered and refunded in appends that the log takes.

use crate::CommandError;
use crate::session::Session;
use chrono::NaiveDate;
use domain::billing::{BillingTerms, CouponUse, InvoiceLine, LineKind};
use domain::cart::{CartBilled, CartBillingStarted, CartEvent, ProductQuantity, RequestKey};
use domain::invoice::{
    CreditRedemption, GiftCardSpend, InvoiceCollected, InvoiceEvent, InvoiceIssued, RefundIssued, RefundLine,
};
use domain::order::{OrderEvent, OrderLine, OrderPlaced};
use domain::{
    CartId, CartItemId, Cents, CouponId, CouponRedemptionId, CreditId, CreditRedemptionId, CustomerId, Event,
    GiftCardId, GiftCardSpendId, InvoiceId, InvoiceLineItemId, OrderId, OrderLineItemId, ProductId, RefundId,
    RefundLineItemId, StoreId,
};
use uuid::Uuid;

/// The longest code of a coupon (api.md §10), and the longest key and fingerprint of a request with much to spare.
const LONGEST_CODE: usize = 64;
const LONGEST_HMAC: usize = 256;
/// What titles are cut to where a bill that is begun can't be stored with whole ones, in characters.
const CUTS: [usize; 8] = [500, 250, 100, 50, 25, 10, 3, 0];

/// Refuses a bill that can't be stored whole.
pub(super) fn check(session: &Session, terms: &BillingTerms) -> Result<(), CommandError> {
    match fits(terms, most_bytes(session))? {
        true => Ok(()),
        false => Err(CommandError::CartTooLarge),
    }
}

/// Of a bill that was begun without [`check`]: the longest titles, in characters, with which it can be stored; `None`: they may
/// stay as they are. The same at every try.
///
/// # Errors
/// [`CommandError::TooLarge`]: it can't be stored even without titles. On a log that takes 1 MiB at once that needs more lines
/// than a cart may have.
pub(super) fn longest_title(session: &Session, terms: &BillingTerms) -> Result<Option<usize>, CommandError> {
    let most = most_bytes(session);
    if fits(terms, most)? {
        return Ok(None);
    }
    for cut in CUTS {
        if fits(&terms.clone().with_short_titles(cut), most)? {
            return Ok(Some(cut));
        }
    }
    Err(CommandError::TooLarge { source: LongBill { lines: terms.items.len() }.into() })
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a bill of {lines} lines")]
struct LongBill {
    lines: usize,
}

fn most_bytes(session: &Session) -> usize {
    session.node.parts.journal.max_data_bytes()
}

fn fits(terms: &BillingTerms, most_bytes: usize) -> Result<bool, CommandError> {
    let terms = terms.clone().with_bounded_wallet();
    for event in [billed(&terms), started(&terms), issued(&terms), collected(&terms), placed(&terms), refunded(&terms)]
    {
        if encoded_bytes(&event)? > most_bytes {
            return Ok(false);
        }
    }
    Ok(true)
}

fn encoded_bytes(event: &Event) -> Result<usize, CommandError> {
    /// Counts what is written and keeps nothing.
    struct Counted(usize);
    impl std::io::Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, event).map_err(|error| CommandError::Damaged { source: error.into() })?;
    Ok(counted.0)
}

/// As long as any other.
const ID: Uuid = Uuid::nil();
const DAY: NaiveDate = NaiveDate::MAX;

fn billed(terms: &BillingTerms) -> Event {
    let billed = CartBilled {
        cart_id: CartId(ID),
        invoice_id: InvoiceId(ID),
        customer_id: CustomerId(ID),
        store_id: StoreId(ID),
        terms: terms.clone(),
        coupon: Some(coupon()),
    };
    Event::Cart(CartEvent::CartBilled(billed))
}

fn started(terms: &BillingTerms) -> Event {
    let started = CartBillingStarted {
        cart_id: CartId(ID),
        invoice_id: InvoiceId(ID),
        coupon_id: CouponId(ID),
        terms: terms.clone(),
        request: Some(RequestKey { key: "0".repeat(LONGEST_HMAC), fingerprint: "0".repeat(LONGEST_HMAC) }),
    };
    Event::Cart(CartEvent::CartBillingStarted(started))
}

fn coupon() -> CouponUse {
    CouponUse {
        coupon_id: CouponId(ID),
        code: "X".repeat(LONGEST_CODE),
        redemption_id: CouponRedemptionId(ID),
        amount_in_cents: Cents::MAX,
    }
}

fn issued(terms: &BillingTerms) -> Event {
    let line = |kind, title: Option<&String>| InvoiceLine {
        invoice_line_item_id: InvoiceLineItemId(ID),
        kind,
        cart_item_id: title.map(|_| CartItemId(ID)),
        product_id: title.map(|_| ProductId(ID)),
        product_title: title.cloned(),
        quantity: u32::MAX,
        unit_amount_in_cents: Cents::MAX,
        total_amount_in_cents: Cents::MAX,
        discount_amount_in_cents: Cents::MAX,
        tax_amount_in_cents: Cents::MAX,
        tax_rate_in_basis_points: Some(u32::MAX),
    };
    let lines = terms.items.iter().map(|item| line(LineKind::Item, Some(&item.product_title)));
    // Each balance is one or the other: both lists together are longer than any wallet.
    let spend = GiftCardSpend {
        gift_card_spend_id: GiftCardSpendId(ID),
        gift_card_id: GiftCardId(ID),
        amount_in_cents: Cents::MAX,
        remaining_balance_in_cents: Cents::MAX,
    };
    let redemption = CreditRedemption {
        credit_redemption_id: CreditRedemptionId(ID),
        credit_id: CreditId(ID),
        amount_in_cents: Cents::MAX,
        remaining_balance_in_cents: Cents::MAX,
    };
    let issued = InvoiceIssued {
        invoice_id: InvoiceId(ID),
        store_id: StoreId(ID),
        customer_id: CustomerId(ID),
        cart_id: CartId(ID),
        currency: terms.currency,
        lines: lines.chain(terms.shipping.as_ref().map(|_| line(LineKind::Shipping, None))).collect(),
        coupon: Some(coupon()),
        gift_card_spends: vec![spend; terms.wallet.len()],
        credit_redemptions: vec![redemption; usize::from(!terms.wallet.is_empty())],
        total_amount_in_cents: Cents::MAX,
        discount_amount_in_cents: Cents::MAX,
        tax_amount_in_cents: Cents::MAX,
        gift_card_used_amount_in_cents: Cents::MAX,
        credit_used_amount_in_cents: Cents::MAX,
        amount_due_in_cents: Cents::MAX,
        issued_on: Some(DAY),
    };
    Event::Invoice(InvoiceEvent::InvoiceIssued(issued))
}

fn collected(terms: &BillingTerms) -> Event {
    let collected = InvoiceCollected {
        order_id: OrderId(ID),
        customer_id: CustomerId(ID),
        cart_id: CartId(ID),
        amount_in_cents: Cents::MAX,
        currency: Some(terms.currency),
        items: vec![ProductQuantity { product_id: ProductId(ID), quantity: u32::MAX }; terms.items.len()],
    };
    Event::Invoice(InvoiceEvent::InvoiceCollected(collected))
}

fn placed(terms: &BillingTerms) -> Event {
    let line = |item: &domain::billing::BilledItem| OrderLine {
        order_line_item_id: OrderLineItemId(ID),
        invoice_line_item_id: InvoiceLineItemId(ID),
        product_id: ProductId(ID),
        product_title: item.product_title.clone(),
        quantity: u32::MAX,
    };
    let placed = OrderPlaced {
        order_id: OrderId(ID),
        store_id: StoreId(ID),
        customer_id: CustomerId(ID),
        invoice_id: InvoiceId(ID),
        cart_id: CartId(ID),
        lines: terms.items.iter().map(line).collect(),
    };
    Event::Order(OrderEvent::OrderPlaced(placed))
}

/// Of all lines at once.
fn refunded(terms: &BillingTerms) -> Event {
    let line = RefundLine {
        refund_line_item_id: RefundLineItemId(ID),
        invoice_line_item_id: InvoiceLineItemId(ID),
        total_amount_in_cents: Cents::MAX,
        tax_amount_in_cents: Cents::MAX,
    };
    let refunded = RefundIssued {
        refund_id: RefundId(ID),
        customer_id: CustomerId(ID),
        lines: vec![line; terms.items.len() + 1],
        total_amount_in_cents: Cents::MAX,
        credit_amount_in_cents: Cents::MAX,
        credit_id: Some(CreditId(ID)),
        nothing_left: false,
        issued_on: Some(DAY),
    };
    Event::Invoice(InvoiceEvent::RefundIssued(refunded))
}
