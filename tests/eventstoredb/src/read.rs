//! `Streams.Read`: of a stream or of `$all`, forwards or backwards. Subscriptions go on in [`subscribe`](crate::subscribe).

use crate::append::stream_deleted;
use crate::faults::{Act, Call, When, drip};
use crate::filter::Filter;
use crate::log::{Record, Run, StreamPage};
use crate::service::Context;
use crate::subscribe;
use crate::wire::*;
use futures::StreamExt;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

pub(crate) type Answers = Pin<Box<dyn futures::Stream<Item = Result<ReadResp, Status>> + Send>>;

/// How many answers wait for a client that is slow.
const QUEUED: usize = 32;
/// How many records of others are made at once, where they are asked for.
const PAGE: usize = 256;
/// How many records are looked at under one lock.
const SCANNED_AT_ONCE: usize = 8192;

pub(crate) async fn read(context: Context, request: Request<ReadReq>) -> Result<Response<Answers>, Status> {
    let options = request.into_inner().options.unwrap_or_default();
    if options.uuid_option.is_none() {
        return Err(Status::invalid_argument("'uuidOption' is a required argument of type UUIDOption"));
    }
    let (answers, receiver) = mpsc::channel(QUEUED);
    match (&options.stream, options.count) {
        (Some(StreamOption::All(all)), Some(CountOption::Subscription(_))) if options.read_direction == 0 => {
            subscribe::start(context, *all, options, answers)?;
        }
        (Some(_), Some(CountOption::Count(count))) => {
            let reader = Reader::new(context, options, count, answers);
            tokio::spawn(reader.run());
        }
        _ => return Err(Status::invalid_argument("The combination is invalid.")),
    }
    // As the true server: not even the answer's head comes before there is something to say.
    let mut receiver = receiver;
    let first = receiver.recv().await;
    let rest =
        futures::stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|it| (it, receiver)) });
    let stream = futures::stream::iter(first).chain(rest);
    Ok(Response::new(Box::pin(stream)))
}

/// The client went away.
pub(crate) struct Gone;

/// What stands on the wire for a record.
pub(crate) struct Encoder {
    form: Option<UuidForm>,
}

impl Encoder {
    pub fn new(option: Option<UuidOption>) -> Self {
        Self { form: option.and_then(|option| option.form) }
    }

    pub fn event(&self, record: &Record) -> ReadContent {
        let id = match self.form {
            Some(UuidForm::String(_)) => Uuid::string(record.id),
            Some(UuidForm::Structured(_)) | None => Uuid::structured(record.id),
        };
        let content_type = if record.is_json { "application/json" } else { "application/octet-stream" };
        let metadata = HashMap::from([
            ("type".to_owned(), record.event_type.clone()),
            ("created".to_owned(), record.created.to_string()),
            ("content-type".to_owned(), content_type.to_owned()),
        ]);
        ReadContent::Event(ReadEvent {
            event: Some(RecordedEvent {
                id: Some(id),
                stream_identifier: Some((&*record.stream).into()),
                stream_revision: record.revision,
                prepare_position: record.position,
                commit_position: record.position,
                metadata,
                custom_metadata: record.metadata.clone(),
                data: record.data.clone(),
            }),
            link: None,
            position: Some(EventPosition::Commit(record.position)),
        })
    }
}

struct Reader {
    context: Context,
    options: ReadOptions,
    count: u64,
    encoder: Encoder,
    answers: mpsc::Sender<Result<ReadResp, Status>>,
    /// What goes wrong once an event was sent.
    after: Option<Act>,
}

impl Reader {
    fn new(
        context: Context,
        options: ReadOptions,
        count: u64,
        answers: mpsc::Sender<Result<ReadResp, Status>>,
    ) -> Self {
        let encoder = Encoder::new(options.uuid_option);
        Self { context, options, count, encoder, answers, after: None }
    }

