//! What a follower says of itself: in its status, and in the process's log.

use super::{Anew, FollowError, Follower, TreeStatus, WhyAnew};
use crate::builder::Builder;
use eventlog::Retry;
use std::time::Duration;

impl Follower {
    /// Says what was there, and takes it away.
    pub(super) async fn take_away(&self, why: WhyAnew) -> Result<(), FollowError> {
        let state = self.store.state().await.ok().flatten();
        let before = state.map(|state| (state.size(), state.root()));
        let (size, root) = before.unzip();
        let root = root.map(|root| root.to_string());
        tracing::warn!(%why, size, root, "the log's tree is taken away and built anew from the log");
        self.store.clear().await?;
        self.status.send_modify(|status| {
            *status = TreeStatus { anew: Some(Anew { why, before }), ..TreeStatus::default() };
        });
        Ok(())
    }

    pub(super) fn tell(&self, error: &FollowError, pause: Duration) {
        let said = error.said();
        match error.retry() {
            Retry::Busy => tracing::info!(reason = said, "the log's tree resumes"),
            Retry::Later => {
                tracing::warn!(error = said, pause_ms = pause.as_millis() as u64, "the log's tree waits");
            }
            Retry::Never => tracing::error!(error = said, "the log's tree stopped"),
        }
        if error.retry() != Retry::Busy {
            self.status.send_modify(|status| status.trouble = Some(said));
        }
    }

    pub(super) fn say(&self, builder: &Builder, is_caught_up: bool) {
        let (size, position) = (builder.state().size(), builder.state().checkpoint.position);
        self.status.send_modify(|status| {
            let anew = status.anew.take();
            *status = TreeStatus { size, position, is_caught_up, trouble: None, anew };
        });
    }
}
