//! Store credits and what was spent of them.

use super::{CREATED, SPENDS, STORE};
use crate::at::{ListAt, ViewsAt};
use crate::store::{Column, Filter, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, View, Views};
use domain::credit::{Credit, CreditEvent, CreditSource};
use domain::{
    Category, Cents, CreditId, CreditRedemptionId, Currency, CustomerId, Decider, Event, InvoiceId, StoreId, Timestamp,
};
use futures::FutureExt;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A credit (api.md §9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditRow {
    pub credit_id: CreditId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub original_balance_in_cents: Cents,
    pub current_balance_in_cents: Cents,
    pub source: CreditSource,
    /// The last ones, oldest first; all of them stand in the history.
    pub redemptions: Vec<RedemptionRow>,
    /// How many there were before these.
    pub older_redemptions: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub voided_at: Option<Timestamp>,
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RedemptionRow {
    pub credit_redemption_id: CreditRedemptionId,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    /// After the redemption.
    pub remaining_balance_in_cents: Cents,
    pub created_at: Timestamp,
    pub reversed_at: Option<Timestamp>,
}

pub struct Credits;

const BY_CUSTOMER: Index =
    Index { name: "by_customer", equal: &["store_id", "customer_id"], sort: Some("created_at"), covering: &["active"] };
/// Those with a balance, for a billing.
const WALLET: Index =
    Index { name: "wallet", equal: &["store_id", "customer_id", "active"], sort: Some("created_at"), covering: &[] };

impl View for Credits {
    type Row = CreditRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "credits",
        version: 2,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE, CREATED, Column::id("customer_id"), Column::integer("active")],
        indexes: &[BY_CUSTOMER, WALLET],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Credit);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<CreditRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Credit(event) = &envelope.event else {
            return Err(Misfit("the event is not a credit's"));
        };
        let at = envelope.metadata.occurred_at;
        if let CreditEvent::CreditIssued(event) = event {
            return create(
                row,
                CreditRow {
                    credit_id: event.credit_id,
                    store_id: event.store_id,
                    customer_id: event.customer_id,
                    currency: event.currency,
                    original_balance_in_cents: event.amount_in_cents,
                    current_balance_in_cents: event.amount_in_cents,
                    source: event.source,
                    redemptions: Vec::new(),
                    older_redemptions: 0,
                    created_at: at,
                    updated_at: at,
                    voided_at: None,
                    revision: envelope.revision,
                },
            );
        }
        changed(existing(row)?, event, envelope)
    }

    fn columns(row: &CreditRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.created_at.into(),
            row.customer_id.0.into(),
            (!row.current_balance_in_cents.is_zero()).into(),
        ]
    }
}

fn changed(row: &mut CreditRow, event: &CreditEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        CreditEvent::CreditIssued(_) => return Err(Misfit("the row exists already")),
        CreditEvent::CreditSpent(event) => {
            row.current_balance_in_cents = event.remaining_balance_in_cents;
            row.redemptions.push(RedemptionRow {
                credit_redemption_id: event.credit_redemption_id,
                invoice_id: event.invoice_id,
                amount_in_cents: event.amount_in_cents,
                remaining_balance_in_cents: event.remaining_balance_in_cents,
                created_at: at,
                reversed_at: None,
            });
            if row.redemptions.len() > SPENDS {
                row.redemptions.remove(0);
                row.older_redemptions += 1;
            }
        }
        CreditEvent::CreditSpendDeclined(_) => {}
        CreditEvent::CreditSpendReversed(event) => {
            let mut redemptions = row.redemptions.iter_mut();
            let redemption =
                redemptions.find(|redemption| redemption.credit_redemption_id == event.credit_redemption_id);
            match redemption {
                Some(redemption) => redemption.reversed_at = Some(at),
                None if row.older_redemptions > 0 => {}
                None => return Err(Misfit("the credit has no such redemption")),
            }
            row.current_balance_in_cents = event.remaining_balance_in_cents;
        }
        CreditEvent::CreditVoided(_) => {
            row.current_balance_in_cents = Cents::ZERO;
            row.voided_at = Some(at);
        }
    }
    if Credit::changes_representation(event) {
        row.updated_at = at;
        row.revision = envelope.revision;
    }
    Ok(())
}

fn of_customer(store: StoreId, customer: CustomerId, active_only: bool) -> List {
    let list = List::through(&BY_CUSTOMER, vec![store.0.into(), customer.0.into()]);
    if active_only { list.filter(Filter::Equal("active", true.into())) } else { list }
}

impl Views {
    pub async fn credit(&self, store: StoreId, credit: CreditId) -> Result<Option<Arc<CreditRow>>, ReadError> {
        let row = self.of::<Credits>()?.get(credit.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The customer's credits, all or those with a balance left, newest first.
    pub async fn credits(
        &self,
        store: StoreId,
        customer: CustomerId,
        active_only: bool,
        page: &PageRequest,
    ) -> Result<Page<Arc<CreditRow>>, ReadError> {
        let list = of_customer(store, customer, active_only);
        self.of::<Credits>()?.page("credits", &[store.0, customer.0], list, page).await
    }
}

/// The customer's credits that have a balance, oldest first.
pub(super) fn credits_in_wallet(store: StoreId, customer: CustomerId) -> List {
    List::through(&WALLET, vec![store.0.into(), customer.0.into(), true.into()]).ascending()
}

impl ViewsAt {
    /// As [`Views::credit`].
    pub async fn credit(&self, store: StoreId, credit: CreditId) -> Result<Option<Arc<CreditRow>>, ReadError> {
        Ok(self.row::<Credits>(credit.0).await?.filter(|row| row.store_id == store))
    }

    /// As [`Views::credits`].
    pub async fn credits(
        &self,
        store: StoreId,
        customer: CustomerId,
        active_only: bool,
        page: &PageRequest,
    ) -> Result<Page<Arc<CreditRow>>, ReadError> {
        let (scope, among) = ([store.0, customer.0], of_customer(store, customer, false));
        let list = ListAt { name: "credits", scope: &scope, among, wanted: of_customer(store, customer, active_only) };
        self.page::<Credits>(list, page, &|now| self.each::<Credits>(now, |row| row.credit_id.0).boxed()).await
    }
}
