//! The commands that are cut off, repeated and set against one another.

use crate::shop::{COUPON, Shop, cents};
use crate::world::keyed;
use commands::{BillCart, Commands};
use domain::invoice::RefundRequest;

/// A command, with what it needs to be accepted.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    AddToCart,
    AddBatch,
    LowerQuantity,
    ReplaceCart,
    BillWithEverything,
    Collect,
    Fail,
    RefundToCredit,
    BatchCredit,
    DeleteCustomer,
    Ship,
    Deliver,
    CancelOrder,
    RemoveLine,
}

impl Command {
    /// What must be there before.
    pub async fn prepare(self, node: &Commands, shop: Shop) -> Shop {
        match self {
            Command::AddToCart | Command::AddBatch | Command::BatchCredit => shop,
            Command::LowerQuantity | Command::ReplaceCart | Command::DeleteCustomer | Command::RemoveLine => {
                shop.with_cart(node).await
            }
            Command::BillWithEverything => shop.with_balances(node).await.with_cart(node).await,
            Command::Collect | Command::Fail => shop.with_invoice(node).await,
            Command::RefundToCredit | Command::Ship | Command::Deliver | Command::CancelOrder => {
                let shop = shop.with_invoice(node).await;
                node.collect_invoice(&shop.request(), shop.invoice()).await.expect("an open invoice");
                shop
            }
        }
    }

    /// The event that decides it: once this is stored, the command is carried out whatever happens.
    pub fn decided_by(self) -> &'static str {
        match self {
            Command::AddToCart | Command::AddBatch => "CartItemAdded",
            Command::LowerQuantity => "CartItemQuantitySet",
            Command::ReplaceCart => "CartOpened",
            Command::BillWithEverything => "CartBillingStarted",
            Command::Collect => "InvoiceCollected",
            Command::Fail => "InvoiceFailed",
            Command::RefundToCredit => "RefundIssued",
            Command::BatchCredit => "BatchCreditStarted",
            Command::DeleteCustomer => "CustomerDeleted",
            Command::Ship => "OrderShipped",
            Command::Deliver => "OrderDelivered",
            Command::CancelOrder => "OrderCanceled",
            Command::RemoveLine => "CartItemRemoved",
        }
    }

    /// Runs it with the key. Whether it was accepted.
    pub async fn run(self, node: &Commands, shop: &Shop, key: &str) -> bool {
        let request = keyed(shop.store, &format!("/{self:?}"), key);
        let customer = shop.customers[0];
        match self {
            Command::AddToCart => node.add_to_cart(&request, customer, vec![(shop.products[0], 2)]).await.is_ok(),
            Command::AddBatch => {
                let items = vec![(shop.products[0], 2), (shop.products[1], 1), (shop.products[0], 1)];
                node.add_to_cart(&request, customer, items).await.is_ok()
            }
            Command::LowerQuantity => node.set_cart_quantity(&request, customer, shop.products[0], 1).await.is_ok(),
            Command::ReplaceCart => node.open_cart(&request, customer).await.is_ok(),
            Command::BillWithEverything => {
                let bill = BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: Some(cents(499)) };
                node.bill_cart(&request, customer, bill).await.is_ok()
            }
            Command::Collect => node.collect_invoice(&request, shop.invoice()).await.is_ok(),
            Command::Fail => node.fail_invoice(&request, shop.invoice()).await.is_ok(),
            Command::RefundToCredit => {
                node.refund_invoice(&request, shop.invoice(), RefundRequest::Full, true).await.is_ok()
            }
            Command::BatchCredit => node.start_batch_credit(&request, cents(250)).await.is_ok(),
            Command::DeleteCustomer => node.delete_customer(&request, customer).await.is_ok(),
            Command::Ship => node.ship_order(&request, shop.order()).await.is_ok(),
            Command::Deliver => node.deliver_order(&request, shop.order()).await.is_ok(),
            Command::CancelOrder => node.cancel_order(&request, shop.order()).await.is_ok(),
            Command::RemoveLine => node.remove_from_cart(&request, customer, vec![shop.products[0]]).await.is_ok(),
        }
    }
}
