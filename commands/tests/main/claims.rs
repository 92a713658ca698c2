//! Unique names across crashes, slow creators and several nodes.

use crate::assert_refused;
use crate::support::{PASSWORD, Shop, done, new_coupon, new_customer, new_store};
use async_trait::async_trait;
use chrono::TimeDelta;
use commands::guard::Client;
use commands::{CommandError, CustomerChange, Done};
use domain::customer::Customer;
use domain::{Category, CouponId, CustomerId};
use eventlog::testing::{Cut, FaultLog, Gate, Schedule, Schedules, Then};
use eventlog::{
    AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, NewEvent, Position, RecordedEvent, StreamName,
    Subscription,
};
use std::collections::HashMap;
use std::sync::Arc;

const ADA: &str = "ada@example.com";

/// A node that is cut off right before the nth append from now on, as if its process was killed.
async fn crash_before(shop: &Shop, nth: u64, command: impl AsyncFnOnce(commands::Commands)) {
    let fault = Arc::new(FaultLog::new(Arc::clone(&shop.log) as Arc<dyn EventLog>));
    let node = shop.node_on(Arc::clone(&fault) as _);
    fault.arm(Cut::Before(nth), Then::Hang);
    tokio::select! {
        () = command(node) => panic!("the command ended before the crash"),
        () = fault.stopped() => {}
    }
}

/// Every claim is named by the stream that holds it, and every name by one stream at most.
async fn assert_names_are_unique(shop: &Shop) {
    let mut emails: HashMap<String, CustomerId> = HashMap::new();
    let ids = shop.events().await;
    let ids = ids.iter().filter_map(|envelope| match Category::of_stream(envelope.stream.as_str()) {
        Some((Category::Customer, id)) => id.parse::<CustomerId>().ok(),
        _ => None,
    });
    for customer in ids.collect::<std::collections::BTreeSet<_>>() {
        let state = shop.state::<Customer>(&customer).await;
        for email in state.live().map(|live| live.emails.clone()).unwrap_or_default() {
            let other = emails.insert(email.email.clone().unwrap(), customer);
            assert_eq!(other, None, "{customer} has the email of another");
        }
    }
}

#[tokio::test]
async fn a_claim_that_a_crash_left_can_be_taken_over_after_30_seconds() {
    let shop = Shop::new().await;
    crash_before(&shop, 2, async |node| drop(node.create_customer(&shop.request(), new_customer(ADA)).await)).await;
    assert_eq!((shop.count("NameClaimed").await, shop.count("CustomerCreated").await), (2, 0));
    shop.clock.advance(TimeDelta::seconds(30) - TimeDelta::milliseconds(1));
    assert_refused!(
        shop.node.create_customer(&shop.request(), new_customer(ADA)).await,
        CommandError::CustomerAlreadyExists
    );
    assert_refused!(
        shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await,
        CommandError::InvalidCredentials
    );
    shop.clock.advance(TimeDelta::milliseconds(1));
    let customer = shop.customer(ADA).await;
    assert_eq!(shop.count("CustomerClaimGivenUp").await, 1);
    assert_eq!(done(shop.other_node().log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await), customer);
}

/// A clock that was ahead when the claim was made keeps nobody waiting until it is then.
#[tokio::test]
async fn a_claim_that_a_clock_far_ahead_has_stamped_can_be_taken_over_30_seconds_after_it_was_met() {
    let shop = Shop::new().await;
    shop.clock.set_ahead(TimeDelta::days(400));
    crash_before(&shop, 2, async |node| drop(node.create_customer(&shop.request(), new_customer(ADA)).await)).await;
    shop.clock.set_ahead(TimeDelta::days(-400));
    for wait in [TimeDelta::zero(), TimeDelta::seconds(30) - TimeDelta::milliseconds(1)] {
        shop.clock.advance(wait);
        assert_refused!(
            shop.node.create_customer(&shop.request(), new_customer(ADA)).await,
            CommandError::CustomerAlreadyExists
        );
    }
    shop.clock.advance(TimeDelta::milliseconds(1));
    shop.customer(ADA).await;
    assert_eq!(shop.count("CustomerClaimGivenUp").await, 1);
}

