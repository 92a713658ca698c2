//! The hash chain: stable for ever, and broken by any change.

use eventlog::chain::{self, BrokenChain, EventHash};
use eventlog::*;
use serde_json::json;
use uuid::Uuid;

/// Logs of today are verified by the versions to come: these values must never change.
#[test]
fn hashes_are_what_they_have_always_been() {
    let id = Uuid::from_u128(0x0193_5f6e_1111_7222_8333_4444_5555_6666);
    let of = |stream: &str, data: &str| chain::hash(stream, 7, id, "CartBilled", data.as_bytes(), b"{}").to_string();
    assert_eq!(of("cart-1", "{\"a\":1}"), GOLDEN);
    assert_eq!(chain::hash("", 0, Uuid::nil(), "", b"", b"").to_string(), GOLDEN_OF_NOTHING);
    assert_ne!(of("cart-1", "{\"a\": 1}"), GOLDEN, "every byte counts");
    assert_ne!(of("cart-", "1{\"a\":1}"), GOLDEN, "no byte moves from one part to another unnoticed");
    assert_eq!(GOLDEN.parse::<EventHash>().unwrap().to_string(), GOLDEN);
}

const GOLDEN: &str = "dcb88d6c3b80e55cb9539b7162f02db2dac6c2108191d640b905baff2b1aa43a";
const GOLDEN_OF_NOTHING: &str = "ada5bd29690ed5c25a673d89bcd5af12d88021089039dc62aa9fbdef751fd5e7";

fn prev_of(event: &RecordedEvent) -> Option<EventHash> {
    let metadata: serde_json::Value = serde_json::from_slice(&event.metadata).unwrap();
    serde_json::from_value(metadata["prev"].clone()).unwrap()
}

/// Two streams of four chained events each, side by side.
async fn chained() -> Vec<RecordedEvent> {
    let log = MemoryLog::new();
    let mut last = [None, None];
    for revision in 0..4 {
        for (nth, prev) in last.iter_mut().enumerate() {
            let stream = StreamName::new(format!("cart-{nth}"));
            let event = NewEvent {
                id: Uuid::now_v7(),
                event_type: "Happened".to_owned(),
                data: json!({ "amount": revision }).to_string().into(),
                metadata: json!({ "prev": prev }).to_string().into(),
            };
            log.append(&stream, ExpectedRevision::of_length(revision), vec![event]).await.unwrap();
            let stored = log.read_stream_backwards(&stream, 1).await.unwrap();
            *prev = Some(chain::hash_of(&stored[0]));
        }
    }
    log.read_all(Position::START, 100).await.unwrap()
}

#[tokio::test]
async fn an_untouched_log_verifies_wherever_its_events_stand() {
    let events = chained().await;
    let chains = chain::verify(&events, prev_of).unwrap();
    let last = events.last().unwrap();
    assert_eq!(chains.tail(&last.stream), Some((4, chain::hash_of(last))));
    assert_eq!(chains.tail(&StreamName::new("cart-9")), None);
    let copied = events.iter().cloned().map(|event| RecordedEvent { position: Position(99), ..event });
    let copied: Vec<_> = copied.collect();
    assert!(chain::verify(&copied, prev_of).is_ok(), "positions and server times are no part of it");
}

#[tokio::test]
async fn any_change_breaks_the_chain_at_the_next_event() {
    let events = chained().await;
    let changes: [fn(&mut RecordedEvent); 4] = [
        |event| event.data = "{\"amount\":1000000}".into(),
        |event| event.id = Uuid::nil(),
        |event| event.event_type = "Other".into(),
        |event| event.metadata = [&event.metadata[..], b" "].concat().into(),
    ];
    for change in changes {
        let mut tampered = events.clone();
        change(&mut tampered[2]);
        let broken = chain::verify(&tampered, prev_of).unwrap_err();
        assert!(matches!(broken, BrokenChain::Mismatch { revision: 2, .. }), "{broken}");
    }
}

#[tokio::test]
async fn a_missing_a_swapped_and_a_doubled_event_break_the_chain() {
    let events = chained().await;
    let mut missing = events.clone();
    missing.remove(2);
    let mut renumbered = missing.clone();
    renumbered.iter_mut().skip(2).filter(|event| event.stream.as_str() == "cart-0").for_each(|it| it.revision -= 1);
    let mut swapped = events.clone();
    swapped.swap(2, 4);
    let mut doubled = events.clone();
    doubled.insert(3, events[2].clone());
    let mut moved = events.clone();
    moved[2].stream = events[1].stream.clone();
    for (what, tampered) in
        [("missing", missing), ("renumbered", renumbered), ("swapped", swapped), ("doubled", doubled), ("moved", moved)]
    {
        assert!(chain::verify(&tampered, prev_of).is_err(), "{what}");
    }
    let shortened = chain::verify(&events[..6], prev_of).unwrap();
    let whole = chain::verify(&events, prev_of).unwrap();
    let cart = StreamName::new("cart-0");
    assert_ne!(shortened.tail(&cart), whole.tail(&cart), "a shortened stream shows by its tail");
}
