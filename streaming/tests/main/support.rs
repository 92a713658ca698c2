//! A shop's log to fill, and a naive count over everything that was ever put into it.

use cartlog_streaming::{Clock, Minute, Window, Windows};
use chrono::{TimeDelta, TimeZone};
use chrono_tz::Tz;
use domain::billing::{BillingTerms, CouponUse};
use domain::cart::*;
use domain::customer::*;
use domain::invoice::*;
use domain::*;
use eventlog::{EventLog, MemoryLog, NewEvent, StreamName};
use journal::testing::MemoryKeys;
use journal::{Actor, Journal, Metadata, Tail, ToAppend};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A clock that stands.
pub fn clock(now: Timestamp) -> Clock {
    Arc::new(move || now)
}

pub fn id(kind: u8, number: u64) -> Uuid {
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
    tails: BTreeMap<StreamName, Tail>,
    events: u64,
}

impl Shop {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryLog::new()))
    }

    pub fn on(log: Arc<dyn EventLog>) -> Self {
        Self {
            journal: Journal::new(log, Arc::new(MemoryKeys::default())),
            happened: Vec::new(),
            tails: BTreeMap::new(),
            events: 0,
        }
    }

    pub async fn happen(&mut self, happened: Happened) {
        self.happened.push(happened);
        self.events += 1;
        let (stream, event) = event(happened, self.events);
        self.append(stream, event, happened.store, happened.at).await;
    }

    pub async fn all(&mut self, happened: &[Happened]) {
        for &happened in happened {
            self.happen(happened).await;
        }
    }

    async fn append(&mut self, stream: String, event: Event, of: u64, occurred_at: Timestamp) {
        let stream = StreamName::new(stream);
        let event_id = id(9, self.events);
        let to_append = ToAppend {
            id: event_id,
            event,
            metadata: Metadata {
                schema_version: 1,
                store_id: store(of),
                occurred_at,
                actor: Actor::System,
                request_id: None,
                idempotency: None,
                causation_id: None,
                correlation_id: event_id,
                prev: None,
            },
        };
        let tail = self.tails.get(&stream).copied().unwrap_or_default();
        let written = self.journal.append(&stream, tail, &[to_append]).await.unwrap();
        self.tails.insert(stream, written.tail);
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
        self.journal.log().append(&stream, none, vec![event]).await.unwrap();
    }
}

