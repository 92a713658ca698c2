//! What must be remembered of an object so that its next event makes an entry.
//!
//! A document stands under the id of its gift card, credit or invoice ([`Document::id`]); a billing and the invoice that
//! follows from it share one. It is bounded as its object is: an invoice by its lines and its open refunds
//! (`domain::limits`), and of one that nothing can follow any more next to nothing is left.

mod balance;
mod billed;
mod credit;
mod gift_card;
mod invoice;
mod misfit;

use crate::Entry;
use domain::cart::CartEvent;
use domain::{Event, RefundId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use billed::Billed;
pub use credit::Credit;
pub use gift_card::GiftCard;
pub use invoice::{Amounts, Invoice, InvoiceState, Lines};
pub use misfit::Misfit;

/// What is remembered of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// A cart was billed and its invoice is still to come.
    Billed(Billed),
    /// A gift card.
    GiftCard(GiftCard),
    /// A credit.
    Credit(Credit),
    /// An invoice.
    Invoice(Box<Invoice>),
}

/// The document after an event, and the entry that follows from it.
type Made = Result<(Document, Entry), Misfit>;

impl Document {
    /// The id of the document that the event changes: an invoice's, a gift card's or a credit's. `None`: none, and [`Self::apply`]
    /// has nothing to do. `stream` is the id in the name of the event's stream.
    pub fn id(stream: Uuid, event: &Event) -> Option<Uuid> {
        match event {
            Event::Cart(CartEvent::CartBilled(event)) => Some(event.invoice_id.0),
            Event::GiftCard(_) | Event::Credit(_) | Event::Invoice(_) => {
                crate::is_money_event(event.event_type()).then_some(stream)
            }
            Event::Store(_)
            | Event::Product(_)
            | Event::Customer(_)
            | Event::Cart(_)
            | Event::Order(_)
            | Event::Coupon(_)
            | Event::Claim(_)
            | Event::Remembered(_) => None,
        }
    }

    /// Folds the event into the document of its object, and gives the entry that follows from it: one for each event of
    /// [`crate::MONEY_EVENTS`], be it of 0; `None` for all others.
    ///
    /// # Errors
    /// The event can't follow what the document says: the document stays as it was. A repeat is such an event.
    pub fn apply(document: &mut Option<Document>, event: &Event) -> Result<Option<Entry>, Misfit> {
        let made = match event {
            Event::Cart(CartEvent::CartBilled(event)) => {
                *document = Some(billed::billed(document.as_ref(), event)?);
                return Ok(None);
            }
            Event::GiftCard(event) => gift_card::apply(document.as_ref(), event)?,
            Event::Credit(event) => credit::apply(document.as_ref(), event)?,
            Event::Invoice(event) => Some(invoice::apply(document.as_ref(), event)?),
            Event::Store(_)
            | Event::Product(_)
            | Event::Customer(_)
            | Event::Cart(_)
            | Event::Order(_)
            | Event::Coupon(_)
            | Event::Claim(_)
            | Event::Remembered(_) => None,
        };
        Ok(made.map(|(after, entry)| {
            *document = Some(after);
            entry
        }))
    }

    /// The refunds of an invoice that are open, and what of each is to be paid out, oldest first; of anything else none.
    pub fn open_refunds(&self) -> &[(RefundId, domain::Cents)] {
        match self {
            Document::Invoice(invoice) => invoice.open_refunds(),
            Document::Billed(_) | Document::GiftCard(_) | Document::Credit(_) => &[],
        }
    }
}
