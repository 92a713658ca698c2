//! Work that one node does for all.

use crate::engines::SharedWork;
use crate::engines::postgres::{Databases, Lead};
use anyhow::Result;
use tokio_util::sync::CancellationToken;

/// Who asks for the lead in some work. Where no PostgreSQL is, nobody has to: each node does it, which is safe, and on one
/// machine there is only one.
pub struct Leading {
    lead: Option<Lead>,
}

impl Leading {
    pub(super) fn of(databases: &Databases, work: SharedWork) -> Self {
        Self { lead: Lead::of(databases, work) }
    }

    /// Whether this node leads; `None` where nobody has to.
    pub fn leads(&self) -> Option<bool> {
        self.lead.as_ref().map(Lead::is_held)
    }

    /// Of work that each node does for itself, nobody leads: what it fills is its own.
    pub fn unless(self, its_own: bool) -> Self {
        match its_own {
            true => Self { lead: None },
            false => self,
        }
    }

    /// Does the work whenever this node leads, until it is stopped, or the work ends by itself. The work is told when the lead is
    /// lost, and the lead is kept until the work has ended.
    pub async fn run<T, Fut>(&self, stop: CancellationToken, work: impl Fn(CancellationToken) -> Fut) -> Result<()>
    where
        Fut: Future<Output = Result<T>>,
    {
        match &self.lead {
            Some(lead) => lead.run(stop, work).await,
            None => work(stop).await.map(drop),
        }
    }
}
