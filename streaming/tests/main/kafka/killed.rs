//! Forwarders in processes of their own, which are killed or put to sleep in the middle of a transaction.

use super::*;
use eventlog::RecordedEvent;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What the child forwards, and where; nothing without the variables. Prints how far it is.
#[tokio::test]
async fn child_that_forwards() {
    let (Ok(prefix), Ok(directory)) = (std::env::var("CARTLOG_TEST_PREFIX"), std::env::var("CARTLOG_TEST_LOG")) else {
        return;
    };
    let log: Arc<dyn EventLog> = Arc::new(open(&directory));
    let options = ForwarderOptions {
        prefix,
        partitions: 2,
        stand_by_for: Duration::from_millis(200),
        ..ForwarderOptions::new(brokers())
    };
    let forwarder = Forwarder::new(log, options);
    forwarder.run(CancellationToken::new(), |now| eprintln!("forwarded {}", now.done)).await.unwrap();
}

fn open(directory: &str) -> eventlog::SqliteLog {
    let options = eventlog::SqliteOptions { synchronous: eventlog::Synchronous::Normal, ..Default::default() };
    eventlog::SqliteLog::open(&std::path::Path::new(directory).join("log.db"), options).unwrap()
}

/// Each works on a copy: a log on the disk belongs to one process.
fn start_child(options: &ForwarderOptions, directory: &std::path::Path) -> Child {
    let copy = directory.join(Uuid::new_v4().simple().to_string());
    std::fs::create_dir(&copy).unwrap();
    for file in ["log.db", "log.db-wal"].map(|name| directory.join(name)).iter().filter(|file| file.exists()) {
        std::fs::copy(file, copy.join(file.file_name().unwrap())).unwrap();
    }
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kafka::killed::child_that_forwards", "--nocapture"])
        .env("CARTLOG_TEST_PREFIX", &options.prefix)
        .env("CARTLOG_TEST_LOG", copy)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the child has said so often that something was committed.
fn said(child: &mut Child, times: usize) -> BufReader<std::process::ChildStderr> {
    let mut output = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    for _ in 0..times {
        loop {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the child ended");
            if line.starts_with("forwarded") {
                break;
            }
        }
    }
    output
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A log on the disk, and the same in memory to compare with.
async fn log_on_disk(directory: &std::path::Path, streams: u128, events: u64) -> MemoryLog {
    let (disk, memory) = (open(directory.to_str().unwrap()), MemoryLog::new());
    append(&memory, streams, 0..events).await;
    for event in memory.read_all(Position::START, usize::MAX).await.unwrap() {
        let RecordedEvent { stream, revision, id, event_type, data, metadata, .. } = event;
        let event = NewEvent { id, event_type: event_type.to_string(), data, metadata };
        disk.append(&stream, ExpectedRevision::of_length(revision), vec![event]).await.unwrap();
    }
    memory
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_transactions_it_forwards_each_event_once() {
    let (options, directory) = (options(), tempfile::tempdir().unwrap());
    let log = log_on_disk(directory.path(), 20, 600).await;
    for batches in [1, 2, 1] {
        let mut child = start_child(&options, directory.path());
        drop(said(&mut child, batches));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    finish(&options, directory.path(), &log).await;
}

/// Forwards what is left, and compares.
async fn finish(options: &ForwarderOptions, directory: &std::path::Path, log: &MemoryLog) {
    let disk: Arc<dyn EventLog> = Arc::new(open(directory.to_str().unwrap()));
    let forwarder = Forwarder::new(Arc::clone(&disk), options.clone());
    let (stop, at_work) = (CancellationToken::new(), forwarder.clone());
    let stopped = stop.clone();
    let task = tokio::spawn(async move { at_work.run(stopped, |_| ()).await });
    let head = disk.head().await.unwrap();
    patiently(|| forwarder.status().position >= head).await;
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(committed(options).len() as u64, head.0);
    let report = check(disk.as_ref(), options.clone(), None, |_, _| ()).await.unwrap();
    assert_eq!((report.in_topics, report.differences), (head.0, vec![]));
    assert_once_and_in_order_of(log, options).await;
}

async fn assert_once_and_in_order_of(log: &MemoryLog, options: &ForwarderOptions) {
    let ids: HashSet<String> = committed(options).iter().map(|record| header(record, "ce_id").to_owned()).collect();
    let events = log.read_all(Position::START, usize::MAX).await.unwrap();
    assert_eq!(ids.len(), events.len());
    assert!(events.iter().all(|event| ids.contains(&event.id.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_sleeps_through_a_transaction_is_fenced_when_it_wakes() {
    let (options, directory) = (options(), tempfile::tempdir().unwrap());
    let log = log_on_disk(directory.path(), 20, 600).await;
    let mut sleeper = start_child(&options, directory.path());
    let output = said(&mut sleeper, 1);
    signal(&sleeper, "STOP");
    let mut other = start_child(&options, directory.path());
    drop(said(&mut other, 2));
    signal(&sleeper, "CONT");
    other.kill().unwrap();
    other.wait().unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    drop(output);
    finish(&options, directory.path(), &log).await;
}
