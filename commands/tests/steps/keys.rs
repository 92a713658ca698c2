//! What a key is remembered for, how long, and by whom: also for what changed nothing, and by a node that was not there.

use crate::shop::{COUPON, Shop, cents, customer};
use crate::world::{World, done, keyed};
use chrono::TimeDelta;
use commands::guard::Client;
use commands::testing::StubLookups;
use commands::{
    BillCart, CommandDependencies, CommandError, Commands, CustomerChange, Done, InventoryChange, Lookups, NewAddress,
    NewCoupon, NewCustomer, NewGiftCard, NewProduct, NewStore, Request, Service, UnderWay,
};
use domain::CartId;
use domain::coupon::CouponStyle;
use domain::invoice::RefundRequest;
use domain::store::{ChangeStore, CreditOrder};
use std::sync::Arc;

pub const DAY: TimeDelta = TimeDelta::hours(24);

/// A keyed request of the shop's client for a path.
pub fn by_key(shop: &Shop, path: &str) -> Request {
    keyed(shop.store, path, "k")
}

pub async fn told<T: std::fmt::Debug>(running: UnderWay<T>) -> (String, bool) {
    let Done { outcome, replayed, .. } = running.await.unwrap_or_else(|error| panic!("refused: {error}"));
    (format!("{outcome:?}"), replayed)
}

pub fn address(street: &str) -> NewAddress {
    NewAddress {
        street: street.to_owned(),
        city: "London".to_owned(),
        zip: "W1".to_owned(),
        state: "-".to_owned(),
        country: "UK".to_owned(),
        is_primary: true,
    }
}

fn new_product() -> NewProduct {
    NewProduct {
        title: "Sencha".to_owned(),
        product_type: "tea".to_owned(),
        vendor: "Hill Farm".to_owned(),
        description: None,
        inventory: 1,
        sale_price_in_cents: cents(100),
        tags: Vec::new(),
    }
}

fn new_store() -> NewStore {
    NewStore {
        name: "Second".to_owned(),
        tagline: None,
        app_id: "second".to_owned(),
        app_secret: "a good secret".to_owned(),
        credit_order_preference: CreditOrder::GiftCard,
        tax_rate_in_basis_points: 0,
        timezone: "UTC".to_owned(),
        cart_expires_after_minutes: 0,
        numbering: None,
    }
}

fn new_customer() -> NewCustomer {
    NewCustomer {
        currency: "EUR".parse().expect("a currency"),
        email: "eve@example.com".to_owned(),
        first_name: "Eve".to_owned(),
        last_name: "Last".to_owned(),
        password: "secret".to_owned(),
        addresses: vec![address("One Street")],
    }
}

fn new_coupon() -> NewCoupon {
    NewCoupon {
        code: "NEW".to_owned(),
        style: CouponStyle::PercentOff,
        amount: 10,
        starts_at: None,
        expires_at: None,
        usage_limit: None,
        usage_limit_per_customer: None,
        minimum_amount_in_cents: None,
    }
}

/// Every POST that makes something new, with a key, and what it answered.
async fn create_everything(node: &Commands, shop: &Shop) -> Vec<(&'static str, (String, bool))> {
    let (ada, bob) = (shop.customers[0], shop.customers[1]);
    let key = by_key(shop, "/store").idempotency;
    let card = NewGiftCard::new(ada, bob, cents(5));
    let bill = BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: None };
    vec![
        ("store", told(node.create_store(Client::UNKNOWN, new_store(), None, key)).await),
        ("product", told(node.create_product(&by_key(shop, "/product"), new_product())).await),
        ("customer", told(node.create_customer(&by_key(shop, "/customer"), new_customer())).await),
        ("address", told(node.add_address(&by_key(shop, "/address"), bob, address("Two Street"))).await),
        ("email", told(node.add_email(&by_key(shop, "/email"), bob, "bob2@example.com", false)).await),
        ("cart", told(node.open_cart(&by_key(shop, "/cart"), bob)).await),
        ("bill", told(node.bill_cart(&by_key(shop, "/billcart"), ada, bill)).await),
        (
            "bill without a coupon",
            told(node.bill_cart(&by_key(shop, "/billcart2"), shop.customers[2], BillCart::default())).await,
        ),
        ("order", told(node.collect_invoice(&by_key(shop, "/collected"), shop.invoice())).await),
        (
            "refund",
            told(node.refund_invoice(&by_key(shop, "/refund"), shop.invoice(), RefundRequest::Amount(cents(7)), true))
                .await,
        ),
        ("gift card", told(node.issue_gift_card(&by_key(shop, "/giftcard"), card)).await),
        ("credit", told(node.issue_credit(&by_key(shop, "/credit/5"), bob, cents(5))).await),
        ("batch credit", told(node.start_batch_credit(&by_key(shop, "/credit"), cents(5))).await),
        ("coupon", told(node.create_coupon(&by_key(shop, "/coupon"), new_coupon())).await),
    ]
}

