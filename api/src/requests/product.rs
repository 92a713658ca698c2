//! What clients send about products (api.md §3).

use super::dates::DateParam;
use super::nullable;
use crate::problem::{FieldError, Problem};
use crate::wire::query::{Params, Query};
use crate::wire::schema::body;
use domain::product::ChangeProduct;
use domain::{AmountOutOfRange, Cents};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// A product to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductInput)]
pub struct NewProduct {
    #[schema(min_length = 1, max_length = 1000, example = "Round oak table")]
    pub title: String,
    #[schema(min_length = 1, max_length = 1000, example = "furniture")]
    pub product_type: String,
    #[schema(min_length = 1, max_length = 1000, example = "Woodworks")]
    pub vendor: String,
    #[schema(min_length = 1, max_length = 10000)]
    pub description: Option<String>,
    /// What can be put into carts. Default: 0.
    #[schema(nullable = false, default = 0, minimum = 0, maximum = 1000000000)]
    pub inventory: Option<i64>,
    /// In minor units of the customer's currency. Default: 0.
    #[schema(nullable = false, default = 0, minimum = 0, maximum = 10000000000000i64)]
    pub sale_price_in_cents: Option<i64>,
    /// Named twice counts once.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    pub tags: Vec<ProductTag>,
}

body!(NewProduct);

/// A tag.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_length = 1, max_length = 1000)]
pub struct ProductTag(pub String);

impl TryFrom<NewProduct> for commands::NewProduct {
    type Error = AmountOutOfRange;

    fn try_from(new: NewProduct) -> Result<Self, AmountOutOfRange> {
        Ok(Self {
            title: new.title,
            product_type: new.product_type,
            vendor: new.vendor,
            description: new.description,
            inventory: new.inventory.unwrap_or(0),
            sale_price_in_cents: Cents::new(new.sale_price_in_cents.unwrap_or(0))?,
            tags: new.tags.into_iter().map(|tag| tag.0).collect(),
        })
    }
}

/// What changes of a product; at least one field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct ProductChange {
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub title: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub product_type: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub vendor: Option<String>,
    /// Null removes it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 10000)]
    pub description: Option<Option<String>>,
    /// In minor units. Never alters what is already in an invoice.
    #[schema(nullable = false, minimum = 0, maximum = 10000000000000i64)]
    pub sale_price_in_cents: Option<i64>,
    /// What may only be named as it is.
    #[serde(skip)]
    pub given: Map<String, Value>,
}

body!(ProductChange, ignores [
    "product_id", "id", "store_id", "reserved", "created_at", "updated_at", "deleted_at", "links"
], keeps ["inventory", "tags"]);

impl TryFrom<ProductChange> for ChangeProduct {
    type Error = Problem;

    fn try_from(mut change: ProductChange) -> Result<Self, Problem> {
        let (inventory, tags) = (change.given.remove("inventory"), change.given.remove("tags"));
        let inventory = inventory.map(|given| given.as_i64().ok_or_else(|| as_it_is("inventory")));
        let tags = tags.map(|given| tag_names(&given).ok_or_else(|| as_it_is("tags")));
        Ok(Self {
            given_inventory: inventory.transpose()?,
            given_tags: tags.transpose()?,
            title: change.title,
            product_type: change.product_type,
            vendor: change.vendor,
            description: change.description,
            sale_price_in_cents: change.sale_price_in_cents.map(Cents::new).transpose()?,
        })
    }
}

/// What the command says where it differs.
fn as_it_is(name: &str) -> Problem {
    Problem::field(FieldError::body(&format!("/{name}"), "is not what the product has; it has routes of its own"))
}

/// The tags as an answer has them, or by their names alone.
fn tag_names(given: &Value) -> Option<Vec<String>> {
    let name = |tag: &Value| tag.as_str().or_else(|| tag["tag"].as_str()).map(str::to_owned);
    given.as_array()?.iter().map(name).collect()
}

/// Adds to what is available or sets it: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1, max_properties = 1)]
pub struct InventoryChange {
    /// Added to what is available; negative: taken from it.
    #[schema(nullable = false, minimum = -1000000000, maximum = 1000000000)]
    pub amount: Option<i64>,
    /// What is available from now on.
    #[schema(nullable = false, minimum = 0, maximum = 1000000000)]
    pub set: Option<i64>,
}

body!(InventoryChange);

/// Filters of lists of products. Texts are compared as they are.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductParams {
    /// Exactly this vendor.
    #[param(min_length = 1, max_length = 1000)]
    pub vendor: Option<String>,
    /// Exactly this product type.
    #[param(min_length = 1, max_length = 1000)]
    pub producttype: Option<String>,
    /// With exactly this tag.
    #[param(min_length = 1, max_length = 1000)]
    pub tag: Option<String>,
    #[param(inline)]
    pub created_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub created_at_enddate: Option<DateParam>,
    #[param(inline)]
    pub updated_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub updated_at_enddate: Option<DateParam>,
}

impl Params for ProductParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self {
            vendor: query.text("vendor"),
            producttype: query.text("producttype"),
            tag: query.text("tag"),
            created_at_startdate: DateParam::read(query, "created_at_startdate"),
            created_at_enddate: DateParam::read(query, "created_at_enddate"),
            updated_at_startdate: DateParam::read(query, "updated_at_startdate"),
            updated_at_enddate: DateParam::read(query, "updated_at_enddate"),
        }
    }
}

/// Of a search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Leaves out what has no inventory.
    #[param(default = false)]
    pub available: Option<bool>,
    /// Takes the last word for the beginning of one, as while somebody types: from two letters on, or one of Chinese, Japanese,
    /// Korean or Thai.
    pub prefix: Option<bool>,
    /// Says with each product which of the words it does not have: `missed_words`.
    pub explain: Option<bool>,
}

impl Params for SearchParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { available: query.flag("available"), prefix: query.flag("prefix"), explain: query.flag("explain") }
    }
}

/// Which tag.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagParams {
    /// Without it all tags are removed.
    #[param(min_length = 1, max_length = 1000)]
    pub tag: Option<String>,
}

impl Params for TagParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { tag: query.text("tag") }
    }
}
