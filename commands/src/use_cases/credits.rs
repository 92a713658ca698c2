//! Store credits of one customer.

use super::customers;
use crate::session::refused;
use crate::{CommandError, Commands, Request, Resource, UnderWay};
use domain::credit::{Credit, CreditCommand, CreditIssued, CreditSource};
use domain::{Cents, CreditId, CustomerId};

impl Commands {
    /// Issues a credit of `amount` (above 0).
    pub fn issue_credit(&self, request: &Request, customer: CustomerId, amount: Cents) -> UnderWay<CreditId> {
        self.run("issue_credit", request, move |session| async move {
            let credit_id = CreditId(session.new_id("credit"));
            // Asked first: the customer may be gone by now, which does not undo the credit.
            if session.recall::<Credit>(&credit_id).await?.is_some() {
                return Ok(session.done(credit_id, true));
            }
            let issue = CreditIssued {
                credit_id,
                store_id: session.store_id(),
                customer_id: customer,
                currency: customers::currency(&session, customer).await?,
                amount_in_cents: amount,
                source: CreditSource::Issued,
            };
            let executed = session.decide::<Credit>(&credit_id, CreditCommand::Issue(issue)).await;
            Ok(session.done(credit_id, executed.map_err(refused::<Credit>)?.replayed))
        })
    }

    /// Voids it: its balance is 0. Voided already: nothing changes. Another customer's: not found, nor is it for a customer
    /// who isn't there.
    pub fn void_credit(&self, request: &Request, customer: CustomerId, credit: CreditId) -> UnderWay<CreditId> {
        self.run("void_credit", request, move |session| async move {
            let owner =
                session.look(&credit, |credit: &Credit| credit.known().map(|known| known.issued.customer_id)).await?;
            if owner.flatten() != Some(customer) {
                customers::currency(&session, customer).await?;
                return Err(CommandError::NotFound(Resource::Credit));
            }
            let executed = session.decide::<Credit>(&credit, CreditCommand::Void).await.map_err(refused::<Credit>)?;
            Ok(session.done(credit, executed.replayed))
        })
    }
}
