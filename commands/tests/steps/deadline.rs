//! Nobody waits for a command longer than its deadline; what is said then is true, and the work goes on.

use crate::ledger::ledger;
use crate::shop::Shop;
use crate::world::World;
use commands::{CommandDependencies, CommandError, CommandSettings, Commands};
use domain::CartId;
use eventlog::testing::Gate;
use std::sync::Arc;
use std::time::Duration;

const NODE: &str = "node";

/// What is done to the first customer's cart, which has three and two of the products.
#[derive(Clone, Copy, Debug)]
enum PastQuestion {
    AddOne,
    Close,
}

struct Told {
    told: Result<bool, CommandError>,
    /// The carts in the end, once all that was under way was let through.
    carts: Vec<Vec<u32>>,
    /// They are as before.
    is_unchanged: bool,
}

/// By a node whose appends wait, of which so many are let through before the deadline.
async fn told_after(asked: PastQuestion, appends: usize) -> Told {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    let before = ledger(&world, true).await.carts;
    let gate = Gate::new(world.log());
    let parts = world.parts(Arc::new(gate.node(NODE)));
    let settings = CommandSettings { deadline: Duration::from_secs(2), ..parts.settings };
    let slow = Commands::new(CommandDependencies { settings, ..parts });
    let asking = gate.run(NODE, ask(asked, slow.clone(), shop.clone()));
    for _ in 0..appends {
        let next = gate.settled().await.swap_remove(0);
        gate.release(next.ticket).await;
    }
    let told = asking.await.expect("no command panics").map(|done| done.late);
    gate.open();
    slow.close().await;
    let carts = ledger(&world, true).await.carts;
    Told { told, is_unchanged: carts == before, carts }
}

async fn ask(asked: PastQuestion, node: Commands, shop: Shop) -> Result<commands::Done<CartId>, CommandError> {
    let (request, customer) = (shop.request(), shop.customers[0]);
    match asked {
        PastQuestion::AddOne => node.add_to_cart(&request, customer, vec![(shop.products[0], 1)]).await,
        PastQuestion::Close => node.close_cart(&request, customer).await,
    }
}

#[tokio::test]
async fn before_the_deciding_append_nothing_was_done_and_nothing_will_be() {
    // The stock is to be held first.
    let Told { told, is_unchanged, carts } = told_after(PastQuestion::AddOne, 0).await;
    assert!(matches!(told, Err(CommandError::Busy)), "{told:?}");
    assert!(is_unchanged, "{carts:?}");
}

#[tokio::test]
async fn while_the_deciding_append_is_under_way_nobody_knows_and_it_goes_on() {
    for (asked, appends) in [(PastQuestion::AddOne, 1), (PastQuestion::Close, 0)] {
        let Told { told, is_unchanged, carts } = told_after(asked, appends).await;
        assert!(matches!(told, Err(CommandError::OutcomeUnknown { .. })), "{asked:?}: {told:?}");
        assert!(!is_unchanged, "{asked:?}: {carts:?}");
    }
}

#[tokio::test]
async fn after_the_deciding_append_it_is_done_and_what_follows_is_late() {
    let Told { told, is_unchanged, carts } = told_after(PastQuestion::Close, 1).await;
    assert!(matches!(told, Ok(true)), "{told:?}");
    assert!(!is_unchanged, "{carts:?}");
}
