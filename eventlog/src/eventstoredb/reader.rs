//! Reading: one stream, all of ours, and where the end is. A connection that broke is made good once or twice before a read
//! fails.

use super::names::Names;
use super::server::{Answers, Server};
use super::trouble::Trouble;
use super::wire::*;
use crate::event::{self, RecordedEvent, StreamName};
use crate::size::{Room, weight};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::{Instant, timeout};

/// A leader may have changed once more by the time it is asked.
const TRIES: usize = 3;
/// How many times as long as the server may keep silent one read may take, however steadily its answer drips in.
const WHOLE: u32 = 10;
/// How many new events of ours are looked through for the last one, before the log is asked from its end.
const FEW: usize = 64;

pub(super) struct Reader {
    pub server: Server,
    pub names: Arc<Names>,
}

impl Reader {
    /// Events of the stream from the revision on.
    pub async fn stream(&self, name: &StreamName, from: u64, enough: Room) -> Result<Vec<RecordedEvent>, Trouble> {
        let subject = self.stream_subject(name, StreamStart::Revision(from));
        self.events(&subject, Direction::Forwards, |_| true, enough).await
    }

    /// The last `limit` events of the stream, newest first.
    pub async fn stream_backwards(&self, name: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, Trouble> {
        let subject = self.stream_subject(name, StreamStart::End(Empty {}));
        self.events(&subject, Direction::Backwards, |_| true, Room::for_events(limit)).await
    }

    /// The first events of a stream of whatever name, as the server has them.
    pub async fn first_events(
        &self,
        name_in_server: &str,
        limit: usize,
    ) -> Result<Vec<super::wire::RecordedEvent>, Trouble> {
        let stream_identifier = StreamIdentifier::of(name_in_server);
        let subject = Subject::Stream(StreamOptions { stream_identifier, start: Some(StreamStart::Revision(0)) });
        let question = self.question(&subject, Direction::Forwards, limit);
        self.retrying(|| self.whole(self.all_of(question.clone()))).await
    }

    async fn all_of(&self, question: ReadReq) -> Result<Vec<super::wire::RecordedEvent>, Trouble> {
        let (mut answers, mut events) = (self.server.read(question).await?, Vec::new());
        while let Some(event) = self.next_event(&mut answers).await? {
            events.push(event);
        }
        Ok(events)
    }

    async fn first_of(&self, question: ReadReq) -> Result<Option<super::wire::RecordedEvent>, Trouble> {
        let mut answers = self.server.read(question).await?;
        self.next_event(&mut answers).await
    }

    fn stream_subject(&self, name: &StreamName, start: StreamStart) -> Subject {
        let stream_identifier = StreamIdentifier::of(&self.names.in_server(name));
        Subject::Stream(StreamOptions { stream_identifier, start: Some(start) })
    }

    /// Events of all our streams after the position.
    ///
    /// The server reads from any byte that it is told to, and finds nonsense where no event begins. An event's own position is
    /// good, and so is the one before an event's if the next is read from instead; which of the two it is shows in trying (one
    /// event alone is mostly asked for by the latter). Where neither is, only the way back from the end is left.
    pub async fn all_after(&self, after: event::Position, enough: Room) -> Result<Vec<RecordedEvent>, Trouble> {
        let next = after.0.saturating_add(1);
        if after.0 >= Position::GREATEST || enough.events == 0 {
            return Ok(Vec::new());
        }
        let starts = match (after.0, enough.events) {
            (0, _) => [0, 0],
            (after, 1) => [next, after],
            (after, _) => [after, next],
        };
        for start in starts {
            match self.all_from(Position::of(start), Position::of(after.0), enough).await {
                Err(Trouble::NoSuchPosition) => {}
                events => return events,
            }
        }
        self.retrying(|| self.all_back_to(after, enough)).await
    }

    /// Events of all our streams after `after`, where `start` is not beyond it. A start is included, unlike a subscription's.
    async fn all_from(&self, start: Position, after: Position, enough: Room) -> Result<Vec<RecordedEvent>, Trouble> {
        let is_after = |event: &RecordedEvent| Position::of(event.position.0) > after;
        self.events(&all_from(start), Direction::Forwards, is_after, enough).await
    }

    /// The events after the position, found from the end on.
    async fn all_back_to(&self, after: event::Position, enough: Room) -> Result<Vec<RecordedEvent>, Trouble> {
        let mut answers = self.server.read(self.question(&all_from_end(), Direction::Backwards, usize::MAX)).await?;
        let (mut events, mut bytes) = (VecDeque::<RecordedEvent>::new(), 0);
        while let Some(event) = self.next_event(&mut answers).await? {
            if event.commit_position <= after.0 {
                break;
            }
            let Some(event) = self.names.ours(event)? else { continue };
            bytes += weight(&event);
            events.push_back(event);
            // The newest, which the others fill the room without.
            while let Some(newest) = events.front().map(weight)
                && (events.len() > enough.events || bytes - newest >= enough.bytes)
            {
                events.pop_front();
                bytes -= newest;
            }
        }
        Ok(events.into_iter().rev().collect())
    }

    /// Where the last event of ours stands of those after the place, up to which all was seen; `None` if there is none.
    pub async fn last_after(&self, seen: Position) -> Result<Option<event::Position>, Trouble> {
        match self.all_from(seen, seen, Room::for_events(FEW)).await {
            Ok(events) if events.len() < FEW => Ok(events.last().map(|event| event.position)),
            // With more than a few the last stands close to the end; a place that is none was told by the server.
            Ok(_) | Err(Trouble::NoSuchPosition) => self.last().await,
            Err(trouble) => Err(trouble),
        }
    }

    /// Where the last event of ours stands, looked for from the end on.
    pub async fn last(&self) -> Result<Option<event::Position>, Trouble> {
        let events = self.events(&all_from_end(), Direction::Backwards, |_| true, Room::for_events(1)).await?;
        Ok(events.first().map(|event| event.position))
    }

    /// Where the last event of anybody stands; 0 in an empty log.
    pub async fn end(&self) -> Result<Position, Trouble> {
        let mut question = self.question(&all_from_end(), Direction::Backwards, 1);
        if let Some(options) = &mut question.options {
            options.filter = Some(Filter::None(Empty {}));
        }
        let last = self.retrying(|| self.whole(self.first_of(question.clone()))).await?;
        Ok(last.map_or(Position::of(0), |event| place(&event)))
    }

    /// Begins to follow all our streams after the place; the answers don't end by themselves.
    pub async fn follow(&self, after: Position) -> Result<Answers, Trouble> {
        let mut question = self.question(&all_from(after), Direction::Forwards, 0);
        if let Some(options) = &mut question.options {
            options.count = Some(Count::Subscription(Empty {}));
        }
        self.server.read(question).await
    }

    /// The events of ours that are wanted, until there are enough. What is passed over is not counted, so that more may have
    /// to be asked for than at first.
    async fn events(
        &self,
        subject: &Subject,
        direction: Direction,
        is_wanted: impl Fn(&RecordedEvent) -> bool + Send + Sync,
        enough: Room,
    ) -> Result<Vec<RecordedEvent>, Trouble> {
        if enough.events == 0 {
            return Ok(Vec::new());
        }
        let count = match subject {
            Subject::Stream(_) => enough.events,
            // The start may be an event that isn't wanted.
            Subject::All(_) => enough.events.saturating_add(1),
        };
        let question = self.question(subject, direction, count);
        let (events, seen) =
            self.retrying(|| self.whole(self.some_events(question.clone(), &is_wanted, enough))).await?;
        if enough.is_filled_by(&events) || seen < count {
            return Ok(events);
        }
        let question = self.question(subject, direction, usize::MAX);
        Ok(self.retrying(|| self.whole(self.some_events(question.clone(), &is_wanted, enough))).await?.0)
    }

    /// The events, and how many the server sent.
    async fn some_events(
        &self,
        question: ReadReq,
        is_wanted: &(impl Fn(&RecordedEvent) -> bool + Send + Sync),
        enough: Room,
    ) -> Result<(Vec<RecordedEvent>, usize), Trouble> {
        let mut answers = self.server.read(question).await?;
        let (mut events, mut bytes, mut seen) = (Vec::new(), 0, 0);
        while events.len() < enough.events && bytes < enough.bytes {
            let Some(event) = self.next_event(&mut answers).await? else { break };
            seen += 1;
            if let Some(event) = self.names.ours(event)?.filter(is_wanted) {
                bytes += weight(&event);
                events.push(event);
            }
        }
        Ok((events, seen))
    }

    /// The next event of an answer; `None` after the last.
    pub async fn next_event(&self, answers: &mut Answers) -> Result<Option<super::wire::RecordedEvent>, Trouble> {
        while let Some(answer) = self.server.next(answers).await? {
            if let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// A read that ends, also where its answer drips in. Only what looks through the log from its end takes as long as it takes.
    async fn whole<T>(&self, read: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let limit = self.server.timeout() * WHOLE;
        timeout(limit, read).await.unwrap_or_else(|_| Err(Trouble::too_slow(limit)))
    }

    /// Reads again what a broken connection or a node that doesn't lead kept from being read; but who waited long already is
    /// answered.
    pub async fn retrying<T, F>(&self, read: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let begin = Instant::now();
        let mut tries = 1;
        loop {
            match read().await {
                Err(Trouble::NotDone(_) | Trouble::Unsure(_) | Trouble::NotLeader { .. })
                    if tries < TRIES && begin.elapsed() < self.server.timeout() =>
                {
                    tries += 1;
                }
                read => return read,
            }
        }
    }

    fn question(&self, subject: &Subject, direction: Direction, count: usize) -> ReadReq {
        let filter = match subject {
            Subject::Stream(_) => Filter::None(Empty {}),
            Subject::All(_) => self.names.filter(),
        };
        let options = ReadOptions {
            subject: Some(subject.clone()),
            direction: direction.into(),
            count: Some(Count::AtMost(count as u64)),
            filter: Some(filter),
            uuid_option: Some(UuidOption { structured: Some(Empty {}) }),
        };
        ReadReq { options: Some(options) }
    }
}

fn all_from(start: Position) -> Subject {
    let start = match start.commit {
        0 => AllStart::Start(Empty {}),
        _ => AllStart::Position(start),
    };
    Subject::All(AllOptions { start: Some(start) })
}

fn all_from_end() -> Subject {
    Subject::All(AllOptions { start: Some(AllStart::End(Empty {})) })
}

pub(super) fn place(event: &super::wire::RecordedEvent) -> Position {
    Position { commit: event.commit_position, prepare: event.prepare_position }
}
