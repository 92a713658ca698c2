//! Orders.

use crate::page::{Page, PageRequest};
use crate::range::TimeRange;
use crate::reader::{ReadError, Views};
use crate::store::{Column, Filter, Index, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::order::{OrderEvent, OrderLine, OrderStatus};
use domain::{Category, CustomerId, Decider, Event, InvoiceId, OrderId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    pub order_id: OrderId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub invoice_id: InvoiceId,
    pub revision: u64,
    pub status: OrderStatus,
    pub lines: Vec<OrderLine>,
    pub created_at: Timestamp,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    pub created_at: TimeRange,
    pub shipped_at: TimeRange,
    pub delivered_at: TimeRange,
    pub canceled_at: TimeRange,
}

/// Orders by id.
pub struct Orders;

const MOMENTS: &[&str] = &["shipped_at", "delivered_at", "canceled_at", "status", "store_id"];
const OF_STORE: Index = Index {
    name: "of_store",
    equal: &["store_id"],
    sort: Some("created_at"),
    covering: &["shipped_at", "delivered_at", "canceled_at", "status"],
};
const OF_STATUS: Index = Index {
    name: "of_status",
    equal: &["store_id", "status"],
    sort: Some("created_at"),
    covering: &["shipped_at", "delivered_at", "canceled_at"],
};
const OF_CUSTOMER: Index = Index { name: "of_customer", equal: &["customer_id"], sort: Some("created_at"), covering: MOMENTS };

impl View for Orders {
    type Row = OrderRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "orders",
        version: 1,
        columns: &[
            Column::id("store_id"),
            Column::id("customer_id"),
            Column::text("status"),
            Column::integer("created_at"),
            Column::integer("shipped_at").or_null(),
            Column::integer("delivered_at").or_null(),
            Column::integer("canceled_at").or_null(),
        ],
        indexes: &[OF_STORE, OF_STATUS, OF_CUSTOMER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Order);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<OrderRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Order(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        if let OrderEvent::OrderPlaced(placed) = event {
            let new = OrderRow {
                order_id: placed.order_id,
                store_id: placed.store_id,
                customer_id: placed.customer_id,
                invoice_id: placed.invoice_id,
                revision: envelope.revision,
                status: OrderStatus::Pending,
                lines: placed.lines.clone(),
                created_at: at,
                shipped_at: None,
                delivered_at: None,
                canceled_at: None,
            };
            return create(row, new);
        }
        let row = existing(row)?;
        match event {
            OrderEvent::OrderPlaced(_) => {}
            OrderEvent::OrderShipped(_) => {
                row.status = OrderStatus::Shipped;
                row.shipped_at = Some(at);
            }
            OrderEvent::OrderDelivered(_) => {
                row.status = OrderStatus::Delivered;
                row.delivered_at = Some(at);
            }
            OrderEvent::OrderCanceled(_) => {
                row.status = OrderStatus::Canceled;
                row.canceled_at = Some(at);
            }
        }
        if domain::order::Order::changes_representation(event) {
            row.revision = envelope.revision;
        }
        Ok(())
    }

    fn columns(row: &OrderRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.customer_id.0.into(),
            row.status.to_string().into(),
            row.created_at.into(),
            row.shipped_at.into(),
            row.delivered_at.into(),
            row.canceled_at.into(),
        ]
    }
}

impl Views {
    pub async fn order(&self, store: StoreId, order: OrderId) -> Result<Option<OrderRow>, ReadError> {
        let row = self.get::<Orders>(order.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The store's orders, newest first.
    pub async fn orders(&self, store: StoreId, filter: &OrderFilter, page: &PageRequest) -> Result<Page<OrderRow>, ReadError> {
        let list = match filter.status {
            Some(status) => List::through(&OF_STATUS, vec![store.0.into(), status.to_string().into()]),
            None => List::through(&OF_STORE, vec![store.0.into()]),
        };
        self.page::<Orders>("orders", &[store.0], dated(list, filter), page).await
    }

    /// The customer's orders, newest first.
    pub async fn customer_orders(
        &self,
        store: StoreId,
        customer: CustomerId,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Page<OrderRow>, ReadError> {
        let mut list = List::through(&OF_CUSTOMER, vec![customer.0.into()]).filter(Filter::Equal("store_id", store.0.into()));
        if let Some(status) = filter.status {
            list = list.filter(Filter::Equal("status", status.to_string().into()));
        }
        self.page::<Orders>("customer orders", &[store.0, customer.0], dated(list, filter), page).await
    }
}

fn dated(list: List, filter: &OrderFilter) -> List {
    list.range(filter.created_at)
        .within("shipped_at", filter.shipped_at)
        .within("delivered_at", filter.delivered_at)
        .within("canceled_at", filter.canceled_at)
}
