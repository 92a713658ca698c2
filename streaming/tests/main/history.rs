//! Random histories, counted by workers that are stopped again and again, against a naive count of everything.

use crate::places::{Place, SqlitePlace};
use crate::sharded::Sharded;
use cartlog_streaming::testing::*;
use cartlog_streaming::{WindowStore, Worker};
use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

const NOW: &str = "2026-10-25T15:37:21.123Z";
const ZONES: [Tz; 6] = [
    Tz::UTC,
    Tz::Europe__Berlin, // 25 hours long at `NOW`
    Tz::Asia__Kathmandu,
    Tz::Asia__Kolkata,
    Tz::Pacific__Chatham,
    Tz::America__St_Johns,
];

/// How a worker's life ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It has caught up.
    CaughtUp,
    /// The process dies at this step of storing.
    Crash(u64),
    /// It is dropped after being polled so often.
    Dropped(u32),
    /// Two of them work at the same time.
    Two,
    /// A rebuild is dropped half-way.
    RebuildDropped(u32),
    Rebuilt,
}

fn any_end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::CaughtUp),
        (0u64..6).prop_map(End::Crash),
        (0u32..12).prop_map(End::Dropped),
        Just(End::Two),
        (0u32..16).prop_map(End::RebuildDropped),
        Just(End::Rebuilt),
    ]
}

/// Times: anywhere in nine days, or close to where a window or a day begins or ends.
fn any_time() -> impl Strategy<Value = Timestamp> {
    let hour = 3_600_000i64;
    let minute = 60_000i64;
    let edges = vec![0, hour, 2 * hour, 24 * hour, 7 * 24 * hour];
    let day_begins = vec![
        "2026-10-25T00:00:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-24T18:15:00Z",
        "2026-10-24T18:30:00Z",
        "2026-10-25T10:15:00Z",
        "2026-10-25T02:30:00Z",
    ];
    let near = -3 * minute..=3 * minute;
    prop_oneof![
        2 => (0..=9 * 24 * hour).prop_map(|ago| at(NOW).minus(TimeDelta::milliseconds(ago))),
        2 => (0..=2 * hour).prop_map(|ago| at(NOW).minus(TimeDelta::milliseconds(ago))),
        2 => (proptest::sample::select(edges), near.clone())
            .prop_map(|(ago, beside)| at(NOW).minus(TimeDelta::milliseconds(ago + beside))),
        1 => (proptest::sample::select(day_begins), near)
            .prop_map(|(begin, beside)| at(begin).plus(TimeDelta::milliseconds(beside))),
    ]
}

fn any_event() -> impl Strategy<Value = Happened> {
    let what = prop_oneof![
        6 => (0u64..9, 1u32..5).prop_map(|(product, quantity)| What::Added { product, quantity }),
        1 => (0u64..9).prop_map(|product| What::QuantitySet { product }),
        2 => proptest::option::weighted(0.8, 0u64..4).prop_map(|coupon| What::Billed { coupon }),
        2 => (0i64..100_000).prop_map(|cents| What::Invoiced { cents }),
        1 => Just(What::Failed),
        2 => Just(What::Registered),
        3 => (0u64..20).prop_map(|customer| What::LoggedIn { customer }),
        1 => (0u64..20).prop_map(|customer| What::LoggedOut { customer }),
    ];
    (0u64..3, any_time(), what).prop_map(|(store, at, what)| Happened { store, at, what })
}

/// Polls the future so often, then drops it.
async fn polled(times: u32, future: impl Future) {
    let mut left = times;
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| match left.checked_sub(1) {
        None => Poll::Ready(()),
        Some(less) => {
            left = less;
            future.as_mut().poll(context).map(|_| ())
        }
    })
    .await;
}

async fn live(shop: &Shop, place: &dyn Place, end: End) {
    let worker = |windows: Arc<dyn WindowStore>| Worker::new(shop.journal.clone(), windows, clock(at(NOW)));
    match end {
        End::CaughtUp => worker(place.open()).catch_up(|_| ()).await.unwrap(),
        End::Crash(steps) => drop(worker(place.open_to_crash(steps)).catch_up(|_| ()).await),
        End::Dropped(polls) => polled(polls, worker(place.open()).catch_up(|_| ())).await,
        End::Two => {
            let (one, two) = (worker(place.open()), worker(place.open()));
            let (one, two) = tokio::join!(one.catch_up(|_| ()), two.catch_up(|_| ()));
            one.and(two).unwrap();
        }
        End::RebuildDropped(polls) => polled(polls, worker(place.open()).rebuild(|_| ())).await,
        End::Rebuilt => worker(place.open()).rebuild(|_| ()).await.unwrap(),
    }
}

async fn play(place: &dyn Place, lives: &[(Vec<Happened>, End)]) {
    let mut shop = Shop::new();
    for (happened, end) in lives {
        shop.all(happened).await;
        live(&shop, place, *end).await;
    }
    let worker = Worker::new(shop.journal.clone(), place.open(), clock(at(NOW)));
    worker.catch_up(|_| ()).await.unwrap();
    for ago in [0, 1, 40, 60] {
        let now = at(NOW).minus(TimeDelta::minutes(ago));
        for (of, zone) in (0..3).flat_map(|of| ZONES.map(|zone| (of, zone))) {
            let got = answers(&worker.windows(), of, zone, now).await;
            let expected = naive(&shop.happened, of, zone, now);
            assert_eq!(got, expected, "store {of} in {zone} at {now}");
        }
    }
}

fn run(place: &dyn Place, lives: &[(Vec<Happened>, End)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(play(place, lives));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_counts_as_a_naive_count_does(lives in vec((vec(any_event(), 0..60), any_end()), 1..7)) {
        run(&SqlitePlace::new(), &lives);
    }

    #[test]
    fn so_do_windows_that_are_stored_store_by_store(lives in vec((vec(any_event(), 0..60), any_end()), 1..7)) {
        run(&Sharded::default(), &lives);
    }
}

#[cfg(feature = "redis")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn so_do_windows_in_redis(lives in vec((vec(any_event(), 0..60), any_end()), 1..7)) {
        run(&crate::redis::RedisPlace::new(), &lives);
    }
}
