//! What a cart holds of a product, brought back in line with what the cart has.
//!
//! Stock is held before a cart grows and given back after it shrinks, so at any moment at least as much is held as carts
//! have. What a refused add, a shrunken cart or a crash left held too much is lowered here, fenced by the cart's stream:
//! a hold is lowered only at a revision of the cart that is newer than the hold's (design in ARCHITECTURE.md, 'Stock').

use crate::error::{CommandError, Defect};
use crate::executor::Refused;
use crate::session::{Session, refused};
use crate::streams::stream_of;
use domain::cart::{Cart, CartBilled, CartCommand, CartEvent, CartRejection, Ending};
use domain::invoice::{Invoice, InvoiceStatus, KnownInvoice};
use domain::order::{Order, OrderStatus};
use domain::past::{Fact, PastQuestion};
use domain::product::{Product, ProductCommand, ProductRejection};
use domain::{CartId, CustomerId, InvoiceId, OrderId, ProductId};
use eventlog::Position;

/// How often a hold is looked at again because the cart moved meanwhile.
const ATTEMPTS: usize = 50;

/// What a cart's stream says of one cart and product.
struct Entitled {
    /// The number of events in the cart's stream when it was read.
    length: u64,
    quantity: u32,
}

/// Lowers what `cart_id` holds of the product to what the cart has; never raises it. Safe at any time, any number of times,
/// on any node.
pub(crate) async fn settle(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    product: ProductId,
) -> Result<(), CommandError> {
    let hold = move |product: &Product| product.known().and_then(|known| known.holds.get(&cart_id).copied());
    for _ in 0..ATTEMPTS {
        // Mostly it was given back long ago, and what the cart has need not be read.
        if session.look(&product, hold).await?.flatten().is_none() {
            return Ok(());
        }
        let entitled = entitled(session, customer, cart_id, product).await?;
        let hold = session.look(&product, hold).await?.flatten();
        let Some(hold) = hold.filter(|hold| hold.quantity > entitled.quantity) else { return Ok(()) };
        if hold.cart_revision >= entitled.length {
            // A slow command may still append at this revision: the stream is moved first, so that it conflicts.
            revoke(session, customer, cart_id, product, entitled.length).await?;
            continue;
        }
        let lower = ProductCommand::LowerHold { cart_id, cart_revision: entitled.length, quantity: entitled.quantity };
        match session.execute::<Product>(&product, lower).await {
            Ok(_) => return Ok(()),
            Err(Refused::Rejected(ProductRejection::StaleHold { .. })) => {}
            Err(other) => return Err(refused::<Product>(other)),
        }
    }
    Err(CommandError::Busy)
}

/// Moves the cart's stream if it still has `length` events. A stream that is shut accepts nothing any more, so nothing slow
/// can get in either.
async fn revoke(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    product: ProductId,
    length: u64,
) -> Result<(), CommandError> {
    let command = CartCommand::RevokeHolds { cart_id, product_ids: vec![product] };
    let ask = crate::executor::Ask::of(command, &session.origin).at_length(length);
    match session.ask::<Cart>(&customer, ask).await {
        Ok(_) | Err(Refused::Moved { .. } | Refused::Rejected(CartRejection::CustomerDeleted)) => Ok(()),
        Err(other) => Err(refused::<Cart>(other)),
    }
}

/// What the cart has of the product, as the log says now. Costs the same however many carts the customer had.
async fn entitled(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    product: ProductId,
) -> Result<Entitled, CommandError> {
    let look = move |loaded: &crate::executor::Loaded<Cart>| {
        let known = match loaded.state.current().filter(|cart| cart.cart_id == cart_id) {
            Some(cart) => LineInCart::Open { quantity: cart.item(product).map_or(0, |item| item.quantity) },
            None => LineInCart::Not { ending: loaded.state.ending(cart_id), position: loaded.position },
        };
        (loaded.tail.length, known)
    };
    let (length, known) = session.node.carts().read(&customer, look).await?;
    let quantity = match known {
        LineInCart::Open { quantity } => quantity,
        LineInCart::Not { ending: Ending::Closed | Ending::Never, .. } => 0,
        LineInCart::Not { ending: Ending::Billed(invoice), position } => {
            still_held(session, customer, cart_id, invoice, position, product).await?
        }
        LineInCart::Not { ending: Ending::NotKept, position } => {
            match ended_cart(session, customer, cart_id, position).await? {
                Some((Some(invoice), _)) => still_held(session, customer, cart_id, invoice, position, product).await?,
                Some((None, _)) | None => 0,
            }
        }
    };
    Ok(Entitled { length, quantity })
}

enum LineInCart {
    Open {
        quantity: u32,
    },
    /// Not the current cart. `position` is of the last event that was looked at.
    Not {
        ending: Ending,
        position: Position,
    },
}

/// What a billed cart still holds: all that was billed, until its invoice failed or its order was shipped or canceled.
async fn still_held(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    invoice_id: InvoiceId,
    position: Position,
    product: ProductId,
) -> Result<u32, CommandError> {
    let order = OrderId::of_invoice(invoice_id);
    let order = session.look(&order, |order: &Order| order.known().map(|known| known.status)).await?.flatten();
    if matches!(order, Some(OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Canceled)) {
        return Ok(0);
    }
    let look = move |invoice: &Invoice| invoice.known().map(|known| invoiced(known, product));
    match session.look(&invoice_id, look).await?.flatten() {
        Some(quantity) => Ok(quantity),
        // Not issued yet: the cart's own event tells.
        None => {
            let billed = billed(session, customer, cart_id, position).await?;
            Ok(billed.terms.items.iter().filter(|item| item.product_id == product).map(|item| item.quantity).sum())
        }
    }
}

fn invoiced(invoice: &KnownInvoice, product: ProductId) -> u32 {
    if invoice.status == InvoiceStatus::Failed {
        return 0;
    }
    let of_product = invoice.lines.iter().filter(|line| line.line.product_id == Some(product));
    of_product.map(|line| line.line.quantity).sum()
}

/// The event by which the cart was billed.
async fn billed(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    position: Position,
) -> Result<CartBilled, CommandError> {
    let damaged = || CommandError::from(Defect::BilledByNothing);
    let (_, revision) = ended_cart(session, customer, cart_id, position).await?.ok_or_else(damaged)?;
    match session.node.event_at::<Cart>(&customer, revision).await? {
        Some(CartEvent::CartBilled(billed)) if billed.cart_id == cart_id => Ok(billed),
        Some(_) | None => Err(damaged()),
    }
}

/// How the cart ended by then, and the revision of the event that ended it.
async fn ended_cart(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    position: Position,
) -> Result<Option<(Option<InvoiceId>, u64)>, CommandError> {
    let asked = PastQuestion::EndedCart { cart_id };
    let fact = session.node.parts.lookups.past(position, &stream_of::<Cart>(&customer), &asked).await?;
    Ok(fact.and_then(|fact| match fact {
        Fact::EndedCart { invoice_id, revision } => Some((invoice_id, revision)),
        _ => None,
    }))
}
