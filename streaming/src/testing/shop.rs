//! A shop's log to fill.

use chrono::TimeDelta;
use domain::billing::{BillingTerms, CouponUse};
use domain::cart::*;
use domain::customer::*;
use domain::invoice::*;
use domain::*;
use eventlog::{EventLog, MemoryLog, NewEvent, StreamName};
use journal::Journal;
use journal::testing::events::*;
use journal::testing::{MemoryKeys, Pen, to_append};
use std::sync::Arc;
use uuid::Uuid;

/// # Panics
/// It is no moment.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn id(kind: u8, number: u64) -> Uuid {
    Uuid::from_u64_pair(u64::from(kind), number)
}

pub fn store(number: u64) -> StoreId {
    StoreId(id(1, number))
}

pub fn product(number: u64) -> ProductId {
    ProductId(id(2, number))
}

pub fn coupon(number: u64) -> CouponId {
    CouponId(id(3, number))
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    Added { product: u64, quantity: u32 },
    QuantitySet { product: u64 },
    Billed { coupon: Option<u64> },
    Invoiced { cents: i64 },
    Failed,
    Registered,
    LoggedIn { customer: u64 },
    LoggedOut { customer: u64 },
}

#[derive(Clone, Copy, Debug)]
pub struct Happened {
    pub store: u64,
    pub at: Timestamp,
    pub what: What,
}

/// A log and what was put into it.
pub struct Shop {
    pub journal: Journal,
    pub happened: Vec<Happened>,
    pen: Pen,
    events: u64,
}

impl Default for Shop {
    fn default() -> Self {
        Self::on(Arc::new(MemoryLog::new()))
    }
}

impl Shop {
    /// On a log in memory.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn on(log: Arc<dyn EventLog>) -> Self {
        let journal = Journal::new(log, Arc::new(MemoryKeys::default()));
        Self { pen: Pen::new(journal.clone()), journal, happened: Vec::new(), events: 0 }
    }

    pub async fn happen(&mut self, happened: Happened) {
        self.happened.push(happened);
        self.events += 1;
        let (stream, event) = event(happened, self.events);
        let event = to_append(id(9, self.events), store(happened.store), happened.at, event);
        self.pen.append(stream, &[event]).await;
    }

    pub async fn all(&mut self, happened: &[Happened]) {
        for &happened in happened {
            self.happen(happened).await;
        }
    }

    /// An event that no version of the program has written yet.
    pub async fn unreadable(&mut self) {
        self.events += 1;
        let stream = StreamName::new(format!("cart-{}", id(8, self.events)));
        let event = NewEvent {
            id: id(9, self.events),
            event_type: "CartPainted".to_owned(),
            data: b"{}"[..].into(),
            metadata: b"{}"[..].into(),
        };
        let none = eventlog::ExpectedRevision::NoStream;
        self.journal.log().append(&stream, none, vec![event]).await.expect("appended");
    }
}

/// What happened, as an event; `number` makes ids that are used once.
fn event(happened: Happened, number: u64) -> (String, Event) {
    let of = store(happened.store);
    let customer = |number: u64| CustomerId(id(4, happened.store * 1_000_000 + number));
    let cart = CartId(id(5, number));
    let cart_stream = format!("cart-{}", customer(0));
    match happened.what {
        What::Added { product: added, quantity } => {
            let event = cart_item_added(cart, CartItemId(id(6, number)), product(added), quantity);
            (cart_stream, Event::Cart(event.into()))
        }
        What::QuantitySet { product: set } => {
            let event = CartItemQuantitySet {
                cart_id: cart,
                cart_item_id: CartItemId(id(6, number)),
                product_id: product(set),
                line_quantity: 7,
                previous_quantity: 1,
            };
            (cart_stream, Event::Cart(event.into()))
        }
        What::Billed { coupon: used } => {
            let event = CartBilled {
                cart_id: cart,
                invoice_id: InvoiceId(id(7, number)),
                customer_id: customer(0),
                store_id: of,
                terms: BillingTerms {
                    currency: usd(),
                    items: Vec::new(),
                    shipping: None,
                    tax_rate_in_basis_points: 0,
                    wallet: Vec::new(),
                },
                coupon: used.map(|used| CouponUse {
                    coupon_id: coupon(used),
                    code: "SPRING".to_owned(),
                    redemption_id: CouponRedemptionId(id(10, number)),
                    amount_in_cents: cents(0),
                }),
            };
            (cart_stream, Event::Cart(event.into()))
        }
        What::Invoiced { cents: total } => {
            let issued = invoice_issued(of, customer(0), cart, InvoiceId(id(7, number)), Vec::new());
            let total = cents(total);
            let event = InvoiceIssued { total_amount_in_cents: total, amount_due_in_cents: total, ..issued };
            (format!("invoice-{}", id(7, number)), Event::Invoice(event.into()))
        }
        What::Failed => {
            let event = InvoiceFailed { customer_id: customer(0), cart_id: cart };
            (format!("invoice-{}", id(7, number)), Event::Invoice(event.into()))
        }
        What::Registered => {
            let new = CustomerId(id(11, number));
            let event = customer_created(of, new, PersonalData::default());
            (format!("customer-{new}"), Event::Customer(event.into()))
        }
        What::LoggedIn { customer: who } => {
            let event = CustomerLoggedIn { expires_at: happened.at.plus(TimeDelta::hours(24)), credential_id: None };
            (format!("customer-{}", customer(who)), Event::Customer(event.into()))
        }
        What::LoggedOut { customer: who } => {
            let event = CustomerLoggedOut {};
            (format!("customer-{}", customer(who)), Event::Customer(event.into()))
        }
    }
}
