//! Which incarnation a log is.

use bytes::Bytes;
use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, StreamName};
use notary::{IncarnationError, incarnation};
use uuid::Uuid;

async fn log_that_says(said: &[(&str, String)]) -> MemoryLog {
    let log = MemoryLog::new();
    for (revision, (event_type, data)) in (0..).zip(said) {
        let event = NewEvent {
            id: Uuid::from_u128(u128::from(revision) + 1),
            event_type: (*event_type).to_owned(),
            data: Bytes::from(data.clone()),
            metadata: Bytes::from_static(b"{}"),
        };
        let stream = StreamName::new("cartlog-log");
        log.append(&stream, ExpectedRevision::of_length(revision), vec![event]).await.unwrap();
    }
    log
}

fn begun(number: i64) -> (&'static str, String) {
    ("LogIncarnationBegun", format!(r#"{{"number":{number},"more":true}}"#))
}

#[tokio::test]
async fn it_is_the_first_unless_the_log_says_otherwise() {
    assert_eq!(incarnation(&MemoryLog::new()).await.unwrap(), 1);
    let other = ("LogCreated", "{}".to_owned());
    assert_eq!(incarnation(&log_that_says(std::slice::from_ref(&other)).await).await.unwrap(), 1);
    assert_eq!(incarnation(&log_that_says(&[other.clone(), begun(2), other]).await).await.unwrap(), 2);
    let many: Vec<_> = (2..260).map(begun).collect();
    assert_eq!(incarnation(&log_that_says(&many).await).await.unwrap(), 259);
}

#[tokio::test]
async fn numbers_that_do_not_rise_or_cannot_be_read_are_refused() {
    for number in [0, 1, 2] {
        let found = incarnation(&log_that_says(&[begun(2), begun(number)]).await).await;
        let Err(IncarnationError::Backwards { revision: 1, before: 2, .. }) = found else { panic!("{found:?}") };
    }
    for unreadable in [begun(-1), begun(1 << 32), ("LogIncarnationBegun", "{}".to_owned())] {
        let found = incarnation(&log_that_says(&[unreadable]).await).await;
        assert!(matches!(found, Err(IncarnationError::Unreadable { revision: 0 })), "{found:?}");
    }
}
