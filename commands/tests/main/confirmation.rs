//! Confirmation by a mailed link.

use crate::assert_refused;
use crate::support::{Shop, done, key};
use chrono::TimeDelta;
use commands::{Clock, CommandError, ConfirmationLink, CustomerChange, Resource, Service};
use domain::customer::{Customer, CustomerRejection};
use domain::{CustomerId, Rejection};

const ADA: &str = "ada@example.com";

async fn mailed(shop: &Shop, customer: CustomerId) -> String {
    done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap()
}

fn wait_of(error: CommandError) -> u32 {
    match error {
        CommandError::Rejected(Rejection::Customer(CustomerRejection::TooManyConfirmations { wait_seconds })) => {
            wait_seconds
        }
        other => panic!("refused as {other:?}"),
    }
}

#[tokio::test]
async fn a_mailed_link_confirms_once() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    assert_eq!(shop.mailbox.token_for(ADA).as_ref(), Some(&token));
    let node = shop.other_node();
    assert_eq!(done(node.confirm(&token, None, None, None).await), (shop.store, customer));
    assert!(shop.state::<Customer>(&customer).await.live().unwrap().confirmed);
    assert_refused!(node.confirm(&token, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
}

#[tokio::test]
async fn a_link_confirms_once_more_for_the_key_that_confirmed_by_it() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    let keyed = || Some(key("/customer/confirm/link", "k", ""));
    let first = shop.node.confirm(&token, None, keyed(), None).await.unwrap();
    let again = shop.other_node().confirm(&token, None, keyed(), None).await.unwrap();
    assert_eq!((again.outcome, again.position), (first.outcome, first.position));
    assert!(again.replayed && !first.replayed);
    assert_refused!(shop.node.confirm(&token, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
}

#[tokio::test]
async fn a_link_lives_24_hours_and_an_unknown_one_not_at_all() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    shop.clock.advance(TimeDelta::hours(24));
    for token in [token.as_str(), "", "clc_", "clc_AAAA", &token[1..]] {
        assert_refused!(
            shop.node.confirm(token, None, None, None).await,
            CommandError::NotFound(Resource::Confirmation)
        );
    }
    let token = done(shop.node.send_confirmation(&shop.request(), customer).await).unwrap();
    shop.clock.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    done(shop.node.confirm(&token, None, None, None).await);
}

#[tokio::test]
async fn links_of_who_is_gone_confirm_nothing() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer(ADA).await, shop.customer("bob@example.com").await);
    let to_ada = done(shop.node.send_confirmation(&shop.request(), ada).await).unwrap();
    let to_bob = done(shop.node.send_confirmation(&shop.request(), bob).await).unwrap();
    done(shop.node.delete_customer(&shop.request(), ada).await);
    assert_refused!(shop.node.confirm(&to_ada, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
    done(shop.node.delete_store(&shop.request()).await);
    assert_refused!(shop.node.confirm(&to_bob, None, None, None).await, CommandError::NotFound(Resource::Confirmation));
}

#[tokio::test]
async fn a_key_is_ignored_and_each_call_mails() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let request = shop.keyed("/send_confirmation", "k", "");
    let first = shop.node.send_confirmation(&request, customer).await.unwrap();
    let second = shop.node.send_confirmation(&request, customer).await.unwrap();
    assert!(!second.replayed && first.outcome != second.outcome);
}

#[tokio::test]
async fn mail_that_can_not_be_sent_is_said() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    assert_refused!(
        shop.node_without_mail().send_confirmation(&shop.request(), customer).await,
        CommandError::Unavailable { service: Service::Mail, .. }
    );
    assert!(!shop.state::<Customer>(&customer).await.live().unwrap().confirmed);
}

#[tokio::test]
async fn a_link_to_the_old_address_confirms_no_new_one() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer(ADA).await, shop.customer("bob@example.com").await);
    let (to_ada, to_bob) = (mailed(&shop, ada).await, mailed(&shop, bob).await);
    let moved = CustomerChange { email: Some("new@example.com".to_owned()), ..CustomerChange::default() };
    done(shop.node.change_customer(&shop.request(), ada, moved).await);
    done(shop.node.add_email(&shop.request(), bob, "other@example.com", false).await);
    done(shop.node.make_email_primary(&shop.request(), bob, "other@example.com").await);
    for (token, customer) in [(&to_ada, ada), (&to_bob, bob)] {
        for node in [&shop.node, &shop.other_node()] {
            let gone = node.confirm(token, None, None, None).await;
            assert_refused!(gone, CommandError::NotFound(Resource::Confirmation));
            assert_refused!(node.confirmation_link(token).await, CommandError::NotFound(Resource::Confirmation));
        }
        assert!(!shop.state::<Customer>(&customer).await.live().unwrap().confirmed);
        let token = mailed(&shop, customer).await;
        done(shop.node.confirm(&token, None, None, None).await);
    }
    assert!(
        shop.mailbox.token_for("new@example.com").is_some() && shop.mailbox.token_for("other@example.com").is_some()
    );
}