    async fn run(mut self) {
        let call = match &self.options.stream {
            Some(StreamOption::All(_)) => {
                self.context.shared.reads_of_all.send_modify(|reads| *reads += 1);
                Call::ReadAll
            }
            Some(StreamOption::Stream(_)) | None => Call::ReadStream,
        };
        let goes_on = match self.context.shared.faults.take(call) {
            Some((When::Before, act)) => self.misbehave(act).await,
            Some((When::After, act)) => {
                self.after = Some(act);
                true
            }
            None => true,
        };
        if !goes_on {
            return;
        }
        let outcome = match self.options.stream.clone() {
            Some(StreamOption::Stream(stream)) => self.stream(stream).await,
            Some(StreamOption::All(all)) if self.options.read_direction == 0 => self.all_forwards(all).await,
            Some(StreamOption::All(all)) => self.all_backwards(all).await,
            None => Ok(Err(Status::invalid_argument("The combination is invalid."))),
        };
        if let Ok(Err(status)) = outcome {
            let _ = self.answers.send(Err(status)).await;
        }
    }

    /// Does what was told; says whether the read goes on.
    async fn misbehave(&self, act: Act) -> bool {
        match act {
            Act::Cut => self.context.cut().await,
            Act::Refuse(status) => {
                let _ = self.answers.send(Err(status)).await;
                false
            }
            Act::Nonsense => self.answers.send(Ok(ReadResp { content: None })).await.is_ok(),
            Act::Drip => {
                drip(&self.answers).await;
                false
            }
            Act::Wait { arrived, go_on } => {
                let _ = arrived.send(());
                let _ = go_on.await;
                true
            }
            // Of appends.
            Act::WrongExpectedVersion | Act::NoPosition | Act::Pass => true,
        }
    }

    async fn say(&mut self, content: ReadContent) -> Result<(), Gone> {
        let is_event = matches!(content, ReadContent::Event(_));
        self.answers.send(Ok(ReadResp { content: Some(content) })).await.map_err(|_| Gone)?;
        let goes_on = match self.after.take_if(|_| is_event) {
            Some(act) => self.misbehave(act).await,
            None => true,
        };
        if goes_on { Ok(()) } else { Err(Gone) }
    }

    /// The inner error is what the client is told.
    async fn stream(&mut self, stream: StreamOptions) -> Result<Result<(), Status>, Gone> {
        let name = stream.stream_identifier.as_ref().map(StreamIdentifier::name).unwrap_or_default();
        let limit = usize::try_from(self.count).unwrap_or(usize::MAX);
        let log = &self.context.shared.log;
        let page = match (self.options.read_direction, stream.revision) {
            (0, Some(RevisionOption::Revision(revision))) => log.stream_forwards(&name, revision, limit),
            (0, Some(RevisionOption::End(_))) => log.stream_forwards(&name, u64::MAX, limit),
            (0, Some(RevisionOption::Start(_)) | None) => log.stream_forwards(&name, 0, limit),
            (_, Some(RevisionOption::Revision(revision))) => log.stream_backwards(&name, Some(revision), limit),
            (_, Some(RevisionOption::Start(_))) => log.stream_backwards(&name, Some(0), limit),
            (_, Some(RevisionOption::End(_)) | None) => log.stream_backwards(&name, None, limit),
        };
        match page {
            StreamPage::Deleted => return Ok(Err(stream_deleted(&name))),
            StreamPage::NotFound => {
                let stream_identifier = stream.stream_identifier;
                self.say(ReadContent::StreamNotFound(StreamNotFound { stream_identifier })).await?;
            }
            StreamPage::Page { records, last_revision } => {
                for record in records {
                    let mut content = self.encoder.event(&record);
                    if self.context.shared.hides_positions.load(Ordering::Relaxed) {
                        hide_position(&mut content);
                    }
                    self.say(content).await?;
                }
                if self.options.control_option.is_some_and(|option| option.compatibility >= 1) {
                    self.say(ReadContent::LastStreamPosition(last_revision)).await?;
                }
            }
        }
        Ok(Ok(()))
    }

