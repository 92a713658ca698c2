//! Invoices with their lines, what they spent, and their refunds.

use crate::page::{Page, PageRequest};
use crate::range::TimeRange;
use crate::reader::{ReadError, Views};
use crate::store::{Column, Filter, Index, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::billing::{CouponUse, InvoiceLine};
use domain::invoice::{CreditRedemption, GiftCardSpend, InvoiceEvent, InvoiceStatus, RefundIssued, RefundLine};
use domain::{
    CartId, Category, Cents, CreditId, Currency, CustomerId, Decider, Event, InvoiceId, OrderId, RefundId, StoreId, Timestamp,
};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An invoice. Total − discount + tax = gift cards + credits + amount due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRow {
    pub invoice_id: InvoiceId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub cart_id: CartId,
    pub revision: u64,
    pub currency: Currency,
    pub status: InvoiceStatus,
    pub total_amount_in_cents: Cents,
    pub discount_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
    pub gift_card_used_amount_in_cents: Cents,
    pub credit_used_amount_in_cents: Cents,
    pub amount_due_in_cents: Cents,
    pub refunded_amount_in_cents: Cents,
    pub coupon: Option<CouponUse>,
    pub lines: Vec<InvoiceLineRow>,
    pub gift_card_spends: Vec<GiftCardSpend>,
    pub credit_redemptions: Vec<CreditRedemption>,
    pub refunds: Vec<RefundRow>,
    pub order_id: Option<OrderId>,
    pub created_at: Timestamp,
    /// When it was collected or failed.
    pub closed_at: Option<Timestamp>,
    /// When the spends were taken back: the invoice failed.
    pub reversed_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLineRow {
    #[serde(flatten)]
    pub line: InvoiceLine,
    pub refunded_amount_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRow {
    pub refund_id: RefundId,
    pub lines: Vec<RefundLine>,
    pub credit_id: Option<CreditId>,
    pub credit_amount_in_cents: Cents,
    pub total_amount_in_cents: Cents,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct InvoiceFilter {
    /// Also those that are not open any more.
    pub closed_too: bool,
    pub created_at: TimeRange,
}

/// Invoices by id.
pub struct Invoices;

const OF_STORE: Index = Index { name: "of_store", equal: &["store_id"], sort: Some("created_at"), covering: &[] };
const OPEN_OF_STORE: Index =
    Index { name: "open_of_store", equal: &["store_id", "open"], sort: Some("created_at"), covering: &[] };
const OF_CUSTOMER: Index =
    Index { name: "of_customer", equal: &["customer_id"], sort: Some("created_at"), covering: &["store_id", "open"] };

impl View for Invoices {
    type Row = InvoiceRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "invoices",
        version: 1,
        columns: &[Column::id("store_id"), Column::id("customer_id"), Column::integer("open"), Column::integer("created_at")],
        indexes: &[OF_STORE, OPEN_OF_STORE, OF_CUSTOMER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Invoice);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<InvoiceRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Invoice(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        if let InvoiceEvent::InvoiceIssued(issued) = event {
            if !issued.adds_up() {
                return Err(Misfit("the invoice does not add up"));
            }
            return create(row, issued_row(issued, envelope));
        }
        let row = existing(row)?;
        match event {
            InvoiceEvent::InvoiceIssued(_) => {}
            InvoiceEvent::InvoiceCollected(collected) => {
                row.status = InvoiceStatus::Collected;
                row.closed_at = Some(at);
                row.order_id = Some(collected.order_id);
            }
            InvoiceEvent::InvoiceFailed(_) => {
                row.status = InvoiceStatus::Failed;
                row.closed_at = Some(at);
                row.reversed_at = Some(at);
            }
            InvoiceEvent::RefundIssued(refund) => refunded(row, refund, at)?,
            InvoiceEvent::RefundsClosed(closed) => {
                for refund in row.refunds.iter_mut().filter(|refund| closed.refund_ids.contains(&refund.refund_id)) {
                    refund.closed_at = Some(at);
                }
            }
        }
        if domain::invoice::Invoice::changes_representation(event) {
            row.revision = envelope.revision;
        }
        Ok(())
    }

    fn columns(row: &InvoiceRow) -> Vec<Value> {
        let open = row.status == InvoiceStatus::Open;
        vec![row.store_id.0.into(), row.customer_id.0.into(), open.into(), row.created_at.into()]
    }
}

fn issued_row(issued: &domain::invoice::InvoiceIssued, envelope: &Envelope) -> InvoiceRow {
    let line = |line: &InvoiceLine| InvoiceLineRow { line: line.clone(), refunded_amount_in_cents: Cents::ZERO };
    InvoiceRow {
        invoice_id: issued.invoice_id,
        customer_id: issued.customer_id,
        store_id: issued.store_id,
        cart_id: issued.cart_id,
        revision: envelope.revision,
        currency: issued.currency,
        status: InvoiceStatus::Open,
        total_amount_in_cents: issued.total_amount_in_cents,
        discount_amount_in_cents: issued.discount_amount_in_cents,
        tax_amount_in_cents: issued.tax_amount_in_cents,
        gift_card_used_amount_in_cents: issued.gift_card_used_amount_in_cents,
        credit_used_amount_in_cents: issued.credit_used_amount_in_cents,
        amount_due_in_cents: issued.amount_due_in_cents,
        refunded_amount_in_cents: Cents::ZERO,
        coupon: issued.coupon.clone(),
        lines: issued.lines.iter().map(line).collect(),
        gift_card_spends: issued.gift_card_spends.clone(),
        credit_redemptions: issued.credit_redemptions.clone(),
        refunds: Vec::new(),
        order_id: None,
        created_at: envelope.metadata.occurred_at,
        closed_at: None,
        reversed_at: None,
    }
}

fn refunded(row: &mut InvoiceRow, refund: &RefundIssued, at: Timestamp) -> Result<(), Misfit> {
    let out_of_range = |_| Misfit("a refund is out of range");
    let total = row.refunded_amount_in_cents.plus(refund.total_amount_in_cents).map_err(out_of_range)?;
    let mut lines = row.lines.clone();
    for part in &refund.lines {
        let line = lines.iter_mut().find(|line| line.line.invoice_line_item_id == part.invoice_line_item_id);
        let line = line.ok_or(Misfit("a refund of a line that there isn't"))?;
        line.refunded_amount_in_cents = line.refunded_amount_in_cents.plus(part.total_amount_in_cents).map_err(out_of_range)?;
    }
    row.lines = lines;
    row.refunded_amount_in_cents = total;
    row.status = if refund.nothing_left { InvoiceStatus::Refunded } else { InvoiceStatus::PartiallyRefunded };
    row.refunds.push(RefundRow {
        refund_id: refund.refund_id,
        lines: refund.lines.clone(),
        credit_id: refund.credit_id,
        credit_amount_in_cents: refund.credit_amount_in_cents,
        total_amount_in_cents: refund.total_amount_in_cents,
        created_at: at,
        closed_at: None,
    });
    Ok(())
}

impl Views {
    pub async fn invoice(&self, store: StoreId, invoice: InvoiceId) -> Result<Option<InvoiceRow>, ReadError> {
        let row = self.get::<Invoices>(invoice.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The store's invoices, newest first.
    pub async fn invoices(&self, store: StoreId, filter: &InvoiceFilter, page: &PageRequest) -> Result<Page<InvoiceRow>, ReadError> {
        let list = match filter.closed_too {
            true => List::through(&OF_STORE, vec![store.0.into()]),
            false => List::through(&OPEN_OF_STORE, vec![store.0.into(), true.into()]),
        };
        self.page::<Invoices>("invoices", &[store.0], list.range(filter.created_at), page).await
    }

    /// The customer's invoices, newest first.
    pub async fn customer_invoices(
        &self,
        store: StoreId,
        customer: CustomerId,
        filter: &InvoiceFilter,
        page: &PageRequest,
    ) -> Result<Page<InvoiceRow>, ReadError> {
        let mut list = List::through(&OF_CUSTOMER, vec![customer.0.into()])
            .range(filter.created_at)
            .filter(Filter::Equal("store_id", store.0.into()));
        if !filter.closed_too {
            list = list.filter(Filter::Equal("open", true.into()));
        }
        self.page::<Invoices>("customer invoices", &[store.0, customer.0], list, page).await
    }
}
