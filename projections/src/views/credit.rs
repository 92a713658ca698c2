//! Store credits with what was spent of them.

use super::gift_card::{SpendRow, reverse};
use crate::page::{Page, PageRequest};
use crate::reader::{ReadError, Views};
use crate::store::{Column, Filter, Index, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::credit::{CreditEvent, CreditSource};
use domain::{Category, Cents, CreditId, Currency, CustomerId, Decider, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRow {
    pub credit_id: CreditId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub revision: u64,
    pub currency: Currency,
    pub original_balance_in_cents: Cents,
    pub current_balance_in_cents: Cents,
    pub redemptions: Vec<SpendRow>,
    pub source: CreditSource,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub voided_at: Option<Timestamp>,
}

/// Credits by id.
pub struct Credits;

const OF_CUSTOMER: Index =
    Index { name: "of_customer", equal: &["customer_id"], sort: Some("created_at"), covering: &["store_id", "active"] };

impl View for Credits {
    type Row = CreditRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "credits",
        version: 1,
        columns: &[
            Column::id("store_id"),
            Column::id("customer_id"),
            Column::integer("active"),
            Column::integer("created_at"),
        ],
        indexes: &[OF_CUSTOMER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Credit);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<CreditRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Credit(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        if let CreditEvent::CreditIssued(issued) = event {
            let new = CreditRow {
                credit_id: issued.credit_id,
                store_id: issued.store_id,
                customer_id: issued.customer_id,
                revision: envelope.revision,
                currency: issued.currency,
                original_balance_in_cents: issued.amount_in_cents,
                current_balance_in_cents: issued.amount_in_cents,
                redemptions: Vec::new(),
                source: issued.source,
                created_at: at,
                updated_at: at,
                voided_at: None,
            };
            return create(row, new);
        }
        let row = existing(row)?;
        match event {
            CreditEvent::CreditIssued(_) | CreditEvent::CreditSpendDeclined(_) => {}
            CreditEvent::CreditSpent(spent) => {
                row.current_balance_in_cents = spent.remaining_balance_in_cents;
                row.redemptions.push(SpendRow {
                    spend_id: spent.credit_redemption_id.0,
                    invoice_id: spent.invoice_id,
                    amount_in_cents: spent.amount_in_cents,
                    remaining_balance_in_cents: spent.remaining_balance_in_cents,
                    created_at: at,
                    reversed_at: None,
                });
            }
            CreditEvent::CreditSpendReversed(reversed) => {
                row.current_balance_in_cents = reversed.remaining_balance_in_cents;
                reverse(&mut row.redemptions, reversed.credit_redemption_id.0, at)?;
            }
            CreditEvent::CreditVoided(_) => {
                row.current_balance_in_cents = Cents::ZERO;
                row.voided_at = Some(at);
            }
        }
        if domain::credit::Credit::changes_representation(event) {
            row.revision = envelope.revision;
            row.updated_at = at;
        }
        Ok(())
    }

    fn columns(row: &CreditRow) -> Vec<Value> {
        let active = !row.current_balance_in_cents.is_zero();
        vec![row.store_id.0.into(), row.customer_id.0.into(), active.into(), row.created_at.into()]
    }
}

impl Views {
    pub async fn credit(&self, store: StoreId, credit: CreditId) -> Result<Option<CreditRow>, ReadError> {
        let row = self.get::<Credits>(credit.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The customer's credits, newest first; `active`: only those with a balance left.
    pub async fn credits(
        &self,
        store: StoreId,
        customer: CustomerId,
        active: bool,
        page: &PageRequest,
    ) -> Result<Page<CreditRow>, ReadError> {
        let list = of_customer(store, customer, active);
        self.page::<Credits>("credits", &[store.0, customer.0], list, page).await
    }

    /// All credits of the customer that have a balance, the oldest first.
    pub async fn spendable_credits(&self, store: StoreId, customer: CustomerId) -> Result<Vec<CreditRow>, ReadError> {
        self.rows::<Credits>(of_customer(store, customer, true).ascending()).await
    }
}

fn of_customer(store: StoreId, customer: CustomerId, active: bool) -> List {
    let list = List::through(&OF_CUSTOMER, vec![customer.0.into()]).filter(Filter::Equal("store_id", store.0.into()));
    if active { list.filter(Filter::Equal("active", true.into())) } else { list }
}