/// What others do meanwhile, so that each of those requests would now do something else.
async fn go_on(node: &Commands, shop: &Shop) {
    let (request, [ada, bob, carol]) = (shop.request(), [shop.customers[0], shop.customers[1], shop.customers[2]]);
    done(node.open_cart(&request, bob).await);
    for customer in [ada, bob, carol] {
        done(node.add_to_cart(&request, customer, vec![(shop.products[0], 1)]).await);
    }
    done(node.remove_email(&request, bob, "bob2@example.com").await);
    done(node.void_coupon(&request, "NEW").await);
}

/// More than a day of keyed requests on all of these, ten minutes apart, that make nothing; but for refunds, of which an invoice has
/// no other.
async fn a_busy_day(world: &World, node: &Commands, shop: &Shop) {
    let [ada, bob, carol] = [shop.customers[0], shop.customers[1], shop.customers[2]];
    for _ in 0..160 {
        world.clock.advance(TimeDelta::minutes(10));
        let request = keyed(shop.store, "/busy", &world.head().await.to_string());
        let name = CustomerChange { first_name: Some("First".to_owned()), ..CustomerChange::default() };
        let store = ChangeStore { name: Some("Tea & Co".to_owned()), ..ChangeStore::default() };
        done(node.change_store(&request, store).await);
        done(node.change_customer(&request, bob, name).await);
        for customer in [ada, bob, carol] {
            done(node.set_cart_quantity(&request, customer, shop.products[0], 1).await);
        }
        done(node.refund_invoice(&request, shop.invoice(), RefundRequest::Amount(cents(1)), true).await);
    }
}

/// A shop in which everything can be created once: an open cart of the first and the third customer, a collected invoice not yet.
async fn ready(world: &World, node: &Commands) -> Shop {
    let mut shop = Shop::open(world, node).await.with_invoice(node).await.with_cart(node).await;
    shop.customers.push(customer(world, node, &shop.request(), "carol@example.com").await);
    done(node.add_to_cart(&shop.request(), shop.customers[2], vec![(shop.products[1], 1)]).await);
    shop
}

#[tokio::test]
async fn a_creation_is_remembered_for_ever() {
    let world = World::new();
    let node = world.node();
    let shop = ready(&world, &node).await;
    let made = create_everything(&node, &shop).await;
    assert!(made.iter().all(|(_, (_, replayed))| !replayed), "{made:?}");
    go_on(&node, &shop).await;
    a_busy_day(&world, &node, &shop).await;
    // 25 hours later, and 400 days; on the same node, and on one that was started since.
    for days in [0, 1, 400] {
        world.clock.advance(DAY * days + TimeDelta::hours(1));
        for node in [&node, &world.node()] {
            let head = world.head().await;
            for ((what, (first, _)), (_, again)) in made.iter().zip(create_everything(node, &shop).await) {
                assert_eq!((first, true), (&again.0, again.1), "{what}, {days} days later");
            }
            assert_eq!(world.types_after(head).await, Vec::<String>::new());
            // Life goes on, and hurries nothing.
            let sold = InventoryChange::By(1);
            done(node.change_inventory(&by_key(&shop, &format!("/{head}")), shop.products[0], sold).await);
        }
    }
}

#[tokio::test]
async fn ids_of_creations_follow_from_the_key() {
    let world = World::new();
    let node = world.node();
    let shop = ready(&world, &node).await;
    let (copy, head) = (world.copy().await, world.head().await);
    let (made, elsewhere) = (create_everything(&node, &shop).await, create_everything(&copy.node(), &shop).await);
    assert_eq!(made, elsewhere);
    // Those that fence what is done at once are each attempt's own.
    let (ours, theirs) = (ids(&world, head).await, ids(&copy, head).await);
    for named in ["address_id", "email_id", "job_id"] {
        assert!(!ours[named].is_empty() && ours[named] == theirs[named], "{named}");
    }
    for fence in ["claim_id", "credential_id"] {
        assert!(!ours[fence].is_empty() && ours[fence].iter().all(|id| !theirs[fence].contains(id)), "{fence}");
    }
}

