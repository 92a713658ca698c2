//! The disk is full or fails for a while: appends are answered `Unavailable`, nothing that was answered is lost, reading
//! goes on, and so does everything once the disk is well again.

use super::process::{self, Process};
use eventlog::*;
use std::path::Path;
use uuid::Uuid;

#[tokio::test]
#[ignore = "runs in a process of its own, started by the tests below"]
async fn a_process_in_trouble() {
    let (Some(directory), Some(trouble)) = (process::watched_directory(), process::trouble()) else { return };
    let kind = std::env::var("TROUBLE").unwrap();
    live_through(&directory.join("events.db"), &trouble, &kind).await;
}

#[test]
fn a_full_disk_stops_appends_only_and_only_while_it_is_full() {
    Process::new().run("disk::trouble::a_process_in_trouble", &[("TROUBLE", "w")]);
}

#[test]
fn a_disk_that_fails_to_sync_stops_appends_only_and_only_while_it_does() {
    Process::new().run("disk::trouble::a_process_in_trouble", &[("TROUBLE", "s")]);
}

fn event() -> NewEvent {
    let data = vec![b'7'; 3000].into();
    NewEvent { id: Uuid::now_v7(), event_type: "Happened".to_owned(), data, metadata: "{}".into() }
}

fn open(path: &Path) -> Result<SqliteLog, LogError> {
    SqliteLog::open(path, SqliteOptions { checkpoint_pages: 4, ..SqliteOptions::default() })
}

async fn append(log: &SqliteLog, length: u64, event: &NewEvent) -> Result<Appended, AppendError> {
    let expected = ExpectedRevision::of_length(length);
    log.append(&StreamName::new("cart-1"), expected, vec![event.clone()]).await
}

async fn live_through(path: &Path, trouble: &Path, kind: &str) {
    let events: Vec<NewEvent> = (0..60).map(|_| event()).collect();
    let log = open(path).unwrap();
    let mut answers = Vec::new();
    for (length, event) in (0..).zip(&events) {
        // Every third time in trouble, and twice in a row; then the very same append goes through.
        if length % 3 == 0 {
            std::fs::write(trouble, kind).unwrap();
            for _ in 0..2 {
                let refused = append(&log, length, event).await;
                // Where the commit itself failed, what is left of it may be found by who opens the file.
                let passes = matches!(
                    refused,
                    Err(AppendError::Unavailable { source: LogError::Unavailable(_), .. }
                        | AppendError::OutcomeUnknown { source: LogError::Unavailable(_), .. })
                );
                assert!(passes, "{refused:?}");
            }
            assert_eq!(log.read_all(Position::START, 100).await.unwrap().len() as u64, length);
            assert_eq!(log.head().await.unwrap(), Position(length));
            std::fs::remove_file(trouble).unwrap();
        }
        answers.push(append(&log, length, event).await.unwrap());
    }
    let before = log.read_all(Position::START, 100).await.unwrap();
    drop(log);

    std::fs::write(trouble, kind).unwrap();
    if let Err(error) = open(path) {
        assert!(matches!(error, LogError::Unavailable(_)), "{error}");
    }
    std::fs::remove_file(trouble).unwrap();

    let log = open(path).unwrap();
    assert_eq!(log.read_all(Position::START, 100).await.unwrap(), before);
    assert!(before.iter().map(|event| event.id).eq(events.iter().map(|event| event.id)));
    for ((length, event), answer) in (0..).zip(&events).zip(answers) {
        assert_eq!(append(&log, length, event).await.unwrap(), answer);
    }
}
