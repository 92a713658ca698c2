//! Invoices with their lines, what they were paid with, and their refunds.

use super::{BY_STORE, CREATED, STORE};
use crate::at::{ListAt, ViewsAt};
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, TimeRange, View, Views};
use domain::billing::LineKind;
use domain::invoice::{Invoice, InvoiceEvent, InvoiceIssued, InvoiceStatus, RefundIssued};
use domain::numbers::Document;
use domain::{
    CartId, CartItemId, Category, Cents, CouponId, CouponRedemptionId, CreditId, CreditRedemptionId, Currency,
    CustomerId, Decider, Event, GiftCardId, GiftCardSpendId, InvoiceId, InvoiceLineItemId, OrderId, ProductId,
    RefundId, RefundLineItemId, StoreId, Timestamp,
};
use futures::FutureExt;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// An invoice (api.md §6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceRow {
    pub invoice_id: InvoiceId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub cart_id: CartId,
    pub currency: Currency,
    pub state: InvoiceStatus,
    pub total_amount_in_cents: Cents,
    pub discount_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
    pub gift_card_used_amount_in_cents: Cents,
    pub credit_used_amount_in_cents: Cents,
    /// total − discount + tax − gift cards − credits: what is to collect. Also called the subtotal.
    pub amount_due_in_cents: Cents,
    pub refunded_amount_in_cents: Cents,
    pub coupon: Option<CouponUseRow>,
    pub lines: Vec<InvoiceLineRow>,
    pub gift_card_spends: Vec<InvoiceGiftCardSpend>,
    pub credit_redemptions: Vec<InvoiceCreditRedemption>,
    /// The last ones, oldest first: at most [`REFUNDS`], with no more than [`REFUND_LINES`] lines unless it is one alone. All of
    /// them stand in [`super::Refunds`].
    pub refunds: Vec<RefundRow>,
    /// Once collected.
    pub order_id: Option<OrderId>,
    pub created_at: Timestamp,
    /// When it was collected or failed.
    pub closed_at: Option<Timestamp>,
    /// When it failed: then what it spent went back.
    pub failed_at: Option<Timestamp>,
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CouponUseRow {
    pub coupon_id: CouponId,
    /// As it was given when the coupon was created.
    pub code: String,
    pub redemption_id: CouponRedemptionId,
    pub amount_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceLineRow {
    pub invoice_line_item_id: InvoiceLineItemId,
    pub kind: LineKind,
    /// These three are there for items, and not for shipping.
    pub cart_item_id: Option<CartItemId>,
    pub product_id: Option<ProductId>,
    pub product_title: Option<String>,
    pub quantity: u32,
    pub unit_amount_in_cents: Cents,
    pub total_amount_in_cents: Cents,
    pub discount_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
    /// `None`: the event is from before lines had it.
    pub tax_rate_in_basis_points: Option<u32>,
    pub refunded_amount_in_cents: Cents,
}

/// What the invoice spent of a gift card. Reversed when the invoice failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceGiftCardSpend {
    pub gift_card_spend_id: GiftCardSpendId,
    pub gift_card_id: GiftCardId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

/// What the invoice spent of a credit. Reversed when the invoice failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceCreditRedemption {
    pub credit_redemption_id: CreditRedemptionId,
    pub credit_id: CreditId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefundRow {
    pub refund_id: RefundId,
    pub lines: Vec<RefundLineRow>,
    pub total_amount_in_cents: Cents,
    pub credit_id: Option<CreditId>,
    pub credit_amount_in_cents: Cents,
    pub created_at: Timestamp,
    /// `None`: it is open.
    pub closed_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefundLineRow {
    pub refund_line_item_id: RefundLineItemId,
    pub invoice_line_item_id: InvoiceLineItemId,
    /// With its tax.
    pub total_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
}

/// Which invoices a list takes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoiceFilter {
    /// The one that has this number.
    pub number: Option<String>,
    /// Also those that are not open any more.
    pub closed_too: bool,
    pub created: TimeRange,
}

impl InvoiceFilter {
    fn takes(&self, row: &InvoiceRow) -> bool {
        (self.closed_too || row.state == InvoiceStatus::Open) && self.created.has(row.created_at)
    }
}

/// Refunds that an invoice's row has, so that it stays as large however often something is refunded.
const REFUNDS: usize = 10;
/// Lines that these have in all.
const REFUND_LINES: usize = 1_000;

pub struct Invoices;

const BY_OPEN: Index = Index { name: "by_open", equal: &["store_id", "open"], sort: Some("created_at"), covering: &[] };
const BY_CUSTOMER: Index =
    Index { name: "by_customer", equal: &["store_id", "customer_id"], sort: Some("created_at"), covering: &[] };
const BY_CUSTOMER_OPEN: Index = Index {
    name: "by_customer_open",
    equal: &["store_id", "customer_id", "open"],
    sort: Some("created_at"),
    covering: &[],
};

impl View for Invoices {
    type Row = InvoiceRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "invoices",
        version: 3,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE, CREATED, Column::id("customer_id"), Column::integer("open")],
        indexes: &[BY_STORE, BY_OPEN, BY_CUSTOMER, BY_CUSTOMER_OPEN],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Invoice);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<InvoiceRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Invoice(event) = &envelope.event else {
            return Err(Misfit("the event is not an invoice's"));
        };
        match event {
            InvoiceEvent::InvoiceIssued(event) => create(row, issued(event, envelope)),
            InvoiceEvent::InvoiceCollected(_)
            | InvoiceEvent::InvoiceFailed(_)
            | InvoiceEvent::RefundIssued(_)
            | InvoiceEvent::RefundsClosed(_) => changed(existing(row)?, event, envelope),
        }
    }

    fn columns(row: &InvoiceRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.created_at.into(),
            row.customer_id.0.into(),
            (row.state == InvoiceStatus::Open).into(),
        ]
    }
}

