//! A customer as clients see it (api.md §4).

use super::{Time, list, one};
use crate::wire::list::Link;
use crate::wire::success::Success;
use commands::IssuedCustomerToken;
use domain::Timestamp;
use projections::views::{AddressRow, CustomerRow, EmailRow, PurchasesRow, ShopperRow};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    /// The customer's id.
    pub customer_id: Uuid,
    pub store_id: Uuid,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// The primary one. Null once the person was erased.
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// `total_spent_in_cents` as a decimal string, with the decimals of the currency: `"12.34"` EUR, `"1234"` JPY.
    #[schema(example = "12.34")]
    pub total_spent: String,
    /// Σ `subtotal_amount_in_cents` of the collected invoices in `currency`; refunds don't change it. In minor units.
    pub total_spent_in_cents: i64,
    /// What was spent in each currency, also in those of before, by code; empty before the first collected invoice.
    pub total_spent_by_currency: Vec<Spent>,
    /// When the last invoice was collected.
    pub last_order_date: Option<Time>,
    pub last_cart_activity_at: Option<Time>,
    pub last_cart_created_at: Option<Time>,
    pub last_seen_at: Option<Time>,
    pub logged_in: bool,
    pub log_out_expires_at: Option<Time>,
    /// When the email address was confirmed; null: not yet.
    pub confirmed_at: Option<Time>,
    pub emails: Vec<Email>,
    pub addresses: Vec<Address>,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub links: Vec<Link>,
}

/// What a customer spent in one currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Spent {
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// As a decimal string, with the decimals of the currency.
    #[schema(example = "12.34")]
    pub total_spent: String,
    /// In minor units.
    pub total_spent_in_cents: i64,
}

/// One of a customer's email addresses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Email {
    pub email_id: Uuid,
    pub email: Option<String>,
    pub is_primary: bool,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
}

/// One of a customer's postal addresses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Address {
    pub address_id: Uuid,
    pub street: Option<String>,
    pub city: Option<String>,
    pub zip: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub is_primary: bool,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
}

one! {
    /// The customer.
    CustomerAnswer { customer: Customer }
}

/// The customer who has just signed up or logged in.
#[derive(Serialize, ToSchema)]
pub struct WelcomeAnswer {
    result: Success,
    pub customer: Customer,
    /// For `CUSTOMER-TOKEN`, where the request came with a token of role `storefront`. This is the only time that it is shown: a repeat by
    /// `Idempotency-Key` gets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer_token_expires_at: Option<Time>,
}

impl WelcomeAnswer {
    pub fn new(customer: Customer, token: Option<&IssuedCustomerToken>) -> Self {
        Self {
            result: Success::Ok,
            customer,
            customer_token: token.map(|token| token.token.clone()),
            customer_token_expires_at: token.map(|token| token.expires_at.into()),
        }
    }
}

list! {
    /// One page of customers, newest first.
    CustomerList { customers: Customer }
}
one! {
    /// The address.
    AddressAnswer { address: Address }
}
list! {
    /// One page of a customer's addresses, newest first.
    AddressList { addresses: Address }
}

/// One page of the addresses with its `links`, or the primary `address` alone.
#[derive(ToSchema)]
#[allow(dead_code)] // Published; what is answered is one of the two.
pub struct AddressesAnswer {
    result: crate::wire::success::Success,
    #[schema(nullable = false)]
    addresses: Option<Vec<Address>>,
    /// `self`, `previous`, `next`; without `next` on the last page.
    #[schema(nullable = false)]
    links: Option<Vec<Link>>,
    #[schema(nullable = false)]
    address: Option<Address>,
}

/// What a confirmation link is good for.
#[derive(Serialize, ToSchema)]
pub struct ConfirmationLink {
    /// It has confirmed already; otherwise it still does.
    pub is_used: bool,
    /// The name of the store that it is for.
    pub store_name: String,
    /// The first instant at which it is no longer good.
    pub expires_at: Time,
}

impl From<commands::ConfirmationLink> for ConfirmationLink {
    fn from(link: commands::ConfirmationLink) -> Self {
        Self { is_used: link.is_used, store_name: link.store_name, expires_at: link.expires_at.into() }
    }
}

one!(
    /// A confirmation link.
    ConfirmationLinkAnswer { confirmation: ConfirmationLink }
);

/// What became of a confirmation mail.
#[derive(Serialize, ToSchema)]
pub struct SentConfirmation {
    /// `ok`, or the token where mail stays on the machine.
    pub result: String,
    pub customer: Customer,
}

/// The links of a customer.
pub fn links(customer_id: Uuid) -> Vec<Link> {
    let of = |rest: &str| format!("/customer/{customer_id}{rest}");
    vec![
        Link::new("self", of("")),
        Link::new("cart", of("/cart")),
        Link::new("carts", of("/carts")),
        Link::new("invoices", of("/invoices")),
        Link::new("orders", of("/orders")),
        Link::new("giftcards", of("/giftcards")),
        Link::new("credits", of("/credit")),
        Link::new("snapshot", of("/snapshot")),
        Link::new("history", of("/history")),
    ]
}

impl Customer {
    /// From its own row, and what its carts and purchases say of it; `now` decides who is logged in.
    pub fn new(
        row: &CustomerRow,
        shopper: Option<&ShopperRow>,
        purchases: Option<&PurchasesRow>,
        now: Timestamp,
    ) -> Self {
        let total_spent_in_cents = purchases.map_or(0, |purchases| purchases.spent(row.currency));
        let logged_in = row.is_logged_in(now);
        Self {
            customer_id: row.customer_id.0,
            store_id: row.store_id.0,
            currency: row.currency.to_string(),
            email: row.email().map(str::to_owned),
            first_name: row.first_name.clone(),
            last_name: row.last_name.clone(),
            total_spent: row.currency.decimal(total_spent_in_cents),
            total_spent_in_cents,
            total_spent_by_currency: purchases.map(spent_by_currency).unwrap_or_default(),
            last_order_date: purchases.and_then(|purchases| purchases.last_order_date).map(Time::from),
            last_cart_activity_at: shopper.map(|shopper| shopper.last_cart_activity_at.into()),
            last_cart_created_at: shopper.map(|shopper| shopper.last_cart_created_at.into()),
            last_seen_at: row.last_seen_at.map(Time::from),
            logged_in,
            log_out_expires_at: row.log_out_expires_at.filter(|_| logged_in).map(Time::from),
            confirmed_at: row.confirmed_at.map(Time::from),
            emails: row.emails.iter().map(Email::from).collect(),
            addresses: row.addresses.iter().map(Address::from).collect(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: row.deleted_at.map(Time::from),
            links: links(row.customer_id.0),
        }
    }
}

fn spent_by_currency(purchases: &PurchasesRow) -> Vec<Spent> {
    let spent = purchases.spent_in_cents.iter().map(|(currency, cents)| Spent {
        currency: currency.to_string(),
        total_spent: currency.decimal(*cents),
        total_spent_in_cents: *cents,
    });
    spent.collect()
}

impl From<&EmailRow> for Email {
    fn from(row: &EmailRow) -> Self {
        Self {
            email_id: row.email_id.0,
            email: row.email.clone(),
            is_primary: row.is_primary,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: None,
        }
    }
}

impl From<&AddressRow> for Address {
    fn from(row: &AddressRow) -> Self {
        Self {
            address_id: row.address_id.0,
            street: row.street.clone(),
            city: row.city.clone(),
            zip: row.zip.clone(),
            state: row.state.clone(),
            country: row.country.clone(),
            is_primary: row.is_primary,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: None,
        }
    }
}
