//! What every adapter of `WindowStore` must do, run for SQLite and for one in memory that, as Redis does, applies a batch
//! store by store. The latter also proves that the port is enough for that.

use crate::places::{Place, SqlitePlace};
use crate::sharded::Sharded;
use cartlog_streaming::testing::{at, coupon, product, store};
use cartlog_streaming::*;
use chrono::TimeDelta;
use domain::{CustomerId, Timestamp};
use eventlog::{Checkpoint, LogId, Position};
use std::collections::HashMap;
use std::ops::Range;
use uuid::Uuid;

const LOG: LogId = LogId(Uuid::from_u128(7));
const NOW: &str = "2026-11-24T10:20:30Z";

/// A batch with these counts for one store.
fn batch(after: u64, to: u64, of: u64, counts: &[(&str, Metric, Uuid, u64)]) -> Batch {
    let minutes = counts.iter().map(|&(when, metric, key, amount)| {
        let minute = Minute::of(at(when));
        (Cell { minute, metric, key }, amount)
    });
    let added = StoreBatch { after: Position(after), minutes: minutes.collect(), log_ins: HashMap::new() };
    Batch {
        after: Position(after),
        checkpoint: Checkpoint { log_id: LOG, position: Position(to), event_id: Uuid::from_u128(to.into()) },
        event_hash: [to as u8; 32].into(),
        stores: [(store(of), added)].into(),
        skipped: Vec::new(),
        horizon: Horizon::at(at(NOW)),
    }
}

fn today() -> Range<Minute> {
    Window::Last24Hours.span(chrono_tz::UTC, at(NOW))
}

async fn total(windows: &dyn WindowStore, of: u64) -> u64 {
    windows.total(store(of), Metric::CartAdds, today()).await.unwrap()
}

fn adds(to: u64, amount: u64) -> Batch {
    let counts = [("2026-11-24T10:00:00Z", Metric::CartAdds, product(1).0, amount)];
    batch(to - 1, to, 1, &counts)
}

async fn counts_and_position_move_together(windows: &dyn WindowStore) {
    assert_eq!(windows.state(Side::Live).await.unwrap(), SideState::default());
    windows.apply(Side::Live, adds(1, 5)).await.unwrap();
    windows.apply(Side::Live, adds(2, 7)).await.unwrap();
    assert_eq!(total(windows, 1).await, 12);
    assert_eq!(total(windows, 2).await, 0);
    let checkpoint = windows.state(Side::Live).await.unwrap().checkpoint;
    assert_eq!(checkpoint, Some(adds(2, 7).checkpoint));
}

async fn a_repeated_batch_counts_once(windows: &dyn WindowStore) {
    for _ in 0..3 {
        let _ = windows.apply(Side::Live, adds(1, 5)).await;
    }
    assert_eq!(total(windows, 1).await, 5);
    let moved = windows.apply(Side::Live, adds(1, 5)).await;
    assert!(matches!(moved, Err(WindowStoreError::Moved(Position(1)))), "{moved:?}");
    let gap = windows.apply(Side::Live, adds(3, 5)).await;
    assert!(matches!(gap, Err(WindowStoreError::Moved(Position(1)))), "{gap:?}");
    let mut foreign = adds(2, 5);
    foreign.checkpoint.log_id = LogId(Uuid::from_u128(8));
    assert!(windows.apply(Side::Live, foreign).await.is_err());
    assert_eq!(total(windows, 1).await, 5);
}

async fn ties_go_to_the_smaller_id(windows: &dyn WindowStore) {
    let when = "2026-11-24T10:00:00Z";
    let counts: Vec<_> = (1..=300)
        .map(|number| (when, Metric::CartAdds, product(301 - number).0, 4))
        .chain([("2026-11-24T09:00:00Z", Metric::CartAdds, product(200).0, 1)])
        .chain([(when, Metric::CouponUses, coupon(1).0, 99)])
        .collect();
    windows.apply(Side::Live, batch(0, 1, 1, &counts)).await.unwrap();
    let top = windows.top(store(1), Metric::CartAdds, today(), 4).await.unwrap();
    let [first, one, two, three] = [product(200).0, product(1).0, product(2).0, product(3).0];
    assert_eq!(top, [(first, 5), (one, 4), (two, 4), (three, 4)]);
    let all = windows.top(store(1), Metric::CartAdds, today(), 1_000).await.unwrap();
    assert_eq!(all.len(), 300);
}

