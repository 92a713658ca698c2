//! Carts (api.md §5).

use super::{Answer, require_customer};
use crate::answers::cart::{Cart, CartAnswer, CartList, Offer};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::requests::as_of::AsOf;
use crate::requests::cart::{AddQuantity, CartParams, CartProducts, NewCartItems, SetQuantity};
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::glance::Glance;
use crate::wire::paging::{CursorParams, Paging};
use crate::wire::path_id::parse_id;
use commands::{CommandError, Done};
use domain::cart::CartRejection;
use domain::{CartId, CustomerId, ProductId, Rejection, StoreId};
use http::StatusCode;
use projections::AnyViews;
use projections::views::CartRow;
use std::collections::HashMap;
use std::sync::Arc;

/// Carts with what their products are called and cost today.
async fn of_today(views: &AnyViews, store: StoreId, rows: &[Arc<CartRow>]) -> Result<Vec<Cart>, Problem> {
    let mut products: Vec<ProductId> =
        rows.iter().flat_map(|row| row.items.iter().map(|item| item.product_id)).collect();
    products.sort_unstable();
    products.dedup();
    let show = |offers: &HashMap<ProductId, Offer<'_>>| {
        rows.iter().map(|row| Cart::new(row, |item| offers.get(&item.product_id).copied())).collect()
    };
    match views {
        _ if products.is_empty() => Ok(show(&HashMap::new())),
        AnyViews::Now(views) => {
            let found = views.products_by_ids(store, &products).await?;
            Ok(show(&found.iter().flatten().map(|row| (row.product_id, Offer::of_today(row))).collect()))
        }
        AnyViews::At(views) => {
            let found = views.offers(store, &products).await?;
            Ok(show(&found.iter().flatten().map(|row| (row.product_id, Offer::of_then(row))).collect()))
        }
    }
}

async fn found_of_today(
    views: &AnyViews,
    store: StoreId,
    row: Option<Arc<CartRow>>,
) -> Result<Option<(u64, Cart)>, Problem> {
    let Some(row) = row else { return Ok(None) };
    let revision = row.revision;
    let carts = of_today(views, store, &[row]).await?;
    Ok(carts.into_iter().next().map(|cart| (revision, cart)))
}

/// The customer's open cart.
pub(super) async fn find_open(
    glance: &Glance,
    store: StoreId,
    customer: CustomerId,
) -> Result<Option<(u64, Cart)>, Problem> {
    let views = &glance.views;
    found_of_today(views, store, views.open_cart(store, customer).await?).await
}

async fn show(api: &Api, store: StoreId, cart: CartId) -> Result<Option<Single>, Problem> {
    let views = AnyViews::Now(api.parts.views.clone());
    let found = found_of_today(&views, store, views.cart(store, cart).await?).await?;
    Ok(found.map(|(revision, cart)| Single::at(revision, &CartAnswer::new(cart))))
}

/// The answer to every command on a cart.
async fn answer(call: &Call, status: StatusCode, customer: CustomerId, done: Done<CartId>) -> Answer {
    let cart = done.outcome;
    let ids = [("customer_id", customer.to_string()), ("cart_id", cart.to_string())];
    let shown = show(&call.api, call.store_id(), cart);
    Ok(match status {
        StatusCode::CREATED => call.created(&format!("/customer/{customer}/cart"), done, ids, shown).await,
        status => call.done(status, done, ids, shown).await,
    })
}

/// The open cart
///
/// What products are called and cost is today's.
#[utoipa::path(
    get, path = "", operation_id = "getCart", tag = "Cart", params(AsOf),
    responses((status = 200, description = "The open cart", body = CartAnswer)),
    extensions(("x-errors" = json!(["NO_CART_IS_OPEN"])))
)]
pub async fn open(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    match find_open(&glance, call.store_id(), customer).await? {
        Some((revision, cart)) => Ok(call.glanced(&glance, Single::at(revision, &CartAnswer::new(cart)))),
        None => {
            require_customer(&glance, call.store_id(), customer).await?;
            Err(Problem::of(Code::NoCartIsOpen))
        }
    }
}

