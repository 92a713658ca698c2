//! An invoice as clients see it (api.md §6). Amounts are in minor units of its currency.

use super::{Time, list, one};
use crate::answers::credit::CreditRedemption;
use crate::answers::gift_card::GiftCardSpend;
use crate::wire::list::Link;
use domain::billing::LineKind;
use domain::invoice::InvoiceStatus;
use projections::views::{DocumentNumbers, InvoiceLineRow, InvoiceRow, RefundRow};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// An invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invoice {
    pub invoice_id: Uuid,
    /// The how manieth of the store's invoices it is, as the store's `invoice_number_format` said when it was issued. Null where what
    /// numbers come of can't be read.
    #[schema(example = "R-2026-000042")]
    pub invoice_number: Option<String>,
    pub customer_id: Uuid,
    pub store_id: Uuid,
    pub cart_id: Uuid,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What became of it.
    pub state: State,
    /// Σ of the line totals, in minor units.
    pub total_amount_in_cents: i64,
    /// What the coupon takes off, in minor units.
    pub discount_amount_in_cents: i64,
    pub tax_amount_in_cents: i64,
    pub gift_card_used_amount_in_cents: i64,
    pub credit_used_amount_in_cents: i64,
    /// What is to collect, in minor units: total − discount + tax − gift cards − credits.
    pub subtotal_amount_in_cents: i64,
    /// The same as `subtotal_amount_in_cents`.
    pub amount_due_in_cents: i64,
    pub refunded_amount_in_cents: i64,
    pub coupon_code: Option<String>,
    pub coupon_redemption: Option<CouponRedemption>,
    pub invoice_line_items: Vec<InvoiceLineItem>,
    pub gift_card_spends: Vec<super::gift_card::GiftCardSpend>,
    pub credit_redemptions: Vec<super::credit::CreditRedemption>,
    /// The last ones, oldest first: at most 10, with 1,000 lines in all unless it is one alone. The link `refunds` leads to all.
    pub refunds: Vec<Refund>,
    /// Once it is collected.
    pub order_id: Option<Uuid>,
    pub created_at: Time,
    /// When it was collected or failed; null: it is open.
    pub closed_at: Option<Time>,
    pub links: Vec<Link>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = InvoiceState)]
pub enum State {
    Open,
    Collected,
    Failed,
    Refunded,
    #[serde(rename = "partially refunded")]
    PartiallyRefunded,
}

/// The use of a coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponRedemption {
    pub coupon_code_redemption_id: Uuid,
    pub coupon_code_id: Uuid,
    pub invoice_id: Uuid,
    pub amount_in_cents: i64,
    pub created_at: Time,
}

/// One line of an invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceLineItem {
    pub invoice_line_item_id: Uuid,
    pub invoice_id: Uuid,
    /// Null for shipping.
    pub cart_item_id: Option<Uuid>,
    pub product_id: Option<Uuid>,
    pub product_title: Option<String>,
    pub quantity: u32,
    pub unit_amount_in_cents: i64,
    pub total_amount_in_cents: i64,
    pub discount_amount_in_cents: i64,
    pub tax_amount_in_cents: i64,
    /// What it was taxed at, in 1/100 %: 1900 is 19 %; 0 for shipping. Null: it is from before lines had it.
    pub tax_rate_in_basis_points: Option<u32>,
    pub refunded_amount_in_cents: i64,
    #[serde(rename = "type")]
    pub kind: LineType,
}

/// What a line is of.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = InvoiceLineType)]
pub enum LineType {
    Item,
    Shipping,
}

/// A refund of an invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refund {
    pub refund_id: Uuid,
    /// The how manieth of the store's refunds it is, as the store's `credit_note_number_format` said when it was issued. Null as an
    /// invoice's.
    #[schema(example = "G-2026-000007")]
    pub credit_note_number: Option<String>,
    /// Whether it was closed.
    pub state: RefundState,
    pub refund_line_items: Vec<RefundLineItem>,
    /// The credit that it gave, if it gave one.
    pub credit_id: Option<Uuid>,
    pub credit_amount_in_cents: i64,
    pub total_amount_in_cents: i64,
    pub created_at: Time,
    pub closed_at: Option<Time>,
}

