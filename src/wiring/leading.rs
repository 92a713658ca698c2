//! Work that one node does for all.

#[cfg(feature = "postgres")]
use postgres::{Candidate, Role, Standing};
#[cfg(feature = "postgres")]
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Who asks for the lead in some work. Where no PostgreSQL is, nobody has to: each node does it, which is safe, and on one
/// machine there is only one.
pub struct Leading {
    #[cfg(feature = "postgres")]
    candidate: Option<tokio::sync::Mutex<Candidate>>,
    #[cfg(feature = "postgres")]
    standing: Option<watch::Receiver<Standing>>,
}

/// What one node does for all, beside filling the views.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// Counting the metric windows.
    Counting,
    /// What falls due, and what a request left undone.
    Reacting,
}

impl Leading {
    #[cfg(feature = "postgres")]
    pub(super) fn of(databases: &super::Databases, work: Work) -> Self {
        let role = match work {
            Work::Counting => Role::Stream,
            Work::Reacting => Role::Work,
        };
        let candidate = databases.candidate([role]);
        let standing = candidate.as_ref().map(Candidate::standing);
        Self { candidate: candidate.map(tokio::sync::Mutex::new), standing }
    }

    /// Whether this node leads; `None` where nobody has to.
    #[cfg(feature = "postgres")]
    pub fn leads(&self) -> Option<bool> {
        self.standing.as_ref().map(|standing| matches!(*standing.borrow(), Standing::Leading { .. }))
    }

    #[cfg(not(feature = "postgres"))]
    pub fn leads(&self) -> Option<bool> {
        None
    }

    #[cfg(not(feature = "postgres"))]
    pub(super) fn of(_: &super::Databases, _: Work) -> Self {
        Self {}
    }

    /// Of work that each node does for itself, nobody leads: what it fills is its own.
    pub fn unless(self, its_own: bool) -> Self {
        match its_own {
            true => Self::nobody(),
            false => self,
        }
    }

    #[cfg(feature = "postgres")]
    fn nobody() -> Self {
        Self { candidate: None, standing: None }
    }

    #[cfg(not(feature = "postgres"))]
    fn nobody() -> Self {
        Self {}
    }

    /// Does the work whenever this node leads, until it is stopped, or the work ends by itself. The work is told when the lead is
    /// lost, and the lead is kept until the work has ended.
    pub async fn run<T, Fut>(
        &self,
        stop: CancellationToken,
        work: impl Fn(CancellationToken) -> Fut,
    ) -> anyhow::Result<()>
    where
        Fut: Future<Output = anyhow::Result<T>>,
    {
        #[cfg(feature = "postgres")]
        if let Some(candidate) = &self.candidate {
            let mut candidate = candidate.lock().await;
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
            return Ok(());
        }
        work(stop).await.map(drop)
    }
}
