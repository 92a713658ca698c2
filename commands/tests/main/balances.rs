//! Gift cards and credits.

use crate::assert_refused;
use crate::support::{Shop, cents, done, new_customer};
use commands::{CommandError, CustomerChange, NewCustomer, NewGiftCard, Resource};
use domain::credit::Credit;
use domain::gift_card::{GiftCard, GiftCardRejection};
use domain::{CustomerId, GiftCardId, Rejection};
use uuid::Uuid;

fn card(gifter: CustomerId, recipient: CustomerId) -> NewGiftCard {
    NewGiftCard::new(gifter, recipient, cents(500))
}

#[tokio::test]
async fn a_gift_card_is_issued_and_voided() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer("ada@example.com").await, shop.customer("bob@example.com").await);
    let gift_card = done(shop.node.issue_gift_card(&shop.request(), card(ada, bob)).await);
    assert_eq!(shop.state::<GiftCard>(&gift_card).await.known().unwrap().balance.current, cents(500));
    for _ in 0..2 {
        done(shop.node.void_gift_card(&shop.request(), gift_card).await);
    }
    assert_eq!(shop.count("GiftCardVoided").await, 1);
    assert_eq!(shop.state::<GiftCard>(&gift_card).await.known().unwrap().balance.current, cents(0));
}

#[tokio::test]
async fn a_gift_card_needs_two_customers_of_the_store_who_pay_in_one_currency() {
    let shop = Shop::new().await;
    let (ada, gone) = (shop.customer("ada@example.com").await, shop.customer("gone@example.com").await);
    done(shop.node.delete_customer(&shop.request(), gone).await);
    let (stranger, nobody) = (shop.stranger().await, CustomerId(Uuid::now_v7()));
    let foreign = done(shop.node.create_customer(&stranger, new_customer("ada@example.com")).await);
    for (gifter, recipient) in [(ada, nobody), (nobody, ada), (ada, gone), (gone, ada), (ada, foreign), (foreign, ada)]
    {
        assert_refused!(
            shop.node.issue_gift_card(&shop.request(), card(gifter, recipient)).await,
            CommandError::NotFound(Resource::Customer)
        );
    }
    let dollars = NewCustomer { currency: "USD".parse().unwrap(), ..new_customer("dollar@example.com") };
    let dollars = done(shop.node.create_customer(&shop.request(), dollars).await);
    assert_refused!(
        shop.node.issue_gift_card(&shop.request(), card(ada, dollars)).await,
        CommandError::Rejected(Rejection::GiftCard(GiftCardRejection::CurrencyMismatch { .. }))
    );
    let gift_card = done(shop.node.issue_gift_card(&shop.request(), card(ada, ada)).await);
    assert_refused!(shop.node.void_gift_card(&stranger, gift_card).await, CommandError::NotFound(Resource::GiftCard));
    assert_refused!(
        shop.node.void_gift_card(&shop.request(), GiftCardId(Uuid::now_v7())).await,
        CommandError::Rejected(Rejection::GiftCard(GiftCardRejection::GiftCardNotFound))
    );
}

#[tokio::test]
async fn a_credit_is_the_customers_own() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer("ada@example.com").await, shop.customer("bob@example.com").await);
    let credit = done(shop.node.issue_credit(&shop.request(), ada, cents(300)).await);
    let stranger = shop.stranger().await;
    let not_bobs = shop.node.void_credit(&shop.request(), bob, credit).await;
    assert_refused!(not_bobs, CommandError::NotFound(Resource::Credit));
    let not_this_stores = shop.node.void_credit(&stranger, ada, credit).await;
    assert_refused!(not_this_stores, CommandError::NotFound(Resource::Customer));
    assert_refused!(shop.node.issue_credit(&stranger, ada, cents(1)).await, CommandError::NotFound(Resource::Customer));
    assert_eq!(shop.state::<Credit>(&credit).await.known().unwrap().balance.current, cents(300));
    done(shop.node.void_credit(&shop.request(), ada, credit).await);
    assert!(shop.state::<Credit>(&credit).await.known().unwrap().balance.is_voided());
}

#[tokio::test]
async fn a_repeat_finds_what_was_issued_whatever_became_of_the_customers() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer("ada@example.com").await, shop.customer("bob@example.com").await);
    let (cards, credits) = (shop.keyed("/giftcard", "k", "b"), shop.keyed("/credit", "k", "b"));
    let gift_card = done(shop.node.issue_gift_card(&cards, card(ada, bob)).await);
    let credit = done(shop.node.issue_credit(&credits, ada, cents(300)).await);
    let dollars = CustomerChange { currency: Some("USD".parse().unwrap()), ..CustomerChange::default() };
    done(shop.node.change_customer(&shop.request(), bob, dollars).await);
    done(shop.node.delete_customer(&shop.request(), ada).await);
    let node = shop.other_node();
    let again = node.issue_gift_card(&cards, card(ada, bob)).await.unwrap();
    assert_eq!((again.outcome, again.replayed), (gift_card, true));
    let again = node.issue_credit(&credits, ada, cents(300)).await.unwrap();
    assert_eq!((again.outcome, again.replayed), (credit, true));
    assert_refused!(
        node.issue_credit(&shop.keyed("/credit", "k", "c"), ada, cents(300)).await,
        CommandError::KeyReused
    );
}
