//! When heads are signed.

use crate::error::NotaryError;
use crate::sign::{Notary, Step};
use std::time::Duration;
use tlog::{Published, TreeStatus};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// When a head is signed, if there is anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotarySettings {
    /// As soon as so many leaves have come.
    pub leaves: u64,
    /// And at the latest after that, and not sooner for fewer leaves.
    pub pause: Duration,
}

impl Default for NotarySettings {
    fn default() -> Self {
        Self { leaves: 1_000, pause: Duration::from_secs(60) }
    }
}

/// How signing stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotaryStatus {
    /// The last that was published by this process.
    pub latest: Option<Published>,
    /// Why nothing is signed. `None`: what is to be signed is.
    pub trouble: Option<String>,
    /// Whether somebody has to look: trying again does not help.
    pub is_stuck: bool,
}

impl Notary {
    /// Signs until told to stop, as the tree grows: `tree` tells of it. Troubles are told in `status` and tried again after each pause,
    /// also those that trying again doesn't mend: somebody may have looked meanwhile.
    pub async fn run(
        &self,
        settings: NotarySettings,
        mut tree: watch::Receiver<TreeStatus>,
        status: &watch::Sender<NotaryStatus>,
        stop: CancellationToken,
    ) {
        loop {
            let signed = self.sign_all(status).await;
            let not_before = Instant::now() + settings.pause;
            let grown = async {
                let many = tree.wait_for(|tree| tree.size >= signed.saturating_add(settings.leaves));
                if many.await.map(drop).is_err() {
                    // The tree's follower is gone: only the pause is left to wait for.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(not_before) => {}
                () = grown => {}
            }
        }
    }

    /// Steps until there is nothing new, and tells the size of what was signed last: beyond all sizes where nothing can be, so that
    /// nobody tries again before the pause is over.
    async fn sign_all(&self, status: &watch::Sender<NotaryStatus>) -> u64 {
        loop {
            match self.step().await {
                Ok(Step::Published(published)) => {
                    tracing::debug!(origin = published.origin, size = published.size, "a checkpoint is published");
                    status.send_replace(NotaryStatus { latest: Some(published), trouble: None, is_stuck: false });
                }
                Ok(Step::Overtaken) => {}
                Ok(Step::NothingNew | Step::Behind { .. }) => {
                    status.send_modify(|status| (status.trouble, status.is_stuck) = (None, false));
                    return self.latest().await.ok().flatten().map_or(0, |latest| latest.size);
                }
                Err(error) => {
                    tell(&error, status);
                    return u64::MAX;
                }
            }
        }
    }
}

fn tell(error: &NotaryError, status: &watch::Sender<NotaryStatus>) {
    let (said, is_stuck) = (eventlog::with_causes(error).to_string(), !error.retry().helps());
    // Once, and not each minute.
    if status.borrow().trouble.as_ref() != Some(&said) {
        match is_stuck {
            true => tracing::error!(error = said, "no checkpoint is signed any more: somebody has to look"),
            false => tracing::warn!(error = said, "no checkpoint can be signed now"),
        }
    }
    status.send_modify(|status| (status.trouble, status.is_stuck) = (Some(said), is_stuck));
}
