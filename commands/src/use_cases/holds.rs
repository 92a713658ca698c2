//! What a cart holds of a product, brought back in line with what the cart has.
//!
//! Stock is held before a cart grows and given back after it shrinks, so at any moment at least as much is held as carts
//! have. What a refused add, a shrunken cart or a crash left held too much is lowered here, fenced by the cart's stream:
//! a hold is lowered only at a revision of the cart that is newer than the hold's (design in ARCHITECTURE.md, 'Stock').

use crate::CommandError;
use crate::executor::Refused;
use crate::session::{Session, refused};
use domain::cart::{Cart, CartBilled, CartCommand, CartEvent, CartRejection, LastCart};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::order::{Order, OrderStatus};
use domain::product::{Product, ProductCommand, ProductRejection};
use domain::{CartId, CustomerId, OrderId, ProductId};
use eventlog::StreamName;
use journal::Tail;

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

/// What the cart has of the product, as the log says now.
async fn entitled(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    product: ProductId,
) -> Result<Entitled, CommandError> {
    let look = move |loaded: &crate::executor::Loaded<Cart>| {
        let known = match &loaded.state {
            Cart::Open(cart) | Cart::Billing { cart, .. } if cart.cart_id == cart_id => {
                Known::Quantity(cart.item(product).map_or(0, |item| item.quantity))
            }
            Cart::NoneOpen { last: LastCart::Closed { cart_id: closed }, .. } if *closed == cart_id => {
                Known::Quantity(0)
            }
            Cart::None | Cart::NoneOpen { .. } | Cart::Open(_) | Cart::Billing { .. } | Cart::Shut { .. } => {
                Known::Earlier
            }
        };
        (loaded.tail.length, known)
    };
    let (length, known) = session.inner.carts().read(&customer, look).await?;
    let quantity = match known {
        Known::Quantity(quantity) => quantity,
        Known::Earlier => match billed(session, customer, cart_id).await? {
            Some(billed) => still_held(session, &billed, product).await?,
            None => 0,
        },
    };
    Ok(Entitled { length, quantity })
}

enum Known {
    Quantity(u32),
    /// Not the current cart: its own events tell.
    Earlier,
}

/// The event by which the cart was billed, if it was.
pub(crate) async fn billed(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
) -> Result<Option<CartBilled>, CommandError> {
    const PAGE: usize = 500;
    let stream = StreamName::new(format!("{}-{customer}", domain::Category::Cart));
    let mut tail = Tail::default();
    loop {
        let slice =
            session.inner.parts.journal.read_stream(&stream, tail, PAGE).await.map_err(crate::error::log_away)?;
        let count = slice.events.len();
        for envelope in slice.events {
            if let domain::Event::Cart(CartEvent::CartBilled(billed)) = envelope.event
                && billed.cart_id == cart_id
            {
                return Ok(Some(billed));
            }
        }
        if count < PAGE {
            return Ok(None);
        }
        tail = slice.tail;
    }
}

/// What a billed cart still holds: all that was billed, until its invoice failed or its order was shipped or canceled.
async fn still_held(session: &Session, billed: &CartBilled, product: ProductId) -> Result<u32, CommandError> {
    let status = session
        .look(&billed.invoice_id, |invoice: &Invoice| invoice.known().map(|known| known.status))
        .await?
        .flatten();
    let order = OrderId::of_invoice(billed.invoice_id);
    let order = session.look(&order, |order: &Order| order.known().map(|known| known.status)).await?.flatten();
    let settled = matches!(status, Some(InvoiceStatus::Failed))
        || matches!(order, Some(OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Canceled));
    if settled {
        return Ok(0);
    }
    Ok(billed.terms.items.iter().filter(|item| item.product_id == product).map(|item| item.quantity).sum())
}
