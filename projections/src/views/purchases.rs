//! What a customer bought: folded from the collected invoices.

use crate::reader::{ReadError, Views};
use crate::store::{Column, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View};
use domain::invoice::InvoiceEvent;
use domain::{Category, CustomerId, Event, ProductId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A customer's collected invoices, added up. Refunds don't change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchasesRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// What was collected, after gift cards and credits.
    pub total_spent_in_cents: i64,
    pub last_order_date: Timestamp,
    /// How many of each product.
    pub products: BTreeMap<ProductId, u64>,
}

impl PurchasesRow {
    /// The `n` products ordered most, most first; among equals the smaller id.
    pub fn top(&self, n: usize) -> Vec<(ProductId, u64)> {
        let mut products: Vec<_> = self.products.iter().map(|(product, ordered)| (*product, *ordered)).collect();
        products.sort_by_key(|(product, ordered)| (std::cmp::Reverse(*ordered), *product));
        products.truncate(n);
        products
    }
}

/// Purchases by customer.
pub struct Purchases;

impl View for Purchases {
    type Row = PurchasesRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "purchases",
        version: 1,
        columns: &[Column::id("store_id")],
        indexes: &[],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::Streams(&[Category::Invoice]);

    fn keys(envelope: &Envelope) -> Keys {
        match &envelope.event {
            Event::Invoice(InvoiceEvent::InvoiceCollected(collected)) => Keys::One(collected.customer_id.0),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Option<PurchasesRow>, key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Invoice(InvoiceEvent::InvoiceCollected(collected)) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        let row = row.get_or_insert_with(|| PurchasesRow {
            customer_id: CustomerId(key),
            store_id: envelope.metadata.store_id,
            total_spent_in_cents: 0,
            last_order_date: at,
            products: BTreeMap::new(),
        });
        row.total_spent_in_cents = row.total_spent_in_cents.saturating_add(collected.amount_in_cents.get());
        // Invoices are streams of their own: their times need not rise with their positions.
        row.last_order_date = row.last_order_date.max(at);
        for item in &collected.items {
            *row.products.entry(item.product_id).or_default() += u64::from(item.quantity);
        }
        Ok(())
    }

    fn columns(row: &PurchasesRow) -> Vec<Value> {
        vec![row.store_id.0.into()]
    }
}

impl Views {
    /// What the customer bought; `None` before the first collected invoice.
    pub async fn purchases(&self, store: StoreId, customer: CustomerId) -> Result<Option<PurchasesRow>, ReadError> {
        let row = self.get::<Purchases>(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }
}
