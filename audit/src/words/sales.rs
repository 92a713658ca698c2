//! Products, carts, invoices and orders.

use super::super::amounts::Amounts;
use super::several;
use domain::billing::BillingTerms;
use domain::cart::{CartEvent, CloseReason};
use domain::invoice::{InvoiceEvent, InvoiceIssued, RefundIssued};
use domain::order::{CancelReason, OrderEvent, OrderPlaced};
use domain::product::{ProductDescribed, ProductEvent};

pub fn product(event: &ProductEvent, amounts: Amounts) -> String {
    match event {
        ProductEvent::ProductCreated(event) => format!(
            "'{}' created at {}, {} in stock",
            event.title,
            amounts.show(event.sale_price_in_cents),
            event.inventory
        ),
        ProductEvent::ProductDescribed(event) => described(event),
        ProductEvent::ProductRepriced(event) => format!("price set to {}", amounts.show(event.sale_price_in_cents)),
        ProductEvent::ProductDeleted(_) => "deleted".to_owned(),
        ProductEvent::InventoryAdjusted(event) => {
            format!("inventory changed by {:+} to {}", event.change, event.inventory)
        }
        ProductEvent::ProductTagged(event) => format!("tagged '{}'", event.tag),
        ProductEvent::ProductTagRemoved(event) => format!("tag '{}' removed", event.tag),
        ProductEvent::StockHeld(event) => {
            format!("{} held for cart {} (before: {})", event.quantity, event.cart_id, event.previous_quantity)
        }
        ProductEvent::StockReleased(event) => {
            format!("held for cart {} lowered from {} to {}", event.cart_id, event.previous_quantity, event.quantity)
        }
        ProductEvent::StockConsumed(event) => format!("{} left with order {}", event.quantity, event.order_id),
    }
}

