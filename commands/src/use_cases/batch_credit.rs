//! A credit for every customer of a store, in the background.

use crate::{CommandError, Commands, Done, Request};
use domain::{Cents, JobId};

impl Commands {
    /// Starts the job (answered with 202); it covers the customers that exist at its start event's position.
    pub async fn start_batch_credit(&self, request: &Request, amount: Cents) -> Result<Done<JobId>, CommandError> {
        todo!()
    }
}
