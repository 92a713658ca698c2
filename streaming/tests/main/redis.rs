//! What only windows in Redis can meet: servers that forget, scripts that are gone, and parts of a batch that are stored while
//! the rest is not.

use crate::places::{Failing, Fault, Place, dead};
use async_trait::async_trait;
use cartlog_streaming::testing::*;
use cartlog_streaming::*;
use chrono_tz::Tz;
use domain::{StoreId, Timestamp};
use eventlog::Position;
use redis::AsyncCommands;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const NOW: &str = "2026-11-24T10:20:30Z";

/// Windows in the Redis that the tests' services run, each place in a namespace of its own.
pub struct RedisPlace {
    url: String,
    namespace: String,
}

impl RedisPlace {
    pub fn new() -> Self {
        Self::at("CARTLOG_TEST_REDIS")
    }

    fn cluster() -> Self {
        Self::at("CARTLOG_TEST_REDIS_CLUSTER")
    }

    fn at(variable: &str) -> Self {
        let url = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} names no Redis; run: tests/services up && eval \"$(tests/services env)\"")
        });
        Self { url, namespace: format!("test-{}", Uuid::new_v4().simple()) }
    }

    fn windows(&self) -> RedisWindows {
        RedisWindows::open(&self.url, &self.namespace).unwrap().looked_at(Duration::from_millis(5))
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// Deletes what is stored under names that contain the text, as a server does that forgets.
    async fn forget(&self, text: &str) {
        let mut connection = self.connection().await;
        let keys: Vec<String> = connection.keys(format!("{}:*{text}*", self.namespace)).await.unwrap();
        assert!(!keys.is_empty(), "nothing is named {text}");
        let _: () = connection.del(keys).await.unwrap();
    }

    fn state(&self) -> String {
        format!("{}:windows:3:{{state}}", self.namespace)
    }
}

impl Place for RedisPlace {
    fn open(&self) -> Arc<dyn WindowStore> {
        Arc::new(self.windows())
    }

    /// Every second step is the end of a batch; the others die before its checkpoint moves.
    fn open_to_crash(&self, steps: u64) -> Arc<dyn WindowStore> {
        let stored = (0..steps / 2).map(|_| None);
        match steps % 2 {
            0 => Arc::new(Failing::new(self.open(), stored.chain([Some(Fault::BatchLost(dead()))]))),
            _ => Arc::new(Parts { windows: self.windows(), url: self.url.clone(), state: self.state() }),
        }
    }
}

/// Stores every part of a batch, and dies before the checkpoint moves.
struct Parts {
    windows: RedisWindows,
    url: String,
    state: String,
}

impl Parts {
    /// Puts the checkpoints back to where they were before.
    async fn put_back(&self, before: Vec<(String, String)>) {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let now: Vec<(String, String)> = connection.hgetall(&self.state).await.unwrap();
        for (field, _) in now.iter().filter(|(field, _)| field.contains(':')) {
            let _: () = connection.hdel(&self.state, field).await.unwrap();
        }
        for (field, value) in before.iter().filter(|(field, _)| field.contains(':')) {
            let _: () = connection.hset(&self.state, field, value).await.unwrap();
        }
    }

    async fn fields(&self) -> Vec<(String, String)> {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        connection.hgetall(&self.state).await.unwrap()
    }
}