#[tokio::test]
async fn claims_on_app_ids_and_codes_can_be_taken_over_too() {
    let shop = Shop::new().await;
    crash_before(&shop, 2, async |node| drop(node.create_store(Client::UNKNOWN, new_store("fresh"), None, None).await))
        .await;
    crash_before(&shop, 2, async |node| drop(node.create_coupon(&shop.request(), new_coupon("S")).await)).await;
    assert_refused!(
        shop.node.create_store(Client::UNKNOWN, new_store("fresh"), None, None).await,
        CommandError::AppIdTaken
    );
    assert_refused!(shop.node.create_coupon(&shop.request(), new_coupon("S")).await, CommandError::CouponTaken);
    shop.clock.advance(TimeDelta::seconds(30));
    done(shop.node.create_store(Client::UNKNOWN, new_store("fresh"), None, None).await);
    done(shop.node.create_coupon(&shop.request(), new_coupon("S")).await);
    assert_eq!((shop.count("StoreClaimGivenUp").await, shop.count("CouponClaimGivenUp").await), (1, 1));
}

#[tokio::test]
async fn the_same_request_need_not_wait_after_a_crash() {
    let shop = Shop::new().await;
    let request = shop.keyed("/customer", "k", "b");
    crash_before(&shop, 2, async |node| drop(node.create_customer(&request, new_customer(ADA)).await)).await;
    let created = shop.other_node().create_customer(&request, new_customer(ADA)).await.unwrap();
    assert!(!created.replayed);
    assert!(shop.other_node().create_customer(&request, new_customer(ADA)).await.unwrap().replayed);
    // Nor an email that was being added, or changed to.
    let request = shop.keyed("/email", "k", "b");
    let customer = created.outcome;
    crash_before(&shop, 2, async |node| drop(node.add_email(&request, customer, "b@example.com", false).await)).await;
    done(shop.other_node().add_email(&request, customer, "b@example.com", false).await);
    assert_names_are_unique(&shop).await;
}

#[tokio::test]
async fn a_crash_right_after_the_deciding_event_is_a_creation() {
    let shop = Shop::new().await;
    let request = shop.keyed("/customer", "k", "b");
    let fault = Arc::new(FaultLog::new(Arc::clone(&shop.log) as Arc<dyn EventLog>));
    let node = shop.node_on(Arc::clone(&fault) as _);
    fault.arm(Cut::After(2), Then::Unavailable);
    // The event is stored, but nobody here can know: the claim must stay.
    assert_refused!(node.create_customer(&request, new_customer(ADA)).await, CommandError::OutcomeUnknown { .. });
    shop.clock.advance(TimeDelta::minutes(5));
    assert_refused!(
        shop.node.create_customer(&shop.request(), new_customer(ADA)).await,
        CommandError::CustomerAlreadyExists
    );
    assert!(shop.other_node().create_customer(&request, new_customer(ADA)).await.unwrap().replayed);
    assert_eq!(shop.count("CustomerCreated").await, 1);
}

#[tokio::test]
async fn a_slow_creator_that_wakes_up_after_the_takeover_is_refused() {
    let shop = Shop::new().await;
    let gate = Gate::new(Arc::clone(&shop.log) as Arc<dyn EventLog>);
    let (slow, request) = (shop.node_on(Arc::new(gate.node("slow"))), shop.request());
    let creating = gate.run("slow", async move { slow.create_customer(&request, new_customer(ADA)).await });
    let claim = gate.settled().await;
    gate.release(claim[0].ticket).await;
    let creation = gate.settled().await;
    assert_eq!(creation[0].event_types, ["CustomerCreated"]);
    shop.clock.advance(TimeDelta::seconds(30));
    let winner = shop.customer(ADA).await;
    gate.open();
    assert_refused!(creating.await.unwrap(), CommandError::CustomerAlreadyExists);
    assert_eq!(shop.count("CustomerCreated").await, 1);
    assert_eq!(done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await), winner);
}

