//! One mailbox, one customer, however it is written: by this version and by those before.

use crate::assert_refused;
use crate::support::{PASSWORD, Shop, done, new_customer};
use chrono::TimeDelta;
use commands::guard::Client;
use commands::{CommandError, Commands, CustomerChange};
use domain::CustomerId;
use domain::customer::{Customer, CustomerRejection};
use eventlog::EventLog;
use eventlog::testing::{Cut, FaultLog, Gate, Then};
use std::sync::Arc;

/// In lower case, as an older version kept it; and the same mailbox otherwise.
const SPELLINGS: &[(&str, &str)] = &[
    ("ada@bücher.example", "Ada@xn--bcher-kva.example"),
    ("ada@xn--bcher-kva.example", "Ada@Bücher.example"),
    ("zoë@x.example", "Zoe\u{308}@x.example"),
    ("zoe\u{308}@x.example", "ZOË@x.example"),
    ("zoe\u{308}@bu\u{308}cher.example", "zoë@XN--bcher-kva.example"),
    ("ada@ｅxample.com", "ada@example.com"),
];

async fn create(node: &Commands, shop: &Shop, email: &str) -> Result<CustomerId, CommandError> {
    node.create_customer(&shop.request(), new_customer(email)).await.map(|done| done.outcome)
}

async fn logs_in(shop: &Shop, email: &str) -> Option<CustomerId> {
    shop.other_node().log_in(&shop.request(), Client::UNKNOWN, email, PASSWORD).await.ok().map(|done| done.outcome)
}

/// How many customers have an email of the mailbox, by their own streams.
async fn owners(shop: &Shop, customers: &[CustomerId], email: &str) -> Vec<CustomerId> {
    let mut owners = Vec::new();
    for customer in customers {
        let state = shop.state::<Customer>(customer).await;
        owners.extend(state.live().and_then(|live| live.email(email)).map(|_| *customer));
    }
    owners
}

async fn assert_one_mailbox(shop: &Shop, ada: CustomerId, spellings: [&str; 2]) {
    let bob = shop.customer("bob@x.example").await;
    for email in spellings {
        assert_refused!(create(&shop.other_node(), shop, email).await, CommandError::CustomerAlreadyExists);
        let add = shop.node.add_email(&shop.request(), bob, email, false).await;
        assert_refused!(add, CommandError::EmailTaken);
        let change = CustomerChange { email: Some(email.to_owned()), ..CustomerChange::default() };
        let change = shop.node.change_customer(&shop.request(), bob, change).await;
        assert_refused!(change, CommandError::CustomerAlreadyExists);
        let again = shop.node.add_email(&shop.request(), ada, email, false).await;
        assert_refused!(
            again,
            CommandError::Rejected(domain::Rejection::Customer(CustomerRejection::EmailAlreadyExists))
        );
        assert_eq!(logs_in(shop, email).await, Some(ada), "{email}");
        assert_eq!(done(shop.other_node().log_out(&shop.request(), email).await), ada, "{email}");
    }
    // What was refused holds nothing: with the customer, the mailbox goes, in every spelling.
    done(shop.node.delete_customer(&shop.request(), ada).await);
    for email in spellings {
        assert_eq!(logs_in(shop, email).await, None, "{email}");
        done(shop.node.add_email(&shop.request(), bob, email, false).await);
        done(shop.node.remove_email(&shop.request(), bob, email).await);
    }
    // Removed by another spelling than it was added by.
    done(shop.node.add_email(&shop.request(), bob, spellings[0], false).await);
    done(shop.node.remove_email(&shop.request(), bob, spellings[1]).await);
    create(&shop.other_node(), shop, spellings[0]).await.unwrap();
}

#[tokio::test]
async fn all_spellings_of_a_mailbox_are_one_customers() {
    for (one, other) in SPELLINGS {
        let shop = Shop::new().await;
        let ada = shop.customer(one).await;
        assert_one_mailbox(&shop, ada, [one, other]).await;
    }
}

#[tokio::test]
async fn who_got_the_mailbox_from_an_older_version_keeps_it_alone() {
    for (one, other) in SPELLINGS {
        let shop = Shop::new().await;
        let ada = shop.customer(one).await;
        let shop = shop.of_an_older_version().await;
        assert_eq!(shop.count("NameClaimed").await, 2, "of the app_id, and of the email as it was given");
        assert_one_mailbox(&shop, ada, [one, other]).await;
    }
}

#[tokio::test]
async fn other_letters_are_other_mailboxes() {
    let shop = Shop::new().await;
    for email in ["groß@x.example", "gross@x.example", "a@faß.example", "a@fass.example", "ı@x.example", "i@x.example"]
    {
        let customer = shop.customer(email).await;
        assert_eq!(logs_in(&shop, email).await, Some(customer), "{email}");
    }
}

/// Else a guesser had as many tries as there are spellings.
#[tokio::test]
async fn wrong_tries_of_a_mailbox_count_together_in_whatever_spelling() {
    let shop = Shop::new().await;
    let spellings = ["zoë@x.example", "Zoe\u{308}@x.example"];
    shop.customer(spellings[0]).await;
    let mut tried = 0;
    loop {
        let email = spellings[tried % 2];
        match shop.node.log_in(&shop.request(), Client::UNKNOWN, email, "incorrect horse").await {
            Err(CommandError::InvalidCredentials) => tried += 1,
            Err(CommandError::RateLimited { .. }) => break,
            other => panic!("{email}: {other:?}"),
        }
        assert!(tried < 15, "more than of one, {tried}");
    }
}

