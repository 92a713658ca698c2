//! All records in their order. What lives here: which record is where. Long stretches of somebody else's records are not kept but
//! made when they are looked at, so that there can be millions of them.

use super::InvalidPosition;
use super::state::Record;
use crate::wire::Position;
use bytes::Bytes;
use std::sync::Arc;
use uuid::Uuid;

/// What a new database begins with, before the first event of anybody.
const FIRST_RECORD_BYTES: u64 = 120;
/// What one record of a stretch takes.
const FOREIGN_BYTES: u64 = 160;
/// The most records that are given at once, of those that are kept.
const KEPT_AT_ONCE: usize = 256;
/// What the streams of a stretch are called.
pub const FOREIGN_STREAM: &str = "foreign-1";

#[derive(Default)]
pub struct Sequence {
    segments: Vec<Segment>,
    /// Of all segments.
    len: usize,
}

struct Segment {
    /// The index of its first record.
    first: usize,
    content: Content,
}

enum Content {
    Kept(Vec<Arc<Record>>),
    Stretch { position: u64, count: usize, created: u64 },
}

/// Records that follow one another: each by itself, or so many that are all somebody else's.
pub enum Run {
    Records(Vec<Arc<Record>>),
    Foreign { count: usize, last: u64, end: u64 },
}

impl Segment {
    fn len(&self) -> usize {
        match &self.content {
            Content::Kept(records) => records.len(),
            Content::Stretch { count, .. } => *count,
        }
    }

    fn record(&self, nth: usize) -> Option<Arc<Record>> {
        match &self.content {
            Content::Kept(records) => records.get(nth).cloned(),
            Content::Stretch { position, count, created } => {
                (nth < *count).then(|| Arc::new(foreign(position + nth as u64 * FOREIGN_BYTES, nth as u64, *created)))
            }
        }
    }

    fn position(&self, nth: usize) -> u64 {
        match &self.content {
            Content::Kept(records) => records.get(nth).map_or(u64::MAX, |record| record.position),
            Content::Stretch { position, .. } => position + nth as u64 * FOREIGN_BYTES,
        }
    }
}

fn foreign(position: u64, revision: u64, created: u64) -> Record {
    Record {
        position,
        stream: FOREIGN_STREAM.into(),
        revision,
        // As any id: the same each time that it is made.
        id: Uuid::from_u64_pair(0x4000 | position, 0x8000_0000_0000_0000 | revision),
        event_type: "Happened".to_owned(),
        is_json: true,
        created,
        data: Bytes::from_static(b"{}"),
        metadata: Bytes::new(),
    }
}

impl Sequence {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, record: Arc<Record>) {
        match self.segments.last_mut().map(|segment| &mut segment.content) {
            Some(Content::Kept(records)) => records.push(record),
            Some(Content::Stretch { .. }) | None => {
                self.segments.push(Segment { first: self.len, content: Content::Kept(vec![record]) });
            }
        }
        self.len += 1;
    }

    pub fn push_stretch(&mut self, count: usize) {
        let (position, created) = (self.end(), self.last_created());
        self.segments.push(Segment { first: self.len, content: Content::Stretch { position, count, created } });
        self.len += count;
    }

    /// Puts somebody else's record in the place of each of those that are kept and meant: nobody finds them any more, and all others
    /// stay where they are.
    pub fn take_out(&mut self, is_meant: impl Fn(&Record) -> bool) {
        let kept = self.segments.iter_mut().filter_map(|segment| match &mut segment.content {
            Content::Kept(records) => Some(records),
            Content::Stretch { .. } => None,
        });
        for record in kept.flatten().filter(|record| is_meant(record)) {
            let (data, metadata) = (record.data.clone(), record.metadata.clone());
            *record = Arc::new(Record { data, metadata, ..foreign(record.position, record.revision, record.created) });
        }
    }

    pub fn get(&self, index: usize) -> Option<Arc<Record>> {
        let segment = &self.segments[self.segment_of(index)?];
        segment.record(index - segment.first)
    }

    pub fn last(&self) -> Option<Arc<Record>> {
        self.get(self.len.checked_sub(1)?)
    }

    fn last_created(&self) -> u64 {
        self.last().map_or(0, |record| record.created)
    }

    /// The position that the next record will have.
    pub fn end(&self) -> u64 {
        match self.segments.last().map(|segment| &segment.content) {
            None => FIRST_RECORD_BYTES,
            Some(Content::Kept(records)) => records.last().map_or(FIRST_RECORD_BYTES, |record| record.end()),
            Some(Content::Stretch { position, count, .. }) => position + *count as u64 * FOREIGN_BYTES,
        }
    }

    /// Which segment holds the index.
    fn segment_of(&self, index: usize) -> Option<usize> {
        (index < self.len).then(|| self.segments.partition_point(|segment| segment.first <= index) - 1)
    }

    /// From the index on, as many as follow one another, at most `limit` and before `end`.
    pub fn run(&self, from: usize, limit: usize, end: usize) -> Run {
        let Some(nth) = self.segment_of(from).filter(|_| from < end) else { return Run::Records(Vec::new()) };
        let segment = &self.segments[nth];
        let start = from - segment.first;
        let count = limit.min(segment.len() - start).min(end - from);
        match &segment.content {
            Content::Kept(records) => Run::Records(records[start..start + count.min(KEPT_AT_ONCE)].to_vec()),
            Content::Stretch { .. } => {
                let last = segment.position(start + count - 1);
                Run::Foreign { count, last, end: last + FOREIGN_BYTES }
            }
        }
    }

    /// Before the index, as many as follow one another, at most `limit`; in their order.
    pub fn run_before(&self, end: usize, limit: usize) -> Run {
        let Some(nth) = end.checked_sub(1).and_then(|last| self.segment_of(last)) else {
            return Run::Records(Vec::new());
        };
        let limit = match &self.segments[nth].content {
            Content::Kept(_) => limit.min(KEPT_AT_ONCE),
            Content::Stretch { .. } => limit,
        };
        let from = self.segments[nth].first.max(end.saturating_sub(limit));
        self.run(from, end - from, end)
    }

    /// Since the index; those that are kept.
    pub fn since(&self, index: usize) -> Vec<Arc<Record>> {
        (index..self.len).filter_map(|index| self.get(index)).collect()
    }

    /// How many records stand at `position` or before.
    pub fn count_up_to(&self, position: u64) -> usize {
        self.count_where(|at| at <= position)
    }

    /// How many of the first records have such a position, as those do and no later ones.
    fn count_where(&self, is_before: impl Fn(u64) -> bool) -> usize {
        let segments = self.segments.partition_point(|segment| is_before(segment.position(0)));
        let Some(segment) = segments.checked_sub(1).map(|last| &self.segments[last]) else { return 0 };
        let (mut low, mut high) = (0, segment.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(segment.position(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        segment.first + low
    }

    /// Which record is the first at or after the position.
    pub fn index_from(&self, from: Position) -> Result<usize, InvalidPosition> {
        let commit = from.commit_position;
        let index = self.count_where(|at| at < commit);
        let begins = self.get(index).is_some_and(|record| record.position == commit);
        let is_past_the_last = self.last().is_none_or(|last| commit > last.position);
        if commit != 0 && !begins && !is_past_the_last {
            return Err(InvalidPosition);
        }
        // At or after both parts of the position: (p, p) is an event's own.
        Ok(self.count_where(|at| Position::of(at) < from))
    }
}