#[tokio::test]
async fn a_slow_creator_whose_name_came_free_again_starts_again_and_wins() {
    let shop = Shop::new().await;
    let gate = Gate::new(Arc::clone(&shop.log) as Arc<dyn EventLog>);
    let (slow, request) = (shop.node_on(Arc::new(gate.node("slow"))), shop.request());
    let creating = gate.run("slow", async move { slow.create_customer(&request, new_customer(ADA)).await });
    let claim = gate.settled().await;
    gate.release(claim[0].ticket).await;
    gate.settled().await;
    shop.clock.advance(TimeDelta::seconds(30));
    let other = shop.customer(ADA).await;
    done(shop.node.delete_customer(&shop.request(), other).await);
    gate.open();
    let winner = done(creating.await.unwrap());
    assert_eq!(done(shop.node.log_in(&shop.request(), Client::UNKNOWN, ADA, PASSWORD).await), winner);
}

#[tokio::test]
async fn a_takeover_that_crashes_half_way_is_taken_over_itself() {
    let shop = Shop::new().await;
    crash_before(&shop, 2, async |node| drop(node.create_customer(&shop.request(), new_customer(ADA)).await)).await;
    // A takeover gives the claim up, takes it and creates. The first is cut off before it takes the claim, the second, which
    // finds it given up, before it creates.
    for _ in 0..2 {
        shop.clock.advance(TimeDelta::seconds(30));
        crash_before(&shop, 2, async |node| drop(node.create_customer(&shop.request(), new_customer(ADA)).await)).await;
    }
    shop.clock.advance(TimeDelta::seconds(30));
    shop.customer(ADA).await;
    assert_eq!((shop.count("CustomerClaimGivenUp").await, shop.count("CustomerCreated").await), (2, 1));
}

#[tokio::test]
async fn emails_whose_release_crashed_are_free_all_the_same() {
    let shop = Shop::new().await;
    let (ada, bob) = (shop.customer(ADA).await, shop.customer("bob@example.com").await);
    done(shop.node.add_email(&shop.request(), bob, "second@example.com", false).await);
    crash_before(&shop, 2, async |node| drop(node.delete_customer(&shop.request(), ada).await)).await;
    crash_before(&shop, 2, async |node| {
        drop(node.remove_email(&shop.request(), bob, "second@example.com").await);
    })
    .await;
    assert_eq!((shop.count("CustomerDeleted").await, shop.count("NameReleased").await), (1, 0));
    // Who is deleted can name nothing any more; who lives is asked first, and gets its 30 s.
    shop.customer(ADA).await;
    shop.clock.advance(TimeDelta::seconds(30));
    let next = shop.customer("second@example.com").await;
    // The worker that finds the releases later takes nothing from the new owners.
    shop.clock.advance(TimeDelta::minutes(1));
    let node = shop.other_node();
    node.reactions(true).await.unwrap().step().await.unwrap();
    assert_eq!(done(node.log_in(&shop.request(), Client::UNKNOWN, "second@example.com", PASSWORD).await), next);
    assert_names_are_unique(&shop).await;
}

#[tokio::test]
async fn the_worker_frees_the_emails_that_a_crash_left() {
    let shop = Shop::new().await;
    let ada = shop.customer(ADA).await;
    done(shop.node.add_email(&shop.request(), ada, "second@example.com", false).await);
    crash_before(&shop, 2, async |node| drop(node.delete_customer(&shop.request(), ada).await)).await;
    for _ in 0..2 {
        shop.other_node().reactions(true).await.unwrap().step().await.unwrap();
        assert_eq!(shop.count("NameReleased").await, 2);
    }
}

