//! Billing a cart. The cart's stream leads: it fixes the terms, the coupon answers, the cart is billed, the wallet is asked,
//! the invoice is issued. Every step is answered once and for ever by the stream it asks, so a repeat, a second node or a
//! restart walks the same way and finds the same answers.

use super::bill_size;
use super::cart_steps::{ATTEMPTS, cart_refused, confirmed};
use super::wallet::issue_invoice;
use crate::error::Defect;
use crate::executor::{Ask, Executed, Refused};
use crate::keys::Keyed;
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, Resource, UnderWay};
use domain::billing::{BilledItem, BilledShipping, BillingTerms, WalletRef};
use domain::cart::{Billing, Cart, CartBilled, CartCommand, CartEvent, CartItem, CartRejection, RequestKey};
use domain::coupon::{Coupon, CouponCommand, CouponRefusal};
use domain::customer::Customer;
use domain::limits::MAX_WALLET;
use domain::product::Product;
use domain::store::{CreditOrder, Store};
use domain::{Cents, CouponId, Currency, CustomerId, InvoiceId, InvoiceLineItemId};

/// What a client may add to a billing.
#[derive(Clone, Debug, Default)]
pub struct BillCart {
    pub coupon: Option<String>,
    pub shipping_amount_in_cents: Option<Cents>,
}

impl Commands {
    /// Bills the open cart and issues its invoice.
    pub fn bill_cart(&self, request: &Request, customer: CustomerId, bill: BillCart) -> UnderWay<InvoiceId> {
        self.run("bill_cart", request, move |session| async move {
            confirmed(&session, customer).await?;
            let _turn = session.node.cart_locks.lock(customer).await;
            for _ in 0..ATTEMPTS {
                if let Some(executed) = session.recall::<Cart>(&customer).await? {
                    return after_billing(&session, executed).await;
                }
                match attempt(&session, customer, &bill).await? {
                    Some(done) => return Ok(done),
                    None => continue,
                }
            }
            Err(CommandError::Busy)
        })
    }
}

/// The cart as it is about to be billed.
enum CartToBill {
    Open { length: u64, items: Vec<CartItem> },
    NotOpen,
    UnderWay,
    Shut,
}

/// Bills the cart as it is now; `None`: it moved, try again.
async fn attempt(
    session: &Session,
    customer: CustomerId,
    bill: &BillCart,
) -> Result<Option<Done<InvoiceId>>, CommandError> {
    let (length, items) = match find(session, customer).await? {
        CartToBill::Shut => return Err(CommandError::NotFound(Resource::Customer)),
        CartToBill::NotOpen => return Err(CommandError::Rejected(CartRejection::NoCartIsOpen.into())),
        CartToBill::UnderWay => {
            finish_under_way(session, customer).await?;
            return Ok(None);
        }
        CartToBill::Open { items, .. } if items.is_empty() => {
            return Err(CommandError::Rejected(CartRejection::CartIsEmpty.into()));
        }
        CartToBill::Open { length, items } => (length, items),
    };
    let terms = terms(session, customer, length, &items, bill.shipping_amount_in_cents).await?;
    bill_size::check(session, &terms)?;
    let invoice_id = InvoiceId(session.new_id(&format!("invoice at {length}")));
    let outcome = match &bill.coupon {
        None => session.decide_at::<Cart>(&customer, length, CartCommand::Bill { invoice_id, terms }).await,
        Some(code) => {
            let coupon_id = usable_coupon(session, customer, code, terms.items_total()?).await?;
            let key = session.idempotency.clone().map(|key| key.idempotency);
            let request = key.map(|key| RequestKey { key: key.key, fingerprint: key.fingerprint });
            let start = CartCommand::StartBilling { invoice_id, coupon_id, terms, request };
            let ask = Ask::of(start, &session.origin).at_length(length);
            session.ask_deciding::<Cart>(&customer, ask).await
        }
    };
    match outcome {
        Ok(executed) if bill.coupon.is_none() => Ok(Some(after_billing(session, executed).await?)),
        Ok(_) => finish(session, customer, invoice_id).await.map(Some),
        Err(Refused::Moved { .. } | Refused::Rejected(CartRejection::BillingUnderWay { .. })) => Ok(None),
        Err(other) => Err(cart_refused(other)),
    }
}

async fn find(session: &Session, customer: CustomerId) -> Result<CartToBill, CommandError> {
    let look = |loaded: &crate::executor::Loaded<Cart>| match &loaded.state {
        Cart::None | Cart::NoneOpen { .. } => CartToBill::NotOpen,
        Cart::Open(cart) => CartToBill::Open { length: loaded.tail.length, items: cart.items.clone() },
        Cart::Billing { .. } => CartToBill::UnderWay,
        Cart::Shut { .. } => CartToBill::Shut,
    };
    session.node.carts().read(&customer, look).await
}