    async fn all_forwards(&mut self, all: AllOptions) -> Result<Result<(), Status>, Gone> {
        let filter = match Filter::of(self.options.filter.clone()) {
            Ok(filter) => filter,
            Err(status) => return Ok(Err(status)),
        };
        let mut next = match all.position {
            Some(AllOption::Start(_)) | None => 0,
            Some(AllOption::End(_)) => usize::MAX,
            Some(AllOption::Position(position)) => match self.context.shared.log.index_from(position) {
                Ok(index) => index,
                Err(_) => return Ok(Err(invalid_position())),
            },
        };
        let mut left = self.count;
        loop {
            let run = self.context.shared.log.run(next, SCANNED_AT_ONCE);
            let records = match run {
                Run::Foreign { count, .. } if filter.passes_stretches_over() => {
                    self.context.scan(count).await;
                    next += count;
                    if self.answers.is_closed() {
                        return Err(Gone);
                    }
                    continue;
                }
                Run::Foreign { count, .. } => {
                    (next..next + count.min(PAGE)).filter_map(|index| self.context.shared.log.record(index)).collect()
                }
                Run::Records(records) if records.is_empty() => return Ok(Ok(())),
                Run::Records(records) => records,
            };
            next += records.len();
            if self.matching(records, &filter, &mut left).await? {
                return Ok(Ok(()));
            }
        }
    }

    async fn all_backwards(&mut self, all: AllOptions) -> Result<Result<(), Status>, Gone> {
        let filter = match Filter::of(self.options.filter.clone()) {
            Ok(filter) => filter,
            Err(status) => return Ok(Err(status)),
        };
        let mut end = match all.position {
            Some(AllOption::Start(_)) => 0,
            Some(AllOption::End(_)) | None => *self.context.shared.log.readable().borrow(),
            Some(AllOption::Position(position)) => match self.context.shared.log.index_from(position) {
                Ok(index) => index,
                Err(_) => return Ok(Err(invalid_position())),
            },
        };
        let mut left = self.count;
        while end > 0 {
            let run = self.context.shared.log.run_before(end, SCANNED_AT_ONCE);
            let mut records: Vec<_> = match run {
                Run::Foreign { count, .. } if filter.passes_stretches_over() => {
                    self.context.scan(count).await;
                    end -= count;
                    if self.answers.is_closed() {
                        return Err(Gone);
                    }
                    continue;
                }
                Run::Foreign { count, .. } => {
                    let log = &self.context.shared.log;
                    (end - count.min(PAGE)..end).filter_map(|index| log.record(index)).collect()
                }
                Run::Records(records) => records,
            };
            end -= records.len();
            records.reverse();
            if self.matching(records, &filter, &mut left).await? {
                break;
            }
        }
        Ok(Ok(()))
    }

    /// Sends those that match; says whether that were enough.
    async fn matching(&mut self, records: Vec<Arc<Record>>, filter: &Filter, left: &mut u64) -> Result<bool, Gone> {
        for record in records {
            if *left == 0 {
                return Ok(true);
            }
            self.context.shared.looked_at.fetch_add(1, Ordering::Relaxed);
            if filter.allows(&record) {
                self.say(self.encoder.event(&record)).await?;
                *left -= 1;
            }
        }
        Ok(*left == 0)
    }
}

/// What the true server says of a filtered read; not what it says of a subscription.
fn invalid_position() -> Status {
    Status::unknown(
        "Unexpected FilteredReadAllResult: InvalidPosition >> There is not enough space to read full record",
    )
}

/// As servers before 22.10 gave the events of one stream.
fn hide_position(content: &mut ReadContent) {
    if let ReadContent::Event(ReadEvent { event: Some(event), position, .. }) = content {
        (event.commit_position, event.prepare_position) = (u64::MAX, u64::MAX);
        *position = Some(EventPosition::None(Empty {}));
    }
}
