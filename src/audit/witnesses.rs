//! Who else has seen the events of a stream: the views, the metric windows, and snapshots of its state, each in a place of its own.
//!
//! Each keeps the hash of the last event that it has read, as that was then. The views do so for every stream; beside that, where they
//! and the windows stand in the log is one event, which may be one of this stream.

use super::testimony::{NotAsked, Sighting, Testimony};
use crate::wiring::views::ViewsKeeper;
use crate::wiring::windows::WindowsCounter;
use anyhow::Result;
use commands::snapshots::{self, Snapshots};
use eventlog::chain::EventHash;
use eventlog::{StreamName, with_causes};
use journal::Journal;
use vault::Vault;

/// Where witnesses are to be found.
#[derive(Clone)]
pub struct Witnesses {
    pub journal: Journal,
    pub views: ViewsKeeper,
    pub windows: WindowsCounter,
    pub snapshots: std::sync::Arc<dyn Snapshots>,
    /// Not one of them: it knows the names of who was behind events.
    pub vault: std::sync::Arc<dyn Vault>,
}

impl Witnesses {
    /// What all of them have seen of the stream, or may have, and those that can't be asked.
    pub async fn of(&self, stream: &StreamName) -> (Vec<Sighting>, Vec<NotAsked>) {
        let (mut seen, mut not_asked) = (Vec::new(), Vec::new());
        let asked = [
            (Testimony::Views, self.views(stream).await),
            (Testimony::ViewsCheckpoint, self.views_checkpoint().await),
            (Testimony::WindowsCheckpoint, self.windows_checkpoint().await),
            (Testimony::Snapshot, self.snapshot(stream).await),
        ];
        for (by, found) in asked {
            match found {
                Ok(found) => seen.extend(found),
                Err(error) => not_asked.push(NotAsked { by, reason: with_causes(error.as_ref()) }),
            }
        }
        (seen, not_asked)
    }

    async fn views(&self, stream: &StreamName) -> Result<Vec<Sighting>> {
        // Of views that were filled from another log nothing can be said.
        if self.views.last_seen(&self.journal).await?.is_empty() {
            return Ok(Vec::new());
        }
        let tip = self.views.store().tip(stream).await?;
        let seen = tip.map(|tip| Sighting {
            by: Testimony::Views,
            revision: Some(tip.revision),
            position: Some(tip.position.0),
            hash: tip.hash,
        });
        Ok(seen.into_iter().collect())
    }

    async fn views_checkpoint(&self) -> Result<Vec<Sighting>> {
        let at = |(position, hash): (eventlog::Position, Option<EventHash>)| {
            let by = Testimony::ViewsCheckpoint;
            Some(Sighting { by, revision: None, position: Some(position.0), hash: hash? })
        };
        Ok(self.views.last_seen(&self.journal).await?.into_iter().filter_map(at).collect())
    }

    async fn windows_checkpoint(&self) -> Result<Vec<Sighting>> {
        let at = |(position, hash): (eventlog::Position, EventHash)| Sighting {
            by: Testimony::WindowsCheckpoint,
            revision: None,
            position: Some(position.0),
            hash,
        };
        Ok(self.windows.last_seen(&self.journal).await?.into_iter().map(at).collect())
    }

    async fn snapshot(&self, stream: &StreamName) -> Result<Vec<Sighting>> {
        let found = snapshots::last_seen(self.snapshots.as_ref(), &self.journal, stream).await;
        let seen = found?;
        let seen = seen.map(|seen| Sighting {
            by: Testimony::Snapshot,
            revision: Some(seen.revision),
            position: None,
            hash: seen.hash,
        });
        Ok(seen.into_iter().collect())
    }
}