/// All that the billing fixes, read from the streams of the store, the products and the customer, and from the wallet.
async fn terms(
    session: &Session,
    customer: CustomerId,
    length: u64,
    items: &[CartItem],
    shipping: Option<Cents>,
) -> Result<BillingTerms, CommandError> {
    let line_id = |what: String| InvoiceLineItemId(session.new_id(&format!("{what} at {length}")));
    let store = session.store_id();
    let look = |store: &Store| store.live().map(|live| (live.tax_rate_in_basis_points, live.credit_order_preference));
    let (tax_rate_in_basis_points, order) =
        session.look(&store, look).await?.flatten().ok_or(CommandError::Unauthorized)?;
    let currency = session
        .look(&customer, Customer::currency)
        .await?
        .flatten()
        .ok_or(CommandError::NotFound(Resource::Customer))?;
    let mut billed = Vec::with_capacity(items.len());
    for item in items {
        let look = |product: &Product| product.known().map(|known| (known.title.clone(), known.sale_price_in_cents));
        let found = session.look(&item.product_id, look).await?.flatten();
        let (product_title, unit_amount_in_cents) = found.ok_or(CommandError::NotFound(Resource::Product))?;
        billed.push(BilledItem {
            invoice_line_item_id: line_id(format!("line {}", item.cart_item_id)),
            cart_item_id: item.cart_item_id,
            product_id: item.product_id,
            product_title,
            quantity: item.quantity,
            unit_amount_in_cents,
        });
    }
    let shipping = shipping.map(|amount_in_cents| BilledShipping {
        invoice_line_item_id: line_id("shipping".to_owned()),
        amount_in_cents,
    });
    let wallet = wallet(session, customer, currency, order).await?;
    Ok(BillingTerms { currency, items: billed, shipping, tax_rate_in_basis_points, wallet })
}

/// The balances of the invoice's currency, all of one kind before the other, the oldest first; of many the first ones alone.
async fn wallet(
    session: &Session,
    customer: CustomerId,
    currency: Currency,
    order: CreditOrder,
) -> Result<Vec<WalletRef>, CommandError> {
    let parts = &session.node.parts;
    let head = parts.journal.head().await?;
    let entries = parts.lookups.wallet(head, session.store_id(), customer, currency).await?;
    let mut entries: Vec<_> = entries.into_iter().filter(|entry| entry.currency == currency).collect();
    let gift_cards_first = order == CreditOrder::GiftCard;
    entries
        .sort_by_key(|entry| (matches!(entry.balance, WalletRef::GiftCard(_)) != gift_cards_first, entry.created_at));
    Ok(entries.into_iter().map(|entry| entry.balance).take(MAX_WALLET).collect())
}

/// The coupon of the code, unless it is plain already that it will say no: then nothing happens at all.
async fn usable_coupon(
    session: &Session,
    customer: CustomerId,
    code: &str,
    items_total: Cents,
) -> Result<CouponId, CommandError> {
    let coupon = super::coupons::by_code(session, code).await?.ok_or(CommandError::NotFound(Resource::Coupon))?;
    let now = session.node.now();
    let look = move |coupon: &Coupon| coupon.known().map(|known| known.refusal(customer, items_total, now));
    match session.look(&coupon, look).await?.flatten() {
        None => Err(CommandError::NotFound(Resource::Coupon)),
        Some(Some(refusal)) => Err(CommandError::CouponRefused(refusal)),
        Some(None) => Ok(coupon),
    }
}

/// Finishes the billing that waits for its coupon, if there is one: anybody may, any number of times.
pub(crate) async fn finish_under_way(session: &Session, customer: CustomerId) -> Result<(), CommandError> {
    let billing = session.look(&customer, |cart: &Cart| cart.billing().cloned()).await?.flatten();
    let Some(billing) = billing else { return Ok(()) };
    let executed = ask_coupon_and_finish(&session.follow_up(), customer, &billing).await?;
    match billed_event(&executed) {
        Some(billed) => issue_invoice(&session.follow_up(), billed).await,
        None => Ok(()),
    }
}

