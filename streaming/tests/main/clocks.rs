//! Clocks that differ between nodes, that were ahead, and that are set back: what was shown stays, what is far ahead counts once it
//! is due, and in the end a rebuild gives the same.

use crate::places::{Place, SqlitePlace};
use crate::sharded::Sharded;
use cartlog_streaming::testing::*;
use cartlog_streaming::*;
use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::Timestamp;
use eventlog::Position;
use parking_lot::Mutex;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const NOW: &str = "2026-11-24T10:20:30Z";

/// Of everything that is counted.
fn all_at(time: Timestamp) -> [Happened; 5] {
    let happened = |what| Happened { store: 1, at: time, what };
    [
        happened(What::Added { product: 1, quantity: 2 }),
        happened(What::Billed { coupon: Some(1) }),
        happened(What::Invoiced { cents: 100 }),
        happened(What::Registered),
        happened(What::LoggedIn { customer: 1 }),
    ]
}

async fn counted_by(shop: &Shop, place: &dyn Place, now: Timestamp) -> Windows {
    let worker = Worker::new(shop.journal.clone(), place.open(), clock(now));
    worker.catch_up(|_| ()).await.unwrap();
    worker.windows()
}

fn all_of(answers: &Answers) -> (usize, i64, bool, u64, u64) {
    let Answers { top, invoice_amount, top_coupon, new_customers, log_ins } = answers;
    (top.iter().map(Vec::len).sum(), *invoice_amount, top_coupon.is_some(), *new_customers, *log_ins)
}

const EVERYTHING: (usize, i64, bool, u64, u64) = (4, 100, true, 1, 1);
const NOTHING: (usize, i64, bool, u64, u64) = (0, 0, false, 0, 0);

async fn what_another_clock_stamped_ahead_counts_within_a_day_and_else_when_due(place: &dyn Place) {
    let mut shop = Shop::new();
    shop.all(&all_at(at(NOW))).await;
    let windows = counted_by(&shop, place, at(NOW)).await;
    let day = TimeDelta::hours(24);
    let shown = async |behind: TimeDelta| all_of(&answers(&windows, 1, Tz::UTC, at(NOW).minus(behind)).await);
    for behind in [TimeDelta::zero(), TimeDelta::seconds(10), TimeDelta::seconds(60), TimeDelta::hours(1), day] {
        assert_eq!(shown(behind).await, EVERYTHING, "set back by {behind}");
    }
    for behind in [day + TimeDelta::minutes(1), TimeDelta::hours(25), TimeDelta::days(400)] {
        assert_eq!(shown(behind).await, NOTHING, "set back by {behind}");
    }
}

async fn what_a_clock_far_ahead_counted_is_there_when_it_is_back(place: &dyn Place) {
    let (mut shop, far) = (Shop::new(), at(NOW).plus(TimeDelta::days(400)));
    shop.all(&all_at(at(NOW))).await;
    counted_by(&shop, place, at(NOW)).await;
    shop.all(&all_at(far)).await;
    let ahead = counted_by(&shop, place, far).await;
    assert_eq!(all_of(&answers(&ahead, 1, Tz::UTC, far).await), EVERYTHING);
    let back = counted_by(&shop, place, at(NOW)).await;
    assert_eq!(all_of(&answers(&back, 1, Tz::UTC, at(NOW)).await), EVERYTHING, "of now");
    assert_eq!(all_of(&answers(&back, 1, Tz::UTC, far).await), EVERYTHING, "of then, when it is due");
    // The same customer again, by a clock that is right: the log-in far ahead hides none.
    shop.all(&all_at(at(NOW).plus(TimeDelta::hours(30)))).await;
    let later = counted_by(&shop, place, at(NOW).plus(TimeDelta::hours(30))).await;
    assert_eq!(answers(&later, 1, Tz::UTC, at(NOW).plus(TimeDelta::hours(30))).await.log_ins, 1);
}

/// To that clock it was long over, and it is to no other.
async fn what_a_clock_far_ahead_passed_over_counts_once_it_is_back(place: &dyn Place) {
    let mut shop = Shop::new();
    shop.all(&all_at(at(NOW))).await;
    counted_by(&shop, place, at(NOW).plus(TimeDelta::days(400))).await;
    let back = counted_by(&shop, place, at(NOW)).await;
    assert_eq!(all_of(&answers(&back, 1, Tz::UTC, at(NOW)).await), EVERYTHING);
}

