//! What a product answers. How its stock fares under carts that race stands in `stock_tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::limits::{MAX_INVENTORY, MAX_TAGS};
use crate::testing::{Given, given, id, live_through, nothing};
use crate::{CartId, Cents, CustomerId, Decider, OrderId, ProductId, StoreId};
use chrono::TimeDelta;
use proptest::prelude::*;

fn command(inventory: i64, tags: Vec<String>) -> ProductCommand {
    ProductCommand::Create(ProductCreated {
        product_id: ProductId(id(1)),
        store_id: StoreId(id(2)),
        title: "Oak table".into(),
        product_type: "Furniture".into(),
        vendor: "Woodworks".into(),
        description: None,
        inventory,
        sale_price_in_cents: Cents::new(39_900).unwrap(),
        tags,
    })
}

fn created(inventory: i64, tags: Vec<String>) -> ProductCreated {
    ProductCreated {
        product_id: ProductId(id(1)),
        store_id: StoreId(id(2)),
        title: "Oak table".into(),
        product_type: "Furniture".into(),
        vendor: "Woodworks".into(),
        description: None,
        inventory,
        sale_price_in_cents: Cents::new(39_900).unwrap(),
        tags,
    }
}

/// Ten tables, tagged 'oak'.
fn tables() -> Given<Product> {
    given([created(10, vec!["oak".into()])])
}