/// Whether it was closed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefundState {
    Open,
    Closed,
}

/// What a refund gave back of one line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefundLineItem {
    pub refund_line_item_id: Uuid,
    pub invoice_line_item_id: Uuid,
    /// With its tax, in minor units.
    pub total_amount_in_cents: i64,
    pub tax_amount_in_cents: i64,
}

one! {
    /// The invoice.
    InvoiceAnswer { invoice: Invoice }
}
list! {
    /// One page of invoices, newest first.
    InvoiceList { invoices: Invoice }
}
one! {
    /// The new refund, and the invoice as it is now.
    RefundAnswer { refund: Refund, invoice: Invoice }
}
one! {
    /// The last refunds of the invoice, and the invoice as it is now.
    ClosedRefunds { refunds: Vec<Refund>, invoice: Invoice }
}
list! {
    /// One page of an invoice's refunds, newest first.
    RefundList { refunds: Refund }
}

/// The links of an invoice.
pub fn links(invoice_id: Uuid, customer_id: Uuid, order_id: Option<Uuid>) -> Vec<Link> {
    let of = |rest: &str| format!("/invoice/{invoice_id}{rest}");
    let mut links = vec![
        Link::new("self", of("")),
        Link::new("customer", format!("/customer/{customer_id}")),
        Link::new("refunds", of("/refund")),
        Link::new("history", of("/history")),
    ];
    links.extend(order_id.map(|order| Link::new("order", format!("/order/{order}"))));
    links
}

impl Invoice {
    /// What must be known of numbers to show these.
    pub fn documents(rows: &[Arc<InvoiceRow>]) -> Vec<Uuid> {
        let of_row = |row: &Arc<InvoiceRow>| {
            let refunds = row.refunds.iter().map(|refund| refund.refund_id.0);
            std::iter::once(row.invoice_id.0).chain(refunds).collect::<Vec<_>>()
        };
        rows.iter().flat_map(of_row).collect()
    }

    pub fn new(row: &InvoiceRow, numbers: &DocumentNumbers) -> Self {
        let due = row.amount_due_in_cents.get();
        Self {
            invoice_id: row.invoice_id.0,
            invoice_number: numbers.get(row.invoice_id.0),
            customer_id: row.customer_id.0,
            store_id: row.store_id.0,
            cart_id: row.cart_id.0,
            currency: row.currency.to_string(),
            state: match row.state {
                InvoiceStatus::Open => State::Open,
                InvoiceStatus::Collected => State::Collected,
                InvoiceStatus::Failed => State::Failed,
                InvoiceStatus::Refunded => State::Refunded,
                InvoiceStatus::PartiallyRefunded => State::PartiallyRefunded,
            },
            total_amount_in_cents: row.total_amount_in_cents.get(),
            discount_amount_in_cents: row.discount_amount_in_cents.get(),
            tax_amount_in_cents: row.tax_amount_in_cents.get(),
            gift_card_used_amount_in_cents: row.gift_card_used_amount_in_cents.get(),
            credit_used_amount_in_cents: row.credit_used_amount_in_cents.get(),
            subtotal_amount_in_cents: due,
            amount_due_in_cents: due,
            refunded_amount_in_cents: row.refunded_amount_in_cents.get(),
            coupon_code: row.coupon.as_ref().map(|coupon| coupon.code.clone()),
            coupon_redemption: coupon_redemption(row),
            invoice_line_items: row.lines.iter().map(|line| line_item(row, line)).collect(),
            gift_card_spends: gift_card_spends(row),
            credit_redemptions: credit_redemptions(row),
            refunds: row.refunds.iter().map(|refund| Refund::new(refund, numbers)).collect(),
            order_id: row.order_id.map(|order| order.0),
            created_at: row.created_at.into(),
            closed_at: row.closed_at.map(Time::from),
            links: links(row.invoice_id.0, row.customer_id.0, row.order_id.map(|order| order.0)),
        }
    }
}

