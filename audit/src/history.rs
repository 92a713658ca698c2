//! The history of one object, read from the log.

use crate::amounts::Amounts;
use crate::changes::Change;
use crate::filter::Filter;
use crate::kind::Kind;
use crate::object::ObjectFold;
use crate::words::happened;
use domain::credit::CreditEvent;
use domain::customer::CustomerEvent;
use domain::gift_card::GiftCardEvent;
use domain::invoice::InvoiceEvent;
use domain::{CartId, Currency, Event, StoreId};
use eventlog::{Room, StreamName};
use journal::{Delivery, Journal, JournalError, Metadata, Unreadable};

/// What is read at once.
const READ: Room = Room { events: 1_000, bytes: 1024 * 1024 };
/// The most events that are folded before the page to tell what its events changed: of an object with more, that is told of the
/// first ones.
const FOLDED: u64 = 50_000;
/// The most events that are looked at for one page.
const LOOKED_AT: u64 = 20_000;
/// What the events of a page may take in memory, about: of large ones a page has fewer than were asked for.
const PAGE_BYTES: u64 = 2 * 1024 * 1024;

/// Where the history of an object stands, and whose it is.
#[derive(Clone, Debug)]
pub struct History {
    pub kind: Kind,
    pub store_id: StoreId,
    pub stream: StreamName,
    /// Of carts, which share their customer's stream: the one that is asked for, if it is one.
    pub cart_id: Option<CartId>,
    /// What amounts are in, where the events don't say it: those of carts don't.
    pub currency: Option<Currency>,
}

/// An event as it is told.
#[derive(Clone, Debug)]
pub struct AuditedEvent {
    pub event: Delivery,
    /// What happened, in one sentence.
    pub happened: String,
    /// Field by field; `None`: it can't be told.
    pub changes: Option<Vec<Change>>,
}

impl AuditedEvent {
    /// What stands beside its data; `None`: the event can't be read.
    pub fn metadata(&self) -> Option<&Metadata> {
        match &self.event {
            Delivery::Event(envelope) => Some(&envelope.metadata),
            Delivery::Unreadable(_) => None,
        }
    }
}

/// Events of a history, oldest first.
#[derive(Clone, Debug)]
pub struct Page {
    pub events: Vec<AuditedEvent>,
    /// From which revision on there may be more.
    pub next: Option<u64>,
}

/// Why a history could not be read.
pub type HistoryError = JournalError;

impl History {
    /// What is told where the log has nothing: a customer who is there need not have had a cart.
    pub fn if_empty(&self) -> Option<Page> {
        let is_known = self.kind == Kind::Cart && self.currency.is_some();
        is_known.then(|| Page { events: Vec::new(), next: None })
    }

    /// Whether the log has the object, and the store it: by the first of its events that can be read.
    ///
    /// # Errors
    /// None of them can be read: then nobody knows whose it is.
    async fn is_ours(&self, journal: &Journal) -> Result<bool, HistoryError> {
        let (mut revision, mut room, mut unread) = (0, Room::for_events(1), None);
        loop {
            let read = journal.read_stream_each(&self.stream, revision, room).await?;
            for delivery in read.events {
                match delivery {
                    Delivery::Event(envelope) => return Ok(envelope.metadata.store_id == self.store_id),
                    Delivery::Unreadable(unreadable) => {
                        revision = unreadable.revision + 1;
                        unread = unread.or(Some(unreadable));
                    }
                }
            }
            if !read.is_full || revision >= LOOKED_AT {
                return match unread {
                    Some(unreadable) => Err(Unreadable::clone(&unreadable).into()),
                    None => Ok(false),
                };
            }
            room = READ;
        }
    }

