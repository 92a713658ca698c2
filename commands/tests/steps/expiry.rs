//! Carts whose time is over, where some of them can't be closed.

use crate::shop::Shop;
use crate::world::{World, done};
use domain::cart::{CartEvent, CartOpened};
use domain::{CartId, CustomerId, Event, StoreId};
use eventlog::{Position, StreamName};
use uuid::Uuid;

/// As many carts of the store as are looked up at once, and one more; none of them can be read.
async fn stuck_carts(world: &World, store: StoreId) {
    for number in 0..501 {
        let (customer_id, cart_id) = (CustomerId(Uuid::from_u128(number)), CartId(Uuid::from_u128(number)));
        let opened = CartEvent::CartOpened(CartOpened { cart_id, customer_id, store_id: store });
        let stream = format!("cart-{customer_id}");
        world.write(store, &stream, Event::Cart(opened)).await;
        world.damage(&StreamName::new(stream), 1).await;
    }
}

#[tokio::test]
async fn carts_that_can_not_be_closed_keep_no_others_from_their_time() {
    let world = World::new();
    let node = world.node();
    let mut shops = [Shop::open(&world, &node).await, Shop::named(&world, &node, "coffee").await];
    shops.sort_by_key(|shop| shop.store);
    // The one whose turn is first has them.
    let [shop, other] = shops;
    // The longest idle of all.
    stuck_carts(&world, shop.store).await;
    world.clock.advance(chrono::TimeDelta::minutes(1));
    for (shop, customer) in [(&shop, shop.customers[0]), (&other, other.customers[0])] {
        done(node.add_to_cart(&shop.request(), customer, vec![(shop.products[0], 1)]).await);
    }
    world.clock.advance(chrono::TimeDelta::minutes(61));
    let expiry = node.cart_expiry();
    assert_eq!(expiry.step().await.expect("nothing is away"), 2, "of either store");
    assert_eq!(expiry.step().await.expect("nothing is away"), 0);
    let events = world.log().read_all(Position::START, usize::MAX).await.expect("it can be read");
    let closed = events.iter().filter(|event| &*event.event_type == "CartClosed");
    let closed: Vec<_> = closed.map(|event| event.stream.as_str().to_owned()).collect();
    let carts = [&other, &shop].map(|shop| format!("cart-{}", shop.customers[0]));
    assert_eq!(closed, carts, "the other store did not wait for all pages of the first");
}