fn described(event: &ProductDescribed) -> String {
    let ProductDescribed { title, product_type, vendor, description } = event;
    let set = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} '{value}'"));
    let description = description.as_ref().map(|description| match description {
        Some(_) => "a new description".to_owned(),
        None => "no description".to_owned(),
    });
    let changes = [set("title", title), set("type", product_type), set("vendor", vendor), description];
    format!("changed: {}", changes.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

pub fn cart(event: &CartEvent, amounts: Amounts) -> String {
    match event {
        CartEvent::CartOpened(event) => format!("cart {} opened", event.cart_id),
        CartEvent::CartItemAdded(event) => format!(
            "{} × '{}' at {} added, {} in the cart",
            event.quantity,
            event.product_title,
            amounts.show(event.unit_amount_in_cents),
            event.line_quantity
        ),
        CartEvent::CartItemQuantitySet(event) => {
            format!("product {} set from {} to {}", event.product_id, event.previous_quantity, event.line_quantity)
        }
        CartEvent::CartItemRemoved(event) => {
            format!("{} × product {} removed", event.previous_quantity, event.product_id)
        }
        CartEvent::CartClosed(event) => {
            let why = match event.reason {
                CloseReason::Replaced => "a new one took its place",
                CloseReason::Closed => "on request",
                CloseReason::Expired => "nobody had touched it for too long",
                CloseReason::CustomerDeleted => "the customer was deleted",
            };
            format!("cart {} closed with {}: {why}", event.cart_id, several(event.items.len(), "line"))
        }
        CartEvent::CartItemsRefused(event) => {
            format!("an add of {} refused: too little in stock", several(event.product_ids.len(), "product"))
        }
        CartEvent::CartHoldsRevoked(event) => {
            format!("stock of {} taken back after a command broke off", several(event.product_ids.len(), "product"))
        }
        CartEvent::CartBillingStarted(event) => format!(
            "billing begun with coupon {}: {}, as invoice {}",
            event.coupon_id,
            terms(&event.terms),
            event.invoice_id
        ),
        CartEvent::CartBillingRefused(event) => format!("billing refused: {}", event.reason),
        CartEvent::CartBilled(event) => {
            format!("cart {} billed: {}, as invoice {}", event.cart_id, terms(&event.terms), event.invoice_id)
        }
        CartEvent::CartStreamShut(_) => "shut for good: the customer was deleted".to_owned(),
    }
}

fn terms(terms: &BillingTerms) -> String {
    let lines = several(terms.items.len(), "line");
    let total = terms.items_total().map_or("?".to_owned(), |total| Amounts::of(Some(terms.currency)).show(total));
    match &terms.shipping {
        None => format!("{lines} of {total}"),
        Some(shipping) => {
            format!(
                "{lines} of {total} and {} shipping",
                Amounts::of(Some(terms.currency)).show(shipping.amount_in_cents)
            )
        }
    }
}

pub fn invoice(event: &InvoiceEvent, amounts: Amounts) -> String {
    match event {
        InvoiceEvent::InvoiceIssued(event) => issued(event, amounts),
        InvoiceEvent::InvoiceCollected(event) => {
            format!("{} collected; order {} follows", amounts.show(event.amount_in_cents), event.order_id)
        }
        InvoiceEvent::InvoiceFailed(_) => "failed: balances, coupon use and stock go back".to_owned(),
        InvoiceEvent::RefundIssued(event) => refunded(event, amounts),
        InvoiceEvent::RefundsClosed(event) => format!("{} closed", several(event.refund_ids.len(), "refund")),
    }
}

/// The balance equation, in words: total − discount + tax = gift cards + credits + to collect.
fn issued(event: &InvoiceIssued, amounts: Amounts) -> String {
    let part = |sign: &str, amount: domain::Cents, what: &str| match amount.is_zero() {
        true => String::new(),
        false => format!(" {sign} {} {what}", amounts.show(amount)),
    };
    let coupon = event.coupon.as_ref().map_or(String::new(), |coupon| format!("discount by '{}'", coupon.code));
    format!(
        "invoice for cart {} issued: {} total{}{}{}{} = {} to collect",
        event.cart_id,
        amounts.show(event.total_amount_in_cents),
        part("−", event.discount_amount_in_cents, &coupon),
        part("+", event.tax_amount_in_cents, "tax"),
        part("−", event.gift_card_used_amount_in_cents, "by gift card"),
        part("−", event.credit_used_amount_in_cents, "by credit"),
        amounts.show(event.amount_due_in_cents)
    )
}

fn refunded(event: &RefundIssued, amounts: Amounts) -> String {
    let total = amounts.show(event.total_amount_in_cents);
    let lines = several(event.lines.len(), "line");
    let credit = match event.credit_id {
        Some(credit) => format!(", {} of it as credit {credit}", amounts.show(event.credit_amount_in_cents)),
        None => String::new(),
    };
    let rest = if event.nothing_left { "; nothing is left to refund" } else { "" };
    format!("{total} on {lines} refunded{credit}{rest}")
}

pub fn order(event: &OrderEvent) -> String {
    match event {
        OrderEvent::OrderPlaced(event) => placed(event),
        OrderEvent::OrderShipped(_) => "shipped: its stock is gone for good".to_owned(),
        OrderEvent::OrderDelivered(event) => match event.was_shipped {
            true => "delivered".to_owned(),
            false => "delivered without having been shipped: its stock is gone for good".to_owned(),
        },
        OrderEvent::OrderCanceled(event) => match event.reason {
            CancelReason::Requested => "canceled: its stock goes back".to_owned(),
            CancelReason::Refunded => "canceled as its invoice was refunded in full: its stock goes back".to_owned(),
        },
    }
}

fn placed(event: &OrderPlaced) -> String {
    let item = |line: &domain::order::OrderLine| format!("{} × '{}'", line.quantity, line.product_title);
    let items = event.lines.iter().map(item).collect::<Vec<_>>().join(", ");
    format!("order of invoice {} placed: {items}", event.invoice_id)
}
