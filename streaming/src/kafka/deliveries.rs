//! Where the producer's records came to stand. A topic only grows: one that begins again was lost, and made anew.

use super::client::Quiet;
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use std::collections::BTreeMap;

/// The producer's context: it is told of each record that a broker has taken.
pub(super) struct Deliveries {
    quiet: Quiet,
    known: Mutex<TopicEnds>,
}

#[derive(Default)]
struct TopicEnds {
    /// Of each topic of events, where its partitions end.
    ends: BTreeMap<String, Vec<i64>>,
    /// A topic that began again.
    lost: Option<String>,
}

impl Deliveries {
    pub(super) fn new() -> Self {
        Self { quiet: Quiet::default(), known: Mutex::default() }
    }

    /// Where the topics end before anything is written. Nothing of the producer's may be under way.
    pub(super) fn begin(&self, ends: BTreeMap<String, Vec<i64>>) {
        *self.known.lock() = TopicEnds { ends, lost: None };
    }

    /// A topic that began again since.
    pub(super) fn lost(&self) -> Option<String> {
        self.known.lock().lost.clone()
    }

    /// By topic, the ends of its partitions added up.
    pub(super) fn totals(&self) -> BTreeMap<String, u64> {
        let total = |ends: &Vec<i64>| ends.iter().map(|end| u64::try_from(*end).unwrap_or(0)).sum();
        self.known.lock().ends.iter().map(|(topic, ends)| (topic.clone(), total(ends))).collect()
    }
}

impl TopicEnds {
    fn take(&mut self, topic: &str, partition: i32, offset: i64) {
        let (Some(ends), Ok(partition)) = (self.ends.get_mut(topic), usize::try_from(partition)) else { return };
        if partition >= ends.len() {
            ends.resize(partition + 1, 0);
        }
        let end = &mut ends[partition];
        if offset < *end {
            self.lost = Some(topic.to_owned());
        }
        *end = offset.saturating_add(1);
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.quiet.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.quiet.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    /// A record that was not delivered fails its transaction, where it is met.
    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Ok(record) = result {
            self.known.lock().take(record.topic(), record.partition(), record.offset());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_begins_again_is_lost_and_one_with_gaps_is_not() {
        let mut known = TopicEnds { ends: [("t".to_owned(), vec![5, 0])].into(), lost: None };
        for (partition, offset) in [(0, 5), (0, 9), (1, 0), (7, 3)] {
            known.take("t", partition, offset);
            known.take("another", partition, 0);
        }
        assert_eq!((known.lost.as_deref(), &known.ends["t"][..3]), (None, &[10, 1, 0][..]));
        known.take("t", 0, 0);
        assert_eq!(known.lost.as_deref(), Some("t"));
    }
}