/// An older version took them for two.
#[tokio::test]
async fn two_who_have_one_mailbox_from_older_times_are_each_found_as_they_wrote_it() {
    let (one, other) = ("ada@bücher.example", "ada@xn--bcher-kva.example");
    let shop = Shop::new().await;
    let first = shop.customer(one).await;
    let shop = shop.of_an_older_version().await;
    let second = create(&shop.node_that_asks_nobody(), &shop, other).await.unwrap();
    for (email, customer) in [(one, first), (other, second)] {
        assert_eq!(logs_in(&shop, email).await, Some(customer), "{email}");
        assert_refused!(create(&shop.node, &shop, email).await, CommandError::CustomerAlreadyExists);
    }
    // Whichever goes, the other one keeps it.
    done(shop.node.delete_customer(&shop.request(), second).await);
    assert_refused!(create(&shop.node, &shop, other).await, CommandError::CustomerAlreadyExists);
    assert_eq!(logs_in(&shop, other).await, Some(first));
}

#[tokio::test]
async fn an_email_is_kept_as_it_was_given() {
    let shop = Shop::new().await;
    let given = "Zoe\u{308}@Bücher.example";
    let customer = shop.customer(given).await;
    let state = shop.state::<Customer>(&customer).await;
    assert_eq!(state.live().unwrap().primary_email().unwrap().email.as_deref(), Some(given));
}

/// Killed before any of its appends, a creation leaves nothing that is in the way for longer than 30 s, in any spelling.
#[tokio::test]
async fn a_creation_that_was_killed_at_any_step_is_taken_over() {
    let (one, other) = ("zoe\u{308}@bücher.example", "zoë@xn--bcher-kva.example");
    for nth in 1..=3 {
        for email in [one, other] {
            let shop = Shop::new().await;
            let fault = Arc::new(FaultLog::new(Arc::clone(&shop.log) as Arc<dyn EventLog>));
            let node = shop.node_on(Arc::clone(&fault) as _);
            fault.arm(Cut::Before(nth), Then::Hang);
            tokio::select! {
                _ = create(&node, &shop, one) => panic!("the command ended before the crash"),
                () = fault.stopped() => {}
            }
            shop.clock.advance(TimeDelta::seconds(30));
            let customer = create(&shop.other_node(), &shop, email).await.unwrap();
            assert_eq!(logs_in(&shop, one).await, Some(customer), "before append {nth}, {email}");
            assert_eq!(logs_in(&shop, other).await, Some(customer), "before append {nth}, {email}");
            done(shop.node.delete_customer(&shop.request(), customer).await);
            shop.clock.advance(TimeDelta::seconds(30));
            create(&shop.node, &shop, one).await.unwrap();
        }
    }
}

/// Three nodes give a mailbox, in several spellings, to two customers and take it away again, while 30 s pass now and then: whatever
/// the order of their appends, one has it at most, and then every spelling resolves to that one. With and without one who got it
/// from an older version.
#[tokio::test]
async fn in_any_order_of_appends_a_mailbox_has_one_owner_at_most() {
    const SPELLED: [&str; 3] = ["zoe\u{308}@bücher.example", "zoë@xn--bcher-kva.example", "Zoë@Bücher.example"];
    let fresh = Shop::new().await;
    let (ada, bob) = (fresh.customer("ada@x.example").await, fresh.customer("bob@x.example").await);
    let older = fresh.copy().await;
    done(older.node.add_email(&older.request(), ada, SPELLED[0], false).await);
    let older = older.of_an_older_version().await;
    for seed in 0..160_u64 {
        let shop = if seed % 2 == 0 { fresh.copy().await } else { older.copy().await };
        let gate = Gate::new(Arc::clone(&shop.log) as Arc<dyn EventLog>);
        let mut tasks = Vec::new();
        for (place, label) in ["one", "two", "three"].into_iter().enumerate() {
            let (node, request) = (shop.node_on(Arc::new(gate.node(label))), shop.request());
            let first = SPELLED[(seed as usize + place) % 3];
            let second = SPELLED[(seed as usize / 3 + place) % 3];
            tasks.push(gate.run(label, async move {
                let owner = if place == 1 { bob } else { ada };
                let added = node.add_email(&request, owner, first, place == 2 && seed % 5 == 0).await.is_ok();
                let removed = node.remove_email(&request, owner, second).await.is_ok();
                let again =
                    node.add_email(&request, if seed % 7 == 0 { bob } else { owner }, second, false).await.is_ok();
                (added, removed, again)
            }));
        }
        play_at_random(&shop, &gate, seed).await;
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        let owners = owners(&shop, &[ada, bob], SPELLED[0]).await;
        assert!(owners.len() <= 1, "seed {seed}: {owners:?} {outcomes:?}");
        for email in SPELLED {
            let found = shop.other_node().log_out(&shop.request(), email).await.ok().map(|done| done.outcome);
            assert_eq!(found, owners.first().copied(), "seed {seed}: {email} {outcomes:?}");
        }
    }
}

/// Lets appends through in an order that follows from the seed, and now and then lets 30 seconds pass.
async fn play_at_random(shop: &Shop, gate: &Gate, seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    loop {
        let mut waiting = gate.settled().await;
        if waiting.is_empty() {
            return;
        }
        if below(6) == 0 {
            shop.clock.advance(TimeDelta::seconds(30));
        }
        let next = waiting.swap_remove(below(waiting.len()));
        gate.release(next.ticket).await;
    }
}
