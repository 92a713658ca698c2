//! Holds whose cart has not yet said that it has what is held.

use super::outstanding::Outstanding;
use super::pending::{Cause, HeldStock, Pending, Reaction, held};
use domain::cart::CartEvent;
use domain::{CartId, Event, ProductId, StoreId};
use eventlog::{Checkpoint, Position};
use journal::Envelope;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

#[derive(Default)]
pub(super) struct UnmatchedHolds {
    by_cart: HashMap<(CartId, ProductId), Unmatched>,
    by_time: BTreeMap<(Duration, Position), (CartId, ProductId)>,
    by_store: HashMap<StoreId, usize>,
    outstanding: Outstanding,
}

struct Unmatched {
    held: HeldStock,
    quantity: u32,
    origin: Cause,
    due_at: Duration,
}

impl UnmatchedHolds {
    /// Takes note of an event: a hold is added, a cart that has what is held takes its hold off.
    pub(super) fn note(&mut self, envelope: &Envelope, before: Checkpoint, due_at: Duration) {
        match &envelope.event {
            Event::Cart(CartEvent::CartItemAdded(added)) => {
                self.matched(added.cart_id, added.product_id, added.line_quantity)
            }
            Event::Cart(CartEvent::CartItemQuantitySet(set)) => {
                self.matched(set.cart_id, set.product_id, set.line_quantity)
            }
            Event::Store(_)
            | Event::Product(_)
            | Event::Customer(_)
            | Event::Cart(_)
            | Event::Invoice(_)
            | Event::Order(_)
            | Event::GiftCard(_)
            | Event::Credit(_)
            | Event::Coupon(_)
            | Event::Claim(_)
            | Event::Remembered(_) => {
                let Some((held, quantity)) = held(envelope) else { return };
                self.insert(Unmatched { held, quantity, origin: Cause::of(envelope, before), due_at });
            }
        }
    }

    fn insert(&mut self, hold: Unmatched) {
        let key = (hold.held.cart_id, hold.held.product);
        self.remove(key);
        self.outstanding.add(hold.origin.before);
        *self.by_store.entry(hold.origin.store_id).or_default() += 1;
        self.by_time.insert((hold.due_at, hold.origin.position), key);
        self.by_cart.insert(key, hold);
    }

    fn matched(&mut self, cart_id: CartId, product: ProductId, quantity: u32) {
        if self.by_cart.get(&(cart_id, product)).is_some_and(|hold| hold.quantity <= quantity) {
            self.remove((cart_id, product));
        }
    }

    fn remove(&mut self, key: (CartId, ProductId)) -> Option<Unmatched> {
        let hold = self.by_cart.remove(&key)?;
        self.by_time.remove(&(hold.due_at, hold.origin.position));
        self.outstanding.remove(hold.origin.before);
        if let Some(count) = self.by_store.get_mut(&hold.origin.store_id) {
            *count -= 1;
            if *count == 0 {
                self.by_store.remove(&hold.origin.store_id);
            }
        }
        Some(hold)
    }

    /// Takes the next one off that is due: its command can't be under way any more.
    pub(super) fn next_due(&mut self, now: Duration) -> Option<Pending> {
        let (&(due_at, _), &key) = self.by_time.first_key_value()?;
        if due_at > now {
            return None;
        }
        let Unmatched { held, origin, due_at, .. } = self.remove(key)?;
        Some(Pending { reaction: Reaction::Hold(held), origin, due_at })
    }

    /// Forgets the store's holds after the position: they are read again. Gives before the first of them.
    pub(super) fn forget(&mut self, store: StoreId, after: Position) -> Option<Checkpoint> {
        let newer = |hold: &&Unmatched| hold.origin.store_id == store && hold.origin.position > after;
        let keys: Vec<_> =
            self.by_cart.values().filter(newer).map(|hold| (hold.held.cart_id, hold.held.product)).collect();
        let forgotten = keys.into_iter().filter_map(|key| self.remove(key));
        forgotten.map(|hold| hold.origin.before).min_by_key(|before| before.position)
    }

    pub(super) fn positions_of(&self, store: StoreId) -> impl Iterator<Item = Position> {
        let holds = self.by_cart.values().filter(move |hold| hold.origin.store_id == store);
        holds.map(|hold| hold.origin.position)
    }

    pub(super) fn len(&self) -> usize {
        self.by_cart.len()
    }

    pub(super) fn by_store(&self) -> impl Iterator<Item = (StoreId, usize)> {
        self.by_store.iter().map(|(store, count)| (*store, *count))
    }

    pub(super) fn len_of(&self, store: StoreId) -> usize {
        self.by_store.get(&store).copied().unwrap_or(0)
    }

    /// Before the oldest.
    pub(super) fn oldest(&self) -> Option<Checkpoint> {
        self.outstanding.oldest()
    }
}
