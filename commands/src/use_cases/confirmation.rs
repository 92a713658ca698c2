//! Customers confirm their email address by a link that lives 24 h.

use crate::{CommandError, Commands, Done, Request};
use domain::{CustomerId, StoreId};

impl Commands {
    /// Mails a confirmation link. The outcome is the token where mail does not leave the machine, else `None`.
    pub async fn send_confirmation(
        &self,
        request: &Request,
        customer: CustomerId,
    ) -> Result<Done<Option<String>>, CommandError> {
        todo!()
    }

    /// Confirms by the link's token. Unknown, used or expired: not found.
    pub async fn confirm(
        &self,
        token: &str,
        request_id: Option<String>,
    ) -> Result<Done<(StoreId, CustomerId)>, CommandError> {
        todo!()
    }
}