async fn sums_stay_at_the_largest_instead_of_passing_it(windows: &dyn WindowStore) {
    let largest = i64::MAX as u64;
    for (to, amount) in [(1, largest - 1), (2, 1), (3, 1), (4, u64::MAX)] {
        windows.apply(Side::Live, adds(to, amount)).await.unwrap();
        let expected = if to == 1 { largest - 1 } else { largest };
        assert_eq!(total(windows, 1).await, expected);
    }
    let other = ("2026-11-24T09:00:00Z", Metric::CartAdds, product(2).0, 1);
    windows.apply(Side::Live, batch(4, 5, 1, &[other])).await.unwrap();
    assert_eq!(total(windows, 1).await, largest);
}

async fn a_built_side_takes_the_live_ones_place_once_it_has_come_as_far(windows: &dyn WindowStore) {
    windows.apply(Side::Live, adds(1, 5)).await.unwrap();
    windows.apply(Side::Live, adds(2, 5)).await.unwrap();
    windows.begin_rebuild().await.unwrap();
    windows.apply(Side::Building, adds(1, 100)).await.unwrap();
    windows.begin_rebuild().await.unwrap();
    assert_eq!(windows.state(Side::Building).await.unwrap(), SideState::default());
    windows.apply(Side::Building, adds(1, 40)).await.unwrap();
    assert!(!windows.swap(Swap::WhenReached).await.unwrap());
    assert_eq!(total(windows, 1).await, 10);
    windows.apply(Side::Building, adds(2, 2)).await.unwrap();
    assert!(windows.swap(Swap::WhenReached).await.unwrap());
    assert_eq!(total(windows, 1).await, 42);
    assert_eq!(windows.state(Side::Building).await.unwrap(), SideState::default());
    windows.apply(Side::Live, adds(3, 1)).await.unwrap();
    assert_eq!(total(windows, 1).await, 43);
    windows.begin_rebuild().await.unwrap();
    assert!(windows.swap(Swap::Now).await.unwrap());
    assert_eq!(total(windows, 1).await, 0);
}

async fn what_was_skipped_is_kept(windows: &dyn WindowStore) {
    let skipped = |number: u64| Skipped {
        position: Position(number),
        stream: "cart-1".to_owned(),
        event_type: "CartPainted".to_owned(),
        reason: "unknown".to_owned(),
    };
    for to in 1..=3u64 {
        let mut batch = adds(to, 1);
        batch.skipped = (to * 1_000..to * 1_000 + 70).map(skipped).collect();
        windows.apply(Side::Live, batch).await.unwrap();
    }
    let state = windows.state(Side::Live).await.unwrap();
    assert_eq!(state.skipped, 210);
    let positions: Vec<u64> = state.latest_skipped.iter().map(|event| event.position.0).collect();
    let expected: Vec<u64> = (2_040..2_070).chain(3_000..3_070).collect();
    assert_eq!(positions, expected);
    assert_eq!(state.latest_skipped[99], skipped(3_069));
}

