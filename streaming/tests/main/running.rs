//! A worker's life: it follows, reports, skips what can't be read, refuses a foreign log, rebuilds, and lets old counts go.

use crate::places::{Failing, Fault, Place, SqlitePlace};
use crate::sharded::Sharded;
use cartlog_streaming::testing::*;
use cartlog_streaming::*;
use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::Timestamp;
use eventlog::{LogError, Position};
use journal::JournalError;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const NOW: &str = "2026-11-24T10:20:30Z";

fn added(product: u64, quantity: u32) -> Happened {
    Happened { store: 1, at: at(NOW), what: What::Added { product, quantity } }
}

fn worker(shop: &Shop, place: &SqlitePlace) -> Worker {
    Worker::new(shop.journal.clone(), place.open(), clock(at(NOW)))
}

async fn adds(windows: &Windows) -> Vec<(domain::ProductId, u64)> {
    let day = Window::Day;
    windows.top_cart_items(store(1), Tz::UTC, day, 10, at(NOW)).await.unwrap()
}

#[tokio::test]
async fn it_follows_the_log_and_says_where_it_is() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    let worker = Arc::new(worker(&shop, &place));
    let (windows, stop) = (worker.windows(), CancellationToken::new());
    let running = tokio::spawn({
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        async move { worker.run(stop, |_| ()).await }
    });
    for round in 1..=20u64 {
        shop.happen(added(1, 2)).await;
        soon(windows.wait_for(Position(round))).await;
        assert_eq!(adds(&windows).await, [(product(1), 2 * round)]);
    }
    let status = windows.status();
    assert!(status.caught_up && status.trouble.is_none() && status.skipped == 0);
    assert_eq!(status.position, Position(20));
    stop.cancel();
    soon(running).await.unwrap().unwrap();
}

#[tokio::test]
async fn catching_up_says_how_far_it_is() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    for _ in 0..2_500 {
        shop.happen(added(1, 1)).await;
    }
    let told = Mutex::new(Vec::new());
    let worker = worker(&shop, &place);
    worker.catch_up(|now| told.lock().push((now.done, now.total))).await.unwrap();
    assert_eq!(*told.lock(), [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]);
    shop.happen(added(1, 1)).await;
    told.lock().clear();
    worker.catch_up(|now| told.lock().push((now.done, now.total))).await.unwrap();
    assert_eq!(told.lock().last(), Some(&(1, 1)));
    assert_eq!(adds(&worker.windows()).await, [(product(1), 2_501)]);
}