#[tokio::test]
async fn a_link_can_be_looked_at_and_is_none_the_worse_for_it() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let token = mailed(&shop, customer).await;
    let expires_at = shop.clock.now().plus(TimeDelta::hours(24));
    let link = |is_used, position| ConfirmationLink {
        store_id: shop.store,
        store_name: "Acme".to_owned(),
        expires_at,
        is_used,
        position,
    };
    let at = |link: &ConfirmationLink| link.position;
    for node in [&shop.node, &shop.other_node()] {
        let seen = node.confirmation_link(&token).await.unwrap();
        assert_eq!(seen, link(false, at(&seen)));
    }
    assert!(!shop.state::<Customer>(&customer).await.live().unwrap().confirmed);
    let confirmed = shop.node.confirm(&token, None, None, None).await.unwrap();
    assert_eq!(shop.other_node().confirmation_link(&token).await.unwrap(), link(true, confirmed.position));
    for unknown in ["", "clc_", "clc_AAAA", &token[1..]] {
        let gone = shop.node.confirmation_link(unknown).await;
        assert_refused!(gone, CommandError::NotFound(Resource::Confirmation));
    }
}

#[tokio::test]
async fn an_address_gets_five_mails_an_hour_from_all_nodes_together() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    for node in [&shop.node, &shop.other_node(), &shop.node, &shop.other_node(), &shop.node] {
        shop.clock.advance(TimeDelta::minutes(1));
        done(node.send_confirmation(&shop.request(), customer).await);
    }
    // As after a restart.
    let refused = shop.other_node().send_confirmation(&shop.request(), customer).await;
    assert_eq!(wait_of(refused.unwrap_err()), 56 * 60);
    // One who changes the primary address and back gets no more of them.
    done(shop.node.add_email(&shop.request(), customer, "other@example.com", true).await);
    mailed(&shop, customer).await;
    done(shop.node.make_email_primary(&shop.request(), customer, ADA).await);
    let refused = shop.node.send_confirmation(&shop.request(), customer).await;
    assert_eq!(wait_of(refused.unwrap_err()), 56 * 60);
    shop.clock.advance(TimeDelta::minutes(56));
    mailed(&shop, customer).await;
}

#[tokio::test]
async fn many_at_once_are_five_mails() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let node = shop.other_node();
    let request = shop.request();
    let asked = (0..20).map(|number| [&shop.node, &node][number % 2].send_confirmation(&request, customer));
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    assert_eq!(shop.count("CustomerConfirmationRequested").await, 5);
}

#[tokio::test]
async fn mail_that_was_not_sent_does_not_count() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    for _ in 0..6 {
        let away = shop.node_without_mail().send_confirmation(&shop.request(), customer).await;
        assert_refused!(away, CommandError::Unavailable { service: Service::Mail, .. });
    }
    assert_eq!(shop.count("CustomerConfirmationRequested").await, 0);
    mailed(&shop, customer).await;
}

/// The link stands in the log by then, and counts: nobody may be told that nothing was done.
#[tokio::test]
async fn mail_that_breaks_off_once_its_link_is_made_is_not_said_not_to_be_done() {
    let shop = Shop::new().await;
    let customer = shop.customer(ADA).await;
    let broke_off = shop.node_whose_mail_breaks_off().send_confirmation(&shop.request(), customer).await;
    assert_refused!(broke_off, CommandError::OutcomeUnknown { service: Service::Mail, .. });
    assert_eq!(shop.count("CustomerConfirmationRequested").await, 1);
}

#[tokio::test]
async fn an_address_of_old_that_no_mail_can_go_to_is_said_to_be_one() {
    let shop = Shop::new().await;
    for (number, none) in ["a..b@x.example", "a,b@x.example", "<a>@x.example", "a@-x.example"].iter().enumerate() {
        let customer = shop.customer(none).await;
        let refused = shop.node.send_confirmation(&shop.request(), customer).await;
        assert_refused!(refused, CommandError::MailRefused { code: None });
        // It can be mended.
        let mended = CustomerChange { email: Some(format!("{number}@x.example")), ..CustomerChange::default() };
        done(shop.node.change_customer(&shop.request(), customer, mended).await);
        mailed(&shop, customer).await;
    }
    let umlaut = shop.customer("jörg@müller.example").await;
    mailed(&shop, umlaut).await;
    assert!(shop.mailbox.token_for("jörg@xn--mller-kva.example").is_some());
}
