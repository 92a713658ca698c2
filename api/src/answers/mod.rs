//! What clients get: one file per resource, fields named and ordered as in api.md. A field without a value is null.

pub mod audit;
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

/// Declares the answer with one resource: `one!(ProductAnswer { product: Product })`.
macro_rules! one {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            result: $crate::wire::success::Success,
            $($(#[$field_doc])* pub $field: $type,)+
        }

        impl $name {
            pub fn new($($field: $type),+) -> Self {
                Self { result: $crate::wire::success::Success::Ok, $($field),+ }
            }
        }
    };
}

/// Declares the answer with one page of a list: `list!(ProductList { products: Product })`.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            result: $crate::wire::success::Success,
            $(#[$field_doc])*
            pub $field: Vec<$type>,
            /// `self`, `previous`, `next`; without `next` on the last page.
            pub links: Vec<$crate::wire::list::Link>,
        }

        impl $crate::wire::list::List for $name {
            type Item = $type;
            fn page(items: Vec<$type>, links: Vec<$crate::wire::list::Link>) -> Self {
                Self { result: $crate::wire::success::Success::Ok, $field: items, links }
            }
            fn links(&self) -> &[$crate::wire::list::Link] {
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