fn coupon_redemption(row: &InvoiceRow) -> Option<CouponRedemption> {
    row.coupon.as_ref().map(|coupon| CouponRedemption {
        coupon_code_redemption_id: coupon.redemption_id.0,
        coupon_code_id: coupon.coupon_id.0,
        invoice_id: row.invoice_id.0,
        amount_in_cents: coupon.amount_in_cents.get(),
        created_at: row.created_at.into(),
    })
}

fn line_item(row: &InvoiceRow, line: &InvoiceLineRow) -> InvoiceLineItem {
    InvoiceLineItem {
        invoice_line_item_id: line.invoice_line_item_id.0,
        invoice_id: row.invoice_id.0,
        cart_item_id: line.cart_item_id.map(|item| item.0),
        product_id: line.product_id.map(|product| product.0),
        product_title: line.product_title.clone(),
        quantity: line.quantity,
        unit_amount_in_cents: line.unit_amount_in_cents.get(),
        total_amount_in_cents: line.total_amount_in_cents.get(),
        discount_amount_in_cents: line.discount_amount_in_cents.get(),
        tax_amount_in_cents: line.tax_amount_in_cents.get(),
        tax_rate_in_basis_points: line.tax_rate_in_basis_points,
        refunded_amount_in_cents: line.refunded_amount_in_cents.get(),
        kind: match line.kind {
            LineKind::Item => LineType::Item,
            LineKind::Shipping => LineType::Shipping,
        },
    }
}

/// What an invoice spends is spent when it is issued, and goes back when it fails.
fn gift_card_spends(row: &InvoiceRow) -> Vec<GiftCardSpend> {
    let spends = row.gift_card_spends.iter().map(|spend| GiftCardSpend {
        gift_card_spend_id: spend.gift_card_spend_id.0,
        gift_card_id: spend.gift_card_id.0,
        invoice_id: row.invoice_id.0,
        amount_in_cents: spend.amount_in_cents.get(),
        remaining_balance_in_cents: spend.remaining_balance_in_cents.get(),
        created_at: row.created_at.into(),
        reversed_at: row.failed_at.map(Time::from),
    });
    spends.collect()
}

/// The same of credits.
fn credit_redemptions(row: &InvoiceRow) -> Vec<CreditRedemption> {
    let redemptions = row.credit_redemptions.iter().map(|redemption| CreditRedemption {
        credit_redemption_id: redemption.credit_redemption_id.0,
        credit_id: redemption.credit_id.0,
        invoice_id: row.invoice_id.0,
        amount_in_cents: redemption.amount_in_cents.get(),
        remaining_balance_in_cents: redemption.remaining_balance_in_cents.get(),
        created_at: row.created_at.into(),
        reversed_at: row.failed_at.map(Time::from),
    });
    redemptions.collect()
}

impl Refund {
    pub fn new(row: &RefundRow, numbers: &DocumentNumbers) -> Self {
        let lines = row.lines.iter().map(|line| RefundLineItem {
            refund_line_item_id: line.refund_line_item_id.0,
            invoice_line_item_id: line.invoice_line_item_id.0,
            total_amount_in_cents: line.total_amount_in_cents.get(),
            tax_amount_in_cents: line.tax_amount_in_cents.get(),
        });
        Self {
            refund_id: row.refund_id.0,
            credit_note_number: numbers.get(row.refund_id.0),
            state: if row.closed_at.is_none() { RefundState::Open } else { RefundState::Closed },
            refund_line_items: lines.collect(),
            credit_id: row.credit_id.map(|credit| credit.0),
            credit_amount_in_cents: row.credit_amount_in_cents.get(),
            total_amount_in_cents: row.total_amount_in_cents.get(),
            created_at: row.created_at.into(),
            closed_at: row.closed_at.map(Time::from),
        }
    }
}
