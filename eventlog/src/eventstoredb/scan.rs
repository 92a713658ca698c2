//! Looking through the whole of the server's log for events of ours, which may be few among millions of others.
//!
//! The server says nothing while it looks, not even that it does: whether it lives is asked beside. A plain read brings what
//! stands close by. Where it falls silent a subscription goes on, since that one says how far it has come: so a look that is
//! interrupted goes on where it was, and what was looked through in vain is remembered.

use super::failure::{ServerFailure, Why};
use super::progress::Progress;
use super::reader::{Reader, all_from, all_from_end, place};
use super::server::{Patience, Scanned};
use super::wire::*;
use crate::event::{self, RecordedEvent};
use crate::size::OVERHEAD_BYTES;
use crate::size::Room;
use tokio::time::Instant;

/// How often in a row a look may break off without having come any further.
const TRIES: usize = 3;
/// A subscription that brings neither event nor checkpoint for so long has perhaps brought all.
const SILENCE: Patience = Patience::Rounds(4);
/// A checkpoint comes after so many windows: often enough to go on from, and not so often that it takes time.
const CHECKPOINT_EVERY: u32 = 32;
/// How many new events of ours are looked through for the last one, before the log is asked from its end.
const FEW: usize = 64;

/// Says whether that were enough.
type Sink<'a> = &'a mut (dyn FnMut(RecordedEvent) -> bool + Send);

/// What came of a plain read.
enum ReadEnd {
    /// Enough, or all there is.
    Done,
    /// The server looks for more.
    Silent,
    /// What comes next is known to be none of ours, up to there.
    Known(Position),
}

/// How far a look has come.
struct PlainRead {
    /// From where on, included, as a plain read begins.
    start: Position,
    progress: Progress,
    enough: bool,
}

