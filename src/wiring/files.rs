//! What is kept in files of the data directory: how much room their disks have, and that each file alone is whole in the end.

use crate::data_dir::DataDir;
use anyhow::{Result, bail};
use sqlite::{Settle, Space};
use std::sync::Arc;

/// The files that are open, and the room on their disks. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    space: Space,
    open: Vec<Arc<dyn Settle>>,
    /// Commands can't be done without writing to one of them.
    hold_commands_up: bool,
}

impl Files {
    /// Before any of them is opened.
    ///
    /// # Errors
    /// As [`check_room_to_open`].
    pub fn within(data: &DataDir, reserve: u64) -> Result<Self> {
        check_room_to_open(data)?;
        Ok(Self { space: Space::new(data.disks(), reserve), open: Vec::new(), hold_commands_up: false })
    }

    pub fn space(&self) -> &Space {
        &self.space
    }

    pub fn has(&mut self, file: &Arc<impl Settle + 'static>) {
        self.open.push(Arc::clone(file) as Arc<dyn Settle>);
    }

    /// One that commands write to.
    pub fn has_to_be_written(&mut self, file: Option<Arc<dyn Settle>>) {
        self.hold_commands_up |= file.is_some();
        self.open.extend(file);
    }

    /// Whether commands are refused while a disk has too little room.
    pub fn hold_commands_up(&self) -> bool {
        self.hold_commands_up
    }

    /// Empties all write-ahead logs, so that a copy of the files alone is a whole one. Once nothing is written any more.
    pub async fn settle(&self) {
        let open = self.open.clone();
        let settling = tokio::task::spawn_blocking(move || {
            for file in open {
                if let Err(reason) = file.settle() {
                    tracing::warn!(%reason, "a copy of the files without those beside them would lack the latest");
                }
            }
        });
        if let Err(error) = settling.await {
            tracing::warn!(%error, "the write-ahead logs may not be empty");
        }
    }
}

/// Refuses to open files where the disk has so little room that SQLite could not even map its memory: the process would be killed
/// without a word.
///
/// # Errors
/// How much is left, and how much is needed.
pub fn check_room_to_open(data: &DataDir) -> Result<()> {
    let Some(short) = Space::new(data.disks(), 0).too_short_to_open() else { return Ok(()) };
    let (place, free, wanted) = (short.place.display(), short.free / 1024, short.wanted / (1024 * 1024));
    bail!(
        "the disk of {place} is full: {free} KiB are left, and {wanted} MiB are needed to start; make room, and start again"
    )
}