#[tokio::test]
async fn the_worker_frees_the_removed_email_and_no_other() {
    let shop = Shop::new().await;
    let ada = shop.customer(ADA).await;
    done(shop.node.add_email(&shop.request(), ada, "second@example.com", false).await);
    crash_before(&shop, 2, async |node| drop(node.remove_email(&shop.request(), ada, "second@example.com").await))
        .await;
    shop.other_node().reactions(true).await.unwrap().step().await.unwrap();
    shop.customer("second@example.com").await;
    assert_refused!(
        shop.node.create_customer(&shop.request(), new_customer(ADA)).await,
        CommandError::CustomerAlreadyExists
    );
    assert_eq!(shop.count("NameReleased").await, 1);
}

/// A log that stores what customers' streams are given, and then can't say so.
struct Forgetful(Arc<dyn EventLog>);

impl Forgetful {
    fn away(stream: &StreamName) -> Result<(), LogError> {
        match stream.as_str().starts_with("customer-") {
            true => Err(LogError::Unavailable(std::io::Error::other("the test said so").into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl EventLog for Forgetful {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let appended = self.0.append(stream, expected, events).await?;
        Self::away(stream).map_err(|source| AppendError::Unavailable { stream: stream.clone(), source })?;
        Ok(appended)
    }

    fn max_append_bytes(&self) -> usize {
        self.0.max_append_bytes()
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        let read = self.0.read_stream(stream, from, limit).await?;
        // An empty stream is no secret: a customer must get as far as being created.
        if !read.is_empty() {
            Self::away(stream)?;
        }
        Ok(read)
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Self::away(stream)?;
        self.0.read_stream_backwards(stream, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.0.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.0.head().await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.0.log_id().await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.0.subscribe(after)
    }
}

#[tokio::test]
async fn a_claim_whose_deciding_event_may_be_stored_is_not_released() {
    let shop = Shop::new().await;
    let node = shop.node_on(Arc::new(Forgetful(Arc::clone(&shop.log) as _)));
    assert_refused!(node.create_customer(&shop.request(), new_customer(ADA)).await, CommandError::Unavailable { .. });
    assert_eq!((shop.count("CustomerCreated").await, shop.count("NameReleased").await), (1, 0));
    assert_refused!(
        shop.node.create_customer(&shop.request(), new_customer(ADA)).await,
        CommandError::CustomerAlreadyExists
    );
}

/// Two nodes that create a coupon with the same code, through every order of their appends, with and without one key; and with 30
/// seconds that pass at any one point. (No coupon needs a slow hash.)
#[tokio::test]
async fn in_every_order_of_appends_a_name_has_one_owner() {
    for (keyed, late) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut schedules = Schedules::up_to(2_000);
        while let Some(mut schedule) = schedules.next() {
            let shop = Shop::empty();
            let gate = Gate::new(Arc::clone(&shop.log) as Arc<dyn EventLog>);
            let create = |label: &'static str| {
                let node = shop.node_on(Arc::new(gate.node(label)));
                let request = if keyed { shop.keyed("/coupon", "k", "b") } else { shop.request() };
                gate.run(label, async move { node.create_coupon(&request, new_coupon("S")).await })
            };
            let (one, two) = (create("one"), create("two"));
            play(&shop, &gate, &mut schedule, late).await;
            let outcomes = [one.await.unwrap(), two.await.unwrap()];
            assert_one_coupon(&shop, &outcomes, keyed, &schedule).await;
            schedules.ran(schedule);
        }
        assert!(schedules.complete(), "more orders than expected");
    }
}

async fn assert_one_coupon(
    shop: &Shop,
    outcomes: &[Result<Done<CouponId>, CommandError>],
    keyed: bool,
    schedule: &Schedule,
) {
    assert_eq!(shop.count("CouponCreated").await, 1, "{schedule:?}: {outcomes:?}");
    let won: Vec<_> = outcomes.iter().flatten().collect();
    // One key is one request: both learn of the same coupon, and one of them that it was there before.
    assert_eq!(won.len(), if keyed { 2 } else { 1 }, "{schedule:?}: {outcomes:?}");
    assert_eq!(won.iter().filter(|done| !done.replayed).count(), 1, "{schedule:?}: {outcomes:?}");
    assert!(won.iter().all(|done| done.outcome == won[0].outcome));
    // Whoever won has the name, and what lost holds nothing.
    assert_eq!(done(shop.other_node().void_coupon(&shop.request(), "s").await), won[0].outcome);
}

/// Three nodes that give, change to and take away the same email of two customers, while one of them is deleted: whatever the
/// order of their appends, at the end nobody has the email, or one customer has it, and then it resolves to that one.
#[tokio::test]
async fn in_any_order_of_appends_an_email_has_one_owner_at_most() {
    const SHARED: &str = "shared@example.com";
    let first = Shop::new().await;
    let (ada, bob) = (first.customer(ADA).await, first.customer("bob@example.com").await);
    let change = CustomerChange { email: Some(SHARED.to_owned()), ..CustomerChange::default() };
    for seed in 0..150 {
        let shop = first.copy().await;
        let gate = Gate::new(Arc::clone(&shop.log) as Arc<dyn EventLog>);
        let node = |label: &str| (shop.node_on(Arc::new(gate.node(label))), shop.request());
        let ((one, request), (two, also), change) = (node("one"), node("two"), change.clone());
        let mut tasks = vec![gate.run("one", async move {
            let added = one.add_email(&request, ada, SHARED, seed % 3 == 0).await.is_ok();
            let removed = one.remove_email(&request, ada, SHARED).await.is_ok();
            let again = one.add_email(&request, ada, SHARED, true).await.is_ok();
            let deleted = seed % 2 == 0 && one.delete_customer(&request, ada).await.is_ok();
            (added, removed, again, deleted)
        })];
        tasks.push(gate.run("two", async move {
            let added = two.add_email(&also, ada, SHARED, false).await.is_ok();
            let theirs = two.add_email(&also, bob, SHARED, false).await.is_ok();
            (added, theirs, false, false)
        }));
        let (three, request) = node("three");
        tasks.push(gate.run("three", async move {
            let changed = three.change_customer(&request, bob, change).await.is_ok();
            (changed, false, false, false)
        }));
        play_at_random(&shop, &gate, seed).await;
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        assert_names_are_unique(&shop).await;
        assert_resolves_to_its_owner(&shop, &[ada, bob], SHARED, &format!("seed {seed}: {outcomes:?}")).await;
    }
}

/// What the streams of the customers say, the names' streams say too.
async fn assert_resolves_to_its_owner(shop: &Shop, customers: &[CustomerId], email: &str, run: &str) {
    let mut has = None;
    for customer in customers {
        let state = shop.state::<Customer>(customer).await;
        has = has.or(state.live().and_then(|live| live.email(email)).map(|email| (*customer, email.is_primary)));
    }
    let logged_out = shop.other_node().log_out(&shop.request(), email).await;
    match has {
        Some((customer, _)) => assert_eq!(done(logged_out), customer, "{run}"),
        None => assert!(logged_out.is_err(), "{run}"),
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

/// Lets appends through in the order of the schedule; `late`: 30 seconds pass once, when the schedule says so.
async fn play(shop: &Shop, gate: &Gate, schedule: &mut Schedule, late: bool) {
    let mut to_pass = late;
    loop {
        let mut waiting = gate.settled().await;
        if waiting.is_empty() {
            return;
        }
        if to_pass && schedule.choose(2) == 1 {
            shop.clock.advance(TimeDelta::seconds(30));
            to_pass = false;
        }
        let next = waiting.swap_remove(schedule.choose(waiting.len()));
        gate.release(next.ticket).await;
    }
}
