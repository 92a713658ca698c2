//! Carts that nobody touched for their store's time are closed and give their stock back.

use super::pace::{LONGEST, Outage, pause};
use crate::executor::Refused;
use crate::session::{Session, refused};
use crate::use_cases::{cart_steps, settling};
use crate::{CartPlace, Class, CommandError, Commands};
use chrono::TimeDelta;
use domain::cart::{Cart, CartCommand};
use domain::store::Store;
use domain::{CustomerId, StoreId};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often due carts are looked for.
const EVERY: Duration = Duration::from_secs(20);
/// A cart is closed by a clock that has run evenly for so long, or for as long as its store's carts live, if that is less: one
/// that was set ahead would close them all, and nothing opens them again.
const TRUSTED: Duration = Duration::from_secs(6 * 60 * 60);
/// Carts of a store that are looked up and closed at once, before it is another store's turn; and stores that are looked up at once.
const PAGE: usize = 500;
/// Carts that can't be closed and are left alone for a while; of more, each is tried every time.
const MOST_STUCK: usize = 10_000;

/// Finds carts that are due and closes them by an ordinary command that decides again: nothing depends on this having run. A cart that
/// can't be closed keeps no other from its time, nor one store's carts those of others.
pub struct CartExpiry {
    commands: Commands,
    stuck: Mutex<HashMap<CustomerId, Stuck>>,
}

/// A cart that could not be closed.
struct Stuck {
    attempts: u32,
    /// By [`crate::Clock::running`].
    again_at: Duration,
}

/// A store whose due carts are gone through.
struct StoreScan {
    store: StoreId,
    minutes: u32,
    after: Option<CartPlace>,
}

impl Commands {
    pub fn cart_expiry(&self) -> CartExpiry {
        CartExpiry { commands: self.clone(), stuck: Mutex::default() }
    }
}

impl CartExpiry {
    /// Closes the carts that are due now, a page of each store in turn. Gives their number.
    ///
    /// # Errors
    /// A service is away that all need.
    pub async fn step(&self) -> Result<usize, CommandError> {
        self.commands.node.has_room()?;
        let (mut closed, mut outage) = (0, Outage::default());
        let even_for = self.commands.node.even_clock.even_for();
        let mut turns = self.stores().await?;
        while let Some(turn) = turns.pop_front() {
            let idle_since = self.commands.node.now().minus(TimeDelta::minutes(i64::from(turn.minutes)));
            let lookups = &self.commands.node.parts.lookups;
            let due = lookups.carts_due(turn.store, idle_since, turn.after, PAGE).await;
            let due = due?;
            for customer in due.customers {
                closed += usize::from(self.close(turn.store, customer, even_for, &mut outage).await?);
            }
            if due.next.is_some() {
                turns.push_back(StoreScan { after: due.next, ..turn });
            }
        }
        self.stuck.lock().retain(|_, stuck| self.commands.node.parts.clock.running() < stuck.again_at + LONGEST);
        Ok(closed)
    }

    async fn stores(&self) -> Result<VecDeque<StoreScan>, CommandError> {
        let (lookups, mut turns) = (&self.commands.node.parts.lookups, VecDeque::new());
        loop {
            let after = turns.back().map(|last: &StoreScan| last.store);
            let page = lookups.stores_with_cart_expiry(after, PAGE).await?;
            let count = page.len();
            turns.extend(page.into_iter().map(|(store, minutes)| StoreScan { store, minutes, after: None }));
            if count < PAGE {
                return Ok(turns);
            }
        }
    }

    /// Closes the cart, unless it could not be closed a while ago. Whether it was closed.
    ///
    /// # Errors
    /// So many in a row need a service that is away that it is not they that are the matter.
    async fn close(
        &self,
        store: StoreId,
        customer: CustomerId,
        even_for: Duration,
        outage: &mut Outage,
    ) -> Result<bool, CommandError> {
        let now = self.commands.node.parts.clock.running();
        if self.stuck.lock().get(&customer).is_some_and(|stuck| now < stuck.again_at) {
            return Ok(false);
        }
        let error = match self.expire(store, customer, even_for).await {
            Ok(expired) => {
                outage.is_over();
                self.stuck.lock().remove(&customer);
                return Ok(expired);
            }
            Err(error) => error,
        };
        if error.class() == Class::NotNow {
            outage.failed(now);
            if outage.is_on() {
                return Err(error);
            }
        }
        let mut stuck = self.stuck.lock();
        let attempts = stuck.get(&customer).map_or(1, |known| known.attempts.saturating_add(1));
        if attempts == 1 {
            tracing::error!(%error, %customer, "a cart that is due can't be closed");
        }
        if stuck.len() < MOST_STUCK || attempts > 1 {
            stuck.insert(customer, Stuck { attempts, again_at: now + pause(attempts, LONGEST) });
        }
        Ok(false)
    }

    /// Closes the customer's open cart if it is due by its own stream. Whether it was.
    async fn expire(&self, store: StoreId, customer: CustomerId, even_for: Duration) -> Result<bool, CommandError> {
        let session = Session::system(Arc::clone(&self.commands.node), store, None);
        let minutes = session
            .look(&store, |store: &Store| store.live().map(|live| live.cart_expires_after_minutes))
            .await?
            .flatten();
        let Some(minutes) = minutes.filter(|minutes| *minutes > 0) else { return Ok(false) };
        if even_for < TRUSTED.min(Duration::from_secs(u64::from(minutes) * 60)) {
            return Ok(false);
        }
        let idle_since = session.node.now().minus(TimeDelta::minutes(i64::from(minutes)));
        match session.execute::<Cart>(&customer, CartCommand::Expire { idle_since }).await {
            Ok(executed) => {
                for event in &executed.events {
                    settling::late(cart_steps::released(&session, customer, event).await);
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
