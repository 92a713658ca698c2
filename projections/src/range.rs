//! A stretch of time to filter by.

use domain::Timestamp;

/// From `from` on, before `until`; where one is missing, without that end. `…_enddate` of api.md §1 names the last day,
/// hour or minute: `until` is the first instant after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// All of time.
    pub const ALL: TimeRange = TimeRange { from: None, until: None };

    pub fn has(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    pub fn is_all(&self) -> bool {
        *self == Self::ALL
    }
}
