//! What happens to an order: shipped, delivered, canceled. Repeating the last step changes nothing.

use super::settling;
use crate::session::refused;
use crate::{Commands, Done, Request, UnderWay};
use domain::OrderId;
use domain::order::{CancelReason, Order, OrderCommand};

impl Commands {
    /// Pending → shipped; the stock it held is gone for good.
    pub fn ship_order(&self, request: &Request, order: OrderId) -> UnderWay<OrderId> {
        self.step("ship_order", request, order, OrderCommand::Ship)
    }

    /// Pending or shipped → delivered.
    pub fn deliver_order(&self, request: &Request, order: OrderId) -> UnderWay<OrderId> {
        self.step("deliver_order", request, order, OrderCommand::Deliver)
    }

    /// Pending → canceled; its stock goes back; it refunds nothing.
    pub fn cancel_order(&self, request: &Request, order: OrderId) -> UnderWay<OrderId> {
        self.step("cancel_order", request, order, OrderCommand::Cancel { reason: CancelReason::Requested })
    }

    fn step(&self, kind: &'static str, request: &Request, order: OrderId, command: OrderCommand) -> UnderWay<OrderId> {
        self.run(kind, request, move |session| async move {
            let executed = session.decide::<Order>(&order, command).await.map_err(refused::<Order>)?;
            let follow_up = session.follow_up();
            let settling = async move { settling::settle_order(&follow_up, order).await };
            let late = settling::late(session.follow(settling).await);
            Ok(Done { late, ..session.done(order, executed.replayed) })
        })
    }
}
