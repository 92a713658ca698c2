//! Growing a tree that several nodes share while this one leads.

use super::PostgresTree;
use crate::follow::{FollowError, Follower};
use crate::store::TreeStoreError;
use ::postgres::{Candidate, Lease, Role};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long it is waited after something went wrong, before this node asks for the lead again: another may do better.
const PAUSE: Duration = Duration::from_secs(1);

impl PostgresTree {
    /// Asks for the lead in [`Role::Tree`], which the candidate stands for, and lets the follower grow the tree while this node has it,
    /// until it is stopped. What is being written is finished first.
    pub async fn lead(&self, mut candidate: Candidate, follower: &Follower, stop: CancellationToken) {
        while let Some(lease) = stop.run_until_cancelled(candidate.lead()).await {
            let lost = lease.lost();
            let outcome = self.grow(&lease, follower, &stop).await;
            drop(lease);
            match outcome {
                // It is told by whoever lost it.
                Ok(()) | Err(FollowError::Store(TreeStoreError::Fenced)) => {}
                Err(error) => tracing::error!(%error, "the log's tree can't be built; asking for the lead again"),
            }
            if !lost.is_cancelled() {
                // It went wrong while this node led.
                stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            }
        }
    }

    /// Until the lead is lost, trying again does not help, or it is stopped.
    async fn grow(&self, lease: &Lease, follower: &Follower, stop: &CancellationToken) -> Result<(), FollowError> {
        let held = lease.held().borrow().iter().find(|held| held.role == Role::Tree).cloned();
        let Some(held) = held else { return Ok(()) };
        let (ended, lost) = (stop.child_token(), lease.lost());
        let follower = follower.writing_to(Arc::new(self.leading(held)));
        let running = follower.run(ended.clone(), |_| ());
        tokio::pin!(running);
        tokio::select! {
            outcome = &mut running => outcome,
            () = lost.cancelled() => {
                ended.cancel();
                running.await
            }
        }
    }
}
