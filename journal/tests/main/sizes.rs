//! How much an event may hold.

use crate::support::*;
use cartlog_journal::{By, JournalError, Metadata, NamedPerson, SealingKey};
use domain::product::{ProductDescribed, ProductEvent};
use domain::{ActorId, Event, TokenId};
use eventlog::{AppendError, MemoryLog};
use std::sync::Arc;
use uuid::Uuid;

/// Data of so many bytes.
fn of_bytes(bytes: usize) -> Event {
    let described = |text: String| {
        Event::from(ProductEvent::from(ProductDescribed { description: Some(Some(text)), ..Default::default() }))
    };
    let empty = serde_json::to_vec(&described(String::new())).unwrap().len();
    described("7".repeat(bytes - empty))
}

/// As long as any: of a request with the longest id, by a token, for a person with the longest name, with a key, and a reaction at that.
fn longest_metadata() -> Metadata {
    let idempotency = serde_json::json!({ "key": "0".repeat(64), "fingerprint": "0".repeat(128) });
    // Four bytes each in UTF-8.
    let (person, key) = (ActorId(Uuid::nil()), SealingKey([7; 32]));
    let name = cartlog_journal::seal_name(&key, person, &"𝄞".repeat(100)).unwrap();
    Metadata {
        actor: cartlog_journal::Actor::Token(TokenId(Uuid::nil())),
        by: Some(By { token: Some(TokenId(Uuid::nil())), person: Some(NamedPerson { id: person, name: name.into() }) }),
        request_id: Some("7".repeat(128)),
        idempotency: Some(serde_json::from_value(idempotency).unwrap()),
        causation_id: Some(Uuid::nil()),
        ..metadata()
    }
}

#[tokio::test]
async fn an_event_with_as_much_data_as_is_said_fits_whatever_stands_beside_it() {
    let desk = Desk::on(Arc::new(MemoryLog::with_max_append_bytes(16_384)), Arc::default());
    let (stream, most) = (product_stream(1), desk.journal.max_data_bytes());
    let before = desk.append(&stream, &[repriced(1)]).await;
    let event =
        |id, bytes| cartlog_journal::ToAppend { metadata: longest_metadata(), ..to_append(id, of_bytes(bytes)) };
    desk.append(&stream, &[event(2, most)]).await;
    let refused = desk.journal.append(&stream, before.tail, &[event(3, 16_384)]).await;
    assert!(matches!(refused, Err(JournalError::Append(AppendError::TooLarge { .. }))), "{refused:?}");
}
