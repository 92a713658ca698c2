//! What clients send about customers (api.md §4).

use super::dates::DateParam;
use crate::wire::query::{Params, Query};
use crate::wire::schema::{TRUE_OR_FALSE, body};
use domain::Currency;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, schema::Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// A boolean that may also be "true" or "false" in any case.
#[derive(Clone, Copy, Debug)]
pub struct RelaxedBool(pub bool);

impl<'de> Deserialize<'de> for RelaxedBool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = RelaxedBool;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<RelaxedBool, E> {
                Ok(RelaxedBool(value))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RelaxedBool, E> {
                text.to_ascii_lowercase().parse().map(RelaxedBool).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl PartialSchema for RelaxedBool {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(TRUE_OR_FALSE));
        let either = OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Boolean)).item(text);
        either.description(Some("A boolean, or \"true\" or \"false\" in any case")).into()
    }
}

impl ToSchema for RelaxedBool {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RelaxedBool")
    }
}

/// A customer to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomerInput)]
pub struct NewCustomer {
    /// ISO 4217.
    #[schema(format = "iso-4217", example = "EUR")]
    pub currency: String,
    #[schema(
        format = "idn-email",
        max_length = 254,
        pattern = r"^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$",
        example = "ada@example.com"
    )]
    pub email: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub first_name: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub last_name: String,
    #[schema(min_length = 4, max_length = 1000)]
    pub password: String,
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    pub addresses: Vec<NewAddress>,
}

body!(NewCustomer);

/// An address to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddressInput)]
pub struct NewAddress {
    #[schema(min_length = 1, max_length = 1000)]
    pub street: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub city: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub zip: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub state: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub country: String,
    /// Moves the mark. Default: false.
    #[schema(nullable = false)]
    pub is_primary: Option<RelaxedBool>,
}

body!(NewAddress);

impl From<NewAddress> for commands::NewAddress {
    fn from(new: NewAddress) -> Self {
        Self {
            street: new.street,
            city: new.city,
            zip: new.zip,
            state: new.state,
            country: new.country,
            is_primary: new.is_primary.is_some_and(|marked| marked.0),
        }
    }
}

impl TryFrom<NewCustomer> for commands::NewCustomer {
    type Error = domain::currency::UnknownCurrency;

    fn try_from(new: NewCustomer) -> Result<Self, Self::Error> {
        Ok(Self {
            currency: new.currency.parse::<Currency>()?,
            email: new.email,
            first_name: new.first_name,
            last_name: new.last_name,
            password: new.password,
            addresses: new.addresses.into_iter().map(commands::NewAddress::from).collect(),
        })
    }
}

/// What changes of a customer; at least one field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct CustomerChange {
    /// ISO 4217.
    #[schema(nullable = false, format = "iso-4217")]
    pub currency: Option<String>,
    /// Becomes the primary one; the old one stays as a secondary.
    #[schema(nullable = false, format = "idn-email", max_length = 254, pattern = r"^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$")]
    pub email: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub first_name: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub last_name: Option<String>,
    #[schema(nullable = false, min_length = 4, max_length = 1000)]
    pub password: Option<String>,
    /// What may only be named as it is.
    #[serde(skip)]
    pub given: Map<String, Value>,
}

body!(CustomerChange, ignores [
    "customer_id", "store_id", "total_spent", "total_spent_in_cents", "total_spent_by_currency", "last_order_date",
    "last_cart_activity_at", "last_cart_created_at", "last_seen_at", "logged_in", "log_out_expires_at", "confirmed_at",
    "created_at", "updated_at", "deleted_at", "links"
], keeps ["emails", "addresses"]);

impl TryFrom<CustomerChange> for commands::CustomerChange {
    type Error = domain::currency::UnknownCurrency;

    fn try_from(change: CustomerChange) -> Result<Self, Self::Error> {
        Ok(Self {
            currency: change.currency.map(|code| code.parse()).transpose()?,
            email: change.email,
            first_name: change.first_name,
            last_name: change.last_name,
            password: change.password,
        })
    }
}

/// What changes of an address; at least one field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct AddressChange {
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub street: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub city: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub zip: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub state: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub country: Option<String>,
    /// Moves the mark, or removes it.
    #[schema(nullable = false)]
    pub is_primary: Option<RelaxedBool>,
}

body!(AddressChange, ignores ["address_id", "created_at", "updated_at", "deleted_at"]);

impl From<AddressChange> for commands::AddressChange {
    fn from(change: AddressChange) -> Self {
        Self {
            street: change.street,
            city: change.city,
            zip: change.zip,
            state: change.state,
            country: change.country,
            is_primary: change.is_primary.map(|marked| marked.0),
        }
    }
}

/// What a customer logs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The primary one.
    #[schema(min_length = 1, max_length = 1000)]
    pub email: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub password: String,
}

body!(LogIn);

/// One of the store's customers' emails, by its text.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownEmail {
    #[schema(min_length = 1, max_length = 1000)]
    pub email: String,
}

body!(KnownEmail);

/// An email to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailInput)]
pub struct NewEmail {
    #[schema(format = "idn-email", max_length = 254, pattern = r"^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$")]
    pub email: String,
}

body!(NewEmail);

/// Filters of lists of customers.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CustomerParams {
    /// One that the customer has, in any spelling of its mailbox.
    #[param(min_length = 1, max_length = 1000)]
    pub email: Option<String>,
    #[param(inline)]
    pub created_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub created_at_enddate: Option<DateParam>,
    #[param(inline)]
    pub updated_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub updated_at_enddate: Option<DateParam>,
}

impl Params for CustomerParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self {
            email: query.text("email"),
            created_at_startdate: DateParam::read(query, "created_at_startdate"),
            created_at_enddate: DateParam::read(query, "created_at_enddate"),
            updated_at_startdate: DateParam::read(query, "updated_at_startdate"),
            updated_at_enddate: DateParam::read(query, "updated_at_enddate"),
        }
    }
}

/// The mark of an address or email.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PrimaryParams {
    /// `true` or `false` in any case, `1` or `0`. Default: false.
    #[param(default = false)]
    pub is_primary: Option<bool>,
}

impl Params for PrimaryParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { is_primary: query.flag("is_primary") }
    }
}