fn deleted(product: Given<Product>) -> Given<Product> {
    product.and([ProductDeleted {}])
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

fn cart(number: u128) -> CartId {
    CartId(id(100 + number))
}

fn hold(number: u128, cart_revision: u64, quantity: u32) -> ProductCommand {
    let customer_id = CustomerId(id(200 + number));
    ProductCommand::HoldStock { cart_id: cart(number), customer_id, cart_revision, quantity }
}

fn lower(number: u128, cart_revision: u64, quantity: u32) -> ProductCommand {
    ProductCommand::LowerHold { cart_id: cart(number), cart_revision, quantity }
}

fn release(number: u128) -> ProductCommand {
    ProductCommand::ReleaseHold { cart_id: cart(number) }
}

fn consume(number: u128) -> ProductCommand {
    consume_of(number, 4)
}

fn consume_of(number: u128, quantity: u32) -> ProductCommand {
    ProductCommand::ConsumeHold { cart_id: cart(number), order_id: OrderId(id(5)), quantity }
}

fn held(number: u128, cart_revision: u64, previous_quantity: u32, quantity: u32) -> StockHeld {
    let customer_id = CustomerId(id(200 + number));
    StockHeld { cart_id: cart(number), customer_id, cart_revision, quantity, previous_quantity }
}

fn released(number: u128, cart_revision: u64, previous_quantity: u32, quantity: u32) -> StockReleased {
    let customer_id = CustomerId(id(200 + number));
    StockReleased { cart_id: cart(number), customer_id, cart_revision, quantity, previous_quantity }
}

fn consumed(number: u128, quantity: u32) -> StockConsumed {
    StockConsumed { cart_id: cart(number), order_id: OrderId(id(5)), quantity }
}

fn adjust(amount: i64) -> ProductCommand {
    ProductCommand::AdjustInventory { amount }
}

fn set(inventory: i64) -> ProductCommand {
    ProductCommand::SetInventory { inventory }
}

fn tag(tag: &str) -> ProductCommand {
    ProductCommand::AddTag { tag: tag.into() }
}

fn untag(tag: &str) -> ProductCommand {
    ProductCommand::RemoveTag { tag: tag.into() }
}

fn insufficient(available: i64, asked: i64) -> ProductRejection {
    ProductRejection::InsufficientInventory { product_id: ProductId(id(1)), available, asked }
}

fn available(product: &Given<Product>) -> i64 {
    product.state.known().unwrap().available
}

#[test]
fn a_product_is_created_once_and_a_tag_named_twice_counts_once() {
    let tags = ["oak", "sale", "oak"].map(String::from).to_vec();
    nothing::<Product>()
        .when(command(10, tags))
        .then([created(10, vec!["oak".into(), "sale".into()])])
        .and_a_repeat_is_rejected(ProductRejection::ProductExists);
}

#[test]
fn the_earlier_of_two_broken_rules_is_named() {
    let on_none = [tag("oak"), untag("x"), adjust(-99), set(-1), hold(1, 1, 99), ProductCommand::Delete];
    for command in
        on_none.into_iter().chain([ProductCommand::RemoveAllTags, ProductCommand::Change(Default::default())])
    {
        let gone = deleted(tables().and([held(1, 9, 0, 2)]));
        nothing::<Product>().when(command.clone()).then_rejected(ProductRejection::ProductNotFound);
        gone.when(command).then_rejected(ProductRejection::ProductNotFound);
    }
    for command in [lower(1, 1, 0), release(1), consume(1)] {
        nothing::<Product>().when(command).then_rejected(ProductRejection::ProductNotFound);
    }
    let too_many = || numbered(MAX_TAGS + 1);
    tables().when(command(-1, too_many())).then_rejected(ProductRejection::ProductExists);
    deleted(tables()).when(command(0, vec![])).then_rejected(ProductRejection::ProductExists);
    nothing::<Product>().when(command(-1, too_many())).then_rejected(ProductRejection::InventoryOutOfRange);
    nothing::<Product>().when(command(0, too_many())).then_rejected(ProductRejection::TooManyTags);
    let stale = ProductRejection::StaleHold { held: 9, asked: 8 };
    tables().and([held(1, 9, 0, 2)]).when(hold(1, 8, 99)).then_rejected(stale);
    let full = given::<Product>([created(0, numbered(MAX_TAGS))]);
    full.clone().when(tag("7")).then_rejected(ProductRejection::TagAlreadyExists);
    full.when(tag("oak")).then_rejected(ProductRejection::TooManyTags);
}

#[test]
fn a_change_says_only_what_changes() {
    let change = ChangeProduct {
        title: Some("Oak table".into()),
        vendor: Some("Planks".into()),
        description: Some(Some("Seats six".into())),
        sale_price_in_cents: Some(Cents::new(29_900).unwrap()),
        ..ChangeProduct::default()
    };
    let described = ProductDescribed {
        vendor: Some("Planks".into()),
        description: Some(Some("Seats six".into())),
        ..ProductDescribed::default()
    };
    let repriced = ProductRepriced { sale_price_in_cents: Cents::new(29_900).unwrap() };
    let after = tables()
        .when(ProductCommand::Change(change))
        .then([ProductEvent::from(described), repriced.into()])
        .and_a_repeat_gives_nothing();
    let bare = ChangeProduct { description: Some(None), ..ChangeProduct::default() };
    after
        .when(ProductCommand::Change(bare))
        .then([ProductDescribed { description: Some(None), ..ProductDescribed::default() }])
        .and_a_repeat_gives_nothing();
}

#[test]
fn tags_come_and_go() {
    tables().when(tag("oak")).then_rejected(ProductRejection::TagAlreadyExists);
    tables()
        .when(tag("Oak"))
        .then([ProductTagged { tag: "Oak".into() }])
        .and_a_repeat_is_rejected(ProductRejection::TagAlreadyExists);
    tables()
        .when(untag("oak"))
        .then([ProductTagRemoved { tag: "oak".into() }])
        .and_a_repeat_is_rejected(ProductRejection::TagNotFound);
    tables()
        .and([ProductTagged { tag: "sale".into() }])
        .when(ProductCommand::RemoveAllTags)
        .then([ProductTagRemoved { tag: "oak".into() }, ProductTagRemoved { tag: "sale".into() }])
        .and_a_repeat_is_rejected(ProductRejection::TagNotFound);
}

#[test]
fn inventory_is_set_and_adjusted_within_its_bounds() {
    tables().when(adjust(-10)).then([InventoryAdjusted { change: -10, inventory: 0 }]);
    tables().when(adjust(-11)).then_rejected(insufficient(10, 11));
    tables().when(adjust(i64::MIN)).then_rejected(insufficient(10, i64::MAX));
    tables().when(adjust(0)).then_nothing();
    tables().when(adjust(MAX_INVENTORY - 9)).then_rejected(ProductRejection::InventoryOutOfRange);
    tables().when(adjust(i64::MAX)).then_rejected(ProductRejection::InventoryOutOfRange);
    let full = InventoryAdjusted { change: MAX_INVENTORY - 10, inventory: MAX_INVENTORY };
    tables().when(adjust(MAX_INVENTORY - 10)).then([full.clone()]);
    tables().when(set(MAX_INVENTORY)).then([full]).and_a_repeat_gives_nothing();
    tables().when(set(-1)).then_rejected(ProductRejection::InventoryOutOfRange);
    tables().when(set(MAX_INVENTORY + 1)).then_rejected(ProductRejection::InventoryOutOfRange);
}

#[test]
fn what_carts_give_back_above_the_limit_can_still_be_taken_from() {
    let full = InventoryAdjusted { change: MAX_INVENTORY - 6, inventory: MAX_INVENTORY };
    let above = tables().and([held(1, 1, 0, 4)]).and([full]).and([released(1, 1, 4, 0)]);
    assert_eq!(available(&above), MAX_INVENTORY + 4);
    above.clone().when(adjust(1)).then_rejected(ProductRejection::InventoryOutOfRange);
    above.when(adjust(-1)).then([InventoryAdjusted { change: -1, inventory: MAX_INVENTORY + 3 }]);
}

#[test]
fn a_hold_takes_what_is_available_and_no_more() {
    let all = tables().when(hold(1, 1, 10)).then([held(1, 1, 0, 10)]).and_a_repeat_gives_nothing();
    assert_eq!(available(&all), 0);
    all.clone().when(hold(2, 1, 1)).then_rejected(insufficient(0, 1));
    all.when(hold(1, 2, 11)).then_rejected(insufficient(0, 1));
    tables().when(hold(1, 1, 11)).then_rejected(insufficient(10, 11));
    tables().when(hold(1, 1, 0)).then_nothing();
}

#[test]
fn a_newer_revision_replaces_the_hold_up_and_down() {
    let four = tables().and([held(1, 5, 0, 4)]);
    let six = four.clone().when(hold(1, 6, 6)).then([held(1, 6, 4, 6)]).and_a_repeat_gives_nothing();
    assert_eq!(available(&six), 4);
    let two = four.clone().when(hold(1, 6, 2)).then([released(1, 6, 4, 2)]).and_a_repeat_gives_nothing();
    assert_eq!(available(&two), 8);
    let none = four.when(hold(1, 6, 0)).then([released(1, 6, 4, 0)]).and_a_repeat_gives_nothing();
    assert_eq!(none.state.known().unwrap().holds.len(), 0);
}

#[test]
fn a_newer_revision_moves_the_fence_also_where_the_quantity_stays() {
    let moved = tables().and([held(1, 5, 0, 4)]).when(hold(1, 6, 4)).then([held(1, 6, 4, 4)]).so();
    moved.clone().when(hold(1, 5, 9)).then_rejected(ProductRejection::StaleHold { held: 6, asked: 5 });
    moved.when(lower(1, 6, 1)).then_nothing();
}

#[test]
fn the_same_revision_keeps_the_larger_quantity() {
    let four = tables().and([held(1, 5, 0, 4)]);
    four.clone().when(hold(1, 5, 3)).then_nothing();
    four.when(hold(1, 5, 6)).then([held(1, 5, 4, 6)]).and_a_repeat_gives_nothing();
}

#[test]
fn only_a_newer_revision_lowers_a_hold_and_none_raises_it() {
    let four = tables().and([held(1, 5, 0, 4)]);
    four.clone().when(lower(1, 4, 1)).then_nothing();
    four.clone().when(lower(1, 5, 1)).then_nothing();
    four.clone().when(lower(1, 6, 9)).then_nothing();
    four.clone().when(lower(2, 6, 1)).then_nothing();
    four.when(lower(1, 6, 1)).then([released(1, 6, 4, 1)]).and_a_repeat_gives_nothing();
}

#[test]
fn what_was_held_goes_back_or_is_gone_for_good() {
    let four = tables().and([held(1, 5, 0, 4)]);
    let back = four.clone().when(release(1)).then([released(1, 5, 4, 0)]).and_a_repeat_gives_nothing();
    assert_eq!(available(&back), 10);
    back.when(consume(1)).then_nothing();
    let gone = four.when(consume(1)).then([consumed(1, 4)]).and_a_repeat_gives_nothing();
    assert_eq!(available(&gone), 6);
    gone.when(release(1)).then_nothing();
}

#[test]
fn only_what_was_ordered_leaves_of_a_larger_hold() {
    let six = tables().and([held(1, 5, 0, 6)]);
    let events: [ProductEvent; 2] = [released(1, 5, 6, 4).into(), consumed(1, 4).into()];
    let gone = six.when(consume_of(1, 4)).then(events).and_a_repeat_gives_nothing();
    assert_eq!(available(&gone), 6);
}

#[test]
fn a_deleted_product_is_not_raised_but_everything_else_of_its_stock_works() {
    let gone = tables().and([held(1, 5, 0, 4)]).when(ProductCommand::Delete).then([ProductDeleted {}]);
    let gone = gone.and_a_repeat_is_rejected(ProductRejection::ProductNotFound);
    gone.clone().when(hold(1, 6, 5)).then_rejected(ProductRejection::ProductNotFound);
    gone.clone().when(lower(1, 6, 1)).then([released(1, 6, 4, 1)]);
    gone.clone().when(release(1)).then([released(1, 5, 4, 0)]);
    gone.when(consume(1)).then([consumed(1, 4)]);
}

#[test]
fn stock_in_carts_does_not_move_the_revision() {
    let stock: [ProductEvent; 3] = [held(1, 1, 0, 1).into(), released(1, 1, 1, 0).into(), consumed(1, 1).into()];
    assert!(stock.iter().all(|event| !Product::changes_representation(event)));
    assert!(Product::changes_representation(&ProductDeleted {}.into()));
}

#[test]
fn what_can_not_be_is_not_folded() {
    let four = tables().and([held(1, 5, 0, 4)]);
    nothing::<Product>().is_impossible(ProductDeleted {});
    four.is_impossible(created(10, vec![]));
    four.is_impossible(InventoryAdjusted { change: 1, inventory: 10 });
    four.is_impossible(InventoryAdjusted { change: -7, inventory: -1 });
    four.is_impossible(ProductTagged { tag: "oak".into() });
    four.is_impossible(ProductTagRemoved { tag: "sale".into() });
    four.is_impossible(held(1, 4, 4, 5));
    four.is_impossible(held(1, 6, 3, 5));
    four.is_impossible(held(2, 1, 0, 7));
    four.is_impossible(released(1, 6, 3, 0));
    four.is_impossible(released(1, 4, 4, 0));
    four.is_impossible(released(2, 1, 1, 0));
    four.is_impossible(consumed(1, 3));
    four.is_impossible(consumed(2, 1));
    deleted(four).is_impossible(held(1, 6, 4, 5));
}

fn any_command() -> impl Strategy<Value = ProductCommand> {
    let (number, revision, quantity) = (1..4u128, 0..6u64, 0..8u32);
    let tags = || prop_oneof![Just("oak"), Just("sale")];
    let change = (prop::option::of("[ab]"), prop::option::of(prop::option::of("[ab]")));
    prop_oneof![
        4 => (number.clone(), revision.clone(), quantity.clone()).prop_map(|(n, r, q)| hold(n, r, q)),
        4 => (number.clone(), revision, quantity).prop_map(|(n, r, q)| lower(n, r, q)),
        1 => number.clone().prop_map(release),
        1 => (number, 0..8u32).prop_map(|(n, q)| consume_of(n, q)),
        1 => (-6..6i64).prop_map(adjust),
        1 => (0..20i64).prop_map(set),
        1 => tags().prop_map(tag),
        1 => tags().prop_map(untag),
        1 => change.prop_map(|(title, description)| {
            ProductCommand::Change(ChangeProduct { title, description, ..ChangeProduct::default() })
        }),
    ]
}

fn gives_nothing_again(command: &ProductCommand) -> bool {
    match command {
        ProductCommand::Change(_)
        | ProductCommand::SetInventory { .. }
        | ProductCommand::HoldStock { .. }
        | ProductCommand::LowerHold { .. }
        | ProductCommand::ReleaseHold { .. }
        | ProductCommand::ConsumeHold { .. } => true,
        ProductCommand::Create(_)
        | ProductCommand::Delete
        | ProductCommand::AdjustInventory { .. }
        | ProductCommand::AddTag { .. }
        | ProductCommand::RemoveTag { .. }
        | ProductCommand::RemoveAllTags => false,
    }
}

/// What there is of a product: put in by hand, minus what was shipped.
fn on_hand(events: &[ProductEvent]) -> i64 {
    let change = |event: &ProductEvent| match event {
        ProductEvent::ProductCreated(event) => event.inventory,
        ProductEvent::InventoryAdjusted(event) => event.change,
        ProductEvent::StockConsumed(event) => -i64::from(event.quantity),
        ProductEvent::ProductDescribed(_)
        | ProductEvent::ProductRepriced(_)
        | ProductEvent::ProductDeleted(_)
        | ProductEvent::ProductTagged(_)
        | ProductEvent::ProductTagRemoved(_)
        | ProductEvent::StockHeld(_)
        | ProductEvent::StockReleased(_) => 0,
    };
    events.iter().map(change).sum()
}

proptest! {
    #[test]
    fn whatever_comes_stock_adds_up_and_older_revisions_are_refused(
        delete_at in 0..120usize,
        commands in prop::collection::vec(any_command(), 0..120),
    ) {
        let mut script = vec![command(10, vec![])];
        script.extend(commands);
        if delete_at < script.len() && delete_at > 0 {
            script.insert(delete_at, ProductCommand::Delete);
        }
        let mut expected = 0;
        let mut fences = std::collections::HashMap::new();
        live_through::<Product>(&script, TimeDelta::zero(), gives_nothing_again, |product, command, outcome| {
            let product = product.known().unwrap();
            expected += outcome.as_deref().map_or(0, on_hand);
            assert!(product.available >= 0);
            assert_eq!(product.available + product.reserved(), expected);
            if let ProductCommand::HoldStock { cart_id, cart_revision, .. } = command {
                let fence = fences.get(cart_id).copied();
                let stale = !product.deleted && fence.is_some_and(|fence| *cart_revision < fence);
                assert_eq!(matches!(outcome, Err(ProductRejection::StaleHold { .. })), stale);
            }
            fences = product.holds.iter().map(|(cart_id, hold)| (*cart_id, hold.cart_revision)).collect();
        });
    }
}
