//! Gift cards and what was spent of them.

use super::{CREATED, SPENDS, STORE};
use crate::at::{ListAt, ViewsAt};
use crate::store::{Column, Filter, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, View, Views};
use domain::gift_card::{GiftCard, GiftCardEvent, GiftCardSource};
use domain::{
    Category, Cents, Currency, CustomerId, Decider, Event, GiftCardId, GiftCardSpendId, InvoiceId, StoreId, Timestamp,
};
use futures::FutureExt;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// A gift card (api.md §8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GiftCardRow {
    pub gift_card_id: GiftCardId,
    pub store_id: StoreId,
    pub gifter_customer_id: CustomerId,
    pub recipient_customer_id: CustomerId,
    pub currency: Currency,
    pub original_balance_in_cents: Cents,
    pub current_balance_in_cents: Cents,
    pub source: GiftCardSource,
    /// The last ones, oldest first; all of them stand in the history.
    pub spends: Vec<SpendRow>,
    /// How many there were before these.
    pub older_spends: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub voided_at: Option<Timestamp>,
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpendRow {
    pub gift_card_spend_id: GiftCardSpendId,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    /// After the spend.
    pub remaining_balance_in_cents: Cents,
    pub created_at: Timestamp,
    pub reversed_at: Option<Timestamp>,
}

/// Which gift cards a list takes in: those that meet all that is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GiftCardFilter {
    pub gifter: Option<CustomerId>,
    pub recipient: Option<CustomerId>,
    /// Only those with a balance left.
    pub active_only: bool,
}

pub struct GiftCards;

const BY_STORE: Index =
    Index { name: "by_store", equal: &["store_id"], sort: Some("created_at"), covering: &["active"] };
const BY_GIFTER: Index = Index {
    name: "by_gifter",
    equal: &["store_id", "gifter_customer_id"],
    sort: Some("created_at"),
    covering: &["active"],
};
const BY_RECIPIENT: Index = Index {
    name: "by_recipient",
    equal: &["store_id", "recipient_customer_id"],
    sort: Some("created_at"),
    covering: &["active"],
};
/// Those with a balance, for a billing.
const WALLET: Index = Index {
    name: "wallet",
    equal: &["store_id", "recipient_customer_id", "active"],
    sort: Some("created_at"),
    covering: &[],
};

impl View for GiftCards {
    type Row = GiftCardRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "gift_cards",
        version: 3,
        key: KeyKind::Id,
        stores: false,
        columns: &[
            STORE,
            CREATED,
            Column::id("gifter_customer_id"),
            Column::id("recipient_customer_id"),
            Column::integer("active"),
        ],
        indexes: &[BY_STORE, BY_GIFTER, BY_RECIPIENT, WALLET],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::GiftCard);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<GiftCardRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::GiftCard(event) = &envelope.event else {
            return Err(Misfit("the event is not a gift card's"));
        };
        let at = envelope.metadata.occurred_at;
        if let GiftCardEvent::GiftCardIssued(event) = event {
            return create(
                row,
                GiftCardRow {
                    gift_card_id: event.gift_card_id,
                    store_id: event.store_id,
                    gifter_customer_id: event.gifter_customer_id,
                    recipient_customer_id: event.recipient_customer_id,
                    currency: event.currency,
                    original_balance_in_cents: event.amount_in_cents,
                    current_balance_in_cents: event.amount_in_cents,
                    source: event.source,
                    spends: Vec::new(),
                    older_spends: 0,
                    created_at: at,
                    updated_at: at,
                    voided_at: None,
                    revision: envelope.revision,
                },
            );
        }
        changed(existing(row)?, event, envelope)
    }

    fn columns(row: &GiftCardRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.created_at.into(),
            row.gifter_customer_id.0.into(),
            row.recipient_customer_id.0.into(),
            (!row.current_balance_in_cents.is_zero()).into(),
        ]
    }
}

