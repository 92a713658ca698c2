//! What each customer bought, from collected invoices. Refunds don't change it (api.md §4).

use super::STORE;
use crate::store::{Value, ViewDeclaration};
use crate::{Keys, Misfit, ReadError, Source, View, Views};
use domain::invoice::InvoiceEvent;
use domain::{Category, CustomerId, Event, ProductId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What a customer bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurchasesRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// Σ of what was collected.
    pub total_spent_in_cents: i64,
    /// The last collection.
    pub last_order_date: Timestamp,
    /// How many of each product.
    pub products: BTreeMap<ProductId, u64>,
}

impl PurchasesRow {
    /// The `n` products that were bought most, each with how many; of equals the smaller id first.
    pub fn top_products(&self, n: usize) -> Vec<(ProductId, u64)> {
        let mut products: Vec<_> = self.products.iter().map(|(id, ordered)| (*id, *ordered)).collect();
        products.sort_unstable_by_key(|(id, ordered)| (Reverse(*ordered), *id));
        products.truncate(n);
        products
    }
}

pub struct Purchases;

impl View for Purchases {
    type Row = PurchasesRow;

    const DECLARATION: ViewDeclaration =
        ViewDeclaration { name: "purchases", version: 1, columns: &[STORE], indexes: &[], labels: None, search: None };
    /// A customer's invoices have a stream each.
    const SOURCE: Source = Source::Streams(&[Category::Invoice]);

    fn keys(envelope: &Envelope) -> Keys {
        match &envelope.event {
            Event::Invoice(InvoiceEvent::InvoiceCollected(event)) => Keys::One(event.customer_id.0),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Option<PurchasesRow>, key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Invoice(InvoiceEvent::InvoiceCollected(event)) = &envelope.event else {
            return Err(Misfit("the event is not a collected invoice"));
        };
        let at = envelope.metadata.occurred_at;
        let spent = row.as_ref().map_or(0, |row| row.total_spent_in_cents);
        let spent = spent.checked_add(event.amount_in_cents.get());
        let spent = spent.ok_or(Misfit("the customer spent more than can be counted"))?;
        let row = row.get_or_insert_with(|| PurchasesRow {
            customer_id: CustomerId(key),
            store_id: envelope.metadata.store_id,
            total_spent_in_cents: 0,
            last_order_date: at,
            products: BTreeMap::new(),
        });
        row.total_spent_in_cents = spent;
        row.last_order_date = row.last_order_date.max(at);
        for item in &event.items {
            *row.products.entry(item.product_id).or_default() += u64::from(item.quantity);
        }
        Ok(())
    }

    fn columns(row: &PurchasesRow) -> Vec<Value> {
        vec![row.store_id.0.into()]
    }
}

impl Views {
    /// What the customer bought; `None` before a first collected invoice.
    pub async fn purchases(
        &self,
        store: StoreId,
        customer: CustomerId,
    ) -> Result<Option<Arc<PurchasesRow>>, ReadError> {
        let row = self.of::<Purchases>()?.get(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// As [`Self::purchases`] for several customers, in their order.
    pub async fn purchases_by_ids(
        &self,
        store: StoreId,
        customers: &[CustomerId],
    ) -> Result<Vec<Option<Arc<PurchasesRow>>>, ReadError> {
        let keys: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
        let rows = self.of::<Purchases>()?.get_many(&keys).await?;
        Ok(rows.into_iter().map(|row| row.filter(|row| row.store_id == store)).collect())
    }
}
