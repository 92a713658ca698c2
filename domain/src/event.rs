//! Any event of any aggregate, as it is stored and read.

use crate::cart::CartEvent;
use crate::claim::ClaimEvent;
use crate::coupon::CouponEvent;
use crate::credit::CreditEvent;
use crate::customer::CustomerEvent;
use crate::gift_card::GiftCardEvent;
use crate::invoice::InvoiceEvent;
use crate::order::OrderEvent;
use crate::product::ProductEvent;
use crate::remembered::RequestRemembered;
use crate::store::StoreEvent;
use crate::{Category, Personal};

/// The format of events: raised whenever an event type or a schema version is added that earlier versions of cartlog can't read.
/// Every log says the highest that it may hold, so that an earlier version refuses it rather than leave half of it unread.
pub const FORMAT: u32 = 3;

/// An event of any aggregate.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)]
pub enum Event {
    Store(StoreEvent),
    Product(ProductEvent),
    Customer(CustomerEvent),
    Cart(CartEvent),
    Invoice(InvoiceEvent),
    Order(OrderEvent),
    GiftCard(GiftCardEvent),
    Credit(CreditEvent),
    Coupon(CouponEvent),
    Claim(ClaimEvent),
    /// In a stream of any category.
    Remembered(RequestRemembered),
}

/// Stored data that is no event of ours: an unknown type, or data that does not fit it.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    #[error("no event type '{0}' is known; was it written by a newer version?")]
    UnknownType(String),
    #[error("the data of a '{event_type}' can't be read")]
    BadData { event_type: String, source: serde_json::Error },
}

impl Event {
    /// Every event type with the schema version that is written today, by category.
    pub const TYPES: [(Category, &'static [(&'static str, u32)]); 10] = [
        (Category::Store, StoreEvent::TYPES),
        (Category::Product, ProductEvent::TYPES),
        (Category::Customer, CustomerEvent::TYPES),
        (Category::Cart, CartEvent::TYPES),
        (Category::Invoice, InvoiceEvent::TYPES),
        (Category::Order, OrderEvent::TYPES),
        (Category::GiftCard, GiftCardEvent::TYPES),
        (Category::Credit, CreditEvent::TYPES),
        (Category::Coupon, CouponEvent::TYPES),
        (Category::Claim, ClaimEvent::TYPES),
    ];

    /// The event types that a stream of any category may have, beside those of [`Self::TYPES`].
    pub const COMMON_TYPES: &'static [(&'static str, u32)] = &[(RequestRemembered::TYPE, RequestRemembered::VERSION)];

    /// The category of the stream that the event stands in.
    pub fn category(&self) -> Category {
        match self {
            Event::Store(_) => Category::Store,
            Event::Product(_) => Category::Product,
            Event::Customer(_) => Category::Customer,
            Event::Cart(_) => Category::Cart,
            Event::Invoice(_) => Category::Invoice,
            Event::Order(_) => Category::Order,
            Event::GiftCard(_) => Category::GiftCard,
            Event::Credit(_) => Category::Credit,
            Event::Coupon(_) => Category::Coupon,
            Event::Claim(_) => Category::Claim,
            Event::Remembered(event) => event.category,
        }
    }

    /// The stable name under which the event is stored.
    pub fn event_type(&self) -> &'static str {
        match self {
            Event::Store(event) => event.event_type(),
            Event::Product(event) => event.event_type(),
            Event::Customer(event) => event.event_type(),
            Event::Cart(event) => event.event_type(),
            Event::Invoice(event) => event.event_type(),
            Event::Order(event) => event.event_type(),
            Event::GiftCard(event) => event.event_type(),
            Event::Credit(event) => event.event_type(),
            Event::Coupon(event) => event.event_type(),
            Event::Claim(event) => event.event_type(),
            Event::Remembered(_) => RequestRemembered::TYPE,
        }
    }

    /// The schema version that the event is written with.
    pub fn schema_version(&self) -> u32 {
        match self {
            Event::Store(event) => event.schema_version(),
            Event::Product(event) => event.schema_version(),
            Event::Customer(event) => event.schema_version(),
            Event::Cart(event) => event.schema_version(),
            Event::Invoice(event) => event.schema_version(),
            Event::Order(event) => event.schema_version(),
            Event::GiftCard(event) => event.schema_version(),
            Event::Credit(event) => event.schema_version(),
            Event::Coupon(event) => event.schema_version(),
            Event::Claim(event) => event.schema_version(),
            Event::Remembered(_) => RequestRemembered::VERSION,
        }
    }

    /// Reads stored data of today's schema version. Personal data comes sealed, as it is stored.
    pub fn decode(category: Category, event_type: &str, data: &[u8]) -> Result<Event, UnreadableEvent> {
        let bad = |source| UnreadableEvent::BadData { event_type: event_type.to_owned(), source };
        if event_type == RequestRemembered::TYPE {
            return RequestRemembered::decode(category, data).map(Event::Remembered).map_err(bad);
        }
        let decoded = match category {
            Category::Store => StoreEvent::decode(event_type, data).map(|read| read.map(Event::Store)),
            Category::Product => ProductEvent::decode(event_type, data).map(|read| read.map(Event::Product)),
            Category::Customer => CustomerEvent::decode(event_type, data).map(|read| read.map(Event::Customer)),
            Category::Cart => CartEvent::decode(event_type, data).map(|read| read.map(Event::Cart)),
            Category::Invoice => InvoiceEvent::decode(event_type, data).map(|read| read.map(Event::Invoice)),
            Category::Order => OrderEvent::decode(event_type, data).map(|read| read.map(Event::Order)),
            Category::GiftCard => GiftCardEvent::decode(event_type, data).map(|read| read.map(Event::GiftCard)),
            Category::Credit => CreditEvent::decode(event_type, data).map(|read| read.map(Event::Credit)),
            Category::Coupon => CouponEvent::decode(event_type, data).map(|read| read.map(Event::Coupon)),
            Category::Claim => ClaimEvent::decode(event_type, data).map(|read| read.map(Event::Claim)),
        };
        decoded.ok_or_else(|| UnreadableEvent::UnknownType(event_type.to_owned()))?.map_err(bad)
    }

    /// The personal data in the event, for sealing and opening. Only a customer's events have any.
    pub fn personal_mut(&mut self) -> Option<&mut Personal> {
        match self {
            Event::Customer(event) => event.personal_mut(),
            Event::Store(_)
            | Event::Product(_)
            | Event::Cart(_)
            | Event::Invoice(_)
            | Event::Order(_)
            | Event::GiftCard(_)
            | Event::Credit(_)
            | Event::Coupon(_)
            | Event::Claim(_)
            | Event::Remembered(_) => None,
        }
    }
}

/// Lets any aggregate's event stand where an event of any is wanted.
macro_rules! into_event {
    ($($category:ident($event:ident)),+ $(,)?) => {
        $(impl From<$event> for Event {
            fn from(event: $event) -> Self { Event::$category(event) }
        })+
    };
}

into_event!(
    Store(StoreEvent),
    Product(ProductEvent),
    Customer(CustomerEvent),
    Cart(CartEvent),
    Invoice(InvoiceEvent),
    Order(OrderEvent),
    GiftCard(GiftCardEvent),
    Credit(CreditEvent),
    Coupon(CouponEvent),
    Claim(ClaimEvent),
    Remembered(RequestRemembered),
);
