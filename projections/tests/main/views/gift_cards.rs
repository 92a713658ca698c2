//! Gift cards (api.md §8).

use super::lists::{all, letters};
use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::{GiftCardFilter, GiftCards};
use domain::gift_card::*;
use domain::*;
use journal::testing::events::gift_card_issued;
use serde_json::{Value, json};

const CARD: GiftCardId = GiftCardId(id(10));

fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("cents")
}

fn issued() -> GiftCardIssued {
    gift_card_issued(STORE, CARD, [11, 12].map(|customer| CustomerId(id(customer))), 1_000)
}

fn spent(spend: u128, amount: i64, remaining: i64) -> GiftCardSpent {
    GiftCardSpent {
        gift_card_spend_id: GiftCardSpendId(id(spend)),
        invoice_id: InvoiceId(id(spend + 1)),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
}

fn reversed(spend: u128, amount: i64, remaining: i64) -> GiftCardSpendReversed {
    GiftCardSpendReversed {
        gift_card_spend_id: GiftCardSpendId(id(spend)),
        invoice_id: InvoiceId(id(spend + 1)),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
}

fn row_of(spend: u128, amount: i64, remaining: i64, created_at: Value, reversed_at: Value) -> Value {
    json!({
        "gift_card_spend_id": id(spend), "invoice_id": id(spend + 1), "amount_in_cents": amount,
        "remaining_balance_in_cents": remaining, "created_at": created_at, "reversed_at": reversed_at,
    })
}

fn fresh() -> Story<GiftCards, GiftCardEvent> {
    Story::of(CARD.0, format!("gift_card-{CARD}")).then(
        issued(),
        json!({
            "gift_card_id": CARD, "store_id": STORE, "gifter_customer_id": id(11), "recipient_customer_id": id(12),
            "currency": "USD", "original_balance_in_cents": 1_000, "current_balance_in_cents": 1_000, "source": "sold", "spends": [],
            "older_spends": 0,
            "created_at": at(0), "updated_at": at(0), "voided_at": null, "revision": 0,
        }),
    )
}

/// What remained after a spend stays with it, whatever goes back later.
#[test]
fn a_card_is_spent_and_what_a_failed_invoice_spent_goes_back() {
    let first = |reversed_at| row_of(20, 300, 700, at(1), reversed_at);
    let second = row_of(30, 700, 0, at(2), Value::Null);
    fresh()
        .then(
            spent(20, 300, 700),
            json!({
                "current_balance_in_cents": 700, "spends": [first(Value::Null)], "updated_at": at(1), "revision": 1,
            }),
        )
        .then(
            spent(30, 700, 0),
            json!({
                "current_balance_in_cents": 0, "spends": [first(Value::Null), second], "updated_at": at(2), "revision": 2,
            }),
        )
        .then(GiftCardSpendDeclined { invoice_id: InvoiceId(id(50)) }, json!({}))
        .then(
            reversed(20, 300, 300),
            json!({
                "current_balance_in_cents": 300, "spends": [first(at(4)), second], "updated_at": at(4), "revision": 4,
            }),
        )
        .unfit(reversed(60, 1, 1))
        .unfit(issued());
}

/// A card's row stays as large however often something is spent of it.
#[test]
fn the_last_hundred_spends_are_shown_and_those_before_still_go_back() {
    let mut story = fresh();
    for number in 0..103 {
        let spent = spent(1_000 + 2 * number, 1, 999 - number as i64);
        story = story.then_anything(spent);
    }
    let row = story.row();
    assert_eq!((row.spends.len(), row.older_spends, row.spends[0].amount_in_cents), (100, 3, cents(1)));
    assert_eq!(row.spends[0].gift_card_spend_id.0, id(1_006));
    let story = story.then_anything(reversed(1_000, 1, 898)).then_anything(reversed(1_006, 1, 899));
    let row = story.row();
    assert_eq!(row.current_balance_in_cents, cents(899));
    assert_eq!(row.spends.iter().filter(|spend| spend.reversed_at.is_some()).count(), 1);
}

#[test]
fn a_voided_card_has_no_balance() {
    fresh().then(
        GiftCardVoided {},
        json!({"current_balance_in_cents": 0, "updated_at": at(1), "voided_at": at(1), "revision": 1}),
    );
}

/// A and B go from Ada to Bob, C from Bob to Ada, D from Ada to herself; B is voided.
#[tokio::test(flavor = "multi_thread")]
async fn gift_cards_are_listed_by_who_gave_and_who_received_newest_first() {
    let mut world = World::default();
    let store_id = world.store().await;
    let ada = world.customer(store_id, "ada@example.com").await;
    let bob = world.customer(store_id, "bob@example.com").await;
    let mut cards = Vec::new();
    for (gifter_customer_id, recipient_customer_id) in [(ada, bob), (ada, bob), (bob, ada), (ada, ada)] {
        let gift_card_id = GiftCardId(world.id());
        let event = GiftCardIssued { gift_card_id, store_id, gifter_customer_id, recipient_customer_id, ..issued() };
        world.append(store_id, format!("gift_card-{gift_card_id}"), GiftCardEvent::from(event)).await;
        cards.push(gift_card_id);
    }
    world.append(store_id, format!("gift_card-{}", cards[1]), GiftCardEvent::from(GiftCardVoided {})).await;
    let views = world.open().await.views();
    for (gifter, recipient, expected, active) in [
        (Some(ada), None, "DBA", "DA"),
        (Some(bob), None, "C", "C"),
        (None, Some(ada), "DC", "DC"),
        (None, Some(bob), "BA", "A"),
        (Some(ada), Some(bob), "BA", "A"),
        (Some(ada), Some(ada), "D", "D"),
        (Some(bob), Some(bob), "", ""),
    ] {
        for (active_only, expected) in [(false, expected), (true, active)] {
            let filter = GiftCardFilter { gifter, recipient, active_only };
            let found = all(async |page| views.gift_cards(store_id, &filter, &page).await).await;
            assert_eq!(letters(&cards, found.iter().map(|row| row.gift_card_id)), expected, "{filter:?}");
        }
    }
}
