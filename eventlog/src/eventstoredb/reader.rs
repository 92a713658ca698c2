//! Reading: one stream, all of ours ([`scan`](super::scan)), and where the end is. A connection that broke is made good once or twice before a read
//! fails.

use super::failure::{Loss, ServerFailure};
use super::names::Names;
use super::server::{Answers, Patience, Scanned, Server};
use super::stretches::Stretches;
use super::wire::*;
use crate::event::{self, RecordedEvent, StreamName};
use crate::size::{Room, weight};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

/// A leader may have changed once more by the time it is asked.
const TRIES: usize = 3;
/// How many times as long as the server may keep silent one read may take, however steadily its answer drips in.
const WHOLE: u32 = 10;

pub(super) struct Reader {
    pub server: Server,
    pub names: Arc<Names>,
    pub stretches: Arc<Stretches>,
    /// What was noted of them before was learned.
    pub recalled: OnceCell<()>,
    /// Of those who look for the same at the same time one does; the same for looks for the last event.
    pub turns: Arc<tokio::sync::Mutex<()>>,
    pub ends: Arc<tokio::sync::Mutex<()>>,
}

impl Reader {
    /// Events of the stream from the revision on.
    pub async fn stream(
        &self,
        name: &StreamName,
        from: u64,
        enough: Room,
    ) -> Result<Vec<RecordedEvent>, ServerFailure> {
        let subject = self.stream_subject(name, StreamStart::Revision(from));
        let events = self.events(&subject, Direction::Forwards, enough).await?;
        match events.first() {
            Some(first) if first.revision > from => {
                let (stream, to) = (name.clone(), first.revision - 1);
                Err(ServerFailure::Gone(Loss::Revisions { stream, from, to }))
            }
            Some(_) | None => Ok(events),
        }
    }

