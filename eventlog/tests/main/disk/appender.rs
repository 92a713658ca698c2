//! What the process does whose power is cut: it appends, and writes down each answer when it has it.

use eventlog::*;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// What an answer said, as the process wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub stream: String,
    pub revision: u64,
    pub position: u64,
}

impl Answer {
    fn to_line(&self) -> String {
        format!("{} {} {}\n", self.stream, self.revision, self.position)
    }

    pub fn from_line(line: &[u8]) -> Self {
        let line = std::str::from_utf8(line).unwrap();
        let mut words = line.split_whitespace();
        Self {
            stream: words.next().unwrap().to_owned(),
            revision: words.next().unwrap().parse().unwrap(),
            position: words.next().unwrap().parse().unwrap(),
        }
    }
}

pub fn open(directory: &Path, synchronous: Synchronous) -> Result<SqliteLog, LogError> {
    // Checkpoints come often, so that cuts meet them in every phase.
    let options = SqliteOptions { synchronous, checkpoint_pages: 8, ..SqliteOptions::default() };
    SqliteLog::open(&directory.join("events.db"), options)
}

/// What an event says of the append that it came with: `nth` of `of`.
pub fn event(nth: usize, of: usize, bytes: usize) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        event_type: format!("Type{}", nth % 5),
        data: format!(r#"{{"nth":{nth},"of":{of},"text":"{}"}}"#, "x".repeat(bytes)).into(),
        metadata: "{}".into(),
    }
}

/// Four appenders side by side, over three lives of the log.
pub async fn append_and_note_answers(directory: &Path, synchronous: Synchronous) {
    let answers = Arc::new(File::create(directory.join("answers")).unwrap());
    for life in 0..3_u64 {
        let log = Arc::new(open(directory, synchronous).unwrap());
        let appenders: Vec<_> = (0..4)
            .map(|appender| tokio::spawn(append_some(Arc::clone(&log), Arc::clone(&answers), life, appender)))
            .collect();
        for appender in appenders {
            appender.await.unwrap();
        }
    }
}

async fn append_some(log: Arc<SqliteLog>, answers: Arc<File>, life: u64, appender: usize) {
    let stream = StreamName::new(format!("cart-{appender}"));
    let mut length = log.read_stream(&stream, 0, usize::MAX).await.unwrap().len() as u64;
    for append in 0..25_usize {
        let of = 1 + append % 3;
        let bytes = if append % 8 == 7 { 9000 } else { 200 * appender };
        // A new stream now and then, so that its name has to be there as well.
        let stream = match append % 5 {
            4 => StreamName::new(format!("invoice-{life}-{appender}-{append}")),
            _ => stream.clone(),
        };
        let expected = if append % 5 == 4 { 0 } else { length };
        let events = (0..of).map(|nth| event(nth, of, bytes)).collect();
        let appended = log.append(&stream, ExpectedRevision::of_length(expected), events).await.unwrap();
        if append % 5 != 4 {
            length = appended.revision + 1;
        }
        note(&answers, &stream, appended);
    }
}

fn note(mut answers: &File, stream: &StreamName, appended: Appended) {
    let answer = Answer { stream: stream.to_string(), revision: appended.revision, position: appended.position.0 };
    answers.write_all(answer.to_line().as_bytes()).unwrap();
}

/// One appender; now and then syncs fail while it tries the same append again and again. Any answer is noted.
pub async fn append_while_syncs_fail(directory: &Path, trouble: &Path) {
    let answers = File::create(directory.join("answers")).unwrap();
    let stream = StreamName::new("cart-1");
    let mut length = 0;
    for life in 0..3 {
        let log = open(directory, Synchronous::Full).unwrap();
        for append in 0..20 {
            let events = vec![event(0, 2, 500), event(1, 2, 500)];
            if (append + life) % 3 == 0 {
                std::fs::write(trouble, "s").unwrap();
            }
            for attempt in 0..5 {
                if attempt == 3 {
                    std::fs::remove_file(trouble).ok();
                }
                let expected = ExpectedRevision::of_length(length);
                if let Ok(appended) = log.append(&stream, expected, events.clone()).await {
                    note(&answers, &stream, appended);
                }
            }
            length += 2;
        }
    }
}