async fn the_latest_clock_of_a_side_is_kept(windows: &dyn WindowStore) {
    let days = TimeDelta::days;
    for (to, clock, latest) in [(1, days(0), days(0)), (2, days(400), days(400)), (3, days(1), days(400))] {
        let batch = Batch { horizon: Horizon::at(at(NOW).plus(clock)), ..adds(to, 1) };
        windows.apply(Side::Live, batch).await.unwrap();
        assert_eq!(windows.state(Side::Live).await.unwrap().latest_clock, Some(at(NOW).plus(latest)));
    }
    windows.begin_rebuild().await.unwrap();
    windows.apply(Side::Building, adds(3, 1)).await.unwrap_err();
    for to in 1..=3 {
        windows.apply(Side::Building, adds(to, 1)).await.unwrap();
    }
    assert!(windows.swap(Swap::WhenReached).await.unwrap());
    assert_eq!(windows.state(Side::Live).await.unwrap().latest_clock, Some(at(NOW)));
}

/// A customer counts once, on however many days; a log-in far ahead hides none.
async fn the_hash_of_the_last_event_counted_is_kept(windows: &dyn WindowStore) {
    let hash = async |side| windows.state(side).await.unwrap().event_hash;
    assert_eq!(hash(Side::Live).await, None);
    for (after, to) in [(0, 3), (3, 5)] {
        windows.apply(Side::Live, batch(after, to, 1, &[])).await.unwrap();
        assert_eq!(hash(Side::Live).await, Some([to as u8; 32].into()));
    }
    windows.begin_rebuild().await.unwrap();
    windows.apply(Side::Building, batch(0, 7, 1, &[])).await.unwrap();
    assert!(windows.swap(Swap::WhenReached).await.unwrap());
    assert_eq!((hash(Side::Live).await, hash(Side::Building).await), (Some([7; 32].into()), None));
}

async fn log_ins_are_counted_within_two_moments(windows: &dyn WindowStore) {
    let log_in = |customer: u64, when: &str| {
        let of = DayOf { day: day_of(at(when)), customer: CustomerId(Uuid::from_u128(customer.into())) };
        (of, at(when))
    };
    let mut batch = batch(0, 1, 1, &[]);
    let (one, two) = ("2026-11-23T23:59:59.999Z", "2026-11-24T00:00:00Z");
    let log_ins = [log_in(1, one), log_in(1, two), log_in(2, one), log_in(2, "2027-11-24T00:00:00Z")];
    batch.stores.values_mut().for_each(|store| store.log_ins = log_ins.into());
    windows.apply(Side::Live, batch).await.unwrap();
    let millisecond = TimeDelta::milliseconds(1);
    let within =
        async |after: Timestamp, until: Timestamp| windows.log_ins_within(store(1), after, until).await.unwrap();
    assert_eq!(within(at(one).minus(millisecond), at(two)).await, 2);
    assert_eq!(within(at(one), at(two)).await, 1);
    assert_eq!(within(at(one).minus(millisecond), at(one)).await, 2);
    assert_eq!(within(at(two), at(two).plus(TimeDelta::days(300))).await, 0);
    assert_eq!(windows.log_ins_within(store(2), at(one).minus(millisecond), at(two)).await.unwrap(), 0);
}

macro_rules! suite {
    ($($rule:ident),+ $(,)?) => {
        mod sqlite {
            use super::Place;
            $(#[tokio::test] async fn $rule() {
                let place = super::SqlitePlace::new();
                super::$rule(&*place.open()).await
            })+
        }
        #[cfg(feature = "redis")]
        mod redis {
            use super::Place;
            $(#[tokio::test] async fn $rule() {
                let place = crate::redis::RedisPlace::new();
                super::$rule(&*place.open()).await
            })+
        }
        mod store_by_store {
            use super::Place;
            $(#[tokio::test] async fn $rule() {
                super::$rule(&*super::Sharded::default().open()).await
            })+
        }
    };
}

suite!(
    counts_and_position_move_together,
    a_repeated_batch_counts_once,
    ties_go_to_the_smaller_id,
    sums_stay_at_the_largest_instead_of_passing_it,
    a_built_side_takes_the_live_ones_place_once_it_has_come_as_far,
    what_was_skipped_is_kept,
    the_latest_clock_of_a_side_is_kept,
    the_hash_of_the_last_event_counted_is_kept,
    log_ins_are_counted_within_two_moments,
);
