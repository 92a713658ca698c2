//! Customers log in and out by email. The email is resolved by its claim, not by a view.

use crate::{CommandError, Commands, Done, Request};
use domain::CustomerId;

impl Commands {
    /// Logs the customer in for 24 h. The primary email only. Wrong either way: the same error after about the same time.
    pub async fn log_in(
        &self,
        request: &Request,
        email: &str,
        password: &str,
    ) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }

    /// Logs the customer out; logged out already: nothing changes.
    pub async fn log_out(&self, request: &Request, email: &str) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }
}
