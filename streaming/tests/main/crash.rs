//! kill -9 in the middle of storing: a child process counts, is killed at some moment, and another one goes on.

use cartlog_streaming::testing::*;
use cartlog_streaming::{SqliteWindows, Worker};
use chrono::TimeDelta;
use chrono_tz::Tz;
use eventlog::{EventLog, SqliteLog, SqliteOptions, Synchronous};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const DIRECTORY: &str = "CARTLOG_TEST_WINDOWS";
const NOW: &str = "2026-11-24T10:20:30Z";
const EVENTS: i64 = 12_000;

fn open_log(directory: &Path) -> Arc<dyn EventLog> {
    let options = SqliteOptions { synchronous: Synchronous::Normal, ..SqliteOptions::default() };
    Arc::new(SqliteLog::open(&directory.join("log.db"), options).unwrap())
}

/// The child's part; nothing without the variable. Prints a line for each batch.
#[tokio::test]
async fn child_that_counts() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let directory = Path::new(&directory);
    let shop = Shop::on(open_log(directory));
    let windows = SqliteWindows::open(&directory.join("windows.db")).unwrap();
    let worker = Worker::new(shop.journal.clone(), Arc::new(windows), clock(at(NOW)));
    worker.catch_up(|now| eprintln!("counted {}", now.done)).await.unwrap();
}

fn start_child(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_counts", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lets it store so many batches, and kills it while it is at the next.
fn kill_after(mut child: Child, batches: usize) -> usize {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let counted = lines.map_while(Result::ok).filter(|line| line.starts_with("counted")).take(batches).count();
    child.kill().unwrap();
    child.wait().unwrap();
    counted
}

#[tokio::test]
async fn killed_in_the_middle_of_batches_it_counts_each_event_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop::on(open_log(directory.path()));
    for number in 0..EVENTS {
        let what = match number % 5 {
            0 => What::Invoiced { cents: number },
            1 => What::LoggedIn { customer: number as u64 % 700 },
            2 => What::Registered,
            _ => What::Added { product: number as u64 % 611, quantity: 3 },
        };
        let ago = TimeDelta::milliseconds((EVENTS - number) * 30_000);
        let at = at(NOW).minus(ago);
        let store = number as u64 % 2;
        shop.happen(Happened { store, at, what }).await;
    }
    let happened = std::mem::take(&mut shop.happened);
    drop(shop); // closes the log, which the children open
    let killed: Vec<usize> =
        [0, 1, 1, 2, 1, 3].map(|batches| kill_after(start_child(directory.path()), batches)).into();
    let shop = Shop::on(open_log(directory.path()));
    let windows = Arc::new(SqliteWindows::open(&directory.path().join("windows.db")).unwrap());
    let worker = Worker::new(shop.journal.clone(), windows, clock(at(NOW)));
    worker.catch_up(|_| ()).await.unwrap();
    for store in 0..2 {
        let got = answers(&worker.windows(), store, Tz::Asia__Kolkata, at(NOW)).await;
        assert_eq!(got, naive(&happened, store, Tz::Asia__Kolkata, at(NOW)), "killed after {killed:?}");
    }
}

/// What a crash would leave behind is what another reader of the file sees at that moment.
#[tokio::test]
async fn whoever_looks_at_any_moment_sees_counts_and_position_that_belong_together() {
    const ADDS: u64 = 30_000;
    let directory = tempfile::tempdir().unwrap();
    let mut shop = Shop::new();
    for _ in 0..ADDS {
        let what = What::Added { product: 1, quantity: 1 };
        shop.happen(Happened { store: 1, at: at(NOW), what }).await;
    }
    let path = directory.path().join("windows.db");
    let windows = Arc::new(SqliteWindows::open(&path).unwrap());
    let looks = std::thread::spawn(move || {
        let reader = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT position, (SELECT coalesce(sum(amount), 0) FROM buckets_0 WHERE granularity = 1)
                   FROM sides WHERE live = 1";
        let mut look = reader.prepare(sql).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        while !seen.contains(&ADDS) {
            let (position, adds) = look.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let (position, adds): (i64, i64) = (position, adds);
            assert_eq!(position, adds);
            seen.insert(adds as u64);
        }
        seen.len()
    });
    let worker = Worker::new(shop.journal.clone(), windows, clock(at(NOW)));
    worker.catch_up(|_| ()).await.unwrap();
    assert!(looks.join().unwrap() > 3);
}
