//! A server that takes a connection and then keeps silent, lets its words drip, or goes half-way: each call ends, and says so.

use super::*;
use peer::Peer;
use std::time::Duration;
use tokio::time::Instant;

/// The most that one call may take with the default options: an append is pursued for 10 s, a read tried three times.
const LONGEST: Duration = Duration::from_secs(12);

/// As HTTP/2 begins: a frame with the server's settings.
const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";

fn log_of(peer: &Peer) -> Arc<dyn EventLog> {
    open(EventStoreDbOptions::new(format!("esdb://{}?tls=false", peer.address()), ["cart"]))
}

#[tokio::test(start_paused = true)]
async fn an_append_to_a_server_that_never_spoke_ends_and_was_not_done() {
    for (manner, peer) in Peer::each(SETTINGS).await {
        let log = log_of(&peer);
        let begun = Instant::now();
        let outcome = append(&*log, 0, &events(1)).await;
        assert!(begun.elapsed() <= LONGEST, "{manner}: {:?}", begun.elapsed());
        // Nothing was sent before it was known which log it is.
        assert!(matches!(outcome, Err(AppendError::Unavailable { .. })), "{manner}: {outcome:?}");
        assert!(peer.met() > 0, "{manner}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_from_a_server_that_does_not_speak_is_not_waited_for_for_ever() {
    for (manner, peer) in Peer::each(SETTINGS).await {
        let log = log_of(&peer);
        for nth in 0..4 {
            let begun = Instant::now();
            let failed = match nth {
                0 => log.read_stream(&cart(), 0, 10).await.is_err(),
                1 => log.read_all(Position::START, 10).await.is_err(),
                2 => log.head().await.is_err(),
                _ => log.log_id().await.is_err(),
            };
            assert!(failed && begun.elapsed() <= LONGEST, "{manner} {nth}: {:?}", begun.elapsed());
        }
    }
}
