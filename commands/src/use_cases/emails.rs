//! A customer's email addresses, each claimed within its store.

use crate::{CommandError, Commands, Done, Request};
use domain::CustomerId;

impl Commands {
    /// Adds an email; `is_primary` moves the mark.
    pub async fn add_email(
        &self,
        request: &Request,
        customer: CustomerId,
        email: &str,
        is_primary: bool,
    ) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }

    /// Removes an email that is not the primary one; it becomes free.
    pub async fn remove_email(
        &self,
        request: &Request,
        customer: CustomerId,
        email: &str,
    ) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }

    pub async fn make_email_primary(
        &self,
        request: &Request,
        customer: CustomerId,
        email: &str,
    ) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }
}

/// Frees the claims of emails that the customer's stream no longer names: the reaction to a removed email or a deleted
/// customer. Free already: nothing happens.
pub(crate) async fn release_unnamed(
    session: &crate::session::Session,
    customer: CustomerId,
) -> Result<(), CommandError> {
    todo!()
}
