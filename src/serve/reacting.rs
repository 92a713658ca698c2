//! What follows from commands, what falls due, and what the vault no longer needs: on one node for all.

use super::worker::{self, Worker};
use crate::config::{Role, Roles};
use crate::operations::CurrentReactions;
use crate::wiring::Leading;
use anyhow::{Context, Result};
use commands::{Commands, Reactions};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the vault is swept.
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);

/// Reacts while this node leads. Cheap to clone.
#[derive(Clone)]
pub struct Reacting {
    commands: Commands,
    leading: Arc<Leading>,
    current: CurrentReactions,
    /// Where nobody else writes, the first worker knows that nothing has been written since the log was opened; one that takes its
    /// place finds commands under way.
    first: Arc<Mutex<Option<Reactions>>>,
}

impl Reacting {
    pub fn new(commands: Commands, leading: Arc<Leading>, current: CurrentReactions) -> Self {
        Self { commands, leading, current, first: Arc::default() }
    }

    /// Before it runs; `sole_writer`: nobody else writes to the log.
    ///
    /// # Errors
    /// How far reactions were can't be read.
    pub async fn begin(self, sole_writer: bool) -> Result<()> {
        if sole_writer {
            let first = self.commands.reactions(true).await.context("the reactions can't be started")?;
            self.current.are(&first);
            *self.first.lock() = Some(first);
        }
        Ok(())
    }

    /// Until told to stop, whenever this node leads.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        self.leading.run(stop, |stop| self.clone().lead(stop)).await
    }

    async fn lead(self, stop: CancellationToken) -> Result<()> {
        let tasks = TaskTracker::new();
        worker::start(self.workers(), &Roles([Role::Api].into()), &tasks, &stop).await?;
        stop.cancelled().await;
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    fn workers(&self) -> [Worker; 3] {
        let (api, commands) = (Some(Role::Api), &self.commands);
        [
            Worker::kept("reactions", api, self.clone(), Self::react),
            Worker::kept("cart expiry", api, commands.clone(), expire_carts),
            Worker::kept("vault sweep", api, commands.clone(), sweep_vault),
        ]
    }

    async fn react(self, stop: CancellationToken) -> Result<()> {
        let first = self.first.lock().take();
        let reactions = match first {
            Some(first) => first,
            None => self.commands.reactions(false).await?,
        };
        self.current.are(&reactions);
        reactions.run(stop).await;
        Ok(())
    }
}

async fn expire_carts(commands: Commands, stop: CancellationToken) -> Result<()> {
    commands.cart_expiry().run(stop).await;
    Ok(())
}

async fn sweep_vault(commands: Commands, stop: CancellationToken) -> Result<()> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(SWEPT_EVERY) => {}
        }
        match commands.sweep_vault().await {
            Ok(swept) => tracing::debug!(destroyed = swept.destroyed, "the vault was swept"),
            Err(error) => tracing::warn!(%error, "the vault can't be swept now; trying again in an hour"),
        }
    }
}
