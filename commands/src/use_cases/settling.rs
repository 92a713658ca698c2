//! What follows from an event of an invoice, an order, a refund or a deleted customer. Each step is idempotent by ids that follow from
//! the event, so the request that decided the event and the worker that finds it later end in the same result.
//!
//! A stream is settled rather than one event answered: whatever its state asks for and is not yet so is done, so what follows
//! from earlier events of the stream is always done first.

use super::{billing, cart_steps};
use crate::executor::Refused;
use crate::session::{Session, refused};
use crate::{CommandError, CommandError::NotFound};
use domain::cart::{Cart, CartCommand, CartRejection};
use domain::coupon::{Coupon, CouponCommand};
use domain::credit::{Credit, CreditCommand, CreditIssued, CreditRejection, CreditSource};
use domain::gift_card::{GiftCard, GiftCardCommand};
use domain::invoice::{Invoice, InvoiceStatus, KnownInvoice, RefundIssued};
use domain::order::{CancelReason, KnownOrder, Order, OrderCommand, OrderLine, OrderPlaced, OrderStatus};
use domain::product::{Product, ProductCommand};
use domain::{CartId, CustomerId, InvoiceId, OrderId, OrderLineItemId, ProductId};

/// Whether a follow-up is late; the reason is logged, the worker will do it.
pub(crate) fn late(outcome: Result<(), CommandError>) -> bool {
    if let Err(error) = &outcome {
        tracing::warn!(%error, "what follows from a command is done later");
    }
    outcome.is_err()
}

/// Does what the invoice's state asks for: reverses a failed one; places the order of a collected one, cancels it once nothing
/// is left to refund.
pub(crate) async fn settle_invoice(session: &Session, invoice_id: InvoiceId) -> Result<(), CommandError> {
    let known = session.look(&invoice_id, |invoice: &Invoice| invoice.known().cloned()).await?.flatten();
    let Some(invoice) = known else { return Ok(()) };
    match invoice.status {
        InvoiceStatus::Open => Ok(()),
        InvoiceStatus::Failed => reverse(session, &invoice).await,
        InvoiceStatus::Collected | InvoiceStatus::PartiallyRefunded => place_order(session, &invoice).await,
        InvoiceStatus::Refunded => {
            place_order(session, &invoice).await?;
            let order = OrderId::of_invoice(invoice_id);
            let cancel = OrderCommand::CancelIfPending { reason: CancelReason::Refunded };
            session.execute::<Order>(&order, cancel).await.map_err(refused::<Order>)?;
            settle_order(session, order).await
        }
    }
}

/// Gives back what a failed invoice took: balances, coupon use, stock.
async fn reverse(session: &Session, invoice: &KnownInvoice) -> Result<(), CommandError> {
    let invoice_id = invoice.invoice_id;
    for spend in &invoice.gift_card_spends {
        let reverse = GiftCardCommand::Reverse { invoice_id };
        session.execute::<GiftCard>(&spend.gift_card_id, reverse).await.map_err(refused::<GiftCard>)?;
    }
    for redemption in &invoice.credit_redemptions {
        session
            .execute::<Credit>(&redemption.credit_id, CreditCommand::Reverse { invoice_id })
            .await
            .map_err(refused::<Credit>)?;
    }
    if let Some(coupon) = &invoice.coupon {
        session
            .execute::<Coupon>(&coupon.coupon_id, CouponCommand::Reverse { invoice_id })
            .await
            .map_err(refused::<Coupon>)?;
    }
    for product in products_of(invoice) {
        release(session, invoice.cart_id, product).await?;
    }
    Ok(())
}

fn products_of(invoice: &KnownInvoice) -> Vec<ProductId> {
    invoice.lines.iter().filter_map(|line| line.line.product_id).collect()
}