async fn two_nodes_a_minute_apart_show_the_same(place: &dyn Place) {
    let mut shop = Shop::new();
    let minute = TimeDelta::seconds(60);
    for round in 0..20 {
        let now = at(NOW).plus(minute * round);
        let by = if round % 2 == 0 { now } else { now.minus(minute) };
        shop.all(&all_at(by)).await;
        let windows = counted_by(&shop, place, by).await;
        for now in [now, now.minus(minute)] {
            let got = answers(&windows, 1, Tz::UTC, now).await;
            assert_eq!(got, naive(&shop.happened, 1, Tz::UTC, now));
            let everything: i64 = shop
                .happened
                .iter()
                .map(|event| if let What::Invoiced { cents } = event.what { cents } else { 0 })
                .sum();
            assert_eq!(got.invoice_amount, everything, "nothing vanishes at {now}");
        }
    }
}

async fn a_worker_whose_clock_is_set_back_counts_anew_each_time(place: &dyn Place) {
    let mut shop = Shop::new();
    let now = Arc::new(Mutex::new(at(NOW)));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || *now.lock())
    };
    let worker = Arc::new(Worker::new(shop.journal.clone(), place.open(), clock));
    let (windows, stop) = (worker.windows(), CancellationToken::new());
    let running = tokio::spawn({
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        async move { worker.run(stop, |_| ()).await }
    });
    let mut happened = 0;
    let far = TimeDelta::days(400);
    for ahead in [TimeDelta::zero(), far, TimeDelta::zero(), far, TimeDelta::zero()] {
        *now.lock() = at(NOW).plus(ahead);
        shop.all(&all_at(at(NOW).plus(ahead))).await;
        happened += 5;
        soon(windows.wait_for(Position(happened))).await;
    }
    let got = answers(&windows, 1, Tz::UTC, at(NOW)).await;
    assert_eq!(got, naive(&shop.happened, 1, Tz::UTC, at(NOW)));
    assert_eq!(got.invoice_amount, 300);
    // What it is still counting anew, if anything, ends with it.
    stop.cancel();
    soon(running).await.unwrap().unwrap();
    soon(worker.rebuild(|_| ())).await.unwrap();
    assert_eq!(answers(&windows, 1, Tz::UTC, at(NOW)).await, got, "after a rebuild");
}

macro_rules! suite {
    ($($rule:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $rule() {
                super::$rule(&super::SqlitePlace::new()).await
            })+
        }
        #[cfg(feature = "redis")]
        mod redis {
            $(#[tokio::test(flavor = "multi_thread")] async fn $rule() {
                super::$rule(&crate::redis::RedisPlace::new()).await
            })+
        }
        mod store_by_store {
            $(#[tokio::test(flavor = "multi_thread")] async fn $rule() {
                super::$rule(&super::Sharded::default()).await
            })+
        }
    };
}

suite!(
    what_another_clock_stamped_ahead_counts_within_a_day_and_else_when_due,
    what_a_clock_far_ahead_counted_is_there_when_it_is_back,
    what_a_clock_far_ahead_passed_over_counts_once_it_is_back,
    two_nodes_a_minute_apart_show_the_same,
    a_worker_whose_clock_is_set_back_counts_anew_each_time,
);

/// How far a clock is off while some events happen and are counted.
fn any_jump() -> impl Strategy<Value = TimeDelta> {
    let minutes = [0, 1, -1, 60, -60, 25 * 60, -25 * 60, 400 * 24 * 60, -400 * 24 * 60];
    proptest::sample::select(minutes.to_vec()).prop_map(TimeDelta::minutes)
}

async fn play(place: &dyn Place, jumps: &[TimeDelta]) {
    let mut shop = Shop::new();
    for (nth, jump) in jumps.iter().enumerate() {
        let now = at(NOW).plus(*jump).plus(TimeDelta::seconds(nth as i64));
        shop.all(&all_at(now)).await;
        counted_by(&shop, place, now).await;
    }
    let worker = Worker::new(shop.journal.clone(), place.open(), clock(at(NOW)));
    worker.catch_up(|_| ()).await.unwrap();
    for ahead in [0, 1, 60, 20 * 60] {
        let now = at(NOW).plus(TimeDelta::minutes(ahead));
        let got = answers(&worker.windows(), 1, Tz::Asia__Kolkata, now).await;
        assert_eq!(got, naive(&shop.happened, 1, Tz::Asia__Kolkata, now), "at {now}");
        worker.rebuild(|_| ()).await.unwrap();
        assert_eq!(answers(&worker.windows(), 1, Tz::Asia__Kolkata, now).await, got, "after a rebuild");
    }
}

fn run(place: &dyn Place, jumps: &[TimeDelta]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(play(place, jumps));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn however_the_clock_jumps_sqlite_counts_as_a_naive_count_does(jumps in vec(any_jump(), 1..12)) {
        run(&SqlitePlace::new(), &jumps);
    }
}

#[cfg(feature = "redis")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn however_the_clock_jumps_redis_counts_as_a_naive_count_does(jumps in vec(any_jump(), 1..12)) {
        run(&crate::redis::RedisPlace::new(), &jumps);
    }
}
