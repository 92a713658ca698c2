//! Commands that change nothing: their keys are remembered all the same.

use crate::keys::{DAY, address, by_key, told};
use crate::shop::{COUPON, Shop, cents, customer};
use crate::world::{World, done};
use chrono::TimeDelta;
use commands::NewToken;
use commands::guard::Client;
use commands::{AddressChange, BillCart, Commands, CustomerChange, InventoryChange, NewGiftCard, Request};
use domain::AddressId;
use domain::product::ChangeProduct;
use domain::store::ChangeStore;

/// Commands that find nothing to change, after `prepare`.
#[derive(Clone, Copy, Debug)]
enum Noop {
    Inventory,
    Product,
    Store,
    Name,
    OwnEmail,
    Address,
    PrimaryAddress,
    PrimaryEmail,
    LogOut,
    Quantity,
    Fail,
    Ship,
    Deliver,
    Cancel,
    VoidGiftCard,
    VoidCredit,
    VoidCoupon,
    RevokeTokens,
}

/// What the commands are about.
struct Things {
    shop: Shop,
    address: AddressId,
    other_address: AddressId,
    gift_card: domain::GiftCardId,
    credit: domain::CreditId,
}

impl Noop {
    const ALL: [Noop; 18] = [
        Noop::Inventory,
        Noop::Product,
        Noop::Store,
        Noop::Name,
        Noop::OwnEmail,
        Noop::Address,
        Noop::PrimaryAddress,
        Noop::PrimaryEmail,
        Noop::LogOut,
        Noop::Quantity,
        Noop::Fail,
        Noop::Ship,
        Noop::Deliver,
        Noop::Cancel,
        Noop::VoidGiftCard,
        Noop::VoidCredit,
        Noop::VoidCoupon,
        Noop::RevokeTokens,
    ];

    /// Lets the command find nothing to change.
    async fn prepare(self, node: &Commands, world: &World) -> Things {
        let mut shop = Shop::open(world, node).await.with_balances(node).await.with_cart(node).await;
        let (request, ada) = (shop.request(), shop.customers[0]);
        let card = NewGiftCard::new(ada, ada, cents(5));
        let gift_card = done(node.issue_gift_card(&request, card).await);
        let credit = done(node.issue_credit(&request, ada, cents(5)).await);
        let other_address = done(node.add_address(&request, ada, address("Two")).await);
        let address = done(node.add_address(&request, ada, address("One")).await);
        done(node.add_email(&request, ada, "ada2@example.com", false).await);
        if matches!(self, Noop::Fail | Noop::Ship | Noop::Deliver | Noop::Cancel) {
            shop.invoice = Some(done(node.bill_cart(&request, ada, BillCart::default()).await));
        }
        if matches!(self, Noop::Ship | Noop::Deliver | Noop::Cancel) {
            done(node.collect_invoice(&request, shop.invoice()).await);
        }
        let things = Things { shop, address, other_address, gift_card, credit };
        let settled = matches!(
            self,
            Noop::Fail
                | Noop::Ship
                | Noop::Deliver
                | Noop::Cancel
                | Noop::VoidGiftCard
                | Noop::VoidCredit
                | Noop::VoidCoupon
        );
        if settled {
            self.run(node, &things, &request).await;
        }
        things
    }

    /// Whether it had been done before, by the same key.
    async fn run(self, node: &Commands, things: &Things, request: &Request) -> bool {
        let Things { shop, address, gift_card, credit, .. } = things;
        let (ada, tea) = (shop.customers[0], shop.products[0]);
        let name = |name: &str| CustomerChange { first_name: Some(name.to_owned()), ..CustomerChange::default() };
        let email = |email: &str| CustomerChange { email: Some(email.to_owned()), ..CustomerChange::default() };
        let street = AddressChange { street: Some("One".to_owned()), ..AddressChange::default() };
        let title = ChangeProduct { title: Some("Darjeeling".to_owned()), ..ChangeProduct::default() };
        let store = ChangeStore { name: Some("Tea & Co".to_owned()), ..ChangeStore::default() };
        match self {
            Noop::Inventory => told(node.change_inventory(request, tea, InventoryChange::To(9))).await,
            Noop::Product => told(node.change_product(request, tea, title)).await,
            Noop::Store => told(node.change_store(request, store)).await,
            Noop::Name => told(node.change_customer(request, ada, name("First"))).await,
            Noop::OwnEmail => told(node.change_customer(request, ada, email("ada@example.com"))).await,
            Noop::Address => told(node.change_address(request, ada, *address, street)).await,
            Noop::PrimaryAddress => told(node.make_address_primary(request, ada, *address)).await,
            Noop::PrimaryEmail => told(node.make_email_primary(request, ada, "ada@example.com")).await,
            Noop::LogOut => told(node.log_out(request, "ada2@example.com")).await,
            Noop::Quantity => told(node.set_cart_quantity(request, ada, tea, 3)).await,
            Noop::Fail => told(node.fail_invoice(request, shop.invoice())).await,
            Noop::Ship => told(node.ship_order(request, shop.order())).await,
            Noop::Deliver => told(node.deliver_order(request, shop.order())).await,
            Noop::Cancel => told(node.cancel_order(request, shop.order())).await,
            Noop::VoidGiftCard => told(node.void_gift_card(request, *gift_card)).await,
            Noop::VoidCredit => told(node.void_credit(request, ada, *credit)).await,
            Noop::VoidCoupon => told(node.void_coupon(request, COUPON)).await,
            Noop::RevokeTokens => told(node.revoke_all_tokens(request)).await,
        }
        .1
    }