/// What happened, as an event; `number` makes ids that are used once.
fn event(happened: Happened, number: u64) -> (String, Event) {
    let of = store(happened.store);
    let cents = |amount| Cents::new(amount).unwrap();
    let customer = |number: u64| CustomerId(id(4, happened.store * 1_000_000 + number));
    let cart = CartId(id(5, number));
    let cart_stream = format!("cart-{}", customer(0));
    match happened.what {
        What::Added { product: added, quantity } => {
            let event = CartItemAdded {
                cart_id: cart,
                cart_item_id: CartItemId(id(6, number)),
                product_id: product(added),
                product_title: "Chair".to_owned(),
                product_vendor: "Carpenter".to_owned(),
                product_type: "Furniture".to_owned(),
                unit_amount_in_cents: cents(1_000),
                quantity,
                line_quantity: quantity,
            };
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
                    currency: "EUR".parse().unwrap(),
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
            let event = InvoiceIssued {
                invoice_id: InvoiceId(id(7, number)),
                store_id: of,
                customer_id: customer(0),
                cart_id: cart,
                currency: "EUR".parse().unwrap(),
                lines: Vec::new(),
                coupon: None,
                gift_card_spends: Vec::new(),
                credit_redemptions: Vec::new(),
                total_amount_in_cents: cents(total),
                discount_amount_in_cents: cents(0),
                tax_amount_in_cents: cents(0),
                gift_card_used_amount_in_cents: cents(0),
                credit_used_amount_in_cents: cents(0),
                amount_due_in_cents: cents(total),
            };
            (format!("invoice-{}", id(7, number)), Event::Invoice(event.into()))
        }
        What::Failed => {
            let event = InvoiceFailed { customer_id: customer(0), cart_id: cart };
            (format!("invoice-{}", id(7, number)), Event::Invoice(event.into()))
        }
        What::Registered => {
            let new = CustomerId(id(11, number));
            let event = CustomerCreated {
                customer_id: new,
                store_id: of,
                currency: "EUR".parse().unwrap(),
                email_id: EmailId(id(12, number)),
                claim_id: ClaimId(id(13, number)),
                credential_id: CredentialId(id(14, number)),
                addresses: Vec::new(),
                personal: PersonalData::default().into(),
            };
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

/// Every answer for one store at one time.
#[derive(Debug, PartialEq)]
pub struct Answers {
    pub top: Vec<Vec<(ProductId, u64)>>,
    pub invoice_amount: i64,
    pub top_coupon: Option<(CouponId, u64)>,
    pub new_customers: u64,
    pub log_ins: u64,
}

pub const TOP: usize = 5;

/// As the windows answer.
pub async fn answers(windows: &Windows, of: u64, timezone: Tz, now: Timestamp) -> Answers {
    let mut top = Vec::new();
    for window in Window::ALL {
        let items = windows.top_cart_items(store(of), timezone, window, TOP, now).await;
        top.push(items.unwrap());
    }
    Answers {
        top,
        invoice_amount: windows.invoice_amount(store(of), now).await.unwrap(),
        top_coupon: windows.top_coupon(store(of), now).await.unwrap(),
        new_customers: windows.new_customers(store(of), timezone, now).await.unwrap(),
        log_ins: windows.customer_logins(store(of), now).await.unwrap(),
    }
}

/// As a count over all that ever happened answers: no buckets, no batches, and days by the calendar alone.
pub fn naive(all: &[Happened], of: u64, timezone: Tz, now: Timestamp) -> Answers {
    let events: Vec<&Happened> = all.iter().filter(|event| event.store == of).collect();
    let date = |time: Timestamp| timezone.from_utc_datetime(&time.to_utc().naive_utc()).date_naive();
    // What is at most a day ahead of the clock counts as if it were now.
    let begun = |event: &Happened| Minute::of(event.at) <= Minute::of(now.plus(TimeDelta::hours(24)));
    let last =
        |event: &Happened, length: TimeDelta| begun(event) && Minute::of(event.at) >= Minute::of(now.minus(length));
    let today = |event: &Happened| begun(event) && (date(event.at) == date(now) || event.at > now);
    let within = |event: &Happened, window: Window| match window {
        Window::Day => today(event),
        Window::LastHour => last(event, TimeDelta::hours(1)),
        Window::Last24Hours => last(event, TimeDelta::hours(24)),
        Window::Last7Days => last(event, TimeDelta::days(7)),
    };
    let two_hours = |event: &&&Happened| last(event, TimeDelta::hours(2));
    let top = Window::ALL
        .into_iter()
        .map(|window| {
            let adds = events.iter().filter(|event| within(event, window));
            let adds = adds.filter_map(|event| match event.what {
                What::Added { product: added, quantity } => Some((product(added), u64::from(quantity))),
                _ => None,
            });
            largest(adds, TOP)
        })
        .collect();
    let coupons = events.iter().filter(two_hours).filter_map(|event| match event.what {
        What::Billed { coupon: Some(used) } => Some((coupon(used), 1)),
        _ => None,
    });
    let amounts = events.iter().filter(two_hours).map(|event| match event.what {
        What::Invoiced { cents } => cents,
        _ => 0,
    });
    // Of a customer's log-ins of one day (UTC) the last one is kept: one that a clock stamped far ahead hides those before it.
    let day = |event: &Happened| event.at.to_utc().date_naive();
    let hidden = |event: &Happened| {
        events.iter().any(|later| later.what == event.what && day(later) == day(event) && later.at > event.at)
    };
    let customers: BTreeSet<u64> = events
        .iter()
        .filter(|event| !hidden(event))
        .filter(|event| event.at > now.minus(TimeDelta::hours(24)) && event.at <= now.plus(TimeDelta::hours(24)))
        .filter_map(|event| match event.what {
            What::LoggedIn { customer } => Some(customer),
            _ => None,
        })
        .collect();
    Answers {
        top,
        invoice_amount: amounts.sum(),
        top_coupon: largest(coupons, 1).first().copied(),
        new_customers: events.iter().filter(|event| today(event) && event.what == What::Registered).count() as u64,
        log_ins: customers.len() as u64,
    }
}

fn largest<K: Ord + Copy>(counts: impl Iterator<Item = (K, u64)>, n: usize) -> Vec<(K, u64)> {
    let mut sums: BTreeMap<K, u64> = BTreeMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    let mut sums: Vec<(K, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|&(key, sum)| (std::cmp::Reverse(sum), key));
    sums.truncate(n);
    sums
}

/// Turns what would hang for ever, were a rule broken, into a failure; nothing waits for this time.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, future).await.expect("it never ended")
}
