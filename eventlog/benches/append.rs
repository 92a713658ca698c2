//! How fast the embedded log is, on this machine: `cargo bench -p cartlog-eventlog`. Prints a table; asserts nothing. With
//! `--features eventstoredb` also how fast the log is that talks to an EventStoreDB server: the one that
//! `CARTLOG_TEST_EVENTSTOREDB` names, else the tests' own in this process, which keeps its log in memory.
//!
//! Each appender waits for its answer before it appends again, one event of about 300 bytes at a time, with an fsync behind
//! every answer. So the figures of one appender are the disk's, those of many are the grouped commit's.

#![allow(clippy::unwrap_used, reason = "a measurement that can't go on has failed")]

use cartlog_eventlog::*;
use futures::StreamExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

const RUN: Duration = Duration::from_secs(4);
const MANY: u64 = 1_000_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    #[cfg(feature = "eventstoredb")]
    if std::env::args().any(|argument| argument == "--copy") {
        return runtime.block_on(copies());
    }
    let normal = std::env::args().any(|argument| argument == "--normal");
    let synchronous = if normal { Synchronous::Normal } else { Synchronous::Full };
    println!("synchronous = {synchronous:?}\n");
    runtime.block_on(async {
        println!("{HEADINGS}");
        for (appenders, followers) in RUNS {
            let directory = TempDir::new().unwrap();
            let log = open(&directory.path().join("events.db"), synchronous);
            append(log, appenders, followers).await;
        }
        println!();
        read_back().await;
    });
    #[cfg(feature = "eventstoredb")]
    runtime.block_on(eventstoredb());
}

const HEADINGS: &str = "appenders   followers   events/s   p50 µs   p99 µs   p99.9 µs   max µs";
const RUNS: [(usize, usize); 5] = [(1, 0), (8, 0), (64, 0), (256, 0), (64, 8)];

fn event() -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        event_type: "CartItemAdded".to_owned(),
        data: vec![b'd'; 180].into(),
        metadata: vec![b'm'; 120].into(),
    }
}

fn open(path: &Path, synchronous: Synchronous) -> Arc<SqliteLog> {
    let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
    Arc::new(SqliteLog::open(path, options).unwrap())
}

async fn append(log: Arc<dyn EventLog>, appenders: usize, followers: usize) {
    let following: Vec<_> = (0..followers).map(|_| tokio::spawn(follow(Arc::clone(&log)))).collect();
    let end = Instant::now() + RUN;
    let tasks: Vec<_> = (0..appenders).map(|n| tokio::spawn(append_until(Arc::clone(&log), n, end))).collect();
    let mut micros = Vec::new();
    for task in tasks {
        micros.extend(task.await.unwrap());
    }
    following.into_iter().for_each(|follower| follower.abort());
    micros.sort_unstable();
    let at = |permille: usize| micros[(micros.len() - 1) * permille / 1000];
    let rate = micros.len() as f64 / RUN.as_secs_f64();
    println!(
        "{appenders:>9}   {followers:>9}   {rate:>8.0}   {:>6}   {:>6}   {:>8}   {:>6}",
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}

/// The time that each append took, in microseconds.
async fn append_until(log: Arc<dyn EventLog>, appender: usize, end: Instant) -> Vec<u64> {
    let mut micros = Vec::new();
    let streams: Vec<_> = (0..40).map(|_| StreamName::new(format!("cart-{}", Uuid::now_v7()))).collect();
    for nth in appender.. {
        let (stream, length) = (&streams[(nth - appender) % 40], (nth - appender) / 40);
        let begin = Instant::now();
        if begin > end {
            break;
        }
        log.append(stream, ExpectedRevision::of_length(length as u64), vec![event()]).await.unwrap();
        micros.push(begin.elapsed().as_micros() as u64);
    }
    micros
}

async fn follow(log: Arc<dyn EventLog>) {
    let mut subscription = log.subscribe(Position::START);
    while subscription.next().await.is_some() {}
}

async fn read_back() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("events.db");
    let log = open(&path, Synchronous::Full);
    fill(&log).await;
    println!("resident with {MANY} events written: {} MB", resident_mb());
    open_as_after_a_kill(&directory, &path);
    drop(log);

    let begin = Instant::now();
    let log = open(&path, Synchronous::Full);
    println!("open with {MANY} events: {:.1} ms", begin.elapsed().as_secs_f64() * 1000.0);

    read_from_the_start(&*log, MANY).await;

    let begin = Instant::now();
    for nth in 0..10_000 {
        log.read_stream(&StreamName::new(format!("cart-{}", nth * 7 % 10_000)), 0, 100).await.unwrap();
    }
    let per_read = begin.elapsed().as_micros() / 10_000;
    println!("read_stream of 100 events: {per_read} µs");
    println!("resident after reading: {} MB", resident_mb());
}

