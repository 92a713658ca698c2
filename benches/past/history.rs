//! The past: carts that were closed, uses of a coupon, spends of a gift card, refunds of an invoice.

use crate::support::client::Connection;
use crate::support::server::Shop;
use crate::support::{journal, vault};
use domain::cart::{CartClosed, CartEvent, CartOpened, CloseReason};
use domain::coupon::{CouponEvent, CouponRedeemed};
use domain::gift_card::{GiftCardEvent, GiftCardSpent};
use domain::invoice::{InvoiceEvent, RefundIssued, RefundLine, RefundsClosed};
use domain::*;
use eventlog::StreamName;
use journal::testing::{BEGINNING, to_append};
use journal::{Journal, Tail, ToAppend};
use std::path::Path;
use uuid::Uuid;

/// Events that are appended at once.
const AT_ONCE: usize = 1_000;
/// In cents: more than is spent and refunded.
const MUCH: i64 = 1_000_000_000;

/// What has a past.
pub struct Past {
    store: StoreId,
    customer: CustomerId,
    coupon: CouponId,
    gift_card: GiftCardId,
    invoice: InvoiceId,
    line: InvoiceLineItemId,
}

impl Past {
    /// Makes the coupon, the gift card and a collected invoice of one dear line.
    pub async fn of(connection: &mut Connection, shop: &Shop) -> Self {
        let customer = &shop.customers[0];
        let mut post = async |target: String, body: Option<String>| {
            let answer = connection.send("POST", &target, body.as_deref()).await.expect("an answer");
            assert!(answer.status == 201, "{target}: {}", String::from_utf8_lossy(&answer.body));
            answer
        };
        let product = format!(
            r#"{{"title":"Dear","product_type":"thing","vendor":"Bench","inventory":10,"sale_price_in_cents":{MUCH}}}"#
        );
        let product = post("/product".to_owned(), Some(product)).await.text("product_id").expect("an id");
        post(format!("/customer/{customer}/cart/item/{product}"), None).await;
        let billed = post(format!("/customer/{customer}/cart/billcart"), None).await;
        let invoice = billed.text("invoice_id").expect("an id");
        post(format!("/invoice/{invoice}/collected"), None).await;
        let coupon = r#"{"code":"PAST","amount":1,"usage_limit_per_customer":1000000}"#.to_owned();
        let coupon = post("/coupon_code".to_owned(), Some(coupon)).await;
        let card = format!(
            r#"{{"gifter_customer_id":"{customer}","recipient_customer_id":"{customer}","original_amount":{MUCH}}}"#
        );
        let card = post("/giftcard".to_owned(), Some(card)).await;
        let id = |text: Option<String>| -> Uuid { text.and_then(|id| id.parse().ok()).expect("an id") };
        Self {
            store: StoreId(id(billed.text("store_id"))),
            customer: CustomerId(id(Some(customer.clone()))),
            coupon: CouponId(id(coupon.text("coupon_code_id"))),
            gift_card: GiftCardId(id(card.text("gift_card_id"))),
            invoice: InvoiceId(id(Some(invoice))),
            line: InvoiceLineItemId(id(billed.text("invoice_line_item_id"))),
        }
    }

    pub fn invoice(&self) -> InvoiceId {
        self.invoice
    }

    /// Writes `count` of each.
    pub async fn write(&self, data: &Path, count: usize) {
        let journal = journal(data, vault(data));
        self.append(&journal, format!("cart-{}", self.customer), (0..count).flat_map(|_| self.closed_cart())).await;
        self.append(&journal, format!("coupon-{}", self.coupon), (0..count).map(|_| used())).await;
        self.append(&journal, format!("gift_card-{}", self.gift_card), (0..count).map(spent)).await;
        self.append(&journal, format!("invoice-{}", self.invoice), self.refunds(count)).await;
    }

    fn closed_cart(&self) -> [CartEvent; 2] {
        let cart_id = CartId(Uuid::now_v7());
        let opened = CartOpened { cart_id, customer_id: self.customer, store_id: self.store };
        [opened.into(), CartClosed { cart_id, reason: CloseReason::Replaced, items: Vec::new() }.into()]
    }

    /// Closed every 500.
    fn refunds(&self, count: usize) -> Vec<InvoiceEvent> {
        let mut events = Vec::new();
        let mut open = Vec::new();
        for _ in 0..count {
            let refund_id = RefundId(Uuid::now_v7());
            let line = RefundLine {
                refund_line_item_id: RefundLineItemId(Uuid::now_v7()),
                invoice_line_item_id: self.line,
                total_amount_in_cents: cents(1),
                tax_amount_in_cents: Cents::ZERO,
            };
            let issued = RefundIssued {
                refund_id,
                customer_id: self.customer,
                lines: vec![line],
                total_amount_in_cents: cents(1),
                credit_amount_in_cents: Cents::ZERO,
                credit_id: None,
                nothing_left: false,
                issued_on: None,
            };
            events.push(issued.into());
            open.push(refund_id);
            if open.len() == 500 {
                events.push(RefundsClosed { refund_ids: std::mem::take(&mut open) }.into());
            }
        }
        events
    }

    async fn append<E: Into<Event>>(&self, journal: &Journal, stream: String, events: impl IntoIterator<Item = E>) {
        let stream = StreamName::new(stream);
        let mut tail = Tail::default();
        loop {
            let slice = journal.read_stream(&stream, tail, AT_ONCE).await.expect("the log is there");
            tail = slice.tail;
            if slice.events.len() < AT_ONCE {
                break;
            }
        }
        let mut events = events.into_iter().map(|event| self.to_append(event.into())).peekable();
        while events.peek().is_some() {
            let batch: Vec<ToAppend> = events.by_ref().take(AT_ONCE).collect();
            tail = journal.append(&stream, tail, &batch).await.expect("the log is there").tail;
        }
    }

    fn to_append(&self, event: Event) -> ToAppend {
        to_append(Uuid::now_v7(), self.store, BEGINNING, event)
    }
}

fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("in range")
}

/// By a customer who comes once.
fn used() -> CouponEvent {
    CouponRedeemed {
        redemption_id: CouponRedemptionId(Uuid::now_v7()),
        invoice_id: InvoiceId(Uuid::now_v7()),
        customer_id: CustomerId(Uuid::now_v7()),
        amount_in_cents: cents(1),
    }
    .into()
}

fn spent(number: usize) -> GiftCardEvent {
    GiftCardSpent {
        gift_card_spend_id: GiftCardSpendId(Uuid::now_v7()),
        invoice_id: InvoiceId(Uuid::now_v7()),
        amount_in_cents: cents(1),
        remaining_balance_in_cents: cents(MUCH - 1 - i64::try_from(number).expect("in range")),
    }
    .into()
}
