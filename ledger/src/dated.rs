//! An entry with its place in time and in the log.

use crate::{Entry, MoneyEvent};
use chrono::NaiveDate;
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An entry, when it was made, and by which event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// The day in the store's time zone, as the event says it where it does (`issued_on`): by it an entry falls into a period.
    pub date: NaiveDate,
    /// The moment of the event.
    pub at: Timestamp,
    /// The event's position in the log.
    pub position: u64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: MoneyEvent,
    /// What it makes.
    pub entry: Entry,
    /// The number that the store gave the invoice or the refund, where it gives any. Of ASCII letters, digits, and
    /// `-_/.#`, at most 64, as all of `domain::numbers` are: writers refuse another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}
