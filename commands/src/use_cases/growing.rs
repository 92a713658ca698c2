//! Adding to a cart: the stock is held first, fenced by the cart's revision, then the cart's stream says so.

use super::cart_steps::{ATTEMPTS, after_change, cart_refused};
use super::{billing, holds};
use crate::executor::Refused;
use crate::session::{Session, refused};
use crate::{CommandError, Done, Resource};
use domain::cart::{Cart, CartCommand, CartRejection, ItemToAdd};
use domain::limits::MAX_LINE_QUANTITY;
use domain::product::{Product, ProductCommand, ProductRejection};
use domain::{CartId, CustomerId, ProductId, Rejection};

/// The cart as it was read: what a command that grows it builds on.
struct CartToGrow {
    /// The number of events in the cart's stream: the fence.
    length: u64,
    cart_id: Option<CartId>,
    /// Of the wanted products, in their order.
    quantities: Vec<u32>,
    shut: bool,
    being_billed: bool,
}

/// Why stock could not be held.
enum NotHeld {
    /// The cart moved: start again.
    Stale,
    Refused(CommandError),
}

/// Adds all items or none.
pub(super) async fn add(
    session: &Session,
    customer: CustomerId,
    items: Vec<(ProductId, u32)>,
) -> Result<Done<CartId>, CommandError> {
    let wanted = added_up(items);
    let store_id = session.store_id();
    let new_line_quantities = |read: &CartToGrow| add_to_lines(&wanted, &read.quantities);
    let command = |cart_id: CartId, items: Vec<ItemToAdd>| CartCommand::AddItems {
        cart_id,
        customer_id: customer,
        store_id,
        items,
    };
    grow(session, customer, &wanted, new_line_quantities, command).await
}

/// Sets one line's quantity; holds more first when it rises, gives back afterwards when it falls.
pub(super) async fn set(
    session: &Session,
    customer: CustomerId,
    product: ProductId,
    quantity: u32,
) -> Result<Done<CartId>, CommandError> {
    let to_quantity = |read: &CartToGrow| match read.quantities.first() {
        Some(has) if *has > 0 && quantity <= MAX_LINE_QUANTITY => Ok(vec![quantity]),
        // The cart's rules will refuse it: nothing needs to be held.
        Some(_) | None => Ok(read.quantities.clone()),
    };
    let command = |_, _| CartCommand::SetQuantity { product_id: product, quantity };
    grow(session, customer, &[(product, quantity)], to_quantity, command).await
}

/// Holds what the lines will have, then says so on the cart's stream; starts again when the cart moved in between.
async fn grow(
    session: &Session,
    customer: CustomerId,
    wanted: &[(ProductId, u32)],
    line_quantities: impl Fn(&CartToGrow) -> Result<Vec<u32>, CommandError>,
    command: impl Fn(CartId, Vec<ItemToAdd>) -> CartCommand,
) -> Result<Done<CartId>, CommandError> {
    let _turn = session.node.cart_locks.lock(customer).await;
    let mut held: Vec<(CartId, ProductId)> = Vec::new();
    for _ in 0..ATTEMPTS {
        if let Some(executed) = session.recall::<Cart>(&customer).await? {
            give_back(session, customer, &held, None).await;
            return after_change(session, customer, executed).await;
        }
        let read = read(session, customer, wanted).await?;
        if read.being_billed {
            billing::finish_under_way(session, customer).await?;
            continue;
        }
        let cart_id = read.cart_id.unwrap_or_else(|| CartId(session.new_id(&format!("cart at {}", read.length))));
        let outcome = match (read.shut, line_quantities(&read)) {
            (true, _) => Err(NotHeld::Refused(CommandError::NotFound(Resource::Customer))),
            (false, Err(error)) => Err(NotHeld::Refused(error)),
            (false, Ok(quantities)) => {
                hold_all(session, customer, cart_id, &read, wanted, &quantities, &mut held).await
            }
        };
        let items = match outcome {
            Ok(items) => items,
            Err(NotHeld::Stale) => continue,
            Err(NotHeld::Refused(error)) => {
                give_back(session, customer, &held, Some(cart_id)).await;
                return Err(error);
            }
        };
        match session.decide_at::<Cart>(&customer, read.length, command(cart_id, items)).await {
            Ok(executed) => {
                let strays: Vec<_> =
                    held.iter().copied().filter(|(cart, _)| executed.replayed || *cart != cart_id).collect();
                give_back(session, customer, &strays, None).await;
                return after_change(session, customer, executed).await;
            }
            Err(Refused::Moved { .. } | Refused::Rejected(CartRejection::BillingUnderWay { .. })) => {}
            // Whether it was appended is not known: what is held stays until recovery has looked.
            Err(Refused::Failed(failure)) => {
                let error = CommandError::from(failure);
                // But for this one, which the log refused.
                if matches!(error, CommandError::TooLarge { .. }) {
                    give_back(session, customer, &held, Some(cart_id)).await;
                }
                return Err(error);
            }
            Err(other) => {
                give_back(session, customer, &held, Some(cart_id)).await;
                return Err(cart_refused(other));
            }
        }
    }
    give_back(session, customer, &held, None).await;
    Err(CommandError::Busy)
}

