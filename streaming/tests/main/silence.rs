//! Services that take a connection and then keep silent, let their words drip, or go half-way: each call ends, and says so.

use peer::Peer;
use std::time::Duration;

#[cfg(feature = "redis")]
#[tokio::test(start_paused = true)]
async fn redis_is_not_waited_for_for_ever() {
    use cartlog_streaming::{RedisWindows, Side, WindowStore, WindowStoreError};
    use domain::{StoreId, Timestamp};
    const WITHIN: Duration = Duration::from_secs(30);
    let store = StoreId(uuid::Uuid::nil());
    for scheme in ["redis", "redis-cluster"] {
        for (manner, peer) in Peer::each(b"+PONG and so on").await {
            let windows = RedisWindows::open(&format!("{scheme}://{}", peer.address()), "test").unwrap();
            let begun = tokio::time::Instant::now();
            let state = windows.state(Side::Live).await;
            assert!(matches!(state, Err(WindowStoreError::Unavailable(_))), "{scheme} {manner}: {state:?}");
            let (after, until) = (Timestamp::from_millis(0), Timestamp::from_millis(1));
            let count = windows.log_ins_within(store, after, until).await;
            assert!(matches!(count, Err(WindowStoreError::Unavailable(_))), "{scheme} {manner}: {count:?}");
            assert!(begun.elapsed() <= 2 * WITHIN + Duration::from_millis(20), "{scheme} {manner}");
            assert!(peer.met() > 0, "{scheme} {manner}");
        }
    }
}

/// Answers each command, but slowly: every one of them within its own limit.
#[cfg(feature = "redis")]
#[tokio::test]
async fn redis_that_answers_every_command_slowly_is_given_up_all_the_same() {
    use cartlog_streaming::{RedisWindows, Side, WindowStore, WindowStoreError};
    let peer = Peer::that(peer::Manner::Drips { words: b"+OK\r\n".to_vec(), pause: Duration::from_millis(1) }).await;
    let windows = RedisWindows::open(&format!("redis://{}", peer.address()), "test").unwrap();
    let windows = windows.answered_within(Duration::ZERO);
    let state = windows.state(Side::Live).await;
    assert!(
        matches!(&state, Err(WindowStoreError::Unavailable(reason)) if reason.to_string().contains("may have been")),
        "{state:?}"
    );
}

#[cfg(feature = "kafka")]
#[tokio::test]
async fn kafka_is_not_waited_for_for_ever() {
    use cartlog_streaming::{ForwardError, ForwarderOptions};
    use eventlog::MemoryLog;
    for (manner, peer) in Peer::each(b"\0\0\0\x20\0\0\0\x01\0\0").await {
        let patience = Duration::from_millis(300);
        let options = ForwarderOptions { patience, ..ForwarderOptions::new(peer.address().to_string()) };
        let checked = cartlog_streaming::check(&MemoryLog::new(), options, None, |_, _| ()).await;
        assert!(matches!(checked, Err(ForwardError::Kafka(_))), "{manner}: {checked:?}");
        assert!(peer.met() > 0, "{manner}");
    }
}

/// The library's time is its own; what it is told is waited for by ours as well.
#[cfg(feature = "kafka")]
#[tokio::test]
async fn making_topics_ends_where_the_brokers_say_nothing() {
    use cartlog_streaming::{Forwarder, ForwarderOptions};
    use eventlog::MemoryLog;
    use std::sync::Arc;
    use tokio_util::sync::CancellationToken;
    for (manner, peer) in Peer::each(b"\0\0\0\x20\0\0\0\x01\0\0").await {
        let patience = Duration::from_millis(300);
        let options = ForwarderOptions { patience, ..ForwarderOptions::new(peer.address().to_string()) };
        let forwarder = Forwarder::new(Arc::new(MemoryLog::new()), options);
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (forwarder, stop) = (forwarder.clone(), stop.clone());
            async move { forwarder.run(stop, |_| ()).await }
        });
        let is_told = async {
            while forwarder.status().trouble.is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), is_told).await.expect("it is given up");
        stop.cancel();
        running.await.unwrap().unwrap_or_else(|error| panic!("{manner}: {error}"));
    }
}
