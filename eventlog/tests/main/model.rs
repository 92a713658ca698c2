//! Whatever is asked of them in whatever order, the log in memory and the one in a file answer the same.

use eventlog::*;
use proptest::prelude::*;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Clone, Debug)]
enum Step {
    /// To the stream, expecting so many events more or fewer than it has.
    Append {
        stream: u8,
        off: i8,
        count: usize,
    },
    /// The append before, so many back.
    Repeat {
        back: usize,
    },
    ReadStream {
        stream: u8,
        from: u64,
        limit: usize,
    },
    ReadBackwards {
        stream: u8,
        limit: usize,
    },
    ReadAll {
        after: u64,
        limit: usize,
    },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let off = prop_oneof![6 => Just(0_i8), 1 => -3_i8..=3];
    prop_oneof![
        8 => (0..4_u8, off, 1..4_usize).prop_map(|(stream, off, count)| Step::Append { stream, off, count }),
        2 => (0..4_usize).prop_map(|back| Step::Repeat { back }),
        2 => (0..5_u8, 0..9_u64, 0..9_usize)
            .prop_map(|(stream, from, limit)| Step::ReadStream { stream, from, limit }),
        2 => (0..5_u8, 0..9_usize).prop_map(|(stream, limit)| Step::ReadBackwards { stream, limit }),
        2 => (0..30_u64, 0..30_usize).prop_map(|(after, limit)| Step::ReadAll { after, limit }),
        1 => Just(Step::Reopen),
    ]
}

type Append = (StreamName, ExpectedRevision, Vec<NewEvent>);

struct Both {
    memory: MemoryLog,
    sqlite: Option<SqliteLog>,
    directory: TempDir,
    appends: Vec<Append>,
}

impl Both {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let memory = MemoryLog::with_clock(Arc::new(Default::default));
        let mut both = Self { memory, sqlite: None, directory, appends: Vec::new() };
        both.reopen();
        both
    }

    fn reopen(&mut self) {
        // Small, so that what is kept in memory and what isn't are both met.
        let options = SqliteOptions {
            recent_events: 6,
            remembered_streams: 2,
            clock: Arc::new(Default::default),
            ..SqliteOptions::default()
        };
        self.sqlite = None;
        self.sqlite = Some(SqliteLog::open(&self.directory.path().join("events.db"), options).unwrap());
    }

    fn logs(&self) -> [&dyn EventLog; 2] {
        [&self.memory, self.sqlite.as_ref().unwrap()]
    }

    async fn take(&mut self, step: &Step) -> [String; 2] {
        match *step {
            Step::Append { stream, off, count } => {
                let stream = name(stream);
                let length = self.memory.read_stream(&stream, 0, usize::MAX).await.unwrap().len() as u64;
                let expected = ExpectedRevision::of_length(length.saturating_add_signed(off.into()));
                self.appends.push((stream, expected, (0..count).map(|_| event()).collect()));
                self.append(self.appends.len() - 1).await
            }
            Step::Repeat { back } => match self.appends.len().checked_sub(back + 1) {
                Some(nth) => self.append(nth).await,
                None => Default::default(),
            },
            Step::ReadStream { stream, from, limit } => {
                let [one, other] =
                    self.logs().map(|log| async move { log.read_stream(&name(stream), from, limit).await });
                [said(&one.await), said(&other.await)]
            }
            Step::ReadBackwards { stream, limit } => {
                let [one, other] =
                    self.logs().map(|log| async move { log.read_stream_backwards(&name(stream), limit).await });
                [said(&one.await), said(&other.await)]
            }
            Step::ReadAll { after, limit } => {
                let [one, other] = self.logs().map(|log| log.read_all(Position(after), limit));
                [said(&one.await), said(&other.await)]
            }
            Step::Reopen => {
                self.reopen();
                let [one, other] = self.logs().map(|log| log.head());
                [said(&one.await), said(&other.await)]
            }
        }
    }

    async fn append(&self, nth: usize) -> [String; 2] {
        let (stream, expected, events) = &self.appends[nth];
        let [one, other] = self.logs().map(|log| log.append(stream, *expected, events.clone()));
        [said(&one.await), said(&other.await)]
    }
}

fn name(stream: u8) -> StreamName {
    StreamName::new(format!("cart-{stream}"))
}

fn event() -> NewEvent {
    NewEvent { id: Uuid::now_v7(), event_type: "Happened".into(), data: "{}".into(), metadata: "{}".into() }
}

fn said(answer: &impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_embedded_logs_answer_the_same(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut both = Both::new();
            for step in &steps {
                let [memory, sqlite] = both.take(step).await;
                assert_eq!(memory, sqlite, "{step:?}");
            }
        });
    }
}
