//! Gift cards with what was spent of them.

use crate::page::{Page, PageRequest};
use crate::reader::{ReadError, Views};
use crate::store::{Column, Filter, Index, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::gift_card::GiftCardEvent;
use domain::{Category, Cents, Currency, CustomerId, Decider, Event, GiftCardId, InvoiceId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftCardRow {
    pub gift_card_id: GiftCardId,
    pub store_id: StoreId,
    pub gifter_customer_id: CustomerId,
    pub recipient_customer_id: CustomerId,
    pub revision: u64,
    pub currency: Currency,
    pub original_balance_in_cents: Cents,
    pub current_balance_in_cents: Cents,
    pub spends: Vec<SpendRow>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub voided_at: Option<Timestamp>,
}

/// A spend of a gift card or credit on an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendRow {
    /// `gift_card_spend_id` or `credit_redemption_id`.
    pub spend_id: Uuid,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    /// Right after the spend.
    pub remaining_balance_in_cents: Cents,
    pub created_at: Timestamp,
    pub reversed_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct GiftCardFilter {
    pub gifter: Option<CustomerId>,
    pub recipient: Option<CustomerId>,
    /// Only those with a balance left.
    pub active: bool,
}

/// Gift cards by id.
pub struct GiftCards;

const OF_RECIPIENT: Index = Index {
    name: "of_recipient",
    equal: &["recipient_id"],
    sort: Some("created_at"),
    covering: &["store_id", "active", "gifter_id"],
};
const OF_GIFTER: Index =
    Index { name: "of_gifter", equal: &["gifter_id"], sort: Some("created_at"), covering: &["store_id", "active"] };

impl View for GiftCards {
    type Row = GiftCardRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "gift_cards",
        version: 1,
        columns: &[
            Column::id("store_id"),
            Column::id("gifter_id"),
            Column::id("recipient_id"),
            Column::integer("active"),
            Column::integer("created_at"),
        ],
        indexes: &[OF_RECIPIENT, OF_GIFTER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::GiftCard);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<GiftCardRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::GiftCard(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        if let GiftCardEvent::GiftCardIssued(issued) = event {
            let new = GiftCardRow {
                gift_card_id: issued.gift_card_id,
                store_id: issued.store_id,
                gifter_customer_id: issued.gifter_customer_id,
                recipient_customer_id: issued.recipient_customer_id,
                revision: envelope.revision,
                currency: issued.currency,
                original_balance_in_cents: issued.amount_in_cents,
                current_balance_in_cents: issued.amount_in_cents,
                spends: Vec::new(),
                created_at: at,
                updated_at: at,
                voided_at: None,
            };
            return create(row, new);
        }
        let row = existing(row)?;
        match event {
            GiftCardEvent::GiftCardIssued(_) | GiftCardEvent::GiftCardSpendDeclined(_) => {}
            GiftCardEvent::GiftCardSpent(spent) => {
                row.current_balance_in_cents = spent.remaining_balance_in_cents;
                row.spends.push(SpendRow {
                    spend_id: spent.gift_card_spend_id.0,
                    invoice_id: spent.invoice_id,
                    amount_in_cents: spent.amount_in_cents,
                    remaining_balance_in_cents: spent.remaining_balance_in_cents,
                    created_at: at,
                    reversed_at: None,
                });
            }
            GiftCardEvent::GiftCardSpendReversed(reversed) => {
                row.current_balance_in_cents = reversed.remaining_balance_in_cents;
                reverse(&mut row.spends, reversed.gift_card_spend_id.0, at)?;
            }
            GiftCardEvent::GiftCardVoided(_) => {
                row.current_balance_in_cents = Cents::ZERO;
                row.voided_at = Some(at);
            }
        }
        if domain::gift_card::GiftCard::changes_representation(event) {
            row.revision = envelope.revision;
            row.updated_at = at;
        }
        Ok(())
    }

    fn columns(row: &GiftCardRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.gifter_customer_id.0.into(),
            row.recipient_customer_id.0.into(),
            (!row.current_balance_in_cents.is_zero()).into(),
            row.created_at.into(),
        ]
    }
}

/// Marks the spend as taken back.
pub(super) fn reverse(spends: &mut [SpendRow], spend: Uuid, at: Timestamp) -> Result<(), Misfit> {
    let spend = spends.iter_mut().find(|known| known.spend_id == spend);
    spend.ok_or(Misfit("a spend that there isn't is taken back"))?.reversed_at = Some(at);
    Ok(())
}

impl Views {
    pub async fn gift_card(&self, store: StoreId, gift_card: GiftCardId) -> Result<Option<GiftCardRow>, ReadError> {
        let row = self.get::<GiftCards>(gift_card.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// Gift cards by gifter, recipient or both (at least one), newest first; with neither the list is empty.
    pub async fn gift_cards(&self, store: StoreId, filter: &GiftCardFilter, page: &PageRequest) -> Result<Page<GiftCardRow>, ReadError> {
        let list = match (filter.recipient, filter.gifter) {
            (None, None) => return Ok(Page { items: Vec::new(), next: None }),
            (None, Some(gifter)) => List::through(&OF_GIFTER, vec![gifter.0.into()]),
            (Some(recipient), None) => List::through(&OF_RECIPIENT, vec![recipient.0.into()]),
            (Some(recipient), Some(gifter)) => {
                List::through(&OF_RECIPIENT, vec![recipient.0.into()]).filter(Filter::Equal("gifter_id", gifter.0.into()))
            }
        };
        let mut list = list.filter(Filter::Equal("store_id", store.0.into()));
        if filter.active {
            list = list.filter(Filter::Equal("active", true.into()));
        }
        let scope = [store.0, filter.recipient.map_or(Uuid::nil(), |id| id.0), filter.gifter.map_or(Uuid::nil(), |id| id.0)];
        self.page::<GiftCards>("gift cards", &scope, list, page).await
    }

    /// All gift cards that the customer received and that have a balance, the oldest first.
    pub async fn spendable_gift_cards(&self, store: StoreId, customer: CustomerId) -> Result<Vec<GiftCardRow>, ReadError> {
        let list = List::through(&OF_RECIPIENT, vec![customer.0.into()])
            .filter(Filter::Equal("store_id", store.0.into()))
            .filter(Filter::Equal("active", true.into()))
            .ascending();
        self.rows::<GiftCards>(list).await
    }
}