/// The ids of some kinds in the events after the position.
async fn ids(world: &World, head: eventlog::Position) -> std::collections::BTreeMap<&'static str, Vec<String>> {
    let events = world.log().read_all(head, usize::MAX).await.expect("the log is there");
    let data: Vec<serde_json::Value> =
        events.iter().map(|event| serde_json::from_slice(&event.data).expect("JSON")).collect();
    let of = |name: &'static str| {
        let found = data.iter().filter_map(|data| data[name].as_str().map(str::to_owned));
        (name, found.collect())
    };
    let mut ids: std::collections::BTreeMap<_, Vec<String>> =
        ["email_id", "job_id", "claim_id", "credential_id"].map(of).into();
    let addresses = data.iter().flat_map(|data| data["addresses"].as_array().into_iter().flatten().chain([data]));
    ids.insert("address_id", addresses.filter_map(|data| data["address_id"].as_str().map(str::to_owned)).collect());
    ids
}

#[tokio::test]
async fn creations_that_a_state_is_too_small_for_are_found_by_the_views() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let start = async |node: &Commands, number: usize| {
        node.start_batch_credit(&keyed(shop.store, "/customer/credit/5", &format!("k{number}")), cents(5)).await
    };
    let first = done(start(&node, 0).await);
    for number in 1..1_005 {
        // So that all but the last are older than a day.
        world.clock.advance(TimeDelta::minutes(10));
        done(start(&node, number).await);
    }
    let (head, restarted) = (world.head().await, world.node());
    for node in [&node, &restarted] {
        let again = start(node, 0).await.expect("it was done");
        assert_eq!((again.outcome, again.replayed), (first, true));
    }
    assert_eq!(world.head().await, head);
    // Nobody knows without them.
    let away = Commands::new(CommandDependencies {
        lookups: Arc::new(StubLookups::Away) as Arc<dyn Lookups>,
        ..world.parts(world.log())
    });
    // What was done lately needs no views.
    assert!(start(&away, 1_004).await.expect("it was done").replayed);
    for number in [0, 2_000] {
        let refused = start(&away, number).await;
        assert!(matches!(refused, Err(CommandError::Unavailable { service: Service::Views, .. })), "{refused:?}");
    }
    assert_eq!(world.head().await, head);
}

/// Adding to what is there makes nothing new: those keys live for a day.
#[tokio::test]
async fn what_is_no_creation_is_remembered_for_a_day() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let (bob, tea) = (shop.customers[1], shop.products[0]);
    let (item, tag) = (by_key(&shop, "/item"), by_key(&shop, "/tag"));
    let both = async |node: &Commands| {
        let (_, added) = told(node.add_to_cart(&item, bob, vec![(tea, 1)])).await;
        let (_, tagged) = told(node.add_product_tag(&tag, tea, "green".to_owned())).await;
        (added, tagged)
    };
    assert_eq!(both(&node).await, (false, false));
    for _ in 0..23 {
        world.clock.advance(TimeDelta::hours(1));
        done(node.change_inventory(&by_key(&shop, &world.head().await.to_string()), tea, InventoryChange::By(1)).await);
        assert_eq!(both(&world.node()).await, (true, true));
    }
    let cart = async |node: &Commands| done(node.close_cart(&shop.request(), bob).await);
    let closed: CartId = cart(&node).await;
    world.clock.advance(TimeDelta::minutes(59));
    assert_eq!(both(&world.node()).await, (true, true));
    assert_ne!(closed, CartId(uuid::Uuid::nil()));
}

/// A clock that jumps ahead for one command and is set back.
#[tokio::test]
async fn a_clock_that_jumps_and_comes_back_makes_nothing_forgotten() {
    for jump in [TimeDelta::hours(25), TimeDelta::days(400)] {
        let world = World::new();
        let node = world.node();
        let shop = Shop::open(&world, &node).await;
        let tea = shop.products[0];
        let set = async |node: &Commands, key: &str, to: i64| {
            told(node.change_inventory(&keyed(shop.store, "/inventory", key), tea, InventoryChange::To(to))).await.1
        };
        assert!(!set(&node, "before", 5).await);
        world.clock.advance(jump);
        assert!(!set(&node, "ahead", 6).await);
        world.clock.advance(-jump);
        assert!(!set(&node, "after", 7).await);
        for node in [&node, &world.node()] {
            for (key, to) in [("before", 5), ("ahead", 6), ("after", 7)] {
                assert!(set(node, key, to).await, "{key}");
            }
        }
    }
}
