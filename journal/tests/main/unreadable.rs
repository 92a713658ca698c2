//! Events that can't be read are passed on with their place and reason, in followers and reads of all; a stream that holds
//! one can't be folded, and says so.

use crate::support::*;
use bytes::Bytes;
use cartlog_journal::{Delivery, JournalError, Tail};
use eventlog::{Position, StreamName};

/// The reason given for the forged second of three events.
async fn reason(change: impl FnOnce(&mut eventlog::RecordedEvent)) -> String {
    let desk = Desk::new();
    desk.append(&product_stream(1), &[repriced(10)]).await;
    let stored = desk.stored().await[0].clone();
    desk.forge(&stored, change).await;
    desk.append(&product_stream(2), &[repriced(30)]).await;
    let mut follower = desk.journal.follow(Position::START);
    let followed = follower.next(10).await.unwrap().events;
    let read = desk.read().await;
    assert_eq!((read.len(), followed.len()), (3, 3), "none is left out");
    let (Delivery::Unreadable(one), Delivery::Unreadable(two)) = (&read[1], &followed[1]) else {
        panic!("{read:?}");
    };
    assert_eq!((one.position, one.reason.to_string()), (two.position, two.reason.to_string()));
    assert_eq!((read[1].position(), read[1].id()), (Position(2), one.id));
    assert!(matches!(&read[2], Delivery::Event(_)));
    one.reason.to_string()
}

fn json(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[tokio::test]
async fn each_reason_is_told() {
    let is = async |part: &str, change: fn(&mut eventlog::RecordedEvent)| {
        let reason = reason(|event| {
            event.stream = product_stream(3);
            change(event);
        })
        .await;
        assert!(reason.contains(part), "{reason}");
    };
    is("newer version", |event| event.event_type = "ProductPainted".into()).await;
    is("newer version", |event| event.event_type = "CartOpened".into()).await;
    is("can't be read", |event| event.data = json(r#"{"sale_price_in_cents":"12"}"#)).await;
    is("can't be read", |event| event.data = json(r#"{"sale_price_in_cents":-1}"#)).await;
    is("can't be read", |event| event.data = json("{")).await;
    is("metadata", |event| event.metadata = json("{}")).await;
    is("metadata", |event| event.metadata = json("")).await;
    is("not one of ours", |event| event.stream = StreamName::new("parcel-1")).await;
    is("not one of ours", |event| event.stream = StreamName::new("parcel")).await;
    is("schema version 9", |event| {
        let mut metadata: serde_json::Value = serde_json::from_slice(&event.metadata).unwrap();
        metadata["v"] = 9.into();
        event.metadata = metadata.to_string().into();
    })
    .await;
}

#[tokio::test]
async fn a_stream_with_an_unreadable_event_is_not_folded_past_it() {
    let desk = Desk::new();
    let stream = product_stream(1);
    desk.append(&stream, &[repriced(10)]).await;
    let stored = desk.stored().await[0].clone();
    desk.forge(&stored, |event| event.data = json("{}")).await;
    let refused = desk.journal.read_stream(&stream, Tail::default(), 10).await;
    let Err(JournalError::Unreadable(unreadable)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((unreadable.stream, unreadable.revision), (stream.clone(), 1));
    let before = desk.journal.read_stream(&stream, Tail::default(), 1).await.unwrap();
    assert_eq!(before.events.len(), 1);
}