async fn read(
    session: &Session,
    customer: CustomerId,
    wanted: &[(ProductId, u32)],
) -> Result<CartToGrow, CommandError> {
    let products: Vec<ProductId> = wanted.iter().map(|(product, _)| *product).collect();
    let look = move |loaded: &crate::executor::Loaded<Cart>| {
        let current = loaded.state.current();
        let quantity =
            |product: &ProductId| current.and_then(|cart| cart.item(*product)).map_or(0, |item| item.quantity);
        CartToGrow {
            length: loaded.tail.length,
            cart_id: current.map(|cart| cart.cart_id),
            quantities: products.iter().map(quantity).collect(),
            shut: matches!(loaded.state, Cart::Shut { .. }),
            being_billed: loaded.state.billing().is_some(),
        }
    };
    session.node.carts().read(&customer, look).await
}

/// Holds each product for the cart, in order; what was held stands in `held` whatever happens.
async fn hold_all(
    session: &Session,
    customer: CustomerId,
    cart_id: CartId,
    read: &CartToGrow,
    wanted: &[(ProductId, u32)],
    quantities: &[u32],
    held: &mut Vec<(CartId, ProductId)>,
) -> Result<Vec<ItemToAdd>, NotHeld> {
    let mut items = Vec::with_capacity(wanted.len());
    for (((product, added), quantity), has) in wanted.iter().zip(quantities).zip(&read.quantities) {
        if quantity <= has {
            continue;
        }
        let hold = ProductCommand::HoldStock {
            cart_id,
            customer_id: customer,
            cart_revision: read.length,
            quantity: *quantity,
        };
        let (product_id, quantity) = (*product, *added);
        let look = move |product: &Product| {
            product.known().map(|known| ItemToAdd {
                product_id,
                product_title: known.title.clone(),
                product_vendor: known.vendor.clone(),
                product_type: known.product_type.clone(),
                unit_amount_in_cents: known.sale_price_in_cents,
                quantity,
            })
        };
        match session.execute_then::<Product, _>(product, hold, look).await {
            Ok((_, Some(item))) => items.push(item),
            Ok((_, None)) | Err(Refused::OtherStore | Refused::Rejected(ProductRejection::ProductNotFound)) => {
                return Err(NotHeld::Refused(CommandError::NotFound(Resource::Product)));
            }
            Err(Refused::Rejected(ProductRejection::StaleHold { .. })) => {
                return Err(NotHeld::Stale);
            }
            Err(other) => return Err(NotHeld::Refused(refused::<Product>(other))),
        }
        held.push((cart_id, *product));
    }
    Ok(items)
}

/// Gives back what was held in vain. `refused`: the cart that nothing will be added to; its stream is moved first, so that any
/// slow command in flight conflicts. What can't be given back now, recovery will.
async fn give_back(session: &Session, customer: CustomerId, held: &[(CartId, ProductId)], refused: Option<CartId>) {
    if held.is_empty() {
        return;
    }
    let session = session.follow_up();
    if let Some(cart_id) = refused {
        let product_ids = held.iter().filter(|(cart, _)| *cart == cart_id).map(|(_, product)| *product).collect();
        if let Err(error) = session.execute::<Cart>(&customer, CartCommand::RefuseItems { cart_id, product_ids }).await
        {
            tracing::debug!(%customer, %error, "a refused add is left to recovery");
        }
    }
    for (cart_id, product) in held {
        if let Err(error) = holds::settle(&session, customer, *cart_id, *product).await {
            tracing::debug!(%customer, %product, %error, "a hold is left to recovery");
        }
    }
}

/// One entry per product, in the order of their first mention.
fn added_up(items: Vec<(ProductId, u32)>) -> Vec<(ProductId, u32)> {
    let mut wanted: Vec<(ProductId, u32)> = Vec::with_capacity(items.len());
    for (product, quantity) in items {
        match wanted.iter_mut().find(|(known, _)| *known == product) {
            Some((_, sum)) => *sum = sum.saturating_add(quantity),
            None => wanted.push((product, quantity)),
        }
    }
    wanted
}

/// What the lines will have; out of range where one passes the largest quantity of a line.
fn add_to_lines(wanted: &[(ProductId, u32)], has: &[u32]) -> Result<Vec<u32>, CommandError> {
    let line = |((product, added), has): (&(ProductId, u32), &u32)| {
        let quantity = has.saturating_add(*added);
        match (1..=MAX_LINE_QUANTITY).contains(&quantity) {
            true => Ok(quantity),
            false => {
                Err(CommandError::Rejected(Rejection::Cart(CartRejection::QuantityOutOfRange { product_id: *product })))
            }
        }
    };
    wanted.iter().zip(has).map(line).collect()
}