    /// The last `limit` events of the stream, newest first.
    pub async fn stream_backwards(&self, name: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, ServerFailure> {
        let subject = self.stream_subject(name, StreamStart::End(Empty {}));
        self.events(&subject, Direction::Backwards, Room::for_events(limit)).await
    }

    /// The first events of a stream of whatever name, as the server has them.
    pub async fn first_events(
        &self,
        name_in_server: &str,
        limit: usize,
    ) -> Result<Vec<super::wire::RecordedEvent>, ServerFailure> {
        let stream_identifier = StreamIdentifier::of(name_in_server);
        let subject = Subject::Stream(StreamOptions { stream_identifier, start: Some(StreamStart::Revision(0)) });
        let question = self.question(&subject, Direction::Forwards, limit);
        self.retrying(|| self.whole(self.all_of(question.clone()))).await
    }

    async fn all_of(&self, question: ReadReq) -> Result<Vec<super::wire::RecordedEvent>, ServerFailure> {
        let (mut answers, mut events) = (self.server.read(question).await?, Vec::new());
        while let Some(event) = self.next_event(&mut answers).await? {
            events.push(event);
        }
        Ok(events)
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
    pub async fn all_after(&self, after: event::Position, enough: Room) -> Result<Vec<RecordedEvent>, ServerFailure> {
        let next = after.0.saturating_add(1);
        if after.0 >= Position::GREATEST || enough.events == 0 {
            return Ok(Vec::new());
        }
        self.recall().await?;
        if let Some(on) = self.stretches.skip(after.0) {
            match self.ours_from(on, on, enough).await {
                Err(ServerFailure::NoSuchPosition) => self.stretches.forget(),
                events => return events,
            }
        }
        let starts = match (after.0, enough.events) {
            (0, _) => [0, 0],
            (after, 1) => [next, after],
            (after, _) => [after, next],
        };
        for start in starts {
            match self.ours_from(Position::of(start), Position::of(after.0), enough).await {
                Err(ServerFailure::NoSuchPosition) => {}
                events => return events,
            }
        }
        self.retrying(|| self.all_back_to(after, enough)).await
    }

    /// The events after the position, found from the end on.
    async fn all_back_to(&self, after: event::Position, enough: Room) -> Result<Vec<RecordedEvent>, ServerFailure> {
        let question = self.question(&all_from_end(), Direction::Backwards, usize::MAX);
        let (mut events, mut bytes) = (VecDeque::<RecordedEvent>::new(), 0);
        let Some(mut answers) = self.server.begin_scan(question, Patience::Endless).await? else {
            return Ok(Vec::new());
        };
        while let Scanned::Answer(answer) = self.server.next_of_scan(&mut answers, Patience::Endless).await? {
            let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content else { continue };
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

    /// Where the last event of anybody stands; 0 in an empty log.
    pub async fn end(&self) -> Result<Position, ServerFailure> {
        Ok(self.last_event_of_anybody().await?.map_or(Position::of(0), |event| place(&event)))
    }

    pub(super) async fn last_event_of_anybody(&self) -> Result<Option<super::wire::RecordedEvent>, ServerFailure> {
        let mut question = self.question(&all_from_end(), Direction::Backwards, 1);
        if let Some(options) = &mut question.options {
            options.filter = Some(Filter::None(Empty {}));
        }
        let whole = || async { Ok(self.whole(self.all_of(question.clone())).await?.pop()) };
        self.retrying(whole).await
    }

    /// The event of anybody that stands there, if the server still has it.
    pub async fn event_at(&self, at: Position) -> Result<Option<super::wire::RecordedEvent>, ServerFailure> {
        let mut question = self.question(&all_from(at), Direction::Forwards, 1);
        if let Some(options) = &mut question.options {
            options.filter = Some(Filter::None(Empty {}));
        }
        let found = self.retrying(|| async { Ok(self.whole(self.all_of(question.clone())).await?.pop()) }).await;
        match found {
            Ok(event) => Ok(event.filter(|event| place(event) == at)),
            Err(ServerFailure::NoSuchPosition) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Begins to follow all our streams after the place; the answers don't end by themselves, nor does silence end them. A checkpoint
    /// comes after so many of the windows that the server looks through.
    pub async fn follow(&self, after: Position, checkpoint_every: u32) -> Result<Answers, ServerFailure> {
        let mut question = self.question(&all_from(after), Direction::Forwards, 0);
        if let Some(Filter::By(filter)) = question.options.as_mut().and_then(|options| options.filter.as_mut()) {
            filter.checkpoint_interval_multiplier = checkpoint_every;
        }
        if let Some(options) = &mut question.options {
            options.count = Some(Count::Subscription(Empty {}));
        }
        self.server.read(question).await
    }

    /// The stream's events that are ours, until there are enough. What is passed over is not counted, so that more may have
    /// to be asked for than at first.
    async fn events(
        &self,
        subject: &Subject,
        direction: Direction,
        enough: Room,
    ) -> Result<Vec<RecordedEvent>, ServerFailure> {
        if enough.events == 0 {
            return Ok(Vec::new());
        }
        let question = self.question(subject, direction, enough.events);
        let (events, seen) = self.retrying(|| self.whole(self.some_events(question.clone(), enough))).await?;
        if enough.is_filled_by(&events) || seen < enough.events {
            return Ok(events);
        }
        let question = self.question(subject, direction, usize::MAX);
        Ok(self.retrying(|| self.whole(self.some_events(question.clone(), enough))).await?.0)
    }

    /// The events, and how many the server sent.
    async fn some_events(&self, question: ReadReq, enough: Room) -> Result<(Vec<RecordedEvent>, usize), ServerFailure> {
        let mut answers = self.server.read(question).await?;
        let (mut events, mut bytes, mut seen) = (Vec::new(), 0, 0);
        while events.len() < enough.events && bytes < enough.bytes {
            let Some(event) = self.next_event(&mut answers).await? else { break };
            seen += 1;
            if let Some(event) = self.names.ours(event)? {
                bytes += weight(&event);
                events.push(event);
            }
        }
        Ok((events, seen))
    }

    /// The next event of an answer; `None` after the last.
    pub async fn next_event(&self, answers: &mut Answers) -> Result<Option<super::wire::RecordedEvent>, ServerFailure> {
        while let Some(answer) = self.server.next(answers).await? {
            if let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// A read that ends, also where its answer drips in. What looks through the whole log takes as long as it takes.
    async fn whole<T>(&self, read: impl Future<Output = Result<T, ServerFailure>>) -> Result<T, ServerFailure> {
        let limit = self.server.timeout() * WHOLE;
        timeout(limit, read).await.unwrap_or_else(|_| Err(ServerFailure::too_slow(limit)))
    }

    /// Reads again what a broken connection or a node that doesn't lead kept from being read; but who waited long already is
    /// answered.
    pub async fn retrying<T, F>(&self, read: impl Fn() -> F) -> Result<T, ServerFailure>
    where
        F: Future<Output = Result<T, ServerFailure>>,
    {
        let begin = Instant::now();
        let mut tries = 1;
        loop {
            match read().await {
                Err(ServerFailure::NotDone(_) | ServerFailure::Unsure(_) | ServerFailure::NotLeader { .. })
                    if tries < TRIES && begin.elapsed() < self.server.timeout() =>
                {
                    tries += 1;
                }
                read => return read,
            }
        }
    }

    pub(super) fn question(&self, subject: &Subject, direction: Direction, count: usize) -> ReadReq {
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

pub(super) fn all_from(start: Position) -> Subject {
    let start = match start.commit {
        0 => AllStart::Start(Empty {}),
        _ => AllStart::Position(start),
    };
    Subject::All(AllOptions { start: Some(start) })
}

pub(super) fn all_from_end() -> Subject {
    Subject::All(AllOptions { start: Some(AllStart::End(Empty {})) })
}

pub(super) fn place(event: &super::wire::RecordedEvent) -> Position {
    Position { commit: event.commit_position, prepare: event.prepare_position }
}
