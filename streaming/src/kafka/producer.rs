//! The transactional producer. Its calls block, so it has a thread of its own; what it is told comes through a short queue.
//!
//! Errors are of four classes: the same call again; abort and the same batch again; a new producer; and fenced, which is the
//! end of this forwarder's turn. Whatever is not known is a new producer: it begins by fencing the old one, so that nothing
//! of it can still come after.

use super::ForwarderOptions;
use super::checkpoint::{self, ForwardedUpTo, Reader};
use super::client::settings;
use super::deliveries::Deliveries;
use super::failure::ProducerFailure;
use super::fault::KafkaFault;
use super::message;
use super::topic_trouble::{Loss, TopicTrouble};
use super::topics::{self, LARGEST_MESSAGE};
use eventlog::{Checkpoint, LogId, Position, RecordedEvent};
use health::Outcomes;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::util::Timeout;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;

/// How long a producer may take to begin.
const BEGUN_WITHIN: Duration = Duration::from_secs(30);
/// How long a transaction may live before the brokers abort it. Readers wait that long at most for one that hangs.
const TRANSACTION_MS: &str = "60000";
/// How long brokers may take to accept a batch: as long as its transaction may live.
const FLUSHED_WITHIN: Duration = Duration::from_secs(60);
/// A producer that says nothing for so long hangs, and is given up.
const HANGS_AFTER: Duration = Duration::from_secs(120);
/// How long a producer that has nothing to do waits before it looks whether the brokers are there, and how long that may take: what
/// comes in meanwhile waits for it.
const LOOKED_AFTER: Duration = Duration::from_secs(5);
const SEEN_WITHIN: Duration = Duration::from_secs(3);
/// How often a call, or a whole batch, is done again before there is a new producer.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(100);
/// Batches that wait for the producer.
const QUEUED: usize = 1;

/// Up to where committed; nothing yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Committed(pub(super) Option<Position>);

/// The way to a producer.
pub(super) struct Queue(Option<mpsc::Sender<Vec<RecordedEvent>>>);

impl Queue {
    /// Waits for room for one batch that has been waiting since then; `None`: the producer has ended.
    pub(super) async fn room(
        &self,
        waiting_since: Instant,
    ) -> Result<Option<mpsc::Permit<'_, Vec<RecordedEvent>>>, ProducerFailure> {
        let Some(batches) = &self.0 else { return Ok(None) };
        match tokio::time::timeout_at(waiting_since + HANGS_AFTER, batches.reserve()).await {
            Ok(room) => Ok(room.ok()),
            Err(_) => Err(hung()),
        }
    }
}

/// A producer at work, from outside.
pub(super) struct Producing {
    batches: Option<mpsc::Sender<Vec<RecordedEvent>>>,
    committed: watch::Receiver<Committed>,
    reaches: Arc<Outcomes>,
    ended: oneshot::Receiver<Result<(), ProducerFailure>>,
}

impl Producing {
    /// Starts one: all before it are fenced, and then what they committed last is read. `topics` are those of events that are there.
    pub(super) async fn start(
        options: Arc<ForwarderOptions>,
        log_id: LogId,
        topics: BTreeMap<String, i32>,
    ) -> Result<(Self, Began), ProducerFailure> {
        let (batches, mut queue) = mpsc::channel(QUEUED);
        let (progress, committed) = watch::channel(Committed(None));
        let (ready, began) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let reaches: Arc<Outcomes> = Arc::default();
        let (runtime, reached) = (Handle::current(), Arc::clone(&reaches));
        let work = move || {
            // Whoever waits may be gone: then it ends by itself, as nothing comes through the queue any more.
            match Transactions::begin(&options, &topics) {
                Err(error) => drop(ready.send(Err(error))),
                Ok((transactions, began)) => {
                    let _ = ready.send(Ok(began));
                    let batches = || runtime.block_on(async { tokio::time::timeout(LOOKED_AFTER, queue.recv()).await });
                    let _ = end.send(transactions.work(log_id, batches, &progress, &reached));
                }
            }
        };
        std::thread::Builder::new()
            .name("kafka-forwarder".to_owned())
            .spawn(work)
            .map_err(|error| ProducerFailure::Kafka(KafkaFault::no_thread(error)))?;
        let began = tokio::time::timeout(HANGS_AFTER, began).await.unwrap_or(Ok(Err(hung())));
        let began = began.unwrap_or_else(|_| Err(hung()))?;
        Ok((Self { batches: Some(batches), committed, reaches, ended }, began))
    }

