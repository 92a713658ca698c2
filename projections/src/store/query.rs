//! What is asked of a store.

use super::{Index, Value};
use crate::{RowKey, TimeRange};
use uuid::Uuid;

/// Rows with equal values, in an order.
#[derive(Clone, Debug)]
pub struct List {
    pub through: Through,
    /// Of the equal columns, in their order.
    pub equal: Vec<Value>,
    /// Of the sort column, half open.
    pub range: TimeRange,
    pub filters: Vec<Filter>,
    /// Largest sort value and key first.
    pub descending: bool,
    /// Only rows after this one in the order.
    pub after: Option<Hit>,
    /// Rows to skip.
    pub offset: u64,
    pub limit: u32,
}

/// Which declared way leads to the rows.
#[derive(Clone, Debug)]
pub enum Through {
    Index(&'static Index),
    /// The view's labels: this one.
    Label(String),
}

/// A condition on a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    Equal(&'static str, Value),
    AtLeast(&'static str, i64),
    Below(&'static str, i64),
    NullOrAtLeast(&'static str, i64),
}

/// A row that a list found: its key and what it was ordered by (0 where that is the key alone).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub sort: i64,
    pub key: RowKey,
}

/// Rows of a scope that match a text, best first.
#[derive(Clone, Debug)]
pub struct Search {
    pub scope: Uuid,
    /// As the user typed it: any text. All its words must be found, in any form, but articles and the like: rows that have these too
    /// come first. Without words nothing is found.
    pub text: String,
    /// The last word may be only the beginning of one.
    pub is_beginning: bool,
    pub filters: Vec<Filter>,
    pub offset: u64,
    pub limit: u32,
}

/// A row that a search found. A larger score is a better hit; scores of different stores or engines don't compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchHit {
    pub key: RowKey,
    pub score: f64,
}

impl List {
    /// All rows with these values, newest first.
    pub fn through(index: &'static Index, equal: Vec<Value>) -> Self {
        Self::new(Through::Index(index), equal)
    }

    /// All rows with these values and that label, newest first.
    pub fn labeled(label: String, equal: Vec<Value>) -> Self {
        Self::new(Through::Label(label), equal)
    }

    fn new(through: Through, equal: Vec<Value>) -> Self {
        Self {
            through,
            equal,
            range: TimeRange::ALL,
            filters: Vec::new(),
            descending: true,
            after: None,
            offset: 0,
            limit: u32::MAX,
        }
    }

    pub fn range(self, range: TimeRange) -> Self {
        Self { range, ..self }
    }

    pub fn ascending(self) -> Self {
        Self { descending: false, ..self }
    }

    /// Only rows after the one with this key, in a list that is ordered by keys alone.
    pub fn after_key(self, key: Option<Uuid>) -> Self {
        Self { after: key.map(|key| Hit { sort: 0, key: key.into() }), ..self }
    }

    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// The condition that the column's moment is within the range.
    pub fn within(mut self, column: &'static str, range: TimeRange) -> Self {
        self.filters.extend(range.from.map(|from| Filter::AtLeast(column, from.as_millis())));
        self.filters.extend(range.until.map(|until| Filter::Below(column, until.as_millis())));
        self
    }

    /// Whether every row that is passed over or gone through is one that was asked for, so that `limit` bounds the cost.
    pub(crate) fn is_bounded(&self) -> bool {
        self.filters.is_empty() && self.offset == 0
    }
}
