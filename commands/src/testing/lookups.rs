//! Lists that are counted from the whole log at every call: slow, and independent of any view.

use crate::{CartPlace, Creation, DueCarts, Lookups, LookupsError, WalletEntry};
use async_trait::async_trait;
use domain::billing::WalletRef;
use domain::cart::Cart;
use domain::coupon::CouponAnswer;
use domain::credit::Credit;
use domain::customer::{Customer, CustomerEvent};
use domain::gift_card::GiftCard;
use domain::past::{Fact, PastQuestion};
use domain::store::Store;
use domain::{Category, Currency, CustomerId, Decider, Event, StoreId, Timestamp};
use eventlog::{Position, StreamName};
use journal::{Delivery, Envelope, Journal};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Arc;

/// Counts over the journal.
pub struct CountedLookups {
    journal: Journal,
}

impl CountedLookups {
    pub fn new(journal: Journal) -> Self {
        Self { journal }
    }

    async fn events(&self) -> Result<Vec<Arc<Envelope>>, LookupsError> {
        let deliveries =
            self.journal.read_all(Position::START, usize::MAX).await.map_err(|error| LookupsError(error.into()))?;
        Ok(deliveries
            .into_iter()
            .filter_map(|delivery| match delivery {
                Delivery::Event(envelope) => Some(envelope),
                Delivery::Unreadable(_) => None,
            })
            .collect())
    }

    async fn fact(&self, events: &[Arc<Envelope>], asked: &PastQuestion) -> Result<Option<Fact>, LookupsError> {
        let mut fact = None;
        for envelope in events {
            if answered_by(envelope).contains(asked) {
                let after = Fact::after(fact, asked, &envelope.event, envelope.revision);
                fact = Some(after.ok_or_else(|| {
                    LookupsError(io::Error::other(format!("an event can't follow on {fact:?}")).into())
                })?);
            }
        }
        Ok(fact)
    }

    /// Every stream of the aggregate, folded.
    async fn folded<A: Decider>(&self) -> Result<BTreeMap<StreamName, (Timestamp, A)>, LookupsError> {
        let mut streams: BTreeMap<StreamName, (Timestamp, A)> = BTreeMap::new();
        for envelope in self.events().await? {
            let Some(event) = A::event(envelope.event.clone()) else { continue };
            let at = envelope.metadata.occurred_at;
            let (_, state) = streams.entry(envelope.stream.clone()).or_insert_with(|| (at, A::default()));
            state.evolve(&event, at).map_err(|impossible| LookupsError(impossible.into()))?;
        }
        Ok(streams)
    }
}

#[async_trait]
impl Lookups for CountedLookups {
    async fn wallet(
        &self,
        _at_least: Position,
        store: StoreId,
        customer: CustomerId,
        _currency: Currency,
    ) -> Result<Vec<WalletEntry>, LookupsError> {
        let mut wallet = Vec::new();
        for (created_at, card) in self.folded::<GiftCard>().await?.into_values() {
            if let Some(card) = card
                .known()
                .filter(|card| card.issued.store_id == store && card.issued.recipient_customer_id == customer)
                && !card.balance.current.is_zero()
            {
                wallet.push(WalletEntry {
                    balance: WalletRef::GiftCard(card.issued.gift_card_id),
                    currency: card.issued.currency,
                    created_at,
                });
            }
        }
        for (created_at, credit) in self.folded::<Credit>().await?.into_values() {
            if let Some(credit) =
                credit.known().filter(|credit| credit.issued.store_id == store && credit.issued.customer_id == customer)
                && !credit.balance.current.is_zero()
            {
                wallet.push(WalletEntry {
                    balance: WalletRef::Credit(credit.issued.credit_id),
                    currency: credit.issued.currency,
                    created_at,
                });
            }
        }
        wallet.sort_by_key(|entry| entry.created_at);
        Ok(wallet)
    }