    /// Up to `limit` events from the revision on that the filter has, or fewer where many were looked at. `None`: there is no such
    /// object in this store.
    ///
    /// # Errors
    /// The log or the vault is away, or damaged where the stream stands. One event that can't be read is none: it is told.
    pub async fn page(
        &self,
        journal: &Journal,
        from: u64,
        limit: usize,
        filter: &Filter,
    ) -> Result<Option<Page>, HistoryError> {
        if !self.is_ours(journal).await? {
            return Ok(None);
        }
        let (mut reading, mut revision) = (Reading::of(self), 0);
        if from > FOLDED {
            // What its events changed can't be told any more in the time that somebody waits.
            (reading.fold, revision) = (None, from);
        }
        loop {
            let read = journal.read_stream_each(&self.stream, revision, READ).await?;
            let told_before = reading.told.len();
            for delivery in read.events {
                revision = delivery.revision() + 1;
                if revision <= from {
                    reading.pass(&delivery);
                    continue;
                }
                reading.take(delivery, filter);
                if reading.told.len() == limit || revision - from == LOOKED_AT {
                    return Ok(Some(Page { events: reading.told, next: Some(revision) }));
                }
            }
            if !read.is_full {
                return Ok(Some(Page { events: reading.told, next: None }));
            }
            if reading.told.len() > told_before {
                reading.bytes += read.bytes;
            }
            if reading.bytes >= PAGE_BYTES {
                return Ok(Some(Page { events: reading.told, next: Some(revision) }));
            }
        }
    }
}

/// What was read so far.
struct Reading<'h> {
    history: &'h History,
    /// `None`: what comes before was not folded.
    fold: Option<ObjectFold>,
    amounts: Amounts,
    told: Vec<AuditedEvent>,
    /// What holds what is told takes so much in the log.
    bytes: u64,
}

impl<'h> Reading<'h> {
    fn of(history: &'h History) -> Self {
        let (fold, amounts) = (Some(ObjectFold::of(history.kind)), Amounts::of(history.currency));
        Self { history, fold, amounts, told: Vec::new(), bytes: 0 }
    }

    /// Folds what comes before what is told.
    fn pass(&mut self, delivery: &Delivery) {
        let Delivery::Event(envelope) = delivery else { return };
        self.see_currency(&envelope.event);
        if let Some(fold) = &mut self.fold {
            fold.pass(envelope);
        }
    }

    /// Folds the event, and tells it if it is wanted.
    fn take(&mut self, delivery: Delivery, filter: &Filter) {
        let told = match &delivery {
            Delivery::Event(envelope) => {
                if !(self.is_of_cart(&envelope.event) && filter.has(envelope)) {
                    return self.pass(&delivery);
                }
                self.see_currency(&envelope.event);
                let changes = self.fold.as_mut().and_then(|fold| fold.take(envelope));
                (happened(&envelope.event, self.amounts), changes)
            }
            Delivery::Unreadable(unreadable) if filter.has_unreadable(&unreadable.event_type) => {
                (format!("can't be read: {}", unreadable.reason.said()), None)
            }
            Delivery::Unreadable(_) => return,
        };
        let (happened, changes) = told;
        self.told.push(AuditedEvent { event: delivery, happened, changes });
    }

    fn see_currency(&mut self, event: &Event) {
        if let Some(currency) = currency_in(event) {
            self.amounts = Amounts::of(Some(currency));
        }
    }

    /// Whether it is the cart's that is asked for.
    fn is_of_cart(&self, event: &Event) -> bool {
        match (self.history.cart_id, event) {
            (Some(wanted), Event::Cart(event)) => event.cart_id() == Some(wanted),
            (Some(_), _) => false,
            (None, _) => true,
        }
    }
}

/// The currency that amounts are in from the event on, where it says so.
pub fn currency_in(event: &Event) -> Option<Currency> {
    match event {
        Event::Invoice(InvoiceEvent::InvoiceIssued(issued)) => Some(issued.currency),
        Event::GiftCard(GiftCardEvent::GiftCardIssued(issued)) => Some(issued.currency),
        Event::Credit(CreditEvent::CreditIssued(issued)) => Some(issued.currency),
        Event::Customer(CustomerEvent::CustomerCreated(created)) => Some(created.currency),
        Event::Customer(CustomerEvent::CustomerCurrencyChanged(changed)) => Some(changed.currency),
        _ => None,
    }
}
