//! The shape that every aggregate has.

use crate::facts::{Fact, PastQuestion};
use crate::{Category, Event, StoreId, StreamKey, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// An aggregate: its rules (`decide`) and its fold (`evolve`). Both are pure and total. The implementing type is the
/// state; `Default` is the state before the first event.
pub trait Decider: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The category of the aggregate's streams.
    const CATEGORY: Category;

    /// What the stream's name ends with.
    type Id: StreamKey;
    /// What may be asked.
    type Command: Send + Sync + 'static;
    /// What is stored.
    type Event: Into<crate::Event> + Clone + Send + Sync + 'static;
    /// Why a command was refused: one variant per rule, in the order of their precedence.
    type Rejection: Into<crate::Rejection> + std::error::Error + Clone + Send + Sync + 'static;

    /// The events that the command gives in this state, or the rule that forbids it. A command that is repeated on
    /// its own result gives no event, where its documentation says so.
    fn decide(&self, command: &Self::Command, context: &Context<'_>) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Folds an event that happened at `at` into the state.
    fn evolve(&mut self, event: &Self::Event, at: Timestamp) -> Result<(), Impossible>;

    /// What the command must know of the past that the state does not keep, one thing after another: once [`Self::told`], the
    /// next. Nothing is to be decided before `None`: a repeat would be taken for something new.
    fn asks(&self, _command: &Self::Command) -> Option<PastQuestion> {
        None
    }

    /// What the index says, as of the last stored event that was folded or later; `None`: nothing. Good until it is forgotten.
    fn told(&mut self, _asked: &PastQuestion, _fact: Option<Fact>) {}

    /// Forgets what was told. To be called before the first decision on what the log has.
    fn forget_told(&mut self) {}

    /// The event of this aggregate in an event of any; `None` when it is another aggregate's.
    fn event(event: crate::Event) -> Option<Self::Event>;

    /// Whose personal data the state holds in the clear: where it is saved, it is sealed with that customer's key.
    fn person(_id: &Self::Id) -> Option<crate::CustomerId> {
        None
    }

    /// The store that the aggregate belongs to, once it exists. A claim belongs to none.
    fn store_id(&self) -> Option<StoreId>;

    /// Whether the event changes what a client sees of the resource under its revision (`ETag`, `If-Match`).
    /// Stock held by carts, for one, does not change a product's revision (api.md §1, Versions).
    fn changes_representation(_event: &Self::Event) -> bool {
        true
    }

    /// Whether a command whose last event is this one made something new, under an id that the answer names: the
    /// `Idempotency-Key` of its request is then remembered for ever (api.md §1, Idempotency). Adding to what is there makes
    /// nothing new, also where it opens a cart on the way.
    fn creates(_event: &Self::Event) -> bool {
        false
    }
}

impl Event {
    /// Whether the event is the last of a command that made something new ([`Decider::creates`]).
    pub fn creates(&self) -> bool {
        match self {
            Event::Store(event) => crate::store::Store::creates(event),
            Event::Product(event) => crate::product::Product::creates(event),
            Event::Customer(event) => crate::customer::Customer::creates(event),
            Event::Cart(event) => crate::cart::Cart::creates(event),
            Event::Invoice(event) => crate::invoice::Invoice::creates(event),
            Event::Order(event) => crate::order::Order::creates(event),
            Event::GiftCard(event) => crate::gift_card::GiftCard::creates(event),
            Event::Credit(event) => crate::credit::Credit::creates(event),
            Event::Coupon(event) => crate::coupon::Coupon::creates(event),
            Event::Claim(event) => crate::claim::Claim::creates(event),
            Event::Remembered(_) => false,
        }
    }
}

/// What a field is to become: `asked`, unless it is that already or nothing was asked.
pub(crate) fn changed<T: Clone + PartialEq>(asked: &Option<T>, current: &T) -> Option<T> {
    asked.as_ref().filter(|asked| *asked != current).cloned()
}

/// What a decision may know besides state and command.
pub struct Context<'a> {
    /// The moment of the decision: max(clock, the stream's last event).
    pub now: Timestamp,
    /// Where new ids come from.
    pub ids: &'a dyn IdSource,
}

/// Gives ids. A source that was made anew from the same request gives the same ids in the same order when the
/// request carries an `Idempotency-Key`.
pub trait IdSource: Send + Sync {
    fn next(&self) -> Uuid;
}

/// A pair of state and event that no history of this program can contain: the stream is corrupt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} can't follow in state '{state}'")]
pub struct Impossible {
    /// The event's type.
    pub event: &'static str,
    /// A word for the state it met.
    pub state: &'static str,
}
