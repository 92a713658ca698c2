//! Carts that nobody touched for their store's time are closed and give their stock back.

use crate::executor::Refused;
use crate::session::{Session, refused};
use crate::use_cases::cart_steps;
use crate::{CommandError, Commands};
use chrono::TimeDelta;
use domain::cart::{Cart, CartCommand};
use domain::store::Store;
use domain::{CustomerId, StoreId};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often due carts are looked for.
const EVERY: Duration = Duration::from_secs(20);
/// Carts that are looked up at once.
const PAGE: usize = 500;

/// Finds carts that are due and closes them by an ordinary command that decides again: nothing depends on this having run.
pub struct CartExpiry {
    commands: Commands,
}

impl Commands {
    pub fn cart_expiry(&self) -> CartExpiry {
        CartExpiry { commands: self.clone() }
    }
}

impl CartExpiry {
    /// Closes the carts that are due now. Gives their number.
    pub async fn step(&self) -> Result<usize, CommandError> {
        let parts = &self.commands.inner.parts;
        let mut closed = 0;
        loop {
            let due = parts.lookups.carts_due(parts.clock.now(), PAGE).await.map_err(crate::facade::views_away)?;
            let mut progress = false;
            for (store, customer) in &due {
                let expired = match self.expire(*store, *customer).await {
                    Ok(expired) => expired,
                    Err(
                        error @ (CommandError::Unavailable { .. }
                        | CommandError::OutcomeUnknown { .. }
                        | CommandError::Busy),
                    ) => return Err(error),
                    // It must not keep the others from their time.
                    Err(error) => {
                        tracing::error!(%error, %customer, "a cart that is due can't be closed");
                        false
                    }
                };
                progress |= expired;
                closed += usize::from(expired);
            }
            if due.len() < PAGE || !progress {
                return Ok(closed);
            }
        }
    }

    /// Closes the customer's open cart if it is due by its own stream. Whether it was.
    async fn expire(&self, store: StoreId, customer: CustomerId) -> Result<bool, CommandError> {
        let session = Session::system(Arc::clone(&self.commands.inner), store, None);
        let minutes = session
            .look(&store, |store: &Store| store.live().map(|live| live.cart_expires_after_minutes))
            .await?
            .flatten();
        let Some(minutes) = minutes.filter(|minutes| *minutes > 0) else { return Ok(false) };
        let idle_since = session.inner.parts.clock.now().minus(TimeDelta::minutes(i64::from(minutes)));
        match session.execute::<Cart>(&customer, CartCommand::Expire { idle_since }).await {
            Ok(executed) => {
                for event in &executed.events {
                    cart_steps::released(&session, customer, event).await?;
                }
                Ok(!executed.events.is_empty())
            }
            // Closed, billed or deleted meanwhile.
            Err(Refused::Rejected(_) | Refused::OtherStore) => Ok(false),
            Err(other) => Err(refused::<Cart>(other)),
        }
    }

    /// Works until stopped.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            if let Err(error) = self.step().await {
                tracing::warn!(%error, "carts that are due can't be closed now; trying again");
            }
        }
    }
}
