//! What a billing may spend (api.md §6).

use crate::world::World;
use domain::billing::WalletRef;
use domain::credit::{CreditEvent, CreditIssued, CreditSource, CreditVoided};
use domain::gift_card::{GiftCardEvent, GiftCardIssued, GiftCardSpent};
use domain::*;

fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("cents")
}

/// Gift cards that the customer received and credits, with what is left of each; not those that were given, used up or voided.
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_has_what_is_left_the_oldest_first() {
    let mut world = World::default();
    let store_id = world.store().await;
    let ada = world.customer(store_id, "ada@example.com").await;
    let bob = world.customer(store_id, "bob@example.com").await;
    let mut wallet = Vec::new();
    for (number, (gifter_customer_id, recipient_customer_id)) in
        [(bob, ada), (ada, bob), (bob, ada)].into_iter().enumerate()
    {
        let gift_card_id = GiftCardId(world.id());
        let issued = GiftCardIssued {
            gift_card_id,
            store_id,
            gifter_customer_id,
            recipient_customer_id,
            currency: "USD".parse().expect("a currency"),
            amount_in_cents: cents(1_000),
        };
        world.append(store_id, format!("gift_card-{gift_card_id}"), GiftCardEvent::from(issued)).await;
        let credit_id = CreditId(world.id());
        let issued = CreditIssued {
            credit_id,
            store_id,
            customer_id: ada,
            currency: "EUR".parse().expect("a currency"),
            amount_in_cents: cents(500),
            source: CreditSource::Issued,
        };
        // At the same moment as the gift card: the smaller id, which was made first, comes first.
        world.append_now(store_id, format!("credit-{credit_id}"), CreditEvent::from(issued)).await;
        let spent = |remaining| GiftCardSpent {
            gift_card_spend_id: GiftCardSpendId(gift_card_id.0),
            invoice_id: InvoiceId(gift_card_id.0),
            amount_in_cents: cents(1_000 - remaining),
            remaining_balance_in_cents: cents(remaining),
        };
        let left = [1, 1_000, 0][number];
        world.append(store_id, format!("gift_card-{gift_card_id}"), GiftCardEvent::from(spent(left))).await;
        if number == 1 {
            world.append(store_id, format!("credit-{credit_id}"), CreditEvent::from(CreditVoided {})).await;
        }
        wallet.push((WalletRef::GiftCard(gift_card_id), "USD", left));
        wallet.push((WalletRef::Credit(credit_id), "EUR", 500));
    }
    let views = world.open().await.views();
    let found = views.wallet(store_id, ada).await.expect("a wallet");
    let found: Vec<_> =
        found.iter().map(|entry| (entry.balance, entry.currency.to_string(), entry.balance_in_cents.get())).collect();
    let expected =
        [wallet[0], wallet[1], wallet[5]].map(|(balance, currency, left)| (balance, currency.to_owned(), left));
    assert_eq!(found, expected);
}