async fn place_order(session: &Session, invoice: &KnownInvoice) -> Result<(), CommandError> {
    let order_id = OrderId::of_invoice(invoice.invoice_id);
    if session.look_and_reach(&order_id, |order: &Order| order.known().is_some()).await? == Some(true) {
        return Ok(());
    }
    let line = |line: &domain::invoice::RefundableLine| {
        let line = &line.line;
        let line_id = domain::derived("order line", &[line.invoice_line_item_id.0.as_bytes()]);
        Some(OrderLine {
            order_line_item_id: OrderLineItemId(line_id),
            invoice_line_item_id: line.invoice_line_item_id,
            product_id: line.product_id?,
            product_title: line.product_title.clone()?,
            quantity: line.quantity,
        })
    };
    let place = OrderPlaced {
        order_id,
        store_id: invoice.store_id,
        customer_id: invoice.customer_id,
        invoice_id: invoice.invoice_id,
        cart_id: invoice.cart_id,
        lines: invoice.lines.iter().filter_map(line).collect(),
    };
    session.execute::<Order>(&order_id, OrderCommand::Place(place)).await.map_err(refused::<Order>)?;
    Ok(())
}

/// Does what follows from a refund: its credit is issued, then what the invoice's state asks for. Each refund has its own
/// event, so those before it are not gone through again.
pub(crate) async fn settle_refund(
    session: &Session,
    invoice_id: InvoiceId,
    refund: &RefundIssued,
) -> Result<(), CommandError> {
    if let Some(credit_id) = refund.credit_id {
        let currency =
            session.look(&invoice_id, |invoice: &Invoice| invoice.known().map(|known| known.currency)).await?;
        let Some(currency) = currency.flatten() else { return Ok(()) };
        let issue = CreditIssued {
            credit_id,
            store_id: session.store_id(),
            customer_id: refund.customer_id,
            currency,
            amount_in_cents: refund.credit_amount_in_cents,
            source: CreditSource::Refund { invoice_id, refund_id: refund.refund_id },
        };
        match session.execute::<Credit>(&credit_id, CreditCommand::Issue(issue)).await {
            Ok(_) | Err(Refused::Rejected(CreditRejection::CreditExists)) => {}
            Err(other) => return Err(refused::<Credit>(other)),
        }
    }
    settle_invoice(session, invoice_id).await
}

/// Does what the order's state asks for: consumes the stock of a shipped or delivered one, gives back that of a canceled one.
pub(crate) async fn settle_order(session: &Session, order_id: OrderId) -> Result<(), CommandError> {
    let known = session.look(&order_id, |order: &Order| order.known().cloned()).await?.flatten();
    let Some(order) = known else { return Ok(()) };
    match order.status {
        OrderStatus::Pending => Ok(()),
        OrderStatus::Shipped | OrderStatus::Delivered => consume(session, &order).await,
        OrderStatus::Canceled => {
            for item in &order.items {
                release(session, order.cart_id, item.product_id).await?;
            }
            Ok(())
        }
    }
}

async fn consume(session: &Session, order: &KnownOrder) -> Result<(), CommandError> {
    for item in &order.items {
        let (cart_id, order_id, quantity) = (order.cart_id, order.order_id, item.quantity);
        let consume = ProductCommand::ConsumeHold { cart_id, order_id, quantity };
        session.execute::<Product>(&item.product_id, consume).await.map_err(refused::<Product>)?;
    }
    Ok(())
}

async fn release(session: &Session, cart_id: CartId, product: ProductId) -> Result<(), CommandError> {
    session.execute::<Product>(&product, ProductCommand::ReleaseHold { cart_id }).await.map_err(refused::<Product>)?;
    Ok(())
}

/// Shuts the carts of a deleted customer: a billing under way is finished first, the open cart is closed, its stock goes back.
pub(crate) async fn shut_carts(session: &Session, customer: CustomerId) -> Result<(), CommandError> {
    loop {
        let shut = CartCommand::Shut { customer_id: customer, store_id: session.store_id() };
        match session.execute::<Cart>(&customer, shut).await {
            Ok(executed) => {
                for event in &executed.events {
                    cart_steps::released(session, customer, event).await?;
                }
                return Ok(());
            }
            Err(Refused::Rejected(CartRejection::BillingUnderWay { .. })) => {
                billing::finish_under_way(session, customer).await?
            }
            Err(Refused::OtherStore) => return Err(NotFound(crate::Resource::Customer)),
            Err(other) => return Err(refused::<Cart>(other)),
        }
    }
}