    async fn past(&self, _: Position, _: &StreamName, asked: &PastQuestion) -> Result<Option<Fact>, LookupsError> {
        let events = self.events().await?;
        let PastQuestion::CouponUses { coupon_id, customer_id } = *asked else {
            return self.fact(&events, asked).await;
        };
        let answers: HashSet<PastQuestion> = events.iter().flat_map(|envelope| answered_by(envelope)).collect();
        let mut uses = 0;
        for answer in answers
            .iter()
            .filter(|answer| matches!(answer, PastQuestion::CouponAnswer { coupon_id: of, .. } if *of == coupon_id))
        {
            let fact = self.fact(&events, answer).await?;
            uses += u64::from(
                matches!(fact, Some(Fact::CouponAnswer(CouponAnswer::Redeemed { customer_id: by, reversed: false, .. })) if by == customer_id),
            );
        }
        Ok(Some(Fact::CouponUses(uses)))
    }

    async fn stores_with_cart_expiry(
        &self,
        after: Option<StoreId>,
        limit: usize,
    ) -> Result<Vec<(StoreId, u32)>, LookupsError> {
        let stores = self.folded::<Store>().await?;
        let live = stores.values().filter_map(|(_, store)| store.live());
        let mut expiring: Vec<_> = live
            .map(|live| (live.store_id, live.cart_expires_after_minutes))
            .filter(|(id, minutes)| *minutes > 0 && after.is_none_or(|after| *id > after))
            .collect();
        expiring.sort_unstable();
        expiring.truncate(limit);
        Ok(expiring)
    }

    async fn carts_due(
        &self,
        store: StoreId,
        idle_since: Timestamp,
        after: Option<CartPlace>,
        limit: usize,
    ) -> Result<DueCarts, LookupsError> {
        let carts = self.folded::<Cart>().await?;
        let open = carts.values().filter_map(|(_, cart)| cart.current());
        let due = open.filter(|cart| cart.store_id == store && cart.last_activity_at <= idle_since);
        let place = |cart: &domain::cart::OpenCart| CartPlace {
            minute: cart.last_activity_at.as_millis().div_euclid(60_000),
            customer: cart.customer_id,
        };
        let mut places: Vec<_> = due.map(place).filter(|place| after.is_none_or(|after| *place > after)).collect();
        places.sort_unstable();
        places.truncate(limit);
        let next = places.last().copied().filter(|_| places.len() == limit);
        Ok(DueCarts { customers: places.into_iter().map(|place| place.customer).collect(), next })
    }

    async fn customers_at(
        &self,
        position: Position,
        store: StoreId,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        let mut there = BTreeMap::new();
        for envelope in self.events().await?.iter().filter(|envelope| envelope.position <= position) {
            match &envelope.event {
                Event::Customer(CustomerEvent::CustomerCreated(created)) if created.store_id == store => {
                    there.insert(envelope.stream.clone(), created.customer_id);
                }
                Event::Customer(CustomerEvent::CustomerDeleted(_)) => {
                    there.remove(&envelope.stream);
                }
                _ => {}
            }
        }
        let mut customers: Vec<CustomerId> =
            there.into_values().filter(|id| after.is_none_or(|after| *id > after)).collect();
        customers.sort_unstable();
        customers.truncate(limit);
        Ok(customers)
    }

    async fn customers_of_mailbox(
        &self,
        _at_least: Position,
        store: StoreId,
        mailbox: &str,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        let customers = self.folded::<Customer>().await?;
        let have = customers.into_values().filter_map(|(_, customer)| {
            let live = customer.live().filter(|live| live.store_id == store)?;
            let mut emails = live.emails.iter().filter_map(|email| email.email.as_deref());
            emails.any(|email| domain::mailbox(email) == mailbox).then_some(live.customer_id)
        });
        Ok(have.take(limit).collect())
    }

    async fn creation(&self, _at_least: Position, store: StoreId, key: &str) -> Result<Option<Creation>, LookupsError> {
        let carries = |envelope: &Envelope| {
            envelope.revision > 0
                && envelope.event.creates()
                && envelope.metadata.store_id == store
                && envelope.metadata.idempotency.as_ref().is_some_and(|carried| carried.key == key)
        };
        let last = self.events().await?.into_iter().rfind(|envelope| carries(envelope));
        Ok(last.map(|found| Creation { stream: found.stream.as_str().to_owned(), revision: found.revision }))
    }
}

fn answered_by(envelope: &Envelope) -> Vec<PastQuestion> {
    let stream = Category::of_stream(envelope.stream.as_str()).and_then(|(_, id)| id.parse().ok());
    stream.map_or(Vec::new(), |stream| PastQuestion::answered_by(stream, &envelope.event))
}