fn changed(row: &mut GiftCardRow, event: &GiftCardEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        GiftCardEvent::GiftCardIssued(_) => return Err(Misfit("the row exists already")),
        GiftCardEvent::GiftCardSpent(event) => {
            row.current_balance_in_cents = event.remaining_balance_in_cents;
            row.spends.push(SpendRow {
                gift_card_spend_id: event.gift_card_spend_id,
                invoice_id: event.invoice_id,
                amount_in_cents: event.amount_in_cents,
                remaining_balance_in_cents: event.remaining_balance_in_cents,
                created_at: at,
                reversed_at: None,
            });
            if row.spends.len() > SPENDS {
                row.spends.remove(0);
                row.older_spends += 1;
            }
        }
        GiftCardEvent::GiftCardSpendDeclined(_) => {}
        GiftCardEvent::GiftCardSpendReversed(event) => {
            let mut spends = row.spends.iter_mut();
            let spend = spends.find(|spend| spend.gift_card_spend_id == event.gift_card_spend_id);
            match spend {
                Some(spend) => spend.reversed_at = Some(at),
                None if row.older_spends > 0 => {}
                None => return Err(Misfit("the gift card has no such spend")),
            }
            row.current_balance_in_cents = event.remaining_balance_in_cents;
        }
        GiftCardEvent::GiftCardVoided(_) => {
            row.current_balance_in_cents = Cents::ZERO;
            row.voided_at = Some(at);
        }
    }
    if GiftCard::changes_representation(event) {
        row.updated_at = at;
        row.revision = envelope.revision;
    }
    Ok(())
}

fn list(store: StoreId, filter: &GiftCardFilter) -> List {
    let mut list = match (filter.recipient, filter.gifter) {
        (Some(recipient), _) => List::through(&BY_RECIPIENT, vec![store.0.into(), recipient.0.into()]),
        (None, Some(gifter)) => List::through(&BY_GIFTER, vec![store.0.into(), gifter.0.into()]),
        (None, None) => List::through(&BY_STORE, vec![store.0.into()]),
    };
    if let (Some(_), Some(gifter)) = (filter.recipient, filter.gifter) {
        list = list.filter(Filter::Equal("gifter_customer_id", gifter.0.into()));
    }
    if filter.active_only {
        list = list.filter(Filter::Equal("active", true.into()));
    }
    list
}

/// What tells such lists apart: that of a customer received is not that of the same customer given.
fn scope(store: StoreId, filter: &GiftCardFilter) -> [Uuid; 3] {
    let [gifter, recipient] = [filter.gifter, filter.recipient].map(|customer| customer.map_or(Uuid::nil(), |id| id.0));
    [store.0, gifter, recipient]
}

impl Views {
    pub async fn gift_card(
        &self,
        store: StoreId,
        gift_card: GiftCardId,
    ) -> Result<Option<Arc<GiftCardRow>>, ReadError> {
        let row = self.of::<GiftCards>()?.get(gift_card.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The gift cards, newest first.
    pub async fn gift_cards(
        &self,
        store: StoreId,
        filter: &GiftCardFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<GiftCardRow>>, ReadError> {
        self.of::<GiftCards>()?.page("gift_cards", &scope(store, filter), list(store, filter), page).await
    }
}

/// The gift cards that the customer received and that have a balance, oldest first.
pub(super) fn gift_cards_in_wallet(store: StoreId, customer: CustomerId) -> List {
    List::through(&WALLET, vec![store.0.into(), customer.0.into(), true.into()]).ascending()
}

impl ViewsAt {
    /// As [`Views::gift_card`].
    pub async fn gift_card(
        &self,
        store: StoreId,
        gift_card: GiftCardId,
    ) -> Result<Option<Arc<GiftCardRow>>, ReadError> {
        Ok(self.row::<GiftCards>(gift_card.0).await?.filter(|row| row.store_id == store))
    }

    /// As [`Views::gift_cards`].
    pub async fn gift_cards(
        &self,
        store: StoreId,
        filter: &GiftCardFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<GiftCardRow>>, ReadError> {
        let scope = scope(store, filter);
        let among = list(store, &GiftCardFilter { active_only: false, ..*filter });
        let list = ListAt { name: "gift_cards", scope: &scope, among, wanted: list(store, filter) };
        self.page::<GiftCards>(list, page, &|now| self.each::<GiftCards>(now, |row| row.gift_card_id.0).boxed()).await
    }
}