/// Lists all of the customer's carts, newest first
///
/// Open, closed and billed ones.
#[utoipa::path(
    get, path = "", operation_id = "listCarts", tag = "Cart", params(CartParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = CartList))
)]
pub async fn list(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let (params, as_of, paging) = call.parts.params::<(CartParams, AsOf, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let glance = call.glance(&as_of).await?;
    require_customer(&glance, call.store_id(), customer).await?;
    let page = glance.views.carts(call.store_id(), customer, params.state, &request).await?;
    let carts = of_today(&glance.views, call.store_id(), &page.items).await?;
    Ok(call.glanced_page::<CartList, _>(&glance, &paging, page.with(carts), |cart| cart))
}

/// Opens a new cart
///
/// An open one is closed first.
#[utoipa::path(
    post, path = "", operation_id = "openCart", tag = "Cart",
    responses((status = 201, description = "The new cart", body = CartAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_IS_NOT_CONFIRMED"])))
)]
pub async fn create(call: Call) -> Answer {
    let customer = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().open_cart(&call.request()?, customer).await?;
    answer(&call, StatusCode::CREATED, customer, done).await
}

/// Closes the open cart
///
/// What it holds goes back into inventory.
#[utoipa::path(
    delete, path = "", operation_id = "closeCart", tag = "Cart",
    responses((status = 200, description = "The closed cart", body = CartAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_IS_NOT_CONFIRMED", "NO_CART_IS_OPEN"])))
)]
pub async fn close(call: Call) -> Answer {
    let customer = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().close_cart(&call.request()?, customer).await?;
    answer(&call, StatusCode::OK, customer, done).await
}

/// Adds a product
///
/// Opens a cart if none is open. Adding again adds to the quantity.
#[utoipa::path(
    post, path = "", operation_id = "addCartItem", tag = "Cart", request_body = Option<AddQuantity>,
    responses((status = 201, description = "The cart", body = CartAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_IS_NOT_CONFIRMED", "INSUFFICIENT_INVENTORY", "CART_IS_FULL"])))
)]
pub async fn add_item(call: Call) -> Answer {
    let (customer, product) = (call.parts.id()?, call.parts.id()?);
    let ((), body) = call.parts.params_and_body::<(), AddQuantity>()?;
    let items = vec![(product, body.quantity.unwrap_or(1))];
    let done = call.commands().add_to_cart(&call.request_with_body()?, customer, items).await?;
    answer(&call, StatusCode::CREATED, customer, done).await
}

/// Adds products, all or none
///
/// A product named twice adds up.
#[utoipa::path(
    post, path = "", operation_id = "addCartItems", tag = "Cart", request_body = NewCartItems,
    responses((status = 201, description = "The cart", body = CartAnswer)),
    extensions(("x-errors" = json!([
        "CUSTOMER_IS_NOT_CONFIRMED", "PRODUCT_NOT_FOUND", "INSUFFICIENT_INVENTORY", "CART_IS_FULL"
    ])))
)]
pub async fn add_items(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let ((), NewCartItems(new)) = call.parts.params_and_body::<(), NewCartItems>()?;
    let items = new.iter().map(|item| Ok((parse_id(&item.product_id)?, item.quantity)));
    let items = items.collect::<Result<Vec<_>, Problem>>()?;
    let products: Vec<_> = items.iter().map(|(product, _)| *product).collect();
    let added = call.commands().add_to_cart(&call.request_with_body()?, customer, items).await;
    let done = added.map_err(|error| where_it_stands(error, &products))?;
    answer(&call, StatusCode::CREATED, customer, done).await
}

/// A quantity that is too large is said of the item that makes it so: the last of that product.
fn where_it_stands(error: CommandError, products: &[ProductId]) -> Problem {
    let item = match &error {
        CommandError::Rejected(Rejection::Cart(CartRejection::QuantityOutOfRange { product_id })) => {
            products.iter().rposition(|product| product == product_id)
        }
        _ => None,
    };
    match item {
        Some(item) => Problem::field(FieldError::body(&format!("/{item}/quantity"), error.to_string())),
        None => error.into(),
    }
}

/// Sets the quantity of a product
///
/// Raising holds inventory, lowering gives it back.
#[utoipa::path(
    put, path = "", operation_id = "setCartItemQuantity", tag = "Cart", request_body = SetQuantity,
    responses((status = 200, description = "The cart", body = CartAnswer)),
    extensions(("x-errors" = json!([
        "CUSTOMER_IS_NOT_CONFIRMED", "NO_CART_IS_OPEN", "PRODUCT_NOT_IN_CART", "INSUFFICIENT_INVENTORY"
    ])))
)]
pub async fn set_quantity(call: Call) -> Answer {
    let (customer, product) = (call.parts.id()?, call.parts.id()?);
    let ((), body) = call.parts.params_and_body::<(), SetQuantity>()?;
    let request = call.request_with_body()?;
    let done = call.commands().set_cart_quantity(&request, customer, product, body.quantity).await?;
    answer(&call, StatusCode::OK, customer, done).await
}

/// Removes a product
///
/// What it held goes back into inventory.
#[utoipa::path(
    delete, path = "", operation_id = "removeCartItem", tag = "Cart",
    responses((status = 200, description = "The cart", body = CartAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_IS_NOT_CONFIRMED", "NO_CART_IS_OPEN", "PRODUCT_NOT_IN_CART"])))
)]
pub async fn remove_item(call: Call) -> Answer {
    let (customer, product) = (call.parts.id()?, call.parts.id()?);
    call.parts.params::<()>()?;
    let done = call.commands().remove_from_cart(&call.request()?, customer, vec![product]).await?;
    answer(&call, StatusCode::OK, customer, done).await
}

/// Removes products, all or none
///
/// A product named twice counts once.
#[utoipa::path(
    delete, path = "", operation_id = "removeCartItems", tag = "Cart", request_body = CartProducts,
    responses((status = 200, description = "The cart", body = CartAnswer)),
    extensions(("x-errors" = json!([
        "CUSTOMER_IS_NOT_CONFIRMED", "NO_CART_IS_OPEN", "PRODUCT_NOT_FOUND", "PRODUCT_NOT_IN_CART"
    ])))
)]
pub async fn remove_items(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let ((), CartProducts(named)) = call.parts.params_and_body::<(), CartProducts>()?;
    let products = named.iter().map(|product| parse_id(&product.product_id)).collect::<Result<Vec<_>, Problem>>()?;
    let done = call.commands().remove_from_cart(&call.request_with_body()?, customer, products).await?;
    answer(&call, StatusCode::OK, customer, done).await
}
