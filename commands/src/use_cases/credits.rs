//! Store credits of one customer.

use crate::{CommandError, Commands, Done, Request};
use domain::{Cents, CreditId, CustomerId};

impl Commands {
    /// Issues a credit of `amount` (above 0).
    pub async fn issue_credit(
        &self,
        request: &Request,
        customer: CustomerId,
        amount: Cents,
    ) -> Result<Done<CreditId>, CommandError> {
        todo!()
    }

    /// Voids it: its balance is 0. Voided already: nothing changes. Another customer's: not found.
    pub async fn void_credit(
        &self,
        request: &Request,
        customer: CustomerId,
        credit: CreditId,
    ) -> Result<Done<CreditId>, CommandError> {
        todo!()
    }
}
