//! How many documents of a kind were issued.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of one kind of document and one store: in all, and by the year of the store's time zone in which each was issued.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    total: u64,
    by_year: BTreeMap<i32, u64>,
    /// The year of the last one.
    last_year: i32,
}

impl Counts {
    /// Counts one more. Without a year it is one of the year of the one before it.
    ///
    /// A clock that was ahead makes numbers of a later year, and those after it go on in their own.
    pub fn count(&mut self, year: Option<i32>) -> i32 {
        let year = year.unwrap_or(self.last_year);
        self.last_year = year;
        self.total += 1;
        *self.by_year.entry(year).or_default() += 1;
        year
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn in_year(&self, year: i32) -> u64 {
        self.by_year.get(&year).copied().unwrap_or(0)
    }

    /// Goes on beyond what is known of elsewhere: no count is lower afterwards than it is there.
    pub fn go_on_beyond(&mut self, known: &Counts) {
        self.total = self.total.max(known.total);
        for (year, known) in &known.by_year {
            let here = self.by_year.entry(*year).or_default();
            *here = (*here).max(*known);
        }
        self.last_year = self.last_year.max(known.last_year);
    }
}