#[tokio::test]
async fn an_empty_log_is_caught_up_with_at_once() {
    let (shop, place) = (Shop::new(), SqlitePlace::new());
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    soon(worker.rebuild(|_| ())).await.unwrap();
    assert_eq!(adds(&worker.windows()).await, []);
    assert_eq!(worker.windows().invoice_amount(store(1), at(NOW)).await.unwrap(), 0);
    assert_eq!(worker.windows().top_coupon(store(1), at(NOW)).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    shop.happen(added(1, 1)).await;
    shop.unreadable().await;
    shop.happen(added(1, 1)).await;
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    shop.unreadable().await;
    // Another one, to whom the first is told from what is stored.
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    let status = worker.windows().status();
    assert_eq!(adds(&worker.windows()).await, [(product(1), 2)]);
    assert_eq!(status.skipped, 2);
    let positions: Vec<Position> = status.latest_skipped.iter().map(|event| event.position).collect();
    assert_eq!(positions, [Position(2), Position(4)]);
    assert_eq!(status.latest_skipped[0].event_type, "CartPainted");
    soon(worker.rebuild(|_| ())).await.unwrap();
    assert_eq!(worker.windows().status().skipped, 2, "tried again, and still not readable");
}

#[tokio::test]
async fn windows_of_another_log_stop_it_and_a_rebuild_replaces_them() {
    let (mut one, mut other, place) = (Shop::new(), Shop::new(), SqlitePlace::new());
    for _ in 0..5 {
        one.happen(added(1, 1)).await;
    }
    other.happen(added(2, 9)).await;
    worker(&one, &place).catch_up(|_| ()).await.unwrap();
    let worker = worker(&other, &place);
    let refused = worker.run(CancellationToken::new(), |_| ()).await.unwrap_err();
    let foreign = |error: &WorkerError| {
        matches!(error, WorkerError::Journal(JournalError::Log(LogError::ForeignCheckpoint { .. })))
    };
    assert!(foreign(&refused), "{refused:?}");
    assert!(worker.windows().status().trouble.is_some());
    assert_eq!(adds(&worker.windows()).await, [(product(1), 5)], "nothing was touched");
    soon(worker.rebuild(|_| ())).await.unwrap();
    worker.catch_up(|_| ()).await.unwrap();
    assert_eq!(adds(&worker.windows()).await, [(product(2), 9)]);
    assert!(worker.windows().status().trouble.is_none());
}

/// As after a backup of the log was put in its place, or a power cut took the end of one that doesn't wait for the disk.
#[tokio::test]
async fn windows_that_are_ahead_of_their_log_are_counted_anew() {
    // Beyond its end, and where another event stands now.
    for ahead in [9, 3] {
        let (mut shop, place) = (Shop::new(), SqlitePlace::new());
        for _ in 0..5 {
            shop.happen(added(1, 1)).await;
        }
        worker(&shop, &place).catch_up(|_| ()).await.unwrap();
        let counted_more =
            format!("UPDATE sides SET position = {ahead} WHERE live = 1; UPDATE buckets_0 SET amount = 9");
        rusqlite::Connection::open(place.path()).unwrap().execute_batch(&counted_more).unwrap();
        let worker = worker(&shop, &place);
        worker.catch_up(|_| ()).await.unwrap();
        assert_eq!(adds(&worker.windows()).await, [(product(1), 5)], "ahead at {ahead}");
        let status = worker.windows().status();
        assert!(status.position == Position(5) && status.trouble.is_none(), "{status:?}");
    }
}

/// Writes nonsense over the first page of what has this name.
fn spoil(path: &std::path::Path, table: &str) {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    let root: i64 = rusqlite::Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap();
    let root = usize::try_from(root).unwrap();
    let mut file = std::fs::read(path).unwrap();
    file[(root - 1) * 4_096..root * 4_096].fill(0xee);
    std::fs::write(path, file).unwrap();
}

#[tokio::test]
async fn damaged_windows_are_counted_anew_and_meanwhile_answer_nothing() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    for _ in 0..500 {
        shop.happen(added(1, 1)).await;
    }
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    spoil(&place.path(), "buckets_0");
    let worker = worker(&shop, &place);
    let windows = worker.windows();
    let top = || windows.top_cart_items(store(1), Tz::UTC, Window::Day, 10, at(NOW));
    assert!(matches!(top().await, Err(WindowStoreError::Damaged(_))));
    let seen = Mutex::new(Vec::new());
    // Told of by a query, mended by the worker.
    worker.catch_up(|now| seen.lock().push(now.done)).await.unwrap();
    assert_eq!(top().await.unwrap(), [(product(1), 500)]);
    assert!(worker.windows().status().trouble.is_none());
    let aside = place.path().with_file_name("windows.db.damaged");
    assert!(aside.exists());
    // Once more, as of another process that the damage stops at the start.
    drop((worker, windows));
    std::fs::write(place.path(), vec![0xee; 8_192]).unwrap();
    let worker = self::worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    assert_eq!(adds(&worker.windows()).await, [(product(1), 500)]);
}

