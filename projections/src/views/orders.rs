//! Orders.

use super::{CREATED, STORE};
use crate::at::{ListAt, ViewsAt};
use crate::store::{Column, Filter, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, TimeRange, View, Views};
use domain::order::{Order, OrderEvent, OrderLine, OrderStatus};
use domain::{CartId, Category, CustomerId, Decider, Event, InvoiceId, OrderId, StoreId, Timestamp};
use futures::FutureExt;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An order (api.md §7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderRow {
    pub order_id: OrderId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub invoice_id: InvoiceId,
    /// The cart whose stock the order held.
    pub cart_id: CartId,
    pub status: OrderStatus,
    pub lines: Vec<OrderLine>,
    pub created_at: Timestamp,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub revision: u64,
}

/// Which orders a list takes in: those that meet all that is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    pub created: TimeRange,
    pub shipped: TimeRange,
    pub delivered: TimeRange,
    pub canceled: TimeRange,
}

pub struct Orders;

const DATES: &[&str] = &["shipped_at", "delivered_at", "canceled_at"];
const BY_STORE: Index = Index { name: "by_store", equal: &["store_id"], sort: Some("created_at"), covering: DATES };
const BY_STATUS: Index =
    Index { name: "by_status", equal: &["store_id", "status"], sort: Some("created_at"), covering: DATES };
const BY_CUSTOMER: Index =
    Index { name: "by_customer", equal: &["store_id", "customer_id"], sort: Some("created_at"), covering: &[] };

impl View for Orders {
    type Row = OrderRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "orders",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        columns: &[
            STORE,
            CREATED,
            Column::id("customer_id"),
            Column::integer("status"),
            Column::integer("shipped_at").or_null(),
            Column::integer("delivered_at").or_null(),
            Column::integer("canceled_at").or_null(),
        ],
        indexes: &[BY_STORE, BY_STATUS, BY_CUSTOMER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Order);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<OrderRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Order(event) = &envelope.event else {
            return Err(Misfit("the event is not an order's"));
        };
        let at = envelope.metadata.occurred_at;
        match event {
            OrderEvent::OrderPlaced(event) => {
                return create(
                    row,
                    OrderRow {
                        order_id: event.order_id,
                        store_id: event.store_id,
                        customer_id: event.customer_id,
                        invoice_id: event.invoice_id,
                        cart_id: event.cart_id,
                        status: OrderStatus::Pending,
                        lines: event.lines.clone(),
                        created_at: at,
                        shipped_at: None,
                        delivered_at: None,
                        canceled_at: None,
                        revision: envelope.revision,
                    },
                );
            }
            OrderEvent::OrderShipped(_) => {
                let row = existing(row)?;
                row.status = OrderStatus::Shipped;
                row.shipped_at = Some(at);
            }
            OrderEvent::OrderDelivered(_) => {
                let row = existing(row)?;
                row.status = OrderStatus::Delivered;
                row.delivered_at = Some(at);
            }
            OrderEvent::OrderCanceled(_) => {
                let row = existing(row)?;
                row.status = OrderStatus::Canceled;
                row.canceled_at = Some(at);
            }
        }
        if Order::changes_representation(event) {
            existing(row)?.revision = envelope.revision;
        }
        Ok(())
    }

    fn columns(row: &OrderRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.created_at.into(),
            row.customer_id.0.into(),
            status_code(row.status).into(),
            row.shipped_at.into(),
            row.delivered_at.into(),
            row.canceled_at.into(),
        ]
    }
}

/// Stable: stands in a column.
fn status_code(status: OrderStatus) -> i64 {
    match status {
        OrderStatus::Pending => 0,
        OrderStatus::Shipped => 1,
        OrderStatus::Delivered => 2,
        OrderStatus::Canceled => 3,
    }
}

fn with_dates(list: List, filter: &OrderFilter) -> List {
    list.range(filter.created)
        .within("shipped_at", filter.shipped)
        .within("delivered_at", filter.delivered)
        .within("canceled_at", filter.canceled)
}

fn of_customer(store: StoreId, customer: CustomerId, filter: &OrderFilter) -> List {
    let list = List::through(&BY_CUSTOMER, vec![store.0.into(), customer.0.into()]);
    let list = with_dates(list, filter);
    match filter.status {
        Some(status) => list.filter(Filter::Equal("status", status_code(status).into())),
        None => list,
    }
}

impl Views {
    pub async fn order(&self, store: StoreId, order: OrderId) -> Result<Option<Arc<OrderRow>>, ReadError> {
        let row = self.of::<Orders>()?.get(order.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The store's orders, newest first.
    pub async fn orders(
        &self,
        store: StoreId,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<OrderRow>>, ReadError> {
        let list = match filter.status {
            None => List::through(&BY_STORE, vec![store.0.into()]),
            Some(status) => List::through(&BY_STATUS, vec![store.0.into(), status_code(status).into()]),
        };
        let list = with_dates(list, filter);
        self.of::<Orders>()?.page("orders", &[store.0], list, page).await
    }

    /// The customer's orders, newest first.
    pub async fn customer_orders(
        &self,
        store: StoreId,
        customer: CustomerId,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<OrderRow>>, ReadError> {
        let list = of_customer(store, customer, filter);
        self.of::<Orders>()?.page("orders", &[store.0, customer.0], list, page).await
    }
}

impl ViewsAt {
    /// As [`Views::order`].
    pub async fn order(&self, store: StoreId, order: OrderId) -> Result<Option<Arc<OrderRow>>, ReadError> {
        Ok(self.row::<Orders>(order.0).await?.filter(|row| row.store_id == store))
    }

    /// As [`Views::customer_orders`].
    pub async fn customer_orders(
        &self,
        store: StoreId,
        customer: CustomerId,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<OrderRow>>, ReadError> {
        let scope = [store.0, customer.0];
        let among = of_customer(store, customer, &OrderFilter::default());
        let list = ListAt { name: "orders", scope: &scope, among, wanted: of_customer(store, customer, filter) };
        self.page::<Orders>(list, page, &|now| self.each::<Orders>(now, |row| row.order_id.0).boxed()).await
    }
}