fn issued(event: &InvoiceIssued, envelope: &Envelope) -> InvoiceRow {
    let lines = event.lines.iter().map(|line| InvoiceLineRow {
        invoice_line_item_id: line.invoice_line_item_id,
        kind: line.kind,
        cart_item_id: line.cart_item_id,
        product_id: line.product_id,
        product_title: line.product_title.clone(),
        quantity: line.quantity,
        unit_amount_in_cents: line.unit_amount_in_cents,
        total_amount_in_cents: line.total_amount_in_cents,
        discount_amount_in_cents: line.discount_amount_in_cents,
        tax_amount_in_cents: line.tax_amount_in_cents,
        tax_rate_in_basis_points: line.tax_rate_in_basis_points,
        refunded_amount_in_cents: Cents::ZERO,
    });
    let gift_card_spends = event.gift_card_spends.iter().map(|spend| InvoiceGiftCardSpend {
        gift_card_spend_id: spend.gift_card_spend_id,
        gift_card_id: spend.gift_card_id,
        amount_in_cents: spend.amount_in_cents,
        remaining_balance_in_cents: spend.remaining_balance_in_cents,
    });
    let credit_redemptions = event.credit_redemptions.iter().map(|spend| InvoiceCreditRedemption {
        credit_redemption_id: spend.credit_redemption_id,
        credit_id: spend.credit_id,
        amount_in_cents: spend.amount_in_cents,
        remaining_balance_in_cents: spend.remaining_balance_in_cents,
    });
    InvoiceRow {
        invoice_id: event.invoice_id,
        customer_id: event.customer_id,
        store_id: event.store_id,
        cart_id: event.cart_id,
        currency: event.currency,
        state: InvoiceStatus::Open,
        total_amount_in_cents: event.total_amount_in_cents,
        discount_amount_in_cents: event.discount_amount_in_cents,
        tax_amount_in_cents: event.tax_amount_in_cents,
        gift_card_used_amount_in_cents: event.gift_card_used_amount_in_cents,
        credit_used_amount_in_cents: event.credit_used_amount_in_cents,
        amount_due_in_cents: event.amount_due_in_cents,
        refunded_amount_in_cents: Cents::ZERO,
        coupon: event.coupon.as_ref().map(|coupon| CouponUseRow {
            coupon_id: coupon.coupon_id,
            code: coupon.code.clone(),
            redemption_id: coupon.redemption_id,
            amount_in_cents: coupon.amount_in_cents,
        }),
        lines: lines.collect(),
        gift_card_spends: gift_card_spends.collect(),
        credit_redemptions: credit_redemptions.collect(),
        refunds: Vec::new(),
        order_id: None,
        created_at: envelope.metadata.occurred_at,
        closed_at: None,
        failed_at: None,
        revision: envelope.revision,
    }
}