#[tokio::test]
async fn a_rebuild_runs_beside_a_worker_that_goes_on() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    for _ in 0..3_000 {
        shop.happen(added(1, 1)).await;
    }
    let worker = Arc::new(worker(&shop, &place));
    let (windows, stop) = (worker.windows(), CancellationToken::new());
    let running = tokio::spawn({
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        async move { worker.run(stop, |_| ()).await }
    });
    soon(windows.wait_for(Position(3_000))).await;
    let rebuild = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { worker.rebuild(|_| ()).await }
    });
    for more in 1..=500u64 {
        shop.happen(added(1, 1)).await;
        let seen = adds(&windows).await[0].1;
        assert!((3_000..=3_000 + more).contains(&seen), "{seen} of {more}");
    }
    soon(rebuild).await.unwrap().unwrap();
    shop.happen(added(2, 1)).await;
    soon(windows.wait_for(Position(3_501))).await;
    assert_eq!(adds(&windows).await, [(product(1), 3_500), (product(2), 1)]);
    assert_eq!(windows.status().rebuilding, None);
    stop.cancel();
    soon(running).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn passing_troubles_are_waited_out() {
    let mut shop = Shop::new();
    for _ in 0..2_500 {
        shop.happen(added(1, 1)).await;
    }
    let away = || WindowStoreError::Unavailable(std::io::Error::other("the disk is full").into());
    let faults = [
        Some(Fault::BatchLost(away())),
        Some(Fault::AnswerLost(away())),
        None,
        Some(Fault::BatchLost(WindowStoreError::Moved(Position(7)))),
        Some(Fault::AnswerLost(away())),
    ];
    let windows = Failing::new(Sharded::default().open(), faults.into_iter());
    let worker = Worker::new(shop.journal.clone(), Arc::new(windows), clock(at(NOW)));
    let troubles = Mutex::new(Vec::new());
    let handle = worker.windows();
    worker.catch_up(|_| troubles.lock().push(handle.status().trouble)).await.unwrap();
    assert_eq!(adds(&handle).await, [(product(1), 2_500)]);
    assert!(troubles.lock().iter().flatten().any(|told| told.contains("the disk is full")));
    assert_eq!(handle.status().trouble, None);
}

#[tokio::test]
async fn one_rebuild_at_a_time() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    shop.happen(added(1, 1)).await;
    let worker = worker(&shop, &place);
    let (one, two) = tokio::join!(worker.rebuild(|_| ()), worker.rebuild(|_| ()));
    assert!(one.is_ok());
    assert!(matches!(two, Err(WorkerError::Rebuilding)));
}

fn rows(place: &SqlitePlace, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn old_counts_go_and_the_file_stays_bounded() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    let now = Arc::new(Mutex::new(at(NOW)));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || *now.lock())
    };
    let worker = Worker::new(shop.journal.clone(), place.open(), clock);
    let mut most = 0;
    for hour in 0..24 * 30 {
        let time = at(NOW).plus(TimeDelta::hours(hour));
        *now.lock() = time;
        for what in [What::Added { product: 1, quantity: 1 }, What::LoggedIn { customer: hour as u64 }] {
            shop.happen(Happened { store: 1, at: time, what }).await;
        }
        worker.catch_up(|_| ()).await.unwrap();
        if hour % 24 == 0 {
            most = most.max(rows(&place, "SELECT count(*) FROM buckets_0"));
        }
    }
    let end = *now.lock();
    assert!(most <= (8 * 24 + 1) * 2 + 10, "{most} rows");
    assert_eq!(rows(&place, "SELECT count(*) FROM log_ins_0"), 49);
    let got = answers(&worker.windows(), 1, Tz::UTC, end).await;
    assert_eq!(got, naive(&shop.happened, 1, Tz::UTC, end));
    assert_eq!(got.log_ins, 24);
    assert_eq!(got.top[3], [(product(1), 7 * 24 + 1)]);
}

#[tokio::test]
async fn after_a_long_pause_what_is_old_goes_bit_by_bit() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    for product in 0..3_000 {
        shop.happen(added(product, 1)).await;
    }
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    assert_eq!(rows(&place, "SELECT count(*) FROM buckets_0"), 9_000);
    let later = at(NOW).plus(TimeDelta::days(20));
    let left = |place: &SqlitePlace| rows(place, "SELECT count(*) FROM buckets_0");
    for expected in [3_003, 3] {
        shop.happen(Happened { at: later, ..added(1, 1) }).await;
        let worker = Worker::new(shop.journal.clone(), place.open(), clock(later));
        worker.catch_up(|_| ()).await.unwrap();
        assert_eq!(left(&place), expected);
    }
}

#[tokio::test]
async fn what_was_old_from_the_start_is_not_stored() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    for days in [9, 30, 4_000] {
        let old = at(NOW).minus(TimeDelta::days(days));
        shop.happen(Happened { at: old, ..added(1, 1) }).await;
        let what = What::LoggedIn { customer: 1 };
        shop.happen(Happened { store: 1, at: old, what }).await;
    }
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    assert_eq!(rows(&place, "SELECT count(*) FROM buckets_0"), 0);
    assert_eq!(rows(&place, "SELECT count(*) FROM log_ins_0"), 0);
}

