//! What happens to an order: shipped, delivered, canceled. Repeating the last step changes nothing.

use crate::{CommandError, Commands, Done, Request};
use domain::OrderId;

impl Commands {
    pub async fn ship_order(&self, request: &Request, order: OrderId) -> Result<Done<OrderId>, CommandError> {
        todo!()
    }

    pub async fn deliver_order(&self, request: &Request, order: OrderId) -> Result<Done<OrderId>, CommandError> {
        todo!()
    }

    pub async fn cancel_order(&self, request: &Request, order: OrderId) -> Result<Done<OrderId>, CommandError> {
        todo!()
    }
}
