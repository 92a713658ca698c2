//! Snapshots that outlive the nodes of a test.

use crate::snapshots::{Snapshot, SnapshotError, Snapshots};
use async_trait::async_trait;
use eventlog::StreamName;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Keeps the latest of each stream in memory.
#[derive(Default)]
pub struct KeptSnapshots(Mutex<HashMap<StreamName, Snapshot>>);

#[async_trait]
impl Snapshots for KeptSnapshots {
    async fn load(&self, stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError> {
        Ok(self.0.lock().get(stream).cloned())
    }

    async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.0.lock().insert(stream.clone(), snapshot);
        Ok(())
    }
}