#[tokio::test]
async fn many_events_of_a_batch_that_touch_one_product_are_one_row_a_granularity() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    for _ in 0..1_000 {
        shop.happen(added(1, 2)).await;
    }
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    assert_eq!(rows(&place, "SELECT count(*) FROM buckets_0"), 3);
    assert_eq!(rows(&place, "SELECT sum(amount) FROM buckets_0"), 6_000);
}

#[tokio::test]
async fn a_file_of_an_older_version_is_filled_again_and_others_are_refused() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    shop.happen(added(1, 4)).await;
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    let set = |sql: &str| rusqlite::Connection::open(place.path()).unwrap().execute_batch(sql).unwrap();
    set("PRAGMA user_version = 0; UPDATE buckets_0 SET amount = 77");
    let refilled = worker(&shop, &place);
    assert_eq!(adds(&refilled.windows()).await, []);
    refilled.catch_up(|_| ()).await.unwrap();
    assert_eq!(adds(&refilled.windows()).await, [(product(1), 4)]);
    drop(refilled);
    let refused = |why: &str| match SqliteWindows::open(&place.path()) {
        Err(WindowStoreError::Foreign(reason)) => assert!(reason.to_string().contains(why), "{reason}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    };
    set("PRAGMA user_version = 99");
    refused("format 99");
    set("PRAGMA application_id = 5");
    refused("holds no windows");
    // What is no database at all can only be damage: it is moved away.
    std::fs::write(place.path(), vec![b'x'; 4_096]).unwrap();
    SqliteWindows::open(&place.path()).unwrap();
    assert_eq!(std::fs::read(place.path().with_file_name("windows.db.damaged")).unwrap(), vec![b'x'; 4_096]);
}

/// What it counted is counted as today.
#[tokio::test]
async fn a_file_of_the_version_before_keeps_what_was_counted() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    shop.happen(added(1, 4)).await;
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    let set = |sql: &str| rusqlite::Connection::open(place.path()).unwrap().execute_batch(sql).unwrap();
    set("ALTER TABLE sides DROP COLUMN event_hash; PRAGMA user_version = 2; UPDATE buckets_0 SET amount = 77");
    let opened = SqliteWindows::open(&place.path()).unwrap();
    assert_eq!(opened.state(Side::Live).await.unwrap().event_hash, None);
    drop(opened);
    shop.happen(added(1, 1)).await;
    let goes_on = worker(&shop, &place);
    goes_on.catch_up(|_| ()).await.unwrap();
    assert_eq!(adds(&goes_on.windows()).await, [(product(1), 78)]);
    drop(goes_on);
    assert!(SqliteWindows::open(&place.path()).unwrap().state(Side::Live).await.unwrap().event_hash.is_some());
}

#[tokio::test]
async fn sums_beyond_the_range_stay_at_its_end() {
    let (mut shop, place) = (Shop::new(), SqlitePlace::new());
    let largest = domain::Cents::MAX.get();
    shop.happen(Happened { store: 1, at: at(NOW), what: What::Invoiced { cents: largest } }).await;
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    assert_eq!(worker.windows().invoice_amount(store(1), at(NOW)).await.unwrap(), largest);
    rusqlite::Connection::open(place.path())
        .unwrap()
        .execute("UPDATE buckets_0 SET amount = ?1", [i64::MAX - 5])
        .unwrap();
    shop.happen(Happened { store: 1, at: at(NOW), what: What::Invoiced { cents: largest } }).await;
    worker.catch_up(|_| ()).await.unwrap();
    assert_eq!(worker.windows().invoice_amount(store(1), at(NOW)).await.unwrap(), i64::MAX);
}

#[test]
fn what_is_kept_reaches_further_back_than_any_window() {
    let now: Timestamp = at(NOW);
    for window in Window::ALL {
        let begins = window.span(Tz::Pacific__Kiritimati, now).start;
        assert!(begins.start() >= now.minus(BUCKETS_KEPT).plus(MAY_STEP_BACK));
    }
    assert!(LOG_INS_KEPT >= MAY_STEP_BACK + TimeDelta::hours(24));
}
