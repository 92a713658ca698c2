//! What the embedded logs promise beyond the port.

use chrono::{DateTime, Duration, Utc};
use eventlog::*;
use futures::StreamExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

fn event() -> NewEvent {
    NewEvent { id: Uuid::now_v7(), event_type: "Happened".into(), data: "{}".into(), metadata: "{}".into() }
}

async fn append(log: &dyn EventLog, length: u64, count: usize) -> Result<Appended, AppendError> {
    let events = (0..count).map(|_| event()).collect();
    log.append(&StreamName::new("cart-1"), ExpectedRevision::of_length(length), events).await
}

async fn everything(log: &dyn EventLog) -> Vec<RecordedEvent> {
    log.read_all(Position::START, usize::MAX).await.unwrap()
}

fn path_in(directory: &TempDir) -> PathBuf {
    directory.path().join("events.db")
}

fn open(path: &Path) -> Result<SqliteLog, LogError> {
    SqliteLog::open(path, SqliteOptions::default())
}

/// What opening says that can't be done.
fn refusal(path: &Path) -> LogError {
    open(path).err().expect("it was opened")
}

#[test]
fn a_file_that_is_not_ours_is_left_as_it_is() {
    let directory = TempDir::new().unwrap();
    let path = path_in(&directory);
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    drop(foreign);
    let database = std::fs::read(&path).unwrap();
    let text = "Dear diary, ".repeat(1000).into_bytes();
    for content in [database, text] {
        std::fs::write(&path, &content).unwrap();
        let refused = refusal(&path);
        assert!(matches!(&refused, LogError::Damaged(_)), "{refused}");
        assert!(refused.to_string().contains("move it away"), "says what to do: {refused}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_log_of_a_newer_version_is_left_as_it_is() {
    let directory = TempDir::new().unwrap();
    let path = path_in(&directory);
    drop(open(&path).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(newer);
    let content = std::fs::read(&path).unwrap();
    let refused = refusal(&path).to_string();
    assert!(refused.contains("format 7") && refused.contains("start the version"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[tokio::test]
async fn a_log_is_of_a_newer_format_from_the_first_append_on_and_earlier_programs_then_leave_it_alone() {
    let directory = TempDir::new().unwrap();
    let path = path_in(&directory);
    let of_format = |format| SqliteLog::open(&path, SqliteOptions { format, ..SqliteOptions::default() });
    append(&of_format(1).unwrap(), 0, 1).await.unwrap();
    // Looked at, and refused an append: nothing was written that the earlier one can't read.
    append(&of_format(2).unwrap(), 7, 1).await.unwrap_err();
    append(&of_format(1).unwrap(), 1, 1).await.unwrap();
    append(&of_format(2).unwrap(), 2, 1).await.unwrap();
    let refused = of_format(1).err().expect("it is of a newer format").to_string();
    assert!(refused.contains("format 2") && refused.contains("formats up to 1"), "{refused}");
    assert_eq!(everything(&of_format(2).unwrap()).await.len(), 3);
    assert!(of_format(3).is_ok());
}

#[tokio::test]
async fn a_log_is_open_once_at_a_time() {
    let directory = TempDir::new().unwrap();
    let path = path_in(&directory);
    let log = open(&path).unwrap();
    let refused = refusal(&path);
    assert!(matches!(&refused, LogError::Unavailable(_)), "{refused}");
    assert!(refused.to_string().contains("open already"), "{refused}");
    append(&log, 0, 1).await.unwrap();
    drop(log);
    append(&open(&path).unwrap(), 1, 1).await.unwrap();
}

#[tokio::test]
async fn a_closed_log_is_one_file() {
    let directory = TempDir::new().unwrap();
    let log = open(&path_in(&directory)).unwrap();
    append(&log, 0, 100).await.unwrap();
    log.read_stream(&StreamName::new("cart-1"), 0, 10).await.unwrap();
    drop(log);
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["events.db", "events.db-lock"]);
}

#[tokio::test]
async fn damage_is_told_and_stops_nobody_else() {
    let directory = TempDir::new().unwrap();
    let path = path_in(&directory);
    let log = open(&path).unwrap();
    append(&log, 0, 5000).await.unwrap();
    drop(log);
    let mut content = std::fs::read(&path).unwrap();
    let half = content.len() / 2;
    content[half..half + 100_000].fill(0xff);
    std::fs::write(&path, content).unwrap();
    let log = open(&path).unwrap();
    let read = log.read_all(Position::START, usize::MAX).await;
    assert!(matches!(read, Err(LogError::Damaged(_))), "{read:?}");
    let whole = log.read_all(Position::START, 10).await.unwrap();
    assert_eq!(whole.len(), 10, "what is whole can still be read");
}

#[tokio::test]
async fn recorded_at_never_goes_back_even_if_the_clock_does() {
    let directory = TempDir::new().unwrap();
    let begin = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
    let micros = Arc::new(AtomicI64::new(0));
    let clock: Clock = {
        let micros = Arc::clone(&micros);
        Arc::new(move || begin + Duration::microseconds(micros.load(Ordering::Relaxed)))
    };
    let reopen = || {
        let options = SqliteOptions { clock: Arc::clone(&clock), ..SqliteOptions::default() };
        Box::new(SqliteLog::open(&path_in(&directory), options).unwrap())
    };
    let memory = MemoryLog::with_clock(Arc::clone(&clock));
    let mut log = reopen();
    for (length, now_ms) in (0..).zip([0, 1000, 500, 1000, 999, 2000]) {
        micros.store(now_ms * 1000 + 789, Ordering::Relaxed);
        append(&*log, length, 1).await.unwrap();
        append(&memory, length, 1).await.unwrap();
        if now_ms == 500 {
            drop(log);
            log = reopen();
        }
    }
    drop(log);
    for log in [&memory as &dyn EventLog, &*reopen()] {
        let times: Vec<DateTime<Utc>> = everything(log).await.iter().map(|event| event.recorded_at).collect();
        let expected = [0, 1000, 1000, 1000, 1000, 2000].map(|ms| begin + Duration::milliseconds(ms));
        assert_eq!(times, expected, "in whole milliseconds");
    }
}

#[tokio::test]
async fn a_panic_of_the_writer_is_answered_and_ends_nothing_else() {
    let directory = TempDir::new().unwrap();
    let panics = Arc::new(AtomicBool::new(false));
    let clock: Clock = {
        let panics = Arc::clone(&panics);
        Arc::new(
            move || if panics.load(Ordering::Relaxed) { panic!("the test breaks the writer off") } else { Utc::now() },
        )
    };
    let options = SqliteOptions { clock, ..SqliteOptions::default() };
    let log = SqliteLog::open(&path_in(&directory), options).unwrap();
    append(&log, 0, 1).await.unwrap();
    panics.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        // Whoever it was at work for can't know how far it came.
        let answer = append(&log, 1, 1).await;
        assert!(matches!(answer, Err(AppendError::OutcomeUnknown { .. })), "{answer:?}");
    }
    assert_eq!(everything(&log).await.len(), 1, "reading goes on");
    panics.store(false, Ordering::Relaxed);
    append(&log, 1, 1).await.unwrap();
    assert_eq!(everything(&log).await.len(), 2);
}

/// Whoever keeps a copy of the file alone, after a clean end or not, has all of it.
#[tokio::test]
async fn settled_the_file_alone_is_whole() {
    let (directory, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = open(&path_in(&directory)).unwrap();
    for length in 0..5 {
        append(&log, length, 1).await.unwrap();
    }
    sqlite::Settle::settle(&log).unwrap();
    std::fs::copy(path_in(&directory), path_in(&copy)).unwrap();
    assert_eq!(everything(&open(&path_in(&copy)).unwrap()).await.len(), 5);
}

#[tokio::test]
async fn a_closed_log_ends_its_subscriptions() {
    let directory = TempDir::new().unwrap();
    let logs: [Box<dyn EventLog>; 2] = [Box::new(MemoryLog::new()), Box::new(open(&path_in(&directory)).unwrap())];
    for log in logs {
        let mut subscription = log.subscribe(Position::START);
        subscription.next().await;
        drop(log);
        assert!(matches!(subscription.next().await, Some(Err(LogError::Unavailable(_)))));
    }
}

/// The mark comes when all was brought, and again only after falling behind.
#[tokio::test]
async fn marks_say_when_a_follower_has_caught_up() {
    let directory = TempDir::new().unwrap();
    let options = SqliteOptions { recent_events: 100, ..SqliteOptions::default() };
    let sqlite = SqliteLog::open(&path_in(&directory), options).unwrap();
    for log in [&MemoryLog::new() as &dyn EventLog, &sqlite] {
        let mut subscription = log.subscribe(Position::START);
        assert_eq!(next(&mut subscription).await, Err(Position(0)));
        append(log, 0, 3).await.unwrap();
        assert_eq!(next(&mut subscription).await, Ok(3));
        append(log, 3, 2).await.unwrap();
        assert_eq!(next(&mut subscription).await, Ok(2), "no mark between: it kept up");
        append(log, 5, 2000).await.unwrap();
        let mut brought = 0;
        while brought < 2000 {
            brought += next(&mut subscription).await.expect("all is brought before the mark");
        }
        assert_eq!(next(&mut subscription).await, Err(Position(2005)), "it had fallen behind");
        append(log, 2005, 4).await.unwrap();
        assert_eq!(next(&mut subscription).await, Ok(4));
    }
}

/// The number of the next events, or the position of the mark.
async fn next(subscription: &mut Subscription) -> Result<usize, Position> {
    match subscription.next().await.unwrap().unwrap() {
        SubscriptionItem::Events(events) => Ok(events.len()),
        SubscriptionItem::CaughtUp(position) => Err(position),
    }
}

#[tokio::test]
async fn a_position_beyond_the_head_waits_for_what_comes_after_it() {
    let directory = TempDir::new().unwrap();
    let sqlite = open(&path_in(&directory)).unwrap();
    for log in [&MemoryLog::new() as &dyn EventLog, &sqlite] {
        let mut subscription = log.subscribe(Position(3));
        assert!(matches!(subscription.next().await, Some(Ok(SubscriptionItem::CaughtUp(_)))));
        append(log, 0, 2).await.unwrap();
        append(log, 2, 3).await.unwrap();
        let Some(Ok(SubscriptionItem::Events(events))) = subscription.next().await else { panic!("no events") };
        assert_eq!(events.iter().map(|event| event.position.0).collect::<Vec<_>>(), [4, 5]);
    }
}

/// Shown by taking the file away: whoever had to open it for reading would fail.
#[cfg(unix)]
#[tokio::test]
async fn who_follows_near_the_head_never_touches_the_file() {
    let directory = TempDir::new().unwrap();
    let log = open(&path_in(&directory)).unwrap();
    let mut subscription = log.subscribe(Position::START);
    subscription.next().await;
    std::fs::remove_file(path_in(&directory)).unwrap();
    for length in 0..50 {
        append(&log, length, 1).await.unwrap();
        assert!(matches!(subscription.next().await, Some(Ok(SubscriptionItem::Events(_)))));
        assert_eq!(log.read_all(Position(length), 10).await.unwrap().len(), 1);
        assert_eq!(log.head().await.unwrap(), Position(length + 1));
    }
    assert!(log.read_stream(&StreamName::new("cart-1"), 0, 1).await.is_err(), "reading a stream needs it");
}