#[async_trait]
impl WindowStore for Parts {
    fn looked_at_every(&self) -> Option<Duration> {
        self.windows.looked_at_every()
    }
    async fn state(&self, side: Side) -> Result<SideState, WindowStoreError> {
        self.windows.state(side).await
    }
    async fn reached(
        &self,
        side: Side,
        stores: &[StoreId],
        checkpoint: Position,
    ) -> Result<Vec<Position>, WindowStoreError> {
        self.windows.reached(side, stores, checkpoint).await
    }
    async fn apply(&self, side: Side, batch: Batch) -> Result<(), WindowStoreError> {
        let before = self.fields().await;
        self.windows.apply(side, batch).await?;
        self.put_back(before).await;
        Err(dead())
    }
    async fn begin_rebuild(&self) -> Result<(), WindowStoreError> {
        self.windows.begin_rebuild().await
    }
    async fn swap(&self, swap: Swap) -> Result<bool, WindowStoreError> {
        self.windows.swap(swap).await
    }
    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, WindowStoreError> {
        self.windows.top(store, metric, span, n).await
    }
    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, WindowStoreError> {
        self.windows.total(store, metric, span).await
    }
    async fn log_ins_within(
        &self,
        store: StoreId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<u64, WindowStoreError> {
        self.windows.log_ins_within(store, after, until).await
    }
}

fn added(of: u64, quantity: u32) -> Happened {
    Happened { store: of, at: at(NOW), what: What::Added { product: 1, quantity } }
}

fn worker(shop: &Shop, place: &RedisPlace) -> Arc<Worker> {
    Arc::new(Worker::new(shop.journal.clone(), place.open(), clock(at(NOW))))
}

async fn adds(windows: &Windows, of: u64) -> Result<u64, WindowStoreError> {
    let top = windows.top_cart_items(store(of), Tz::UTC, Window::Day, 10, at(NOW)).await?;
    Ok(top.first().map_or(0, |(_, adds)| *adds))
}

/// Asks until the windows answer with this; what they answer on the way must be that they can't.
async fn counted_anew(windows: &Windows, of: u64, expected: u64) {
    loop {
        match adds(windows, of).await {
            Ok(counted) if counted == expected => return,
            Ok(counted) => assert!(counted >= expected, "answered {counted}, a part of {expected}"),
            Err(WindowStoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// A worker at work.
fn running(worker: &Arc<Worker>) -> (CancellationToken, tokio::task::JoinHandle<Result<(), WorkerError>>) {
    let (worker, stop) = (Arc::clone(worker), CancellationToken::new());
    let stopped = stop.clone();
    (stop, tokio::spawn(async move { worker.run(stopped, |_| ()).await }))
}

#[tokio::test]
async fn a_server_that_forgot_everything_costs_nothing_but_a_rebuild() {
    let (mut shop, place) = (Shop::new(), RedisPlace::new());
    for of in [1, 1, 2] {
        shop.happen(added(of, 5)).await;
    }
    let worker = worker(&shop, &place);
    let (stop, ended) = running(&worker);
    let windows = worker.windows();
    soon(windows.wait_for(Position(3))).await;
    // Nothing happens meanwhile: it is noticed all the same.
    place.forget("").await;
    soon(counted_anew(&windows, 1, 10)).await;
    soon(counted_anew(&windows, 2, 5)).await;
    shop.happen(added(1, 1)).await;
    soon(windows.wait_for(Position(4))).await;
    assert_eq!(adds(&windows, 1).await.unwrap(), 11);
    stop.cancel();
    soon(ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_one_shard_of_several_forgot_is_counted_anew() {
    let (mut shop, place) = (Shop::new(), RedisPlace::new());
    for of in [1, 1, 2] {
        shop.happen(added(of, 5)).await;
    }
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    place.forget(&store(1).to_string()).await;
    let (stop, ended) = running(&worker);
    // The next event of the store gives it away.
    shop.happen(added(1, 1)).await;
    soon(worker.windows().wait_for(Position(4))).await;
    soon(counted_anew(&worker.windows(), 1, 11)).await;
    soon(counted_anew(&worker.windows(), 2, 5)).await;
    stop.cancel();
    soon(ended).await.unwrap().unwrap();
}

/// As a server does that evicts the least used keys to make room.
#[tokio::test]
async fn one_key_that_was_evicted_is_missed_by_whoever_counts_into_it() {
    let (mut shop, first) = (Shop::new(), RedisPlace::new());
    shop.happen(added(1, 5)).await;
    shop.happen(Happened { store: 1, at: at(NOW), what: What::LoggedIn { customer: 1 } }).await;
    worker(&shop, &first).catch_up(|_| ()).await.unwrap();
    let of_store = |keys: Vec<String>| -> Vec<String> {
        let id = store(1).to_string();
        let names = keys.into_iter().filter_map(|key| Some(key.split_once(&id)?.1.to_owned()));
        // After the generation, which is another one each time.
        names.map(|name| name.splitn(3, ':').nth(2).unwrap_or_default().to_owned()).collect()
    };
    let keys: Vec<String> = first.connection().await.keys(format!("{}:*", first.namespace)).await.unwrap();
    let names = of_store(keys);
    assert_eq!(names.len(), 7, "{names:?}");
    for name in names {
        let place = RedisPlace::new();
        let worker = worker(&shop, &place);
        worker.catch_up(|_| ()).await.unwrap();
        place.forget(&format!("{{{}}}:*:{name}", store(1))).await;
        let (stop, ended) = running(&worker);
        let (mut again, before) = (added(1, 1), shop.journal.head().await.unwrap());
        again.at = at(NOW);
        shop.happen(again).await;
        shop.happen(Happened { store: 1, at: at(NOW), what: What::LoggedIn { customer: 1 } }).await;
        soon(worker.windows().wait_for(Position(before.0 + 2))).await;
        let expected = 5 + before.0 / 2;
        soon(counted_anew(&worker.windows(), 1, expected)).await;
        stop.cancel();
        soon(ended).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn one_bucket_that_was_evicted_is_missed_by_whoever_asks_for_it() {
    let (mut shop, place) = (Shop::new(), RedisPlace::new());
    for of in [1, 1, 2] {
        shop.happen(added(of, 5)).await;
    }
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    let minute = at(NOW).as_millis() / 60_000;
    for gone in [format!(":1:{minute}"), ":there:".to_owned()] {
        place.forget(&gone).await;
        let (stop, ended) = running(&worker);
        // Nothing happens: only that it is asked for.
        soon(counted_anew(&worker.windows(), 1, 10)).await;
        stop.cancel();
        soon(ended).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_server_that_evicts_is_named() {
    let place = RedisPlace::new();
    let windows = place.windows();
    let mut connection = place.connection().await;
    let set = async |connection: &mut redis::aio::MultiplexedConnection, policy: &str| {
        let () = redis::cmd("CONFIG")
            .arg(["SET", "maxmemory-policy", policy].as_slice())
            .query_async(connection)
            .await
            .unwrap();
    };
    set(&mut connection, "volatile-lru").await;
    let named = windows.evicts().await;
    set(&mut connection, "noeviction").await;
    assert_eq!(named.unwrap().as_deref(), Some("volatile-lru"));
    assert_eq!(windows.evicts().await.unwrap(), None);
}

#[tokio::test]
async fn nothing_is_answered_while_nothing_is_there() {
    let (shop, place) = (Shop::new(), RedisPlace::new());
    let worker = worker(&shop, &place);
    let refused = adds(&worker.windows(), 1).await;
    assert!(matches!(refused, Err(WindowStoreError::Unavailable(_))), "{refused:?}");
    worker.catch_up(|_| ()).await.unwrap();
    assert_eq!(adds(&worker.windows(), 1).await.unwrap(), 0);
}

#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again() {
    let (mut shop, place) = (Shop::new(), RedisPlace::new());
    let worker = worker(&shop, &place);
    for round in 1..=3 {
        shop.happen(added(1, 2)).await;
        worker.catch_up(|_| ()).await.unwrap();
        assert_eq!(adds(&worker.windows(), 1).await.unwrap(), 2 * round);
        let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut place.connection().await).await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_that_broke_off_before_its_checkpoint_counts_once() {
    let (mut shop, place) = (Shop::new(), RedisPlace::new());
    for of in [1, 2, 1] {
        shop.happen(added(of, 5)).await;
    }
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    shop.happen(added(1, 7)).await;
    let broken = Worker::new(shop.journal.clone(), place.open_to_crash(1), clock(at(NOW)));
    assert!(broken.catch_up(|_| ()).await.is_err());
    shop.happen(added(1, 1)).await;
    shop.happen(added(2, 1)).await;
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    assert_eq!(adds(&worker.windows(), 1).await.unwrap(), 18);
    assert_eq!(adds(&worker.windows(), 2).await.unwrap(), 6);
}

#[tokio::test]
async fn what_is_counted_expires_by_itself() {
    let (mut shop, place) = (Shop::new(), RedisPlace::new());
    shop.happen(added(1, 5)).await;
    shop.happen(Happened { store: 1, at: at(NOW), what: What::LoggedIn { customer: 1 } }).await;
    worker(&shop, &place).catch_up(|_| ()).await.unwrap();
    let mut connection = place.connection().await;
    let keys: Vec<String> = connection.keys(format!("{}:*", place.namespace)).await.unwrap();
    let day = 24 * 60 * 60;
    for key in keys.iter().filter(|key| **key != place.state()) {
        let seconds: i64 = connection.ttl(key).await.unwrap();
        let kept = if key.contains(":log-ins:") { 2 * day..=3 * day } else { 8 * day..=10 * day };
        assert!(kept.contains(&seconds), "{key} is kept for {seconds} s");
    }
}

#[tokio::test]
async fn a_cluster_counts_as_one_server_does() {
    let (mut shop, place) = (Shop::new(), RedisPlace::cluster());
    for of in [1, 2, 3, 4, 5, 1, 2, 1] {
        shop.happen(added(of, 5)).await;
    }
    let worker = worker(&shop, &place);
    worker.catch_up(|_| ()).await.unwrap();
    for (of, expected) in [(1, 15), (2, 10), (3, 5), (4, 5), (5, 5), (6, 0)] {
        assert_eq!(adds(&worker.windows(), of).await.unwrap(), expected);
    }
    shop.happen(added(3, 1)).await;
    worker.rebuild(|_| ()).await.unwrap();
    assert_eq!(adds(&worker.windows(), 3).await.unwrap(), 6);
}

#[test]
fn what_is_no_url_of_redis_is_refused_without_showing_it() {
    for url in ["", "http://user:secret@host", "redis-cluster://", "redis://user:secret@[::"] {
        let refused = RedisWindows::open(url, "test").err().map(|error| error.to_string());
        let refused = refused.unwrap_or_else(|| panic!("'{url}' was taken"));
        assert!(!refused.contains("secret"), "{refused}");
    }
}