async fn read_from_the_start(log: &dyn EventLog, count: u64) {
    let begin = Instant::now();
    let mut after = Position::START;
    while let Some(last) = log.read_all(after, 1000).await.unwrap().last() {
        after = last.position;
    }
    println!("read_all, 1000 at a time: {:.0} events/s", count as f64 / begin.elapsed().as_secs_f64());

    let begin = Instant::now();
    let mut subscription = log.subscribe(Position::START);
    while let SubscriptionItem::Events(_) = subscription.next().await.unwrap().unwrap() {}
    println!("subscribe from the start: {:.0} events/s", count as f64 / begin.elapsed().as_secs_f64());
}

#[cfg(feature = "eventstoredb")]
async fn eventstoredb() {
    let named = std::env::var("CARTLOG_TEST_EVENTSTOREDB").ok();
    let double = eventstoredb_double::Double::start().await;
    let url = named.unwrap_or_else(|| double.url());
    let log = || -> Arc<dyn EventLog> {
        let namespace = format!("bench-{}-", Uuid::now_v7());
        let options = EventStoreDbOptions { namespace, ..EventStoreDbOptions::new(&url, ["cart-"]) };
        Arc::new(EventStoreDbLog::open(options).unwrap())
    };
    println!("\nEventStoreDB\n\n{HEADINGS}");
    for (appenders, followers) in RUNS {
        append(log(), appenders, followers).await;
    }
    println!();
    let log = log();
    const EVENTS: u64 = 100_000;
    for nth in 0..EVENTS / 100 {
        let events = (0..100).map(|_| event()).collect();
        log.append(&StreamName::new(format!("cart-{nth}")), ExpectedRevision::NoStream, events).await.unwrap();
    }
    read_from_the_start(&*log, EVENTS).await;
    println!("head: {:.0} µs", heads(&*log).await);
}

/// How fast a log with carts of few lines is copied into it, and back: alone with `--copy`.
#[cfg(feature = "eventstoredb")]
async fn copies() {
    const EVENTS: u64 = 40_000;
    let double = eventstoredb_double::Double::start().await;
    let source = MemoryLog::new();
    let mut lengths = vec![0; 997];
    for number in 0..EVENTS {
        let stream = (number * 7_919 % 997) as usize;
        let expected = ExpectedRevision::of_length(lengths[stream]);
        source.append(&StreamName::new(format!("cart-{stream}")), expected, vec![event()]).await.unwrap();
        lengths[stream] += 1;
    }
    let there = EventStoreDbLog::open(EventStoreDbOptions::new(double.url(), ["cart-"])).unwrap();
    let back = MemoryLog::new();
    for (what, from, to) in [("there", &source as &dyn EventLog, &there as &dyn EventLog), ("back", &there, &back)] {
        let begin = Instant::now();
        copy::begin(from, to, &mut |_, _| ()).await.unwrap().go_on(&mut |_, _| ()).await.unwrap();
        println!("copied {what}: {:.0} events/s", EVENTS as f64 / begin.elapsed().as_secs_f64());
    }
}

/// What it takes to learn the head, which the server is asked for, in microseconds.
#[cfg(feature = "eventstoredb")]
async fn heads(log: &dyn EventLog) -> f64 {
    let begin = Instant::now();
    for _ in 0..1000 {
        log.head().await.unwrap();
    }
    begin.elapsed().as_secs_f64() * 1000.0
}

/// The files as they are in the midst of writing: what is in the write-ahead log is brought home first.
fn open_as_after_a_kill(directory: &TempDir, path: &Path) {
    let killed = directory.path().join("killed.db");
    std::fs::copy(path, &killed).unwrap();
    let wal = std::fs::copy(path.with_extension("db-wal"), killed.with_extension("db-wal")).unwrap();
    let begin = Instant::now();
    drop(open(&killed, Synchronous::Full));
    let millis = begin.elapsed().as_millis();
    println!("open as after a kill, with {} MB in the write-ahead log: {millis} ms", wal / 1_000_000);
}

/// 10,000 streams of 100 events, interleaved.
async fn fill(log: &Arc<SqliteLog>) {
    let mut tasks = Vec::new();
    for writer in 0..100 {
        let log = Arc::clone(log);
        tasks.push(tokio::spawn(async move {
            for length in (0..100).step_by(10) {
                for nth in 0..100 {
                    let stream = StreamName::new(format!("cart-{}", writer * 100 + nth));
                    let events = (0..10).map(|_| event()).collect();
                    log.append(&stream, ExpectedRevision::of_length(length), events).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(log.head().await.unwrap(), Position(MANY));
}

/// The process's resident memory; 0 where `/proc` doesn't tell.
fn resident_mb() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096 / 1_000_000
}