fn changed(row: &mut InvoiceRow, event: &InvoiceEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        InvoiceEvent::InvoiceIssued(_) => return Err(Misfit("the row exists already")),
        InvoiceEvent::InvoiceCollected(event) => {
            row.state = InvoiceStatus::Collected;
            row.order_id = Some(event.order_id);
            row.closed_at = Some(at);
        }
        InvoiceEvent::InvoiceFailed(_) => {
            row.state = InvoiceStatus::Failed;
            row.closed_at = Some(at);
            row.failed_at = Some(at);
        }
        InvoiceEvent::RefundIssued(event) => refunded(row, event, at)?,
        InvoiceEvent::RefundsClosed(event) => {
            let closed = |refund: &&mut RefundRow| event.refund_ids.contains(&refund.refund_id);
            for refund in row.refunds.iter_mut().filter(closed) {
                refund.closed_at = Some(at);
            }
        }
    }
    if Invoice::changes_representation(event) {
        row.revision = envelope.revision;
    }
    Ok(())
}

fn refunded(row: &mut InvoiceRow, event: &RefundIssued, at: Timestamp) -> Result<(), Misfit> {
    const TOO_MUCH: Misfit = Misfit("the refunds are more than amounts can be");
    let refunded = row.refunded_amount_in_cents.plus(event.total_amount_in_cents);
    let refunded = refunded.map_err(|_| TOO_MUCH)?;
    let mut lines = row.lines.clone();
    let places: HashMap<InvoiceLineItemId, usize> =
        (0..).zip(&lines).map(|(at, line)| (line.invoice_line_item_id, at)).collect();
    for refund in &event.lines {
        let at = places.get(&refund.invoice_line_item_id).ok_or(Misfit("the invoice has no such line"))?;
        let line = &mut lines[*at];
        let sum = line.refunded_amount_in_cents.plus(refund.total_amount_in_cents);
        line.refunded_amount_in_cents = sum.map_err(|_| TOO_MUCH)?;
    }
    row.lines = lines;
    row.refunded_amount_in_cents = refunded;
    row.state = match event.nothing_left {
        true => InvoiceStatus::Refunded,
        false => InvoiceStatus::PartiallyRefunded,
    };
    row.refunds.push(RefundRow::issued(event, at));
    let mut lines: usize = row.refunds.iter().map(|refund| refund.lines.len()).sum();
    while row.refunds.len() > REFUNDS || (lines > REFUND_LINES && row.refunds.len() > 1) {
        lines -= row.refunds.remove(0).lines.len();
    }
    Ok(())
}

impl RefundRow {
    pub(super) fn issued(event: &RefundIssued, at: Timestamp) -> Self {
        let lines = event.lines.iter().map(|line| RefundLineRow {
            refund_line_item_id: line.refund_line_item_id,
            invoice_line_item_id: line.invoice_line_item_id,
            total_amount_in_cents: line.total_amount_in_cents,
            tax_amount_in_cents: line.tax_amount_in_cents,
        });
        Self {
            refund_id: event.refund_id,
            lines: lines.collect(),
            total_amount_in_cents: event.total_amount_in_cents,
            credit_id: event.credit_id,
            credit_amount_in_cents: event.credit_amount_in_cents,
            created_at: at,
            closed_at: None,
        }
    }
}