    /// What somebody else does, so that the command would now change something, or be refused.
    async fn overtake(self, node: &Commands, things: &Things, world: &World) {
        let Things { shop, address, other_address, .. } = things;
        let (request, ada, tea) = (shop.request(), shop.customers[0], shop.products[0]);
        match self {
            Noop::Inventory => drop(done(node.change_inventory(&request, tea, InventoryChange::To(12)).await)),
            Noop::Product => {
                let change = ChangeProduct { title: Some("Assam".to_owned()), ..ChangeProduct::default() };
                done(node.change_product(&request, tea, change).await);
            }
            Noop::Store => {
                let change = ChangeStore { name: Some("Coffee".to_owned()), ..ChangeStore::default() };
                done(node.change_store(&request, change).await);
            }
            Noop::Name => {
                let change = CustomerChange { first_name: Some("Augusta".to_owned()), ..CustomerChange::default() };
                done(node.change_customer(&request, ada, change).await);
            }
            Noop::OwnEmail | Noop::PrimaryEmail => {
                done(node.make_email_primary(&request, ada, "ada2@example.com").await);
            }
            Noop::Address => drop(done(node.remove_address(&request, ada, *address).await)),
            Noop::PrimaryAddress => drop(done(node.make_address_primary(&request, ada, *other_address).await)),
            Noop::LogOut => {
                // The email is another one's by now, who is logged in.
                done(node.remove_email(&request, ada, "ada2@example.com").await);
                let next = customer(world, node, &request, "ada2@example.com").await;
                done(node.log_in(&request, Client::UNKNOWN, "ada2@example.com", "secret").await);
                assert_ne!(next, ada);
            }
            Noop::Quantity => drop(done(node.set_cart_quantity(&request, ada, tea, 1).await)),
            Noop::Ship => drop(done(node.deliver_order(&request, shop.order()).await)),
            Noop::RevokeTokens => {
                drop(done(node.issue_token(Client::UNKNOWN, NewToken::admin("tea", "a good secret"), None).await).token)
            }
            // Nothing comes after these.
            Noop::Fail | Noop::Deliver | Noop::Cancel | Noop::VoidGiftCard | Noop::VoidCredit | Noop::VoidCoupon => {}
        }
    }
}

#[tokio::test]
async fn what_changed_nothing_is_remembered_too() {
    for noop in Noop::ALL {
        let world = World::new();
        let node = world.node();
        let things = noop.prepare(&node, &world).await;
        let (request, head) = (by_key(&things.shop, "/noop"), world.head().await);
        assert!(!noop.run(&node, &things, &request).await, "{noop:?}");
        assert_eq!(world.types_after(head).await, ["RequestRemembered"], "{noop:?}");
        noop.overtake(&node, &things, &world).await;
        let head = world.head().await;
        // On this node, on one that was started since, and almost a day later.
        world.clock.advance(DAY - TimeDelta::minutes(1));
        for node in [&node, &world.node()] {
            assert!(noop.run(node, &things, &request).await, "{noop:?}");
        }
        assert_eq!(world.types_after(head).await, Vec::<String>::new(), "{noop:?}");
    }
}

#[tokio::test]
async fn without_a_key_what_changes_nothing_leaves_no_event() {
    let world = World::new();
    let node = world.node();
    let things = Noop::Inventory.prepare(&node, &world).await;
    let head = world.head().await;
    assert!(!Noop::Inventory.run(&node, &things, &things.shop.request()).await);
    assert_eq!(world.head().await, head);
}

/// Two nodes with the same key at once, where nothing is to change: one remembers, the other finds it.
#[tokio::test]
async fn of_two_nodes_that_find_nothing_to_change_one_remembers() {
    let world = World::new();
    let nodes = [world.node(), world.node()];
    let things = Noop::Inventory.prepare(&nodes[0], &world).await;
    let (request, head) = (by_key(&things.shop, "/noop"), world.head().await);
    let run = |node| Noop::Inventory.run(node, &things, &request);
    let (left, right) = tokio::join!(run(&nodes[0]), run(&nodes[1]));
    assert!(left ^ right);
    assert_eq!(world.types_after(head).await, ["RequestRemembered"]);
}
