//! What is counted, and how much of it an event adds: the definitions of the metrics, from the event alone.
//!
//! Everything counts at the event's `occurred_at`, and nothing is ever taken back: removals, failed and refunded invoices
//! and given back coupons change no metric (api.md §11). What doesn't live here: windows, and where counts are kept.

use domain::cart::CartEvent;
use domain::customer::CustomerEvent;
use domain::invoice::InvoiceEvent;
use domain::{Category, Cents, CouponId, CustomerId, Event, ProductId};
use journal::Envelope;
use uuid::Uuid;

/// A metric that sums up in buckets. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// How much of a product was put into carts; by product.
    CartAdds = 1,
    /// The invoices' totals, in cents.
    InvoiceAmount = 2,
    /// How often a coupon was used; by coupon.
    CouponUses = 3,
    NewCustomers = 4,
}

/// What one event adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Increment {
    /// `amount` more of the metric, for the thing that it counts by; nil where it counts by none.
    Count { metric: Metric, key: Uuid, amount: u64 },
    /// The customer logged in. Only the last time counts, so this is no sum.
    LogIn(CustomerId),
}

/// An event in a stream that is not named as its kind is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream names no customer")]
pub struct Misplaced;

/// What the event adds to its store's metrics, if anything.
pub fn increment(envelope: &Envelope) -> Result<Option<Increment>, Misplaced> {
    Ok(match &envelope.event {
        Event::Cart(event) => of_cart(event),
        Event::Invoice(event) => of_invoice(event),
        Event::Customer(event) => return of_customer(event, envelope.stream.as_str()),
        Event::Store(_)
        | Event::Product(_)
        | Event::Order(_)
        | Event::GiftCard(_)
        | Event::Credit(_)
        | Event::Coupon(_)
        | Event::Claim(_)
        | Event::Remembered(_) => None,
    })
}

fn cart_adds(product: ProductId, quantity: u32) -> Increment {
    Increment::Count { metric: Metric::CartAdds, key: product.0, amount: quantity.into() }
}

fn invoice_amount(total: Cents) -> Increment {
    Increment::Count {
        metric: Metric::InvoiceAmount,
        key: Uuid::nil(),
        // Never negative: that is what `Cents` is for.
        amount: total.get().unsigned_abs(),
    }
}

fn coupon_use(coupon: CouponId) -> Increment {
    Increment::Count { metric: Metric::CouponUses, key: coupon.0, amount: 1 }
}

const NEW_CUSTOMER: Increment = Increment::Count { metric: Metric::NewCustomers, key: Uuid::nil(), amount: 1 };

/// A coupon's use counts when the cart is billed (api.md §10): that is the event that says so for ever, while the coupon's
/// own answer may still wait for the rest of the billing.
fn of_cart(event: &CartEvent) -> Option<Increment> {
    match event {
        CartEvent::CartItemAdded(added) => Some(cart_adds(added.product_id, added.quantity)),
        CartEvent::CartBilled(billed) => billed.coupon.as_ref().map(|used| coupon_use(used.coupon_id)),
        CartEvent::CartOpened(_)
        | CartEvent::CartItemQuantitySet(_)
        | CartEvent::CartItemRemoved(_)
        | CartEvent::CartClosed(_)
        | CartEvent::CartItemsRefused(_)
        | CartEvent::CartHoldsRevoked(_)
        | CartEvent::CartBillingStarted(_)
        | CartEvent::CartBillingRefused(_)
        | CartEvent::CartStreamShut(_) => None,
    }
}

fn of_invoice(event: &InvoiceEvent) -> Option<Increment> {
    match event {
        InvoiceEvent::InvoiceIssued(issued) => Some(invoice_amount(issued.total_amount_in_cents)),
        InvoiceEvent::InvoiceCollected(_)
        | InvoiceEvent::InvoiceFailed(_)
        | InvoiceEvent::RefundIssued(_)
        | InvoiceEvent::RefundsClosed(_) => None,
    }
}

fn of_customer(event: &CustomerEvent, stream: &str) -> Result<Option<Increment>, Misplaced> {
    match event {
        CustomerEvent::CustomerCreated(_) => Ok(Some(NEW_CUSTOMER)),
        CustomerEvent::CustomerLoggedIn(_) => match Category::of_stream(stream) {
            Some((Category::Customer, id)) => {
                let customer = id.parse().map_err(|_| Misplaced)?;
                Ok(Some(Increment::LogIn(customer)))
            }
            _ => Err(Misplaced),
        },
        CustomerEvent::CustomerRenamed(_)
        | CustomerEvent::CustomerCurrencyChanged(_)
        | CustomerEvent::CustomerPasswordChanged(_)
        | CustomerEvent::CustomerEmailAdded(_)
        | CustomerEvent::CustomerEmailMadePrimary(_)
        | CustomerEvent::CustomerEmailRemoved(_)
        | CustomerEvent::CustomerAddressAdded(_)
        | CustomerEvent::CustomerAddressChanged(_)
        | CustomerEvent::CustomerAddressMarked(_)
        | CustomerEvent::CustomerAddressRemoved(_)
        | CustomerEvent::CustomerLoggedOut(_)
        | CustomerEvent::CustomerTokenIssued(_)
        | CustomerEvent::CustomerConfirmationRequested(_)
        | CustomerEvent::CustomerConfirmed(_)
        | CustomerEvent::CustomerDeleted(_)
        | CustomerEvent::CustomerClaimGivenUp(_) => Ok(None),
    }
}