fn of_customer(store: StoreId, customer: CustomerId, filter: &InvoiceFilter) -> List {
    let mut equal = vec![store.0.into(), customer.0.into()];
    let list = match filter.closed_too {
        true => List::through(&BY_CUSTOMER, equal),
        false => {
            equal.push(true.into());
            List::through(&BY_CUSTOMER_OPEN, equal)
        }
    };
    list.range(filter.created)
}

impl Views {
    pub async fn invoice(&self, store: StoreId, invoice: InvoiceId) -> Result<Option<Arc<InvoiceRow>>, ReadError> {
        let row = self.of::<Invoices>()?.get(invoice.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The store's invoices, newest first.
    pub async fn invoices(
        &self,
        store: StoreId,
        filter: &InvoiceFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<InvoiceRow>>, ReadError> {
        if let Some(number) = &filter.number {
            return self.invoice_by_number(store, number, filter, page).await;
        }
        let list = match filter.closed_too {
            true => List::through(&BY_STORE, vec![store.0.into()]),
            false => List::through(&BY_OPEN, vec![store.0.into(), true.into()]),
        };
        let list = list.range(filter.created);
        self.of::<Invoices>()?.page("invoices", &[store.0], list, page).await
    }

    /// The page that the one invoice makes which has the number, where it is among those that are asked for.
    async fn invoice_by_number(
        &self,
        store: StoreId,
        number: &str,
        filter: &InvoiceFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<InvoiceRow>>, ReadError> {
        let numbered = self.numbered(store, Document::Invoice, number).await?;
        let row = match numbered {
            Some(numbered) => self.invoice(store, numbered.invoice_id).await?,
            None => None,
        };
        Ok(page.of_one(row.filter(|row| filter.takes(row)))?)
    }

    /// The customer's invoices, newest first.
    pub async fn customer_invoices(
        &self,
        store: StoreId,
        customer: CustomerId,
        filter: &InvoiceFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<InvoiceRow>>, ReadError> {
        if let Some(number) = &filter.number {
            let mut found = self.invoice_by_number(store, number, filter, page).await?;
            found.items.retain(|row| row.customer_id == customer);
            return Ok(found);
        }
        let list = of_customer(store, customer, filter);
        self.of::<Invoices>()?.page("invoices", &[store.0, customer.0], list, page).await
    }
}

impl ViewsAt {
    /// As [`Views::invoice`].
    pub async fn invoice(&self, store: StoreId, invoice: InvoiceId) -> Result<Option<Arc<InvoiceRow>>, ReadError> {
        Ok(self.row::<Invoices>(invoice.0).await?.filter(|row| row.store_id == store))
    }

    /// As [`Views::customer_invoices`].
    pub async fn customer_invoices(
        &self,
        store: StoreId,
        customer: CustomerId,
        filter: &InvoiceFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<InvoiceRow>>, ReadError> {
        if let Some(number) = &filter.number {
            let numbered = self.numbered(store, Document::Invoice, number).await?;
            let row = match numbered {
                Some(numbered) => self.invoice(store, numbered.invoice_id).await?,
                None => None,
            };
            return Ok(page.of_one(row.filter(|row| filter.takes(row) && row.customer_id == customer))?);
        }
        let scope = [store.0, customer.0];
        let among = of_customer(store, customer, &InvoiceFilter { closed_too: true, ..InvoiceFilter::default() });
        let list = ListAt { name: "invoices", scope: &scope, among, wanted: of_customer(store, customer, filter) };
        self.page::<Invoices>(list, page, &|now| self.each::<Invoices>(now, |row| row.invoice_id.0).boxed()).await
    }
}
