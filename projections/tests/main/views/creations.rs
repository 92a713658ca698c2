//! Which requests with a key a view remembers for streams of many creations (api.md §1, Idempotency).

use super::story::STORE;
use crate::world::BEGINNING;
use cartlog_projections::views::{CreationRow, Creations};
use cartlog_projections::{Keys, View};
use domain::cart::*;
use domain::customer::{CustomerAddressAdded, CustomerRenamed};
use domain::invoice::{InvoiceCollected, InvoiceFailed};
use domain::store::{BatchCreditStarted, StoreRenamed};
use domain::*;
use eventlog::{Position, StreamName};
use journal::{Actor, Envelope, Idempotency, Metadata};
use uuid::Uuid;

const KEY: &str = "00112233445566778899aabbccddeeff";

fn envelope(stream: &str, revision: u64, event: impl Into<Event>, key: Option<&str>) -> Envelope {
    let idempotency = key.map(|key| Idempotency { key: key.to_owned(), fingerprint: "v2:f".to_owned(), clock: None });
    let occurred_at = Timestamp::from_millis(BEGINNING + revision as i64);
    Envelope {
        stream: StreamName::new(stream),
        revision,
        position: Position(revision + 100),
        id: Uuid::from_u128(u128::from(revision)),
        recorded_at: occurred_at,
        hash: [0; 32].into(),
        metadata: Metadata {
            schema_version: 1,
            store_id: STORE,
            occurred_at,
            actor: Actor::System,
            by: None,
            request_id: None,
            idempotency,
            causation_id: None,
            correlation_id: Uuid::from_u128(7),
            prev: None,
        },
        event: event.into(),
    }
}

fn opened() -> CartEvent {
    let (cart_id, customer_id) = (CartId(Uuid::from_u128(1)), CustomerId(Uuid::from_u128(2)));
    CartOpened { cart_id, customer_id, store_id: STORE }.into()
}

#[test]
fn a_row_is_the_last_event_of_a_creation_that_carried_a_key() {
    let (nobody, cents) = (Uuid::from_u128(9), Cents::ZERO);
    let (customer_id, cart_id) = (CustomerId(nobody), CartId(nobody));
    let job: Event =
        domain::store::StoreEvent::from(BatchCreditStarted { job_id: JobId(nobody), amount_in_cents: cents }).into();
    let address = CustomerAddressAdded {
        address_id: AddressId(nobody),
        is_primary: false,
        personal: PersonalData::default().into(),
    };
    let address: Event = domain::customer::CustomerEvent::from(address).into();
    let collected = InvoiceCollected {
        order_id: OrderId(nobody),
        customer_id,
        cart_id,
        amount_in_cents: cents,
        currency: None,
        items: Vec::new(),
    };
    let collected: Event = domain::invoice::InvoiceEvent::from(collected).into();
    let key = Keys::id(Uuid::try_parse(KEY).expect("128 bits"));
    for (stream, event) in
        [("cart-2", opened().into()), ("store-1", job), ("customer-1", address), ("invoice-1", collected)]
    {
        let envelope = envelope(stream, 5, event, Some(KEY));
        assert_eq!(Creations::keys(&envelope, &()), key, "{stream}");
        let mut row = None;
        Creations::apply(&mut row, Uuid::nil().into(), &envelope, &()).expect("it fits");
        let CreationRow { store_id, key, stream: found, revision, .. } = row.expect("a row");
        assert_eq!((store_id, key.as_str(), found.as_str(), revision), (STORE, KEY, stream, 5));
    }
    let renamed: Event = domain::store::StoreEvent::from(StoreRenamed { name: "x".to_owned() }).into();
    let person: Event =
        domain::customer::CustomerEvent::from(CustomerRenamed { personal: PersonalData::default().into() }).into();
    let failed: Event = domain::invoice::InvoiceEvent::from(InvoiceFailed { customer_id, cart_id }).into();
    for (event, revision, key) in [
        // Without a key; the first command of its stream, which the state remembers; nothing new.
        (opened().into(), 5, None),
        (opened().into(), 0, Some(KEY)),
        (renamed, 5, Some(KEY)),
        (person, 5, Some(KEY)),
        (failed, 5, Some(KEY)),
        (RequestRemembered::of(Category::Cart).into(), 5, Some(KEY)),
    ] {
        let envelope = envelope("cart-2", revision, event, key);
        assert_eq!(Creations::keys(&envelope, &()), Keys::None, "{}", envelope.event.event_type());
    }
}

/// In a log from before keys of creations were remembered for ever, a key may have made two things.
#[test]
fn of_a_key_that_was_used_twice_the_last_counts() {
    let mut row = None;
    for revision in [3, 8] {
        let envelope = envelope("cart-2", revision, opened(), Some(KEY));
        Creations::apply(&mut row, Uuid::nil().into(), &envelope, &()).expect("it fits");
    }
    assert_eq!(row.map(|row| row.revision), Some(8));
}
