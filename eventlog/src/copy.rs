//! Copies one log into another, whichever adapters the two are.
//!
//! What lives here: [`begin`], which makes sure that the target holds a beginning of the source; [`Begun::go_on`], which brings it
//! to the source's end; and [`compare`], which reads both from the first event to the last. What doesn't: which logs these are, and that nobody else writes to them.
//! The guarantee: whatever stops it, the target holds a beginning of the source, in the source's order; how far it has come is
//! what the target holds, and nothing else is remembered anywhere. What is there already is compared, never trusted.
//!
//! A copy is a log of its own: its events have the same ids, bytes and hashes, but other positions and another
//! [`LogId`](crate::LogId), so that whoever follows with a checkpoint of the source notices and starts anew.

mod error;

pub use error::{CopyError, Difference, EventPlace, Foreign};

use crate::chain;
use crate::event::{NewEvent, Position, RecordedEvent};
use crate::port::{AppendError, EventLog, ExpectedRevision, LogError, Piece};
use error::NotShown;
use std::collections::VecDeque;

/// Events that are read at once, and so the most that a foreign append can go unnoticed.
const PAGE: usize = 256;
/// About the most bytes of one append: far below what any log takes at once. One event may have more.
const APPEND_BYTES: usize = 256 * 1024;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What the target holds already is compared with the source.
    Comparing,
    /// What it lacks is appended.
    Copying,
    /// Both are read from their beginning to their end.
    Verifying,
}

/// Is told how far it is: the position in the source.
pub type Watcher<'a> = &'a mut (dyn FnMut(Stage, Position) + Send);

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Events that the target held already.
    pub found: u64,
    pub appended: u64,
}

/// Two logs that hold the same, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Same {
    pub events: u64,
    pub streams: u64,
    /// Of data and metadata.
    pub bytes: u64,
    /// BLAKE3 over the [hashes](chain::hash_of) of all events in their order, in hex. The same for every copy of a log.
    pub hash: String,
    /// Events for which the target has another recorded time than the source: its own.
    pub other_times: u64,
}

/// A target that was found to hold a beginning of the source, and nothing else.
pub struct Begun<'a> {
    source: Cursor<'a>,
    target: &'a dyn EventLog,
    /// The position of the target's last event.
    end: Position,
    found: u64,
}

/// Makes sure that the target holds a beginning of the source. Nothing is changed.
///
/// # Errors
/// [`CopyError::NotABeginning`] with the first place where they differ; [`CopyError::Source`] and [`CopyError::Target`].
pub async fn begin<'a>(
    source: &'a dyn EventLog,
    target: &'a dyn EventLog,
    watcher: Watcher<'_>,
) -> Result<Begun<'a>, CopyError> {
    let (mut from, mut to, mut found) = (Cursor::of(source), Cursor::of(target), 0);
    while let Some(theirs) = to.next().await.map_err(CopyError::Target)? {
        let ours = from.next().await.map_err(CopyError::Source)?;
        if let Some(difference) = difference(ours.as_ref(), Some(&theirs)) {
            return Err(CopyError::NotABeginning(difference));
        }
        found += 1;
        watcher(Stage::Comparing, from.after);
    }
    Ok(Begun { source: from, target, end: to.after, found })
}

impl Begun<'_> {
    /// Appends to the target what it lacks, in order, so that the order of all events is the same; each page is read back before the next.
    ///
    /// # Errors
    /// See [`CopyError`]. After those that pass, and after a crash, a copy that is begun anew goes on where this one was.
    pub async fn go_on(mut self, watcher: Watcher<'_>) -> Result<Copied, CopyError> {
        let mut appended = 0;
        loop {
            let page = self.source.rest_of_page().await.map_err(CopyError::Source)?;
            if page.is_empty() {
                return Ok(Copied { found: self.found, appended });
            }
            append(self.target, &page).await?;
            watcher(Stage::Copying, page.last().map_or(Position::START, |event| event.position));
            self.end = read_back(self.target, self.end, &page).await?;
            appended += page.len() as u64;
        }
    }
}

/// Reads both logs from their first event to their last, and holds one against the other. Recorded times may differ.
///
/// # Errors
/// [`CopyError::NotTheSame`] with the first place where they differ; [`CopyError::Source`] and [`CopyError::Target`].
pub async fn compare(source: &dyn EventLog, target: &dyn EventLog, watcher: Watcher<'_>) -> Result<Same, CopyError> {
    let (mut from, mut to) = (Cursor::of(source), Cursor::of(target));
    let mut same = Same { events: 0, streams: 0, bytes: 0, hash: String::new(), other_times: 0 };
    let mut hasher = blake3::Hasher::new();
    loop {
        let ours = from.next().await.map_err(CopyError::Source)?;
        let theirs = to.next().await.map_err(CopyError::Target)?;
        if let Some(difference) = difference(ours.as_ref(), theirs.as_ref()) {
            return Err(CopyError::NotTheSame(difference));
        }
        let (Some(ours), Some(theirs)) = (ours, theirs) else { break };
        same.events += 1;
        same.streams += u64::from(theirs.revision == 0);
        same.bytes += (theirs.data.len() + theirs.metadata.len()) as u64;
        same.other_times += u64::from(ours.recorded_at != theirs.recorded_at);
        hasher.update(chain::hash_of(&theirs).as_bytes());
        watcher(Stage::Verifying, from.after);
    }
    same.hash = hasher.finalize().to_hex().to_string();
    Ok(same)
}

