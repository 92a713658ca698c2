//! What clients send about carts (api.md §5 and §6).

use super::named::{Fields, named};
use crate::answers::cart::State;
use crate::wire::query::{Params, Query};
use crate::wire::schema::body;
use projections::views::CartState;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// How many pieces to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddQuantity {
    /// Default: 1.
    #[schema(nullable = false, default = 1, minimum = 1, maximum = 10000)]
    pub quantity: Option<u32>,
}

body!(AddQuantity, optional);

/// How many pieces there are to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuantity {
    #[schema(minimum = 1, maximum = 10000)]
    pub quantity: u32,
}

body!(SetQuantity, ignores [
    "cart_item_id", "cart_id", "product_id", "product_title", "product_vendor", "product_type", "unit_amount_in_cents", "added_at",
    "links"
]);

/// Products to add, all or none; one named twice adds up.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = CartItemsInput, min_items = 1, max_items = 100)]
pub struct NewCartItems(pub Vec<NewCartItem>);

body!(NewCartItems, list);

/// A product to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CartItemInput)]
pub struct NewCartItem {
    pub product_id: String,
    #[schema(minimum = 1, maximum = 10000)]
    pub quantity: u32,
}

/// Products to remove, all or none; one named twice counts once.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_items = 1, max_items = 100)]
pub struct CartProducts(pub Vec<CartProduct>);

body!(CartProducts, list);

/// A product in the cart.
pub struct CartProduct {
    pub product_id: String,
}

impl Fields for CartProduct {
    const ID: &'static str = "product_id";
    const AMOUNT: Option<&'static str> = None;
    fn new(product_id: String, _amount: Option<i64>) -> Self {
        Self { product_id }
    }
}

named!(CartProduct, "A product in the cart");

/// What a client may add to a billing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// In minor units: a line of its own, not taxed.
    #[schema(nullable = false, minimum = 0, maximum = 10000000000000i64)]
    pub shipping_amount_in_cents: Option<i64>,
}

body!(Shipping, optional);

/// With which coupon.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BillParams {
    /// Its code, in any case of its letters.
    #[param(min_length = 1, max_length = 1000)]
    pub coupon: Option<String>,
}

impl Params for BillParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { coupon: query.text("coupon") }
    }
}

/// Filters of a customer's carts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CartParams {
    /// Only those in this state.
    #[param(value_type = Option<State>)]
    pub state: Option<CartState>,
}

impl Params for CartParams {
    fn read(query: &mut Query<'_>) -> Self {
        let known = |text: &str| match text {
            "open" => Some(CartState::Open),
            "closed" => Some(CartState::Closed),
            "billed" => Some(CartState::Billed),
            _ => None,
        };
        Self { state: query.read_with("state", "must be open, closed or billed", known) }
    }
}
