//! A store as clients see it (api.md §2).

use super::{Time, one};
use domain::numbers::NumberRestart as Restart;
use domain::store::{CreditOrder, Role};
use projections::views::StoreRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A store.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Store {
    /// The store's id.
    pub store_id: Uuid,
    pub name: String,
    pub tagline: Option<String>,
    /// The name that its clients authenticate with.
    pub app_id: String,
    pub credit_order_preference: CreditOrderPreference,
    /// In 1/100 %: 1900 is 19 %.
    pub tax_rate_in_basis_points: u32,
    /// IANA name: where the store's days begin.
    #[schema(example = "Europe/Berlin")]
    pub timezone: String,
    /// An open cart without activity for that long is closed; 0: never.
    #[schema(format = Int64)]
    pub cart_expires_after_minutes: u32,
    /// How invoices are numbered from now on.
    #[schema(example = "R-{year}-{n:06}")]
    pub invoice_number_format: String,
    /// The same of refunds; null: as invoices.
    pub credit_note_number_format: Option<String>,
    pub number_restart: NumberRestart,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
}

/// When the ranks of invoices and refunds begin again at 1.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberRestart {
    Never,
    /// With each year, in the store's time zone.
    Yearly,
}

/// What is spent first on an invoice.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CreditOrderPreference {
    GiftCard,
    Credit,
}

one! {
    /// The store.
    StoreAnswer { store: Store }
}

one! {
    /// A token for `ACCESS-TOKEN`. This is the only time that it is shown.
    TokenAnswer {
        token: String,
        expires_at: Time,
        /// What histories name it by: `token:` and this.
        token_id: Uuid,
        role: TokenRole,
    }
}

/// What a token is good for (api.md §1, Roles).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenRole {
    Admin,
    Auditor,
    Storefront,
}

impl From<Role> for TokenRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => TokenRole::Admin,
            Role::Auditor => TokenRole::Auditor,
            Role::Storefront => TokenRole::Storefront,
        }
    }
}

impl From<TokenRole> for Role {
    fn from(role: TokenRole) -> Self {
        match role {
            TokenRole::Admin => Role::Admin,
            TokenRole::Auditor => Role::Auditor,
            TokenRole::Storefront => Role::Storefront,
        }
    }
}

impl From<Restart> for NumberRestart {
    fn from(restart: Restart) -> Self {
        match restart {
            Restart::Never => NumberRestart::Never,
            Restart::Yearly => NumberRestart::Yearly,
        }
    }
}

impl From<NumberRestart> for Restart {
    fn from(restart: NumberRestart) -> Self {
        match restart {
            NumberRestart::Never => Restart::Never,
            NumberRestart::Yearly => Restart::Yearly,
        }
    }
}

impl From<&StoreRow> for Store {
    fn from(row: &StoreRow) -> Self {
        Self {
            store_id: row.store_id.0,
            name: row.name.clone(),
            tagline: row.tagline.clone(),
            app_id: row.app_id.clone(),
            credit_order_preference: match row.credit_order_preference {
                CreditOrder::GiftCard => CreditOrderPreference::GiftCard,
                CreditOrder::Credit => CreditOrderPreference::Credit,
            },
            tax_rate_in_basis_points: row.tax_rate_in_basis_points,
            timezone: row.timezone.clone(),
            cart_expires_after_minutes: row.cart_expires_after_minutes,
            invoice_number_format: row.numbering.invoice_number_format.to_string(),
            credit_note_number_format: row.numbering.credit_note_number_format.as_ref().map(ToString::to_string),
            number_restart: row.numbering.number_restart.into(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: row.deleted_at.map(Time::from),
        }
    }
}