impl Reader {
    /// Events of all our streams after `after`, where `start` is not beyond it. A start is included, unlike a subscription's.
    pub(super) async fn ours_from(
        &self,
        start: Position,
        after: Position,
        enough: Room,
    ) -> Result<Vec<RecordedEvent>, ServerFailure> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        let mut take = |event: RecordedEvent| {
            bytes += event.data.len() + event.metadata.len() + OVERHEAD_BYTES;
            events.push(event);
            events.len() >= enough.events || bytes >= enough.bytes
        };
        self.look(start, after, enough.events, &mut take).await?;
        Ok(events)
    }

    /// Hands on each event of ours after `after`, once and in order, until that were enough or the log ends.
    async fn look(&self, start: Position, after: Position, count: usize, take: Sink<'_>) -> Result<(), ServerFailure> {
        let mut look = PlainRead { start, progress: Progress::new(after, after), enough: false };
        let (mut failures, mut follows, mut came_on) = (0, false, Instant::now());
        loop {
            let before = look.progress.safe();
            let outcome = match follows {
                false => self.read_on(&mut look, count, take).await,
                true => self.follow_in_turn(&mut look, take).await,
            };
            match outcome {
                Ok(ReadEnd::Done) => {
                    self.save_if_worth_it().await;
                    return Ok(());
                }
                Ok(ReadEnd::Silent) => follows = true,
                Ok(ReadEnd::Known(to)) => {
                    look.start = to;
                    look.progress = Progress::new(look.progress.last_event(), to);
                    follows = false;
                }
                Err(
                    trouble @ (ServerFailure::NotDone(_) | ServerFailure::Unsure(_) | ServerFailure::NotLeader { .. }),
                ) => {
                    (failures, came_on) = match look.progress.safe() > before {
                        true => (0, Instant::now()),
                        false => (failures + 1, came_on),
                    };
                    if failures >= TRIES || came_on.elapsed() >= self.server.timeout() {
                        return Err(trouble);
                    }
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// A plain read, for as long as something comes.
    async fn read_on(&self, look: &mut PlainRead, count: usize, take: Sink<'_>) -> Result<ReadEnd, ServerFailure> {
        // The start may be an event that isn't wanted, and what is passed over is not counted.
        let most = count.saturating_add(1);
        let question = self.question(&all_from(look.start), Direction::Forwards, most);
        let Some(mut answers) = self.server.begin_scan(question, Patience::AMoment).await? else {
            return Ok(ReadEnd::Silent);
        };
        let mut seen = 0;
        loop {
            match self.server.next_of_scan(&mut answers, Patience::AMoment).await? {
                Scanned::Silent => return Ok(ReadEnd::Silent),
                Scanned::End if seen < most => return Ok(ReadEnd::Done),
                // There may be more of ours.
                Scanned::End => return Ok(ReadEnd::Silent),
                Scanned::Answer(answer) => {
                    if let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content {
                        seen += 1;
                        self.take_event(look, event, take)?;
                        if let Some(over) = self.is_over(look) {
                            return Ok(over);
                        }
                    }
                }
            }
        }
    }

    /// Whether an event that was taken in is followed by what need not be read.
    fn is_over(&self, look: &PlainRead) -> Option<ReadEnd> {
        match self.stretches.skip(look.progress.safe().commit) {
            _ if look.enough => Some(ReadEnd::Done),
            Some(to) => Some(ReadEnd::Known(to)),
            None => None,
        }
    }

    /// One looks, and the others who want to then know what it found.
    async fn follow_in_turn(&self, look: &mut PlainRead, take: Sink<'_>) -> Result<ReadEnd, ServerFailure> {
        let _turn = self.turns.lock().await;
        match self.stretches.skip(look.progress.safe().commit) {
            Some(to) => Ok(ReadEnd::Known(to)),
            None => self.follow_on(look, take).await,
        }
    }

    fn take_event(
        &self,
        look: &mut PlainRead,
        event: super::wire::RecordedEvent,
        take: Sink<'_>,
    ) -> Result<(), ServerFailure> {
        let at = place(&event);
        if let Some(event) = self.names.ours(event)?
            && look.progress.event(at)
        {
            look.start = at;
            look.enough = take(event);
        }
        Ok(())
    }

    /// A subscription, up to where the log ended when it began.
    async fn follow_on(&self, look: &mut PlainRead, take: Sink<'_>) -> Result<ReadEnd, ServerFailure> {
        let end = self.end().await?;
        let began = match look.progress.safe() {
            // Nothing came yet, so that the start may be beyond where it was to be read from, and is not seen yet.
            safe if look.start > safe => Position { commit: look.start.commit, prepare: 0 },
            safe => safe,
        };
        let mut answers = self.follow(began, CHECKPOINT_EVERY).await?;
        while look.progress.safe() < end {
            let answer = match self.server.next_of_scan(&mut answers, SILENCE).await? {
                // A server that doesn't say when it has caught up says nothing after that: then the rest is read.
                Scanned::Silent => return self.read_the_rest(look, take).await,
                Scanned::End => return Err(ServerFailure::Unsure(Why::Ended)),
                Scanned::Answer(answer) => answer,
            };
            match answer.content {
                Some(ReadContent::Event(ReadEvent { event: Some(event) })) => {
                    self.take_event(look, event, take)?;
                    if let Some(over) = self.is_over(look) {
                        return Ok(over);
                    }
                }
                Some(ReadContent::Checkpoint(at)) => {
                    let known = look.progress.safe();
                    look.progress.checkpoint(at);
                    self.stretches.note(known, look.progress.safe());
                    self.save_if_worth_it().await;
                }
                Some(ReadContent::CaughtUp(_)) => break,
                Some(ReadContent::Event(_) | ReadContent::StreamNotFound(_) | ReadContent::FellBehind(_)) | None => {}
            }
        }
        // Whatever it said, it has looked up to where the log ended before.
        self.stretches.note(look.progress.safe(), end);
        Ok(ReadEnd::Done)
    }

    async fn read_the_rest(&self, look: &mut PlainRead, take: Sink<'_>) -> Result<ReadEnd, ServerFailure> {
        let end = self.end().await?;
        let question = self.question(&all_from(look.progress.safe()), Direction::Forwards, usize::MAX);
        if let Some(mut answers) = self.server.begin_scan(question, Patience::Endless).await? {
            while let Scanned::Answer(answer) = self.server.next_of_scan(&mut answers, Patience::Endless).await? {
                if let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content {
                    self.take_event(look, event, take)?;
                    if look.enough {
                        return Ok(ReadEnd::Done);
                    }
                }
            }
        }
        self.stretches.note(look.progress.safe(), end);
        Ok(ReadEnd::Done)
    }

    /// Where the last event of ours stands of those after the place, up to which all was seen; `None` if there is none.
    pub(super) async fn last_after(&self, seen: Position) -> Result<Option<event::Position>, ServerFailure> {
        match self.ours_from(seen, seen, Room::for_events(FEW)).await {
            Ok(events) if events.len() < FEW => Ok(events.last().map(|event| event.position)),
            // With more than a few the last stands close to the end; a place that is none was told by the server.
            Ok(_) | Err(ServerFailure::NoSuchPosition) => self.last_before_the_end().await,
            Err(trouble) => Err(trouble),
        }
    }

    /// Where the last event of ours stands.
    pub(super) async fn last(&self) -> Result<Option<event::Position>, ServerFailure> {
        self.recall().await?;
        // Whoever comes second knows what the first has found.
        let _turn = self.ends.lock().await;
        let Some(known) = self.stretches.last() else { return self.last_before_the_end().await };
        if let Some(new) = self.last_after(known.to).await? {
            return Ok(Some(new));
        }
        if known.from.commit == 0 {
            return Ok(None);
        }
        // Mostly an event of ours, but whoever read from between two events began there.
        let begin = Position::of(known.from.commit - 1);
        match self.ours_from(known.from, begin, Room::for_events(1)).await {
            Ok(events) if events.first().is_some_and(|event| event.position.0 == known.from.commit) => {
                Ok(Some(event::Position(known.from.commit)))
            }
            Ok(_) | Err(ServerFailure::NoSuchPosition) => self.last_before_the_end().await,
            Err(trouble) => Err(trouble),
        }
    }

    /// The last event of ours, looked for from the end on. When that breaks off nobody knows how far it had come, so that the next
    /// try goes forwards, from the last that is known.
    async fn last_before_the_end(&self) -> Result<Option<event::Position>, ServerFailure> {
        // In this order, so that what comes meanwhile is after the end.
        let end = self.end().await?;
        let last = match self.last_backwards().await {
            Err(ServerFailure::NotDone(_) | ServerFailure::Unsure(_) | ServerFailure::NotLeader { .. }) => {
                let known = self.stretches.last().map_or(Position::of(0), |known| known.to);
                let before = self.stretches.last().map(|known| known.from).filter(|from| from.commit > 0);
                let mut last = before.map(|from| event::Position(from.commit));
                let mut take = |event: RecordedEvent| {
                    last = Some(event.position);
                    false
                };
                self.look(known, known, usize::MAX - 1, &mut take).await?;
                return Ok(last);
            }
            last => last?,
        };
        self.stretches.note(last.unwrap_or(Position::of(0)), end);
        self.save_if_worth_it().await;
        Ok(last.map(|last| event::Position(last.commit)))
    }

    async fn last_backwards(&self) -> Result<Option<Position>, ServerFailure> {
        // One more than is wanted, and the server would look on for it; where the last is the server's own, more are wanted.
        for count in [1, usize::MAX] {
            let (last, seen) = self.last_of(count).await?;
            if last.is_some() || seen < count {
                return Ok(last);
            }
        }
        Ok(None)
    }

    /// The last event of ours among the last so many that the filter lets through, and how many those were.
    async fn last_of(&self, count: usize) -> Result<(Option<Position>, usize), ServerFailure> {
        let question = self.question(&all_from_end(), Direction::Backwards, count);
        let mut seen = 0;
        let Some(mut answers) = self.server.begin_scan(question, Patience::Endless).await? else {
            return Ok((None, 0));
        };
        while let Scanned::Answer(answer) = self.server.next_of_scan(&mut answers, Patience::Endless).await? {
            if let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content {
                let at = place(&event);
                seen += 1;
                if self.names.ours(event)?.is_some() {
                    return Ok((Some(at), seen));
                }
            }
        }
        Ok((None, seen))
    }
}
