//! A gift card as clients see it (api.md §8). Amounts are in minor units of its currency.

use super::{Time, list, one};
use crate::wire::list::Link;
use domain::gift_card::GiftCardSource;
use projections::views::GiftCardRow;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A gift card.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GiftCard {
    pub gift_card_id: Uuid,
    pub store_id: Uuid,
    pub gifter_customer_id: Uuid,
    pub recipient_customer_id: Uuid,
    /// ISO 4217: the recipient's at issue.
    #[schema(example = "EUR")]
    pub currency: String,
    pub original_balance_in_cents: i64,
    /// What is left, in minor units; 0 once voided.
    pub current_balance_in_cents: i64,
    /// How it came to be: sold to the gifter, or given away by the store; `unstated` of one that was issued before gift cards said so.
    pub source: Source,
    pub spends: Vec<GiftCardSpend>,
    pub created_at: Time,
    pub updated_at: Time,
    pub voided_at: Option<Time>,
    pub links: Vec<Link>,
}

/// How it came to be: sold to the gifter, or given away by the store; `unstated` of one that was issued before gift cards said so.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GiftCardSource)]
pub enum Source {
    Sold,
    Given,
    Unstated,
}

/// What an invoice spent of a gift card.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GiftCardSpend {
    pub gift_card_spend_id: Uuid,
    pub gift_card_id: Uuid,
    pub invoice_id: Uuid,
    pub amount_in_cents: i64,
    /// What was left of the gift card afterwards, in minor units.
    pub remaining_balance_in_cents: i64,
    pub created_at: Time,
    /// When it went back, because the invoice failed.
    pub reversed_at: Option<Time>,
}

one! {
    /// The gift card.
    GiftCardAnswer { gift_card: GiftCard }
}
list! {
    /// One page of gift cards, newest first.
    GiftCardList { gift_cards: GiftCard }
}

/// The links of a gift card.
pub fn links(gift_card_id: Uuid, gifter: Uuid, recipient: Uuid) -> Vec<Link> {
    vec![
        Link::new("self", format!("/giftcard/{gift_card_id}")),
        Link::new("gifter", format!("/customer/{gifter}")),
        Link::new("recipient", format!("/customer/{recipient}")),
        Link::new("history", format!("/giftcard/{gift_card_id}/history")),
    ]
}

impl From<&GiftCardRow> for GiftCard {
    fn from(row: &GiftCardRow) -> Self {
        let spends = row.spends.iter().map(|spend| GiftCardSpend {
            gift_card_spend_id: spend.gift_card_spend_id.0,
            gift_card_id: row.gift_card_id.0,
            invoice_id: spend.invoice_id.0,
            amount_in_cents: spend.amount_in_cents.get(),
            remaining_balance_in_cents: spend.remaining_balance_in_cents.get(),
            created_at: spend.created_at.into(),
            reversed_at: spend.reversed_at.map(Time::from),
        });
        Self {
            gift_card_id: row.gift_card_id.0,
            store_id: row.store_id.0,
            gifter_customer_id: row.gifter_customer_id.0,
            recipient_customer_id: row.recipient_customer_id.0,
            currency: row.currency.to_string(),
            original_balance_in_cents: row.original_balance_in_cents.get(),
            current_balance_in_cents: row.current_balance_in_cents.get(),
            source: match row.source {
                GiftCardSource::Sold => Source::Sold,
                GiftCardSource::Given => Source::Given,
                GiftCardSource::Unstated => Source::Unstated,
            },
            spends: spends.collect(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            voided_at: row.voided_at.map(Time::from),
            links: links(row.gift_card_id.0, row.gifter_customer_id.0, row.recipient_customer_id.0),
        }
    }
}
