//! The lead in work that one node does for all.

use super::databases::Databases;
use crate::engines::SharedWork;
use anyhow::Result;
use postgres::{Candidate, LeadershipStatus, Role};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

/// Asks for the lead in one work.
pub struct Lead {
    candidate: Mutex<Candidate>,
    standing: watch::Receiver<LeadershipStatus>,
}

impl Lead {
    /// `None` where there is nobody to agree with.
    pub fn of(databases: &Databases, work: SharedWork) -> Option<Self> {
        let role = match work {
            SharedWork::Counting => Role::Stream,
            SharedWork::Reacting => Role::Work,
        };
        let candidate = databases.candidate([role])?;
        Some(Self { standing: candidate.standing(), candidate: Mutex::new(candidate) })
    }

    /// Whether this node has it.
    pub fn is_held(&self) -> bool {
        matches!(*self.standing.borrow(), LeadershipStatus::Leading { .. })
    }

    /// Does the work whenever this node leads, until it is stopped, or the work ends by itself. The work is told when the lead is
    /// lost, and the lead is kept until the work has ended.
    pub async fn run<T, Fut>(&self, stop: CancellationToken, work: impl Fn(CancellationToken) -> Fut) -> Result<()>
    where
        Fut: Future<Output = Result<T>>,
    {
        let mut candidate = self.candidate.lock().await;
        while let Some(lease) = stop.run_until_cancelled(candidate.lead()).await {
            let (lost, working) = (lease.lost(), stop.child_token());
            let doing = work(working.clone());
            tokio::pin!(doing);
            tokio::select! {
                outcome = &mut doing => return outcome.map(drop),
                () = lost.cancelled() => {
                    working.cancel();
                    // What it fails with now is no news: it was told to end.
                    let _ = doing.await;
                }
            }
        }
        Ok(())
    }
}
