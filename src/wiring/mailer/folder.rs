//! Mails as files.

use super::{Letters, on_the_wire};
use crate::data_dir;
use anyhow::{Context, Result};
use async_trait::async_trait;
use commands::{Clock, ConfirmationMail, MailAddress, MailError, Mailer, Outgoing, SystemClock};
use eventlog::with_causes;
use lettre::Address;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Keeps mails as files; by their names, the newest comes last.
pub(super) struct Folder {
    letters: Arc<Letters>,
    folder: PathBuf,
}

impl Folder {
    pub(super) fn open(letters: Arc<Letters>, folder: PathBuf) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Self { letters, folder })
    }
}

#[async_trait]
impl Mailer for Folder {
    async fn to(&self, address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError> {
        let to = on_the_wire(address)?;
        Ok(Box::new(Filed { letters: Arc::clone(&self.letters), folder: self.folder.clone(), to }))
    }

    fn leaves_the_machine(&self) -> bool {
        false
    }
}

/// Said whole: what `anyhow` keeps is no error itself.
#[derive(Debug, thiserror::Error)]
#[error("{}", with_causes(.0.as_ref()))]
struct NotWritten(anyhow::Error);

struct Filed {
    letters: Arc<Letters>,
    folder: PathBuf,
    to: Address,
}

#[async_trait]
impl Outgoing for Filed {
    async fn send(self: Box<Self>, mail: ConfirmationMail) -> Result<(), MailError> {
        let letter = self.letters.confirmation(&self.to, &mail)?;
        let now = SystemClock.now();
        // Two within a millisecond differ in the end.
        let name = format!("{}-{:016x}.eml", now.to_string().replace(':', "-"), crate::random::seed());
        let path = self.folder.join(name);
        let written = tokio::task::spawn_blocking(move || data_dir::write_private(&path, &letter)).await;
        let written = written.map_err(anyhow::Error::from).and_then(|written| written);
        written.map_err(|error| MailError::Away(NotWritten(error).into()))
    }
}
