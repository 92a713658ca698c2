//! What each customer bought, from collected invoices. Refunds don't change it (api.md §4).

use super::STORE;
use crate::at::ViewsAt;
use crate::store::{KeyKind, Value, ViewDeclaration};
use crate::view::{id_of, stream_id};
use crate::{Keys, Misfit, ReadError, RowKey, Source, View, Views};
use domain::invoice::{InvoiceCollected, InvoiceEvent, InvoiceIssued};
use domain::{Category, Currency, CustomerId, Event, InvoiceId, ProductId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// What a customer bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurchasesRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// Σ of what was collected, by currency: a customer's may change, and nothing is ever converted.
    pub spent_in_cents: BTreeMap<Currency, i64>,
    /// The last collection.
    pub last_order_date: Option<Timestamp>,
    /// How many of each product, of at most [`PRODUCTS_KEPT`].
    pub products: BTreeMap<ProductId, u64>,
    /// That of the first invoice.
    usual_currency: Option<Currency>,
    /// The open invoices in another one, oldest first, at most [`OTHERS_KEPT`]: collections of old don't say their currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_currencies: Vec<(InvoiceId, Currency)>,
}

/// Only an old collection is looked for here, and only where the customer's currency had changed: a customer with more open
/// invoices than that, in a second currency, is none that a row should grow for.
const OTHERS_KEPT: usize = 100;

/// Of a customer with more different products than that, those that were bought least are forgotten, but for what was bought last: a
/// row is read and written with each collection.
const PRODUCTS_KEPT: usize = 1_000;

impl PurchasesRow {
    fn new(customer_id: CustomerId, store_id: StoreId) -> Self {
        Self {
            customer_id,
            store_id,
            spent_in_cents: BTreeMap::new(),
            last_order_date: None,
            products: BTreeMap::new(),
            usual_currency: None,
            other_currencies: Vec::new(),
        }
    }

    fn issued(&mut self, event: &InvoiceIssued) {
        if *self.usual_currency.get_or_insert(event.currency) != event.currency {
            self.other_currencies.push((event.invoice_id, event.currency));
            let too_many = self.other_currencies.len().saturating_sub(OTHERS_KEPT);
            self.other_currencies.drain(..too_many);
        }
    }

    fn collected(&mut self, invoice: InvoiceId, event: &InvoiceCollected, at: Timestamp) -> Result<(), Misfit> {
        let currency = event.currency.or_else(|| self.currency_of(invoice));
        let currency = currency.ok_or(Misfit("the currency of what was collected is not known"))?;
        let spent = self.spent_in_cents.get(&currency).copied().unwrap_or_default();
        let spent = spent.checked_add(event.amount_in_cents.get());
        self.spent_in_cents.insert(currency, spent.ok_or(Misfit("the customer spent more than can be counted"))?);
        self.last_order_date = self.last_order_date.max(Some(at));
        for item in &event.items {
            *self.products.entry(item.product_id).or_default() += u64::from(item.quantity);
        }
        self.forget_products(event);
        self.closed(invoice);
        Ok(())
    }

    /// Of equals the larger id first.
    fn forget_products(&mut self, last: &InvoiceCollected) {
        let too_many = self.products.len().saturating_sub(PRODUCTS_KEPT);
        if too_many == 0 {
            return;
        }
        let bought_last: BTreeSet<ProductId> = last.items.iter().map(|item| item.product_id).collect();
        let mut others: Vec<_> = self.products.iter().filter(|(id, _)| !bought_last.contains(id)).collect();
        others.sort_unstable_by_key(|(id, ordered)| (**ordered, Reverse(**id)));
        let forgotten: Vec<ProductId> = others.into_iter().take(too_many).map(|(id, _)| *id).collect();
        for id in &forgotten {
            self.products.remove(id);
        }
    }

    fn currency_of(&self, invoice: InvoiceId) -> Option<Currency> {
        let other = self.other_currencies.iter().find(|(other, _)| *other == invoice);
        other.map(|(_, currency)| *currency).or(self.usual_currency)
    }

    fn closed(&mut self, invoice: InvoiceId) {
        self.other_currencies.retain(|(other, _)| *other != invoice);
    }

    /// Whether it is of the store, and something was collected.
    fn is_of(&self, store: StoreId) -> bool {
        self.store_id == store && self.last_order_date.is_some()
    }

    /// What was collected in the currency.
    pub fn spent(&self, currency: Currency) -> i64 {
        self.spent_in_cents.get(&currency).copied().unwrap_or_default()
    }

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
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "purchases",
        version: 3,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE],
        indexes: &[],
        labels: None,
        search: None,
    };
    /// A customer's invoices have a stream each.
    const SOURCE: Source = Source::Streams(&[Category::Invoice]);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        match &envelope.event {
            Event::Invoice(InvoiceEvent::InvoiceIssued(event)) => Keys::id(event.customer_id.0),
            Event::Invoice(InvoiceEvent::InvoiceCollected(event)) => Keys::id(event.customer_id.0),
            Event::Invoice(InvoiceEvent::InvoiceFailed(event)) => Keys::id(event.customer_id.0),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Option<PurchasesRow>, key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Invoice(event) = &envelope.event else {
            return Err(Misfit("the event is not an invoice's"));
        };
        let invoice = InvoiceId(stream_id(envelope.stream.as_str()).ok_or(Misfit("the stream names no invoice"))?);
        let customer = CustomerId(id_of(key)?);
        let new = || PurchasesRow::new(customer, envelope.metadata.store_id);
        match event {
            InvoiceEvent::InvoiceIssued(event) => row.get_or_insert_with(new).issued(event),
            InvoiceEvent::InvoiceCollected(event) => match row {
                Some(row) => row.collected(invoice, event, envelope.metadata.occurred_at)?,
                None => {
                    let mut first = new();
                    first.collected(invoice, event, envelope.metadata.occurred_at)?;
                    *row = Some(first);
                }
            },
            InvoiceEvent::InvoiceFailed(_) => row.get_or_insert_with(new).closed(invoice),
            InvoiceEvent::RefundIssued(_) | InvoiceEvent::RefundsClosed(_) => {}
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
        Ok(row.filter(|row| row.is_of(store)))
    }

    /// As [`Self::purchases`] for several customers, in their order.
    pub async fn purchases_by_ids(
        &self,
        store: StoreId,
        customers: &[CustomerId],
    ) -> Result<Vec<Option<Arc<PurchasesRow>>>, ReadError> {
        let keys: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
        let rows = self.of::<Purchases>()?.get_many(&keys).await?;
        Ok(rows.into_iter().map(|row| row.filter(|row| row.is_of(store))).collect())
    }
}

impl ViewsAt {
    /// As [`Views::purchases`].
    pub async fn purchases(
        &self,
        store: StoreId,
        customer: CustomerId,
    ) -> Result<Option<Arc<PurchasesRow>>, ReadError> {
        let row = self.row_by_history::<Purchases>(customer.0.into()).await?;
        Ok(row.filter(|row| row.is_of(store)))
    }
}
