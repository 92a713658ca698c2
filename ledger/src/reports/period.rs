//! Days from one to another.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// From one day to another, both included, as the store's time zone has days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Days")]
pub struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

/// It would end before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period from {from} to {to}")]
pub struct BackwardPeriod {
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
}

#[derive(Deserialize)]
struct Days {
    from: NaiveDate,
    to: NaiveDate,
}

impl TryFrom<Days> for Period {
    type Error = BackwardPeriod;

    fn try_from(Days { from, to }: Days) -> Result<Self, BackwardPeriod> {
        Self::new(from, to)
    }
}

/// Where a day lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Before,
    Within,
    After,
}

impl Period {
    /// Both days are included.
    ///
    /// # Errors
    /// The last day is before the first.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, BackwardPeriod> {
        if from > to { Err(BackwardPeriod { from, to }) } else { Ok(Self { from, to }) }
    }

    /// Its first day.
    pub fn from(&self) -> NaiveDate {
        self.from
    }

    /// Its last day.
    pub fn to(&self) -> NaiveDate {
        self.to
    }

    pub(super) fn place(&self, date: NaiveDate) -> Place {
        match date {
            date if date < self.from => Place::Before,
            date if date <= self.to => Place::Within,
            _ => Place::After,
        }
    }
}