/// Finishes the request's own billing, and answers it. Its terms are fixed already: from here on, what can't be done now will
/// be done later.
async fn finish(
    session: &Session,
    customer: CustomerId,
    invoice_id: InvoiceId,
) -> Result<Done<InvoiceId>, CommandError> {
    let late = || Done { late: true, ..session.done(invoice_id, false) };
    let same = session.clone();
    let finishing = async move {
        let billing = match same.look(&customer, |cart: &Cart| cart.billing().cloned()).await {
            Ok(billing) => billing.flatten().filter(|billing| billing.invoice_id == invoice_id),
            Err(_) => return Err(CommandError::Busy),
        };
        match billing {
            None => outcome_of(&same, customer, invoice_id).await,
            Some(billing) => match ask_coupon_and_finish(&same, customer, &billing).await {
                Ok(executed) if executed.events.is_empty() => outcome_of(&same, customer, invoice_id).await,
                Ok(executed) => after_billing(&same, executed).await,
                Err(error) => Err(error),
            },
        }
    };
    match session.follow(finishing).await {
        Err(error) if error.will_pass() => Ok(late()),
        settled => settled,
    }
}

/// Asks the coupon, which answers once per invoice, and tells the cart.
async fn ask_coupon_and_finish(
    session: &Session,
    customer: CustomerId,
    billing: &Billing,
) -> Result<Executed<CartEvent>, CommandError> {
    let (invoice_id, items_total) = (billing.invoice_id, billing.terms.items_total()?);
    let redeem = CouponCommand::Redeem { invoice_id, customer_id: customer, items_total };
    let look = move |coupon: &Coupon| coupon.known().and_then(|known| known.answer(invoice_id));
    let (_, answer) =
        session.execute_then::<Coupon, _>(&billing.coupon_id, redeem, look).await.map_err(refused::<Coupon>)?;
    let answer = answer.ok_or_else(|| CommandError::from(Defect::NoAnswer(Resource::Coupon)))?;
    let request = billing.request.as_ref();
    let idempotency = request.map(|request| Keyed::noted(request.key.clone(), request.fingerprint.clone()));
    let longest_title = bill_size::longest_title(session, &billing.terms)?;
    let finish = CartCommand::FinishBilling { invoice_id, answer, longest_title };
    // Only a billing that succeeds has used the key up; after an error it may be used again (api.md §1).
    let idempotency = idempotency.filter(|_| matches!(&finish, CartCommand::FinishBilling { answer: Ok(_), .. }));
    session.ask::<Cart>(&customer, Ask::of(finish, &session.origin).idempotent(idempotency)).await.map_err(cart_refused)
}

/// How a billing ended that somebody else finished.
async fn outcome_of(
    session: &Session,
    customer: CustomerId,
    invoice_id: InvoiceId,
) -> Result<Done<InvoiceId>, CommandError> {
    match find_end(session, customer, invoice_id).await? {
        Some(CartEvent::CartBilled(billed)) => {
            let late = issue_invoice(&session.follow_up(), &billed).await.is_err();
            Ok(Done { late, ..session.done(invoice_id, false) })
        }
        Some(CartEvent::CartBillingRefused(refused)) => Err(CommandError::CouponRefused(refused.reason)),
        Some(_) | None => Ok(Done { late: true, ..session.done(invoice_id, false) }),
    }
}

async fn find_end(
    session: &Session,
    customer: CustomerId,
    invoice_id: InvoiceId,
) -> Result<Option<CartEvent>, CommandError> {
    /// The end of a billing stands near the end of the stream.
    const RECENT: usize = 1_000;
    let recent = session.node.newest_events::<Cart>(&customer, RECENT).await?;
    let ended = |event: &CartEvent| match event {
        CartEvent::CartBilled(billed) => billed.invoice_id == invoice_id,
        CartEvent::CartBillingRefused(refused) => refused.invoice_id == invoice_id,
        _ => false,
    };
    Ok(recent.into_iter().find(ended))
}

/// Answers a billing that the cart's stream has decided.
async fn after_billing(session: &Session, executed: Executed<CartEvent>) -> Result<Done<InvoiceId>, CommandError> {
    if let Some(billed) = billed_event(&executed) {
        let (follow_up, owned) = (session.follow_up(), billed.clone());
        let issuing = async move { issue_invoice(&follow_up, &owned).await };
        let late = match session.follow(issuing).await {
            Ok(()) => false,
            Err(error) => {
                tracing::warn!(invoice = %billed.invoice_id, %error, "the invoice of a billed cart is issued later");
                true
            }
        };
        return Ok(Done { late, ..session.done(billed.invoice_id, executed.replayed) });
    }
    match refusal(&executed) {
        Some(reason) => Err(CommandError::CouponRefused(reason)),
        None => Err(Defect::NoBill.into()),
    }
}

fn billed_event(executed: &Executed<CartEvent>) -> Option<&CartBilled> {
    executed.events.iter().find_map(|event| match event {
        CartEvent::CartBilled(billed) => Some(billed),
        _ => None,
    })
}

fn refusal(executed: &Executed<CartEvent>) -> Option<CouponRefusal> {
    executed.events.iter().find_map(|event| match event {
        CartEvent::CartBillingRefused(refused) => Some(refused.reason),
        _ => None,
    })
}