/// The first thing that two events at the same place differ in; of a log that has ended there is none.
fn difference(source: Option<&RecordedEvent>, target: Option<&RecordedEvent>) -> Option<Difference> {
    let places =
        |what| Some(Difference { source: source.map(EventPlace::of), target: target.map(EventPlace::of), what });
    let (ours, theirs) = match (source, target) {
        (None, None) => return None,
        (Some(ours), Some(theirs)) => (ours, theirs),
        (Some(_), None) | (None, Some(_)) => return places(None),
    };
    if (&ours.stream, ours.revision) != (&theirs.stream, theirs.revision) {
        return places(None);
    }
    let parts = [
        ("id", ours.id == theirs.id),
        ("type", ours.event_type == theirs.event_type),
        ("data", ours.data == theirs.data),
        ("metadata", ours.metadata == theirs.metadata),
    ];
    parts.iter().find(|(_, same)| !same).and_then(|(what, _)| places(Some(*what)))
}

/// The events in pieces that can be one append each: of one stream, one recorded time, and not too many bytes.
fn appends(page: &[RecordedEvent]) -> impl Iterator<Item = &[RecordedEvent]> {
    let mut bytes = 0;
    page.chunk_by(move |event, next| {
        bytes += event.data.len() + event.metadata.len();
        let is_one = event.stream == next.stream
            && event.revision.checked_add(1) == Some(next.revision)
            && event.recorded_at == next.recorded_at
            && bytes + next.data.len() + next.metadata.len() <= APPEND_BYTES;
        if !is_one {
            bytes = 0;
        }
        is_one
    })
}

async fn append(target: &dyn EventLog, page: &[RecordedEvent]) -> Result<(), CopyError> {
    let again = |event: &RecordedEvent| NewEvent {
        id: event.id,
        event_type: event.event_type.to_string(),
        data: event.data.clone(),
        metadata: event.metadata.clone(),
    };
    let piece = |events: &[RecordedEvent]| {
        let first = events.first()?;
        Some(Piece {
            stream: first.stream.clone(),
            expected: ExpectedRevision::of_length(first.revision),
            events: events.iter().map(again).collect(),
            recorded_at: first.recorded_at,
        })
    };
    match target.append_in_order(appends(page).filter_map(piece).collect()).await {
        Ok(()) => Ok(()),
        Err(AppendError::Conflict { stream, expected, actual }) => {
            let revision = expected.length();
            let is_it = |event: &&RecordedEvent| event.stream == stream && event.revision == revision;
            // All that the source has before this event was copied, so a stream that is shorter lacks it there too.
            if actual < revision.checked_sub(1) {
                let position = page.iter().find(is_it).map_or(Position::START, |event| event.position);
                return Err(CopyError::Gap { stream, revision, position });
            }
            let reached = actual.unwrap_or_default();
            Err(CopyError::ForeignAppend(Foreign::Further { stream, reached, due: revision }))
        }
        Err(error) => Err(CopyError::Append(error)),
    }
}

/// Reads what was just appended, and that it is all that was. Gives the position of the last.
async fn read_back(target: &dyn EventLog, after: Position, page: &[RecordedEvent]) -> Result<Position, CopyError> {
    let stored = target.read_all(after, page.len() + 1).await.map_err(CopyError::Target)?;
    for (number, event) in page.iter().enumerate() {
        let Some(theirs) = stored.get(number) else {
            return Err(CopyError::Target(LogError::Unavailable(NotShown(EventPlace::of(event)).into())));
        };
        if let Some(difference) = difference(Some(event), Some(theirs)) {
            return Err(CopyError::ForeignAppend(Foreign::Other(difference)));
        }
        if target.keeps_recorded_times() && theirs.recorded_at != event.recorded_at {
            let difference = Difference {
                source: Some(EventPlace::of(event)),
                target: Some(EventPlace::of(theirs)),
                what: Some("time"),
            };
            return Err(CopyError::NotTheSame(difference));
        }
    }
    match stored.get(page.len()) {
        Some(more) => Err(CopyError::ForeignAppend(Foreign::More(EventPlace::of(more)))),
        None => Ok(stored.last().map_or(after, |last| last.position)),
    }
}

/// Reads a log in its order, a page at a time.
struct Cursor<'a> {
    log: &'a dyn EventLog,
    /// Of the last event that was given out.
    after: Position,
    page: VecDeque<RecordedEvent>,
}

impl<'a> Cursor<'a> {
    fn of(log: &'a dyn EventLog) -> Self {
        Self { log, after: Position::START, page: VecDeque::new() }
    }

    async fn next(&mut self) -> Result<Option<RecordedEvent>, LogError> {
        self.fill().await?;
        let next = self.page.pop_front();
        self.after = next.as_ref().map_or(self.after, |event| event.position);
        Ok(next)
    }

    /// The events that are at hand, or else a page of them; empty at the end.
    async fn rest_of_page(&mut self) -> Result<Vec<RecordedEvent>, LogError> {
        self.fill().await?;
        let rest = Vec::from(std::mem::take(&mut self.page));
        self.after = rest.last().map_or(self.after, |event| event.position);
        Ok(rest)
    }

    async fn fill(&mut self) -> Result<(), LogError> {
        if self.page.is_empty() {
            self.page = self.log.read_all(self.after, PAGE).await?.into();
        }
        Ok(())
    }
}
