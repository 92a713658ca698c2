//! What clients send about stores (api.md §2).

use super::nullable;
use crate::answers::store::{CreditOrderPreference, NumberRestart, TokenRole};
use crate::wire::query::{Params, Query};
use crate::wire::schema::body;
use domain::numbers::{NumberFormat, NumberSettings};
use domain::store::{ChangeStore, CreditOrder, Role};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

impl From<CreditOrderPreference> for CreditOrder {
    fn from(preference: CreditOrderPreference) -> Self {
        match preference {
            CreditOrderPreference::GiftCard => CreditOrder::GiftCard,
            CreditOrderPreference::Credit => CreditOrder::Credit,
        }
    }
}

/// A store to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StoreInput)]
pub struct NewStore {
    #[schema(min_length = 1, max_length = 1000, example = "Corner shop")]
    pub name: String,
    /// The name that its clients authenticate with. It goes into a header: one line, no space at its ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"^[^\s](?:[^\r\n\t]*[^\s])?$", example = "corner-shop")]
    pub app_id: String,
    #[schema(min_length = 8, max_length = 1000, example = "at least 8 characters")]
    pub app_secret: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub tagline: Option<String>,
    /// Default: `gift-card`.
    #[schema(nullable = false)]
    pub credit_order_preference: Option<CreditOrderPreference>,
    /// In 1/100 %: 1900 is 19 %. Default: 0.
    #[schema(nullable = false, default = 0, minimum = 0, maximum = 10000)]
    pub tax_rate_in_basis_points: Option<u32>,
    /// IANA name: where the store's days begin. Default: `UTC`.
    #[schema(nullable = false, default = "UTC", format = "iana-time-zone", example = "Europe/Berlin")]
    pub timezone: Option<String>,
    /// An open cart without activity for that long is closed; 0: never. Default: 20160, which is two weeks.
    #[schema(nullable = false, default = 20160, format = Int64, minimum = 0, maximum = 4294967295u32)]
    pub cart_expires_after_minutes: Option<u32>,
    /// How invoices are numbered: `{n}` is the rank, `{n:06}` with at least six digits, `{year}` the year in the store's time zone. Default: `{n}`.
    #[schema(nullable = false, default = "{n}", format = "number-format", example = "R-{year}-{n:06}")]
    pub invoice_number_format: Option<String>,
    /// The same of refunds; null: as invoices. Default: null.
    #[schema(format = "number-format")]
    pub credit_note_number_format: Option<String>,
    /// When ranks begin again at 1. `yearly` needs `{year}` in the formats. Default: `never`.
    #[schema(nullable = false)]
    pub number_restart: Option<NumberRestart>,
}

body!(NewStore);

/// Two weeks.
const CART_EXPIRES_AFTER_MINUTES: u32 = 20_160;

impl From<NewStore> for commands::NewStore {
    fn from(new: NewStore) -> Self {
        let numbering = NumberSettings {
            invoice_number_format: new.invoice_number_format.and_then(number_format).unwrap_or_default(),
            credit_note_number_format: new.credit_note_number_format.and_then(number_format),
            number_restart: new.number_restart.map(domain::numbers::NumberRestart::from).unwrap_or_default(),
        };
        Self {
            name: new.name,
            tagline: new.tagline,
            app_id: new.app_id,
            app_secret: new.app_secret,
            credit_order_preference: new.credit_order_preference.map(CreditOrder::from).unwrap_or_default(),
            tax_rate_in_basis_points: new.tax_rate_in_basis_points.unwrap_or(0),
            timezone: new.timezone.unwrap_or_else(|| "UTC".to_owned()),
            cart_expires_after_minutes: new.cart_expires_after_minutes.unwrap_or(CART_EXPIRES_AFTER_MINUTES),
            numbering: Some(numbering).filter(|numbering| *numbering != NumberSettings::default()),
        }
    }
}

/// What changes of a store; at least one field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct StoreChange {
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub name: Option<String>,
    /// Null removes it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub tagline: Option<Option<String>>,
    /// What is spent first on an invoice.
    #[schema(nullable = false)]
    pub credit_order_preference: Option<CreditOrderPreference>,
    /// In 1/100 %: 1900 is 19 %.
    #[schema(nullable = false, minimum = 0, maximum = 10000)]
    pub tax_rate_in_basis_points: Option<u32>,
    /// IANA name.
    #[schema(nullable = false, format = "iana-time-zone")]
    pub timezone: Option<String>,
    /// 0: never.
    #[schema(nullable = false, format = Int64, minimum = 0, maximum = 4294967295u32)]
    pub cart_expires_after_minutes: Option<u32>,
    /// How invoices are numbered: `{n}` is the rank, `{n:06}` with at least six digits, `{year}` the year in the store's time zone.
    #[schema(nullable = false, format = "number-format", example = "R-{year}-{n:06}")]
    pub invoice_number_format: Option<String>,
    /// The same of refunds; null: as invoices.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = "number-format")]
    pub credit_note_number_format: Option<Option<String>>,
    /// When ranks begin again at 1. `yearly` needs `{year}` in the formats.
    #[schema(nullable = false)]
    pub number_restart: Option<NumberRestart>,
    /// What may only be named as it is.
    #[serde(skip)]
    pub given: Map<String, Value>,
}

body!(StoreChange, ignores ["store_id", "created_at", "updated_at", "deleted_at"], keeps ["app_id"]);

impl From<StoreChange> for ChangeStore {
    fn from(change: StoreChange) -> Self {
        Self {
            name: change.name,
            tagline: change.tagline,
            credit_order_preference: change.credit_order_preference.map(CreditOrder::from),
            tax_rate_in_basis_points: change.tax_rate_in_basis_points,
            timezone: change.timezone,
            cart_expires_after_minutes: change.cart_expires_after_minutes,
            invoice_number_format: change.invoice_number_format.and_then(number_format),
            credit_note_number_format: change.credit_note_number_format.map(|format| format.and_then(number_format)),
            number_restart: change.number_restart.map(domain::numbers::NumberRestart::from),
        }
    }
}

/// The body's schema has let nothing pass that is none.
fn number_format(text: String) -> Option<NumberFormat> {
    text.parse().ok()
}

/// The name and the secret of a store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    #[schema(min_length = 1, max_length = 1000)]
    pub app_id: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub app_secret: String,
    /// What the token is good for. Default: `admin`.
    #[schema(nullable = false)]
    pub role: Option<TokenRole>,
    /// What audits call it: whose it is, or what for.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f]+$",
        example = "the till at the door"
    )]
    pub name: Option<String>,
}

body!(Credentials);

impl From<Credentials> for commands::NewToken {
    fn from(asked: Credentials) -> Self {
        Self {
            app_id: asked.app_id,
            app_secret: asked.app_secret,
            role: asked.role.map(Role::from).unwrap_or_default(),
            name: asked.name,
        }
    }
}

/// A new secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretInput)]
pub struct NewSecret {
    #[schema(min_length = 8, max_length = 1000)]
    pub app_secret: String,
}

body!(NewSecret);

/// Which tokens.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Revocation {
    /// All tokens of the store instead of the request's own.
    #[param(default = false)]
    pub all: Option<bool>,
}

impl Params for Revocation {
    fn read(query: &mut Query<'_>) -> Self {
        Self { all: query.flag("all") }
    }
}