    /// What batches are handed over by. The producer goes on until all of these are gone.
    pub(super) fn queue(&self) -> Queue {
        Queue(self.batches.clone())
    }

    /// Says up to where committed, as it moves.
    pub(super) fn commits(&self) -> watch::Receiver<Committed> {
        self.committed.clone()
    }

    /// Whether the brokers are there: by the last commit, or the last look where there was nothing to commit.
    pub(super) fn reaches(&self) -> Arc<Outcomes> {
        Arc::clone(&self.reaches)
    }

    /// Waits until it is of no more use, and says why.
    pub(super) async fn failed(&mut self) -> ProducerFailure {
        match (&mut self.ended).await {
            Ok(Err(broken)) => broken,
            Ok(Ok(())) | Err(_) => KafkaFault::ProducerEnded.into(),
        }
    }

    /// Lets it finish what it has, and ends it.
    pub(super) async fn end(mut self) -> Result<(), ProducerFailure> {
        self.batches = None;
        match tokio::time::timeout(HANGS_AFTER, &mut self.ended).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(hung()),
        }
    }
}

fn hung() -> ProducerFailure {
    KafkaFault::ProducerHangs.into()
}

/// What to do about an error.
enum Class {
    Again(KafkaFault),
    Abort(KafkaFault),
    NewProducer(KafkaFault),
    Fenced,
    /// The topic began again.
    Lost(String),
}

fn class_of(doing: &'static str, error: KafkaError) -> Class {
    let fault = KafkaFault::of(doing, error.clone());
    let is_fenced = |code| {
        matches!(
            code,
            RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch
        )
    };
    match &error {
        KafkaError::Transaction(inner) if is_fenced(inner.code()) => Class::Fenced,
        KafkaError::Transaction(inner) if inner.is_fatal() => Class::NewProducer(fault),
        KafkaError::Transaction(inner) if inner.txn_requires_abort() => Class::Abort(fault),
        KafkaError::Transaction(inner) if inner.is_retriable() => Class::Again(fault),
        other if other.rdkafka_error_code().is_some_and(is_fenced) => Class::Fenced,
        _ => Class::NewProducer(fault),
    }
}

/// What stood in Kafka when a producer began.
pub(super) struct Began {
    pub stored: Option<ForwardedUpTo>,
    /// By topic, the ends of its partitions added up.
    pub ends: BTreeMap<String, u64>,
}

/// The producer itself. All of it blocks.
pub(super) struct Transactions {
    options: Arc<ForwarderOptions>,
    producer: BaseProducer<Deliveries>,
    position_topic: String,
}

impl Transactions {
    /// Fences whoever was before, and only then reads what is committed: nothing can be committed by them any more.
    pub(super) fn begin(
        options: &Arc<ForwarderOptions>,
        topics: &BTreeMap<String, i32>,
    ) -> Result<(Self, Began), ProducerFailure> {
        let failed = |error: KafkaError| KafkaFault::of("making a producer", error);
        let producer: BaseProducer<Deliveries> = settings(options)
            .set("transactional.id", options.transactional_id())
            .set("transaction.timeout.ms", TRANSACTION_MS)
            .set("message.max.bytes", LARGEST_MESSAGE)
            .set("partitioner", "murmur2_random") // as Java's clients do: the same stream, the same partition
            .set("linger.ms", "5")
            .set("compression.type", "none")
            .set("queue.buffering.max.messages", "100000")
            .set("queue.buffering.max.kbytes", "131072")
            .create_with_context(Deliveries::new())
            .map_err(failed)?;
        let transactions = Self { options: Arc::clone(options), producer, position_topic: options.position_topic() };
        transactions.call("beginning", || transactions.producer.init_transactions(BEGUN_WITHIN)).map_err(broken)?;
        let stored = Reader::open(options)?.read_to_end(&CancellationToken::new())?;
        transactions.measure(topics)?;
        let ends = transactions.producer.client().context().totals();
        Ok((transactions, Began { stored, ends }))
    }

