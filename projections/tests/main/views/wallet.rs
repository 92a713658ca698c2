//! What a billing may spend (api.md §6).

use crate::world::World;
use cartlog_projections::views::WalletEntry;
use domain::billing::WalletRef;
use domain::credit::{CreditEvent, CreditIssued, CreditSource, CreditVoided};
use domain::gift_card::{GiftCardEvent, GiftCardSpent};
use domain::*;
use journal::testing::events::gift_card_issued;

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
    for (number, customers) in [[bob, ada], [ada, bob], [bob, ada]].into_iter().enumerate() {
        let gift_card_id = GiftCardId(world.id());
        let issued = gift_card_issued(store_id, gift_card_id, customers, 1_000);
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
    let ask = async |currency: &str, most| {
        let currency = currency.parse().expect("a currency");
        let found = views.wallet(store_id, ada, currency, most).await.expect("a wallet");
        let shown = |entry: WalletEntry| (entry.balance, entry.currency.to_string(), entry.balance_in_cents.get());
        found.into_iter().map(shown).collect::<Vec<_>>()
    };
    let expected = |places: &[usize]| {
        places
            .iter()
            .map(|place| wallet[*place])
            .map(|(balance, currency, left)| (balance, currency.to_owned(), left))
            .collect::<Vec<_>>()
    };
    assert_eq!(ask("USD", 250).await, expected(&[0]));
    assert_eq!(ask("EUR", 250).await, expected(&[1, 5]));
    assert_eq!(ask("EUR", 1).await, expected(&[1]), "the first alone");
    assert_eq!(ask("GBP", 250).await, []);
}

/// A customer may have got more than a page of balances, most of them in another currency.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_balances_the_first_that_can_be_spent_are_found_page_by_page() {
    let mut world = World::default();
    let store_id = world.store().await;
    let customer_id = world.customer(store_id, "ada@example.com").await;
    let mut spendable = Vec::new();
    for number in 0..600 {
        let credit_id = CreditId(world.id());
        let currency = if number % 100 == 99 { "EUR" } else { "USD" };
        let issued = CreditIssued {
            credit_id,
            store_id,
            customer_id,
            currency: currency.parse().expect("a currency"),
            amount_in_cents: cents(5),
            source: CreditSource::Issued,
        };
        world.append(store_id, format!("credit-{credit_id}"), CreditEvent::from(issued)).await;
        spendable.extend((currency == "EUR").then_some(WalletRef::Credit(credit_id)));
    }
    let views = world.open().await.views();
    for most in [0, 1, 5, 6, 250] {
        let found = views.wallet(store_id, customer_id, "EUR".parse().expect("a currency"), most).await;
        let found: Vec<_> = found.expect("a wallet").into_iter().map(|entry| entry.balance).collect();
        assert_eq!(found, spendable[..most.min(6)], "at most {most}");
    }
}
