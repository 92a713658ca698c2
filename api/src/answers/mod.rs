//! What clients get: one file per resource, fields named and ordered as in api.md. A field without a value is null.

pub mod cart;
pub mod coupon;
pub mod credit;
pub mod customer;
pub mod gift_card;
pub mod history;
pub mod invoice;
pub mod order;
pub mod product;
pub mod snapshot;
pub mod store;
pub mod streaming;

use domain::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};
use utoipa::{PartialSchema, ToSchema};

/// A moment: RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("date-time".to_owned())))
            .pattern(Some(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"))
            .description(Some("RFC 3339 in UTC with milliseconds"))
            .examples(["2026-11-23T10:00:00.123Z"]);
        object.into()
    }
}

impl ToSchema for Time {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Time")
    }
}

/// Where to go from here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Link {
    /// What is there: `self`, `next`, `previous`, or the name of a resource.
    #[schema(value_type = String, example = "self")]
    pub rel: &'static str,
    /// An absolute path of this server.
    #[schema(example = "/product?page=1")]
    pub href: String,
}

impl Link {
    pub fn new(rel: &'static str, href: impl Into<String>) -> Self {
        Self { rel, href: href.into() }
    }
}

/// What every success says unless a route has something else to say.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub enum Done {
    #[serde(rename = "ok")]
    Ok,
}

/// Declares the answer with one resource: `one!(ProductAnswer { product: Product })`.
macro_rules! one {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            result: $crate::answers::Done,
            $(pub $field: $type,)+
        }

        impl $name {
            pub fn new($($field: $type),+) -> Self {
                Self { result: $crate::answers::Done::Ok, $($field),+ }
            }
        }
    };
}

/// Declares the answer with one page of a list: `list!(ProductList { products: Product })`.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident { $field:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            result: $crate::answers::Done,
            pub $field: Vec<$type>,
            /// `self`, `previous`, `next`; without `next` on the last page.
            pub links: Vec<$crate::answers::Link>,
        }

        impl $crate::wire::answer::List for $name {
            type Item = $type;
            fn page(items: Vec<$type>, links: Vec<$crate::answers::Link>) -> Self {
                Self { result: $crate::answers::Done::Ok, $field: items, links }
            }
            fn links(&self) -> &[$crate::answers::Link] {
                &self.links
            }
        }
    };
}

pub(crate) use {list, one};

one! {
    /// How many there are.
    CountAnswer { count: u64 }
}

/// Done, but the rest of the answer is late: the ids of what was done. Ask for it in a moment.
#[derive(Serialize)]
pub struct Accepted {
    result: Done,
    /// `customer_id`, `cart_id`, `invoice_id` and so on.
    #[serde(flatten)]
    ids: std::collections::BTreeMap<&'static str, String>,
}

impl Accepted {
    pub fn new(ids: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { result: Done::Ok, ids: ids.into_iter().collect() }
    }
}