    /// Looks where topics of events end: nothing else writes to them. Those that are not there yet end at 0.
    fn measure(&self, topics: &BTreeMap<String, i32>) -> Result<(), ProducerFailure> {
        let mut ends: BTreeMap<String, Vec<i64>> =
            domain::Category::ALL.into_iter().map(|category| (self.options.topic(category), Vec::new())).collect();
        let seen = topics::ends(&self.options, topics)?;
        for ((topic, partition), end) in seen {
            let (ends, partition) = (ends.entry(topic).or_default(), usize::try_from(partition).unwrap_or(0));
            ends.resize(ends.len().max(partition + 1), 0);
            ends[partition] = end;
        }
        self.producer.client().context().begin(ends);
        Ok(())
    }

    /// Commits batch after batch, for as long as there is somebody to hand one over.
    fn work(
        &self,
        log_id: LogId,
        mut batches: impl FnMut() -> Result<Option<Vec<RecordedEvent>>, Elapsed>,
        progress: &watch::Sender<Committed>,
        reached: &Outcomes,
    ) -> Result<(), ProducerFailure> {
        loop {
            match batches() {
                Ok(None) => return Ok(()),
                Err(_) => self.look(reached),
                Ok(Some(batch)) => {
                    let Some(last) = batch.last() else { continue };
                    let stored = ForwardedUpTo::at(&Checkpoint { log_id, position: last.position, event_id: last.id });
                    self.commit(&batch, stored)?;
                    reached.succeeded();
                    metrics::counter!("cartlog_kafka_events_total").increment(batch.len() as u64);
                    progress.send_replace(Committed(Some(last.position)));
                }
            }
        }
    }

    /// Whether the brokers are there, where nothing is sent that would tell.
    fn look(&self, reached: &Outcomes) {
        match self.producer.client().fetch_metadata(Some(&self.position_topic), SEEN_WITHIN) {
            Ok(_) => reached.succeeded(),
            Err(error) => reached.failed(error.to_string()),
        }
    }

