//! A server that takes a connection and then keeps silent, lets its words drip, or goes half-way: each call ends, and says so.

use peer::Peer;
use postgres::testing::{Network, Proxy};
use postgres::{Database, DatabaseError, DatabaseOptions, Sessions};
use std::time::Duration;

fn url(peer: &Peer) -> String {
    format!("postgres://shop:secret@{}/shop?sslmode=disable", peer.address())
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_speak_is_not_waited_for_for_ever() {
    for (manner, peer) in Peer::each(b"R\0\0\0\x08\0\0\0\0S\0\0\0\x16").await {
        let begun = tokio::time::Instant::now();
        let opened = Database::open(&url(&peer), DatabaseOptions::default()).await;
        assert!(
            matches!(opened, Err(DatabaseError::Unavailable(_) | DatabaseError::Refused(_))),
            "{manner}: {opened:?}"
        );
        assert!(begun.elapsed() <= Duration::from_secs(4), "{manner}: {:?}", begun.elapsed());
        assert_eq!(peer.met(), 1, "{manner}");
    }
}

#[tokio::test]
async fn whoever_no_longer_waits_leaves_no_connection_behind_that_waits_for_ever() {
    let proxy = Proxy::to(&postgres::testing::url()).await;
    // Whatever other tests have written there.
    let options = DatabaseOptions { connections: 1, format: i32::MAX, ..DatabaseOptions::default() };
    let database = Database::open(&proxy.url, options).await.expect("opens");
    let sessions = Sessions::new(&database, &[]);
    sessions.ask(|| sqlx::query("SELECT 1")).await.expect("an answer");
    // It comes back to the pool by itself, and is asked whether it is well on its way.
    while sessions.is_exhausted() {
        tokio::task::yield_now().await;
    }
    proxy.be(Network::Silent);
    // As whoever asked by HTTP: it gives up before the statement does.
    let asked = tokio::time::timeout(Duration::from_millis(50), sessions.ask(|| sqlx::query("SELECT 1"))).await;
    assert!(asked.is_err(), "{asked:?}");
    assert!(!sessions.is_exhausted(), "its place in the pool is free for another one");
}
