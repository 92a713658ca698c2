//! Billing a cart. The cart's stream leads: it fixes the terms, the coupon answers, the cart is billed, the wallet is asked,
//! the invoice is issued.

use crate::{CommandError, Commands, Done, Request};
use domain::{Cents, CustomerId, InvoiceId};

#[derive(Clone, Debug, Default)]
pub struct BillCart {
    pub coupon: Option<String>,
    pub shipping_amount_in_cents: Option<Cents>,
}

impl Commands {
    /// Bills the open cart and issues its invoice.
    pub async fn bill_cart(&self, request: &Request, customer: CustomerId, bill: BillCart) -> Result<Done<InvoiceId>, CommandError> {
        todo!()
    }
}
