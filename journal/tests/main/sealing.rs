//! Personal data: sealed where it is stored, open where it is read, and bound to the one event it stands in.

use crate::support::*;
use cartlog_journal::testing::MemoryKeys;
use cartlog_journal::{Delivery, JournalError, Keys, Tail};
use domain::{Personal, PersonalAddress, PersonalData};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

/// The event was delivered as one that can't be read, and the reason says so.
fn is_refused(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::Unreadable(unreadable) => unreadable.reason.to_string().contains("damaged"),
        Delivery::Event(_) => false,
    }
}

fn personal_bytes(data: &[u8]) -> String {
    let data: serde_json::Value = serde_json::from_slice(data).unwrap();
    data["personal"]["sealed"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_is_read_as_written_and_never_stored_in_the_clear() {
    let desk = Desk::new();
    desk.append(&customer_stream(1), &[renamed(10, "Wilhelmina")]).await;
    let events = desk.read().await;
    assert_eq!(personal_of(&events[0]), Personal::Open(person("Wilhelmina")));
    let stored = &desk.stored().await[0];
    let bytes = [&stored.data[..], &stored.metadata[..]].concat();
    assert!(!String::from_utf8(bytes).unwrap().contains("Wilhelmina"));
}

#[tokio::test]
async fn sealed_data_opens_in_no_other_event_stream_or_place() {
    let desk = Desk::new();
    desk.append(&customer_stream(1), &[renamed(10, "Ann")]).await;
    desk.append(&customer_stream(2), &[renamed(20, "Bob")]).await;
    let ann = desk.stored().await[0].clone();
    desk.forge(&ann, |event| event.id = Uuid::from_u128(11)).await;
    desk.forge(&ann, |event| event.stream = customer_stream(2)).await;
    let events = desk.read().await;
    assert_eq!(personal_of(&events[0]), Personal::Open(person("Ann")));
    assert!(is_refused(&events[2]), "under another event's id: {:?}", events[2]);
    assert!(is_refused(&events[3]), "in another customer's stream: {:?}", events[3]);
}

#[tokio::test]
async fn every_changed_character_is_noticed() {
    let desk = Desk::new();
    desk.append(&customer_stream(1), &[renamed(10, "Ann")]).await;
    let stored = desk.stored().await[0].clone();
    let sealed = personal_bytes(&stored.data);
    // The text's end may hold bits that no byte of it needs; strict base64 refuses those too.
    for place in 0..sealed.len() {
        let other = Desk::on(Arc::new(eventlog::MemoryLog::new()), Arc::clone(&desk.keys));
        let mut bytes = sealed.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = serde_json::json!({"personal": {"sealed": String::from_utf8(bytes).unwrap()}});
        other.forge(&stored, |event| event.data = changed.to_string().into()).await;
        assert!(is_refused(&other.read().await[0]), "at {place}");
    }
    for cut in ["", "AAAA", &sealed[..32], "not base64!"] {
        let other = Desk::on(Arc::new(eventlog::MemoryLog::new()), Arc::clone(&desk.keys));
        let changed = serde_json::json!({"personal": {"sealed": cut}});
        other.forge(&stored, |event| event.data = changed.to_string().into()).await;
        assert!(is_refused(&other.read().await[0]), "{cut}");
    }
}

#[tokio::test]
async fn with_another_key_nothing_opens() {
    struct OneKey;
    #[async_trait::async_trait]
    impl Keys for OneKey {
        async fn key_or_new(
            &self,
            _customer: domain::CustomerId,
        ) -> Result<Option<cartlog_journal::SealingKey>, cartlog_journal::KeysError> {
            Ok(Some(cartlog_journal::SealingKey([7; 32])))
        }
        async fn keys(
            &self,
            customers: &[domain::CustomerId],
        ) -> Result<Vec<Option<cartlog_journal::SealingKey>>, cartlog_journal::KeysError> {
            Ok(customers.iter().map(|_| Some(cartlog_journal::SealingKey([7; 32]))).collect())
        }
        async fn actor_keys(
            &self,
            _store: domain::StoreId,
            actors: &[domain::ActorId],
        ) -> Result<Vec<Option<cartlog_journal::SealingKey>>, cartlog_journal::KeysError> {
            Ok(actors.iter().map(|_| Some(cartlog_journal::SealingKey([7; 32]))).collect())
        }
    }
    let desk = Desk::new();
    desk.append(&customer_stream(1), &[renamed(10, "Ann")]).await;
    let log: Arc<eventlog::MemoryLog> = Arc::clone(&desk.log);
    let other = cartlog_journal::Journal::new(log, Arc::new(OneKey));
    let events = other.read_all(eventlog::Position::START, 10).await.unwrap();
    assert!(is_refused(&events[0]));
}

#[tokio::test]
async fn the_same_append_again_answers_as_the_first_time_and_the_chain_goes_on() {
    let desk = Desk::new();
    let events = [renamed(10, "Ann"), renamed(11, "Anna")];
    let first = desk.journal.append(&customer_stream(1), Tail::default(), &events).await.unwrap();
    let again = desk.journal.append(&customer_stream(1), Tail::default(), &events).await.unwrap();
    assert_eq!(again, first);
    desk.journal.append(&customer_stream(1), again.tail, &[renamed(12, "Annie")]).await.unwrap();
    let stored = desk.stored().await;
    let prev: serde_json::Value = serde_json::from_slice(&stored[2].metadata).unwrap();
    assert_eq!(prev["prev"], eventlog::chain::hash_of(&stored[1]).to_string());
}

#[tokio::test]
async fn equal_data_in_two_events_is_not_seen_to_be_equal() {
    let desk = Desk::new();
    desk.append(&customer_stream(1), &[renamed(10, "Ann"), renamed(11, "Ann")]).await;
    desk.append(&customer_stream(2), &[renamed(20, "Ann")]).await;
    let stored = desk.stored().await;
    let mut starts: Vec<String> = stored.iter().map(|event| personal_bytes(&event.data)[..32].to_owned()).collect();
    starts.sort();
    starts.dedup();
    assert_eq!(starts.len(), 3, "no two nonces are alike");
}

#[tokio::test]
async fn an_erased_customer_reads_as_erased_and_can_write_nothing_personal() {
    let desk = Desk::new();
    let stream = customer_stream(1);
    desk.append(&stream, &[renamed(10, "Ann")]).await;
    desk.append(&customer_stream(2), &[renamed(20, "Bob")]).await;
    desk.keys.destroy(customer(1));
    let events = desk.read().await;
    assert_eq!(personal_of(&events[0]), Personal::Erased);
    assert_eq!(personal_of(&events[1]), Personal::Open(person("Bob")));
    let Delivery::Event(erased) = &events[0] else { panic!() };
    assert_eq!(erased.open_data().unwrap(), serde_json::json!({"personal": null}));
    let tail = desk.journal.read_stream(&stream, Tail::default(), 9).await.unwrap().tail;
    let refused = desk.journal.append(&stream, tail, &[renamed(11, "Ann")]).await;
    assert!(matches!(refused, Err(JournalError::Erased(who)) if who == customer(1)), "{refused:?}");
    assert_eq!(desk.stored().await.len(), 2, "nothing was written");
    // What names nobody is still written: the stream goes on.
    let deleted = domain::customer::CustomerDeleted { claim_ids: Vec::new() };
    let event = to_append(12, domain::customer::CustomerEvent::from(deleted));
    desk.journal.append(&stream, tail, &[event]).await.unwrap();
}

#[tokio::test]
async fn what_is_erased_or_misplaced_is_not_stored() {
    let desk = Desk::new();
    let mut erased = renamed(10, "Ann");
    *erased.event.personal_mut().unwrap() = Personal::Erased;
    let refused = desk.journal.append(&customer_stream(1), Tail::default(), &[erased]).await;
    assert!(matches!(refused, Err(JournalError::Json(_))), "{refused:?}");
    let refused = desk.journal.append(&product_stream(1), Tail::default(), &[renamed(10, "Ann")]).await;
    assert!(matches!(refused, Err(JournalError::Misplaced(_))), "{refused:?}");
    let refused = desk.journal.append(&product_stream(1), Tail::default(), &[]).await;
    assert!(matches!(refused, Err(JournalError::NothingToAppend)), "{refused:?}");
    assert!(desk.stored().await.is_empty());
}

#[tokio::test]
async fn a_vault_that_is_away_is_told_and_nothing_is_lost() {
    let log = Arc::new(eventlog::MemoryLog::new());
    let keys = Arc::new(ShakyKeys::default());
    let journal = cartlog_journal::Journal::new(log, keys);
    journal.append(&customer_stream(1), Tail::default(), &[renamed(10, "Ann")]).await.unwrap();
    let away = journal.read_all(eventlog::Position::START, 10).await;
    assert!(matches!(away, Err(JournalError::Keys(_))), "{away:?}");
    let read = journal.read_all(eventlog::Position::START, 10).await.unwrap();
    assert_eq!(personal_of(&read[0]), Personal::Open(person("Ann")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_person_is_called_comes_back(
        email in proptest::option::of(".{0,40}"), first in proptest::option::of(".{0,40}"),
        last in proptest::option::of(".{0,40}"), street in proptest::option::of("\\PC{0,60}"),
    ) {
        let mut address = PersonalAddress::unknown(domain::AddressId(Uuid::from_u128(5)));
        address.street = street;
        let data = PersonalData { email, first_name: first, last_name: last, addresses: vec![address] };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(async {
            let desk = Desk::on(Arc::new(eventlog::MemoryLog::new()), Arc::new(MemoryKeys::default()));
            let mut event = renamed(10, "");
            *event.event.personal_mut().unwrap() = data.clone().into();
            desk.append(&customer_stream(1), &[event]).await;
            personal_of(&desk.read().await[0])
        });
        prop_assert!(read == Personal::Open(data));
    }
}
