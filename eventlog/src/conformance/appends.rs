//! What an append promises.

use super::Subject;
use super::support::*;
use crate::{AppendError, ExpectedRevision, NewEvent, Position};
use chrono::DateTime;
use uuid::Uuid;

pub async fn an_append_stands_at_the_revision_it_expected(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let mut last = Position::START;
    for revision in 0..5 {
        let expected = match revision {
            0 => ExpectedRevision::NoStream,
            _ => ExpectedRevision::Exact(revision - 1),
        };
        let appended = log.append(&cart, expected, events(1)).await.unwrap();
        assert_eq!(appended.revision, revision);
        assert!(appended.position > last, "positions rise");
        last = appended.position;
    }
}

pub async fn an_append_of_several_stands_in_a_row(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let (first, second) = (events(3), events(2));
    let appended = append(&*log, &cart, 0, first.clone()).await.unwrap();
    assert_eq!(appended.revision, 2);
    assert_eq!(append(&*log, &cart, 3, second.clone()).await.unwrap().revision, 4);
    let stored = log.read_stream(&cart, 0, 10).await.unwrap();
    assert_eq!(ids(&stored), new_ids(&[first, second].concat()));
    assert_eq!(stored.iter().map(|event| event.revision).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(stored[2].position, appended.position, "the answer is of the last event");
}

pub async fn a_conflict_tells_the_actual_revision_and_changes_nothing(subject: &dyn Subject) {
    let log = subject.open().await;
    let (cart, none) = (stream("cart-1"), stream("cart-2"));
    fill(&*log, &cart, 3).await;
    let before = everything(&*log).await;
    for expected in [
        ExpectedRevision::NoStream,
        ExpectedRevision::Exact(0),
        ExpectedRevision::Exact(1),
        ExpectedRevision::Exact(3),
        ExpectedRevision::Exact(u64::MAX),
    ] {
        assert_conflict(log.append(&cart, expected, events(2)).await, Some(2));
    }
    for expected in [ExpectedRevision::Exact(0), ExpectedRevision::Exact(u64::MAX)] {
        assert_conflict(log.append(&none, expected, events(2)).await, None);
    }
    assert_eq!(everything(&*log).await, before);
    assert_eq!(log.head().await.unwrap(), before[2].position);
    append(&*log, &none, 0, events(1)).await.unwrap();
}

pub async fn the_same_append_again_answers_as_the_first_time(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let (first, second) = (events(2), events(2));
    let first_answer = append(&*log, &cart, 0, first.clone()).await.unwrap();
    assert_eq!(append(&*log, &cart, 0, first.clone()).await.unwrap(), first_answer);
    let second_answer = append(&*log, &cart, 2, second.clone()).await.unwrap();
    fill(&*log, &stream("cart-2"), 3).await;
    assert_eq!(append(&*log, &cart, 0, first).await.unwrap(), first_answer, "also later");
    assert_eq!(append(&*log, &cart, 2, second).await.unwrap(), second_answer);
    assert_eq!(everything(&*log).await.len(), 7);
}

pub async fn the_same_append_again_answers_the_same_after_reopening(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let batch = events(2);
    let answer = append(&*log, &cart, 0, batch.clone()).await.unwrap();
    drop(log);
    let log = subject.open().await;
    assert_eq!(append(&*log, &cart, 0, batch).await.unwrap(), answer);
    assert_conflict(append(&*log, &cart, 0, events(2)).await, Some(1));
    assert_eq!(append(&*log, &cart, 2, events(1)).await.unwrap().revision, 2);
}

pub async fn other_or_partly_other_ids_conflict(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let stored = events(3);
    append(&*log, &cart, 0, stored.clone()).await.unwrap();
    let mut other_first = stored.clone();
    other_first[0] = event();
    let mut other_last = stored.clone();
    other_last[2] = event();
    let mut swapped = stored.clone();
    swapped.swap(0, 1);
    let longer = [stored.clone(), events(1)].concat();
    for repeated in [other_first, other_last, swapped, longer] {
        assert_conflict(append(&*log, &cart, 0, repeated).await, Some(2));
    }
    assert_conflict(append(&*log, &cart, 1, stored.clone()).await, Some(2));
    assert_conflict(append(&*log, &stream("cart-2"), 3, stored).await, None);
    assert_eq!(everything(&*log).await.len(), 3);
}

pub async fn an_append_of_nothing_is_refused(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    for length in [0, 1] {
        let refused = append(&*log, &cart, length, Vec::new()).await;
        assert!(matches!(refused, Err(AppendError::Empty { .. })), "{refused:?}");
        fill(&*log, &cart, 1 - length as usize).await;
    }
    assert_eq!(everything(&*log).await.len(), 1);
}

pub async fn too_large_an_append_is_refused_and_the_largest_is_not(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let max = subject.max_append_bytes();
    let of_bytes = |bytes: usize| NewEvent { data: vec![b'7'; bytes].into(), ..event() };
    let too_large = [vec![of_bytes(max + 1)], vec![of_bytes(max / 2 + 1), of_bytes(max / 2 + 1)]];
    for events in too_large {
        let refused = append(&*log, &cart, 0, events).await;
        assert!(matches!(refused, Err(AppendError::TooLarge { bytes, .. }) if bytes > max), "{refused:?}");
    }
    assert_eq!(everything(&*log).await, []);
    assert_eq!(log.max_append_bytes(), max, "it says what it takes");
    let beside_data = cart.as_str().len() + 2 * event().event_type.len() + event().metadata.len();
    let large = of_bytes(max - beside_data);
    append(&*log, &cart, 0, vec![large.clone()]).await.unwrap();
    append(&*log, &cart, 1, events(1)).await.unwrap();
    let stored = everything(&*log).await;
    assert!(stored[0].data == large.data && stored.len() == 2, "it comes back whole");
}

pub async fn what_is_stored_comes_back_byte_for_byte(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let bodies = ["{}", " {\"b\" : 1.50,\n\t\"a\": \"\\u00e9é😀\"}\n", "[]", "null", "{\"a\":1,\"a\":2}"];
    let given: Vec<NewEvent> = bodies
        .iter()
        .map(|body| NewEvent {
            id: Uuid::now_v7(),
            event_type: "ÄnderungGeschehen".to_owned(),
            data: (*body).into(),
            metadata: format!("{{\"of\": {body}}}").into(),
        })
        .collect();
    append(&*log, &cart, 0, given.clone()).await.unwrap();
    for read in [everything(&*log).await, log.read_stream(&cart, 0, 10).await.unwrap()] {
        let read: Vec<NewEvent> = read
            .into_iter()
            .map(|event| NewEvent {
                id: event.id,
                event_type: event.event_type.to_string(),
                data: event.data,
                metadata: event.metadata,
            })
            .collect();
        assert_eq!(read, given);
    }
}

pub async fn events_of_another_log_keep_their_time_where_the_log_says_so(subject: &dyn Subject) {
    let log = subject.open().await;
    let cart = stream("cart-1");
    let given = events(3);
    for (length, (event, second)) in (0..).zip(given.iter().zip([1_000_000_000, 1_000_000_007, 1_000_000_003])) {
        let then = DateTime::from_timestamp(second, 42_999_999).unwrap();
        for _again in 0..2 {
            let expected = ExpectedRevision::of_length(length);
            let appended = log.append_recorded(&cart, expected, vec![event.clone()], then).await.unwrap();
            assert_eq!(appended.revision, length);
        }
        let read = log.read_stream(&cart, length, 1).await.unwrap().remove(0);
        let kept = read.recorded_at == DateTime::from_timestamp(second, 42_000_000).unwrap();
        assert_eq!(kept, log.keeps_recorded_times(), "{}", read.recorded_at);
    }
    assert_eq!(ids(&everything(&*log).await), new_ids(&given));
    append(&*log, &cart, 3, events(1)).await.unwrap();
    let last = log.read_stream_backwards(&cart, 1).await.unwrap().remove(0);
    assert!(last.recorded_at > DateTime::from_timestamp(1_500_000_000, 0).unwrap(), "its own time again");
}

pub async fn stream_names_are_told_apart_whatever_they_are_made_of(subject: &dyn Subject) {
    let log = subject.open().await;
    let long = format!("cart-{}", "x".repeat(500));
    let names = [
        "cart-a",
        "cart-A",
        "cart-a ",
        "cart-",
        "cart-%",
        "cart-_",
        "cart-'",
        "cart-\"",
        "cart-\\",
        "cart-é",
        "cart-e\u{301}",
        "cart-ß",
        "cart-ss",
        "cart-İ",
        "cart-i",
        "cart-\u{202e}a",
        "cart-\u{200b}a",
        "cart-😀",
        "cart-日本",
        "cart-1",
        "cart-01",
        "cart-1.0",
        &long,
    ];
    for name in names {
        let appended = append(&*log, &stream(name), 0, events(1)).await;
        assert_eq!(appended.unwrap().revision, 0, "{name:?} is a stream of its own");
    }
    let stored = everything(&*log).await;
    assert_eq!(stored.iter().map(|event| event.stream.as_str()).collect::<Vec<_>>(), names);
    for (name, event) in names.iter().zip(&stored) {
        let read = log.read_stream(&stream(name), 0, 10).await.unwrap();
        assert_eq!(read, std::slice::from_ref(event), "{name:?}");
    }
}