    /// These events and how far the log was forwarded with them, in one transaction; again as long as aborting helps.
    pub(super) fn commit(&self, batch: &[RecordedEvent], mut stored: ForwardedUpTo) -> Result<(), ProducerFailure> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.transaction(batch, &mut stored) {
                Ok(()) => return Ok(()),
                Err(Class::Abort(reason)) => {
                    tracing::warn!(%reason, "a transaction in Kafka is aborted and done again");
                    let abort = || self.producer.abort_transaction(Timeout::Never);
                    self.call("aborting", abort).map_err(broken)?;
                    if tries == TRIES {
                        return Err(reason.into());
                    }
                }
                Err(Class::Lost(topic)) => {
                    // Nothing of it is kept, so that the topic is as empty as it was found.
                    let _ = self.call("aborting", || self.producer.abort_transaction(Timeout::Never));
                    return Err(broken(Class::Lost(topic)));
                }
                Err(other) => return Err(broken(other)),
            }
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the brokers hold stamps against a clock of their own, which no test sets either"
    )]
    fn transaction(&self, batch: &[RecordedEvent], stored: &mut ForwardedUpTo) -> Result<(), Class> {
        self.call("beginning a transaction", || self.producer.begin_transaction())?;
        for event in batch {
            // What is none of ours has no topic, and never a key in one.
            let Some(topic) = self.options.topic_of(event.stream.as_str()) else { continue };
            let record = BaseRecord::to(&topic)
                .key(event.stream.as_str())
                .payload(event.data.as_ref())
                .timestamp(message::stamp(event.recorded_at, chrono::Utc::now()))
                .headers(message::headers(event));
            self.send(record)?;
        }
        // The brokers have taken all of them, or have refused some: committing would tell only that.
        self.call("sending", || self.producer.flush(FLUSHED_WITHIN))?;
        if let Some(topic) = self.producer.client().context().lost() {
            return Err(Class::Lost(topic));
        }
        stored.ends = self.producer.client().context().totals();
        self.send(BaseRecord::to(&self.position_topic).key(checkpoint::KEY).payload(&stored.write()))?;
        // As long as the transaction may live: whether it was committed must be known.
        self.call("committing", || self.producer.commit_transaction(Timeout::Never))
    }

    fn send<K: rdkafka::message::ToBytes + ?Sized, P: rdkafka::message::ToBytes + ?Sized>(
        &self,
        mut record: BaseRecord<'_, K, P>,
    ) -> Result<(), Class> {
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                    record = refused;
                    self.producer.poll(PAUSE);
                }
                Err((error, _)) => {
                    // A transaction that failed meanwhile says so at every record: aborting tells what it is.
                    return Err(match class_of("sending", error) {
                        Class::Fenced => Class::Fenced,
                        Class::Lost(topic) => Class::Lost(topic),
                        Class::NewProducer(fault) | Class::Again(fault) | Class::Abort(fault) => Class::Abort(fault),
                    });
                }
            }
        }
    }

    /// Calls, and again where the error says that this helps.
    fn call(&self, doing: &'static str, call: impl Fn() -> KafkaResult<()>) -> Result<(), Class> {
        let mut tries = 0;
        loop {
            let Err(error) = call() else { return Ok(()) };
            tries += 1;
            match class_of(doing, error) {
                Class::Again(fault) if tries == TRIES => return Err(Class::NewProducer(fault)),
                Class::Again(_) => {
                    self.producer.poll(PAUSE);
                }
                other => return Err(other),
            }
        }
    }
}

fn broken(class: Class) -> ProducerFailure {
    match class {
        Class::Fenced => ProducerFailure::Fenced,
        Class::Lost(topic) => ProducerFailure::Topics(TopicTrouble::Lost { topic, loss: Loss::MadeAnew }),
        Class::Again(fault) | Class::Abort(fault) | Class::NewProducer(fault) => ProducerFailure::Kafka(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says_it_hangs<T>(outcome: Result<T, ProducerFailure>) -> bool {
        matches!(outcome, Err(ProducerFailure::Kafka(KafkaFault::ProducerHangs)))
    }

    /// Its brokers took a batch and say nothing any more: whoever hands over the next one is not kept for ever.
    #[tokio::test(start_paused = true)]
    async fn a_producer_that_says_nothing_is_given_up() {
        let (batches, _taken_by_nobody) = mpsc::channel(QUEUED);
        let (_committed, committed) = watch::channel(Committed(None));
        let (_end, ended) = oneshot::channel();
        let producing = Producing { batches: Some(batches), committed, reaches: Arc::default(), ended };
        let (queue, begun) = (producing.queue(), Instant::now());
        queue.room(begun).await.expect("it has not hung yet").expect("it is there").send(Vec::new());
        // As long as that in all, not from when it is asked.
        tokio::time::advance(HANGS_AFTER / 2).await;
        let given_up = tokio::time::timeout(HANGS_AFTER * 3 / 4, queue.room(begun)).await.expect("it is given up");
        assert!(says_it_hangs(given_up));
        let ended = tokio::time::timeout(HANGS_AFTER * 2, producing.end()).await.expect("it is given up");
        assert!(says_it_hangs(ended));
    }
}
