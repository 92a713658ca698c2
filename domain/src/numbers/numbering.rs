//! The fold that counts a store's documents.

use super::{Counts, Document, NumberRestart, NumberSettings};
use crate::invoice::InvoiceEvent;
use crate::store::StoreEvent;
use crate::{Event, Timestamp};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What is known of a store's numbers after some of its events, in the log's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbering {
    settings: NumberSettings,
    invoices: Counts,
    credit_notes: Counts,
}

/// A document's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    pub of: Document,
    /// Its rank: from 1, in all or within the year, as the settings in force said.
    pub rank: NonZeroU64,
    /// As people see it.
    pub text: String,
}

/// What an event means for numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberingEvent {
    /// These settings are in force from now on.
    Settings(NumberSettings),
    /// A document was issued, in this year of the store's time zone. `None`: it can't be read.
    Issued(Document, Option<i32>),
}

impl Numbering {
    /// Folds the event; gives the number of the document that it issues.
    pub fn fold(&mut self, event: NumberingEvent) -> Option<Number> {
        match event {
            NumberingEvent::Settings(settings) => {
                self.settings = settings;
                None
            }
            NumberingEvent::Issued(of, year) => Some(self.issue(of, year)),
        }
    }

    fn issue(&mut self, of: Document, year: Option<i32>) -> Number {
        let counts = match of {
            Document::Invoice => &mut self.invoices,
            Document::CreditNote => &mut self.credit_notes,
        };
        let year = counts.count(year);
        let rank = match self.settings.number_restart {
            NumberRestart::Never => counts.total(),
            NumberRestart::Yearly => counts.in_year(year),
        };
        let text = self.settings.format(of).write(year, rank);
        Number { of, rank: NonZeroU64::new(rank).unwrap_or(NonZeroU64::MIN), text }
    }

    pub fn counts(&self, of: Document) -> &Counts {
        match of {
            Document::Invoice => &self.invoices,
            Document::CreditNote => &self.credit_notes,
        }
    }
}

impl NumberingEvent {
    /// Of an event that happened at `at`; `None`: it means nothing for numbers.
    pub fn of(event: &Event, at: Timestamp) -> Option<Self> {
        match event {
            Event::Store(StoreEvent::StoreCreated(event)) => event.numbering.clone().map(Self::Settings),
            Event::Store(StoreEvent::StoreNumberingChanged(event)) => Some(Self::Settings(event.numbering.clone())),
            Event::Invoice(InvoiceEvent::InvoiceIssued(event)) => {
                Some(Self::Issued(Document::Invoice, Some(year(event.issued_on, at))))
            }
            Event::Invoice(InvoiceEvent::RefundIssued(event)) => {
                Some(Self::Issued(Document::CreditNote, Some(year(event.issued_on, at))))
            }
            _ => None,
        }
    }

    /// Of an event as it is stored, whose data need not be readable: whatever is of the type of a document takes its number.
    pub fn of_stored(event_type: &str, data: &[u8], at: Option<Timestamp>) -> Option<Self> {
        match event_type {
            "StoreCreated" | "StoreNumberingChanged" => {
                serde_json::from_slice::<Settings>(data).ok()?.numbering.map(Self::Settings)
            }
            "InvoiceIssued" => Some(Self::Issued(Document::Invoice, stored_year(data, at))),
            "RefundIssued" => Some(Self::Issued(Document::CreditNote, stored_year(data, at))),
            _ => None,
        }
    }
}

/// What events of settings have of them.
#[derive(Deserialize)]
struct Settings {
    numbering: Option<NumberSettings>,
}

/// What a document's event has of its day.
#[derive(Deserialize)]
struct Issued {
    issued_on: Option<NaiveDate>,
}

fn stored_year(data: &[u8], at: Option<Timestamp>) -> Option<i32> {
    let issued_on = serde_json::from_slice::<Issued>(data).ok().and_then(|issued| issued.issued_on);
    issued_on.map(|day| day.year()).or_else(|| at.map(|at| year(None, at)))
}

/// The year that the event says, and that of UTC where it is from before events said one. By no table of time zones: another version
/// of that would give other numbers.
fn year(issued_on: Option<NaiveDate>, at: Timestamp) -> i32 {
    issued_on.map_or_else(|| at.to_utc().year(), |day| day.year())
}
