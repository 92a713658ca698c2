//! Whatever ends the process between two batches or within one, nothing is lost and nothing is counted twice.

use crate::answers::{answers, assert_same};
use crate::fragile::{Fate, Fragile};
use crate::history::Historian;
use crate::world::{World, in_batches_of, until};
use cartlog_projections::store::ReadStore;
use cartlog_projections::{FillError, ProjectionSettings, Projections};
use domain::CartId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const BATCH: u64 = 5;

async fn open(world: &World, store: Arc<dyn ReadStore>) -> Result<Projections, FillError> {
    Projections::open(store, world.restarted_journal(), in_batches_of(BATCH as usize), |_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_dropped_at_any_moment_repeats_and_loses_nothing() {
    let (mut world, mut historian) = (World::default(), Historian::new(3));
    for round in 1..=12 {
        let projections = world.open_with(world.restarted_journal(), in_batches_of(round)).await;
        projections.start();
        historian.live(&mut world, 25).await;
        // Wherever it is by now.
        projections.stop().await;
    }
    let views = world.open().await.views();
    assert_same(&answers(&views, &historian.known).await, &world.answers_from_nothing(&historian.known).await);
}

/// Batch by batch, the process ends before a commit, and the next one goes on; from nothing, and behind a live view.
#[tokio::test(flavor = "multi_thread")]
async fn a_fill_that_ends_at_any_commit_goes_on_from_there() {
    for filled_before in [0, 10] {
        let (mut world, mut historian) = (World::default(), Historian::new(5));
        historian.live(&mut world, 60).await;
        if filled_before > 0 {
            world.open().await;
            historian.live(&mut world, 60).await;
        }
        let began = world.read_store().await.generations().await.expect("generations");
        let began = began.first().map_or(0, |known| known.checkpoint.position.0);
        let mut tries = 0;
        let views = loop {
            // One batch gets through, and the process ends at the next.
            let store = Fragile::new(world.read_store().await, |commit| {
                assert!(commit == 1, "the process ends here");
                Fate::Written
            });
            match open(&world, Arc::clone(&store) as _).await {
                Ok(projections) => break projections.views(),
                Err(error) => assert!(matches!(error, FillError::BrokeOff(_)), "{error}"),
            }
            tries += 1;
            let generations = store.generations().await.expect("generations");
            let expected = began + tries * BATCH;
            assert!(generations.iter().all(|known| known.checkpoint.position.0 == expected), "{generations:?}");
        };
        assert!(tries > 10, "{tries}");
        assert_same(&answers(&views, &historian.known).await, &world.answers_from_nothing(&historian.known).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_for_a_while_is_waited_for_and_said_to_be_away() {
    let (mut world, mut historian) = (World::default(), Historian::new(43));
    historian.live(&mut world, 20).await;
    let away = Arc::new(AtomicBool::new(false));
    let fate = Arc::clone(&away);
    let is_away = move |_| if fate.load(Ordering::SeqCst) { Fate::Refused } else { Fate::Written };
    let store = Fragile::new(world.read_store().await, is_away);
    let projections = open(&world, Arc::clone(&store) as _).await.expect("opens");
    projections.start();
    let (views, commits) = (projections.views(), store.commits());
    away.store(true, Ordering::SeqCst);
    historian.live(&mut world, 40).await;
    until(async || store.commits() > commits + 1).await;
    let status = views.status();
    assert!(status.is_degraded() && !status.stopped, "{status:?}");
    away.store(false, Ordering::SeqCst);
    world.caught_up(&views).await;
    until(async || !views.status().is_degraded()).await;
    assert_same(&answers(&views, &historian.known).await, &world.answers_from_nothing(&historian.known).await);
    projections.stop().await;
}

/// The thread that folds ends in the middle of a batch. What it had folded must not get out with anything else, and another one goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_breaks_off_begins_anew_and_what_it_had_in_hand_is_folded_once() {
    let mut world = World::default();
    let store_id = world.store().await;
    let product = world.product(store_id, "A").await;
    let broken = Arc::new(AtomicBool::new(false));
    let fate = Arc::clone(&broken);
    let store = Fragile::new(world.read_store().await, move |_| {
        assert!(!fate.swap(false, Ordering::SeqCst), "the thread ends here");
        Fate::Written
    });
    let projections = open(&world, store as _).await.expect("opens");
    let views = projections.views();
    broken.store(true, Ordering::SeqCst);
    projections.start();
    let (customer, cart_id) = (world.customer(store_id, "a@example.com").await, CartId(world.id()));
    world.hold(store_id, customer, cart_id, product, 7).await;
    world.caught_up(&views).await;
    assert!(!broken.load(Ordering::SeqCst), "it did break off");
    until(async || !views.status().is_degraded()).await;
    let row = views.product(store_id, product).await.expect("a query").expect("a product");
    assert_eq!((row.inventory, row.reserved), (93, 7));

    projections.refold_row("products", product.0).await.expect("folded");
    let of_customer = projections.refold_row("customers", customer.0).await;
    of_customer.expect("folded");
    projections.stop().await;
    let views = world.open().await.views();
    let row = views.product(store_id, product).await.expect("a query").expect("a product");
    assert_eq!((row.inventory, row.reserved), (93, 7));
}

/// What the store holds is not what this process left there: events would count twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_stops_the_first_loudly() {
    let (mut world, mut historian) = (World::default(), Historian::new(47));
    historian.live(&mut world, 20).await;
    let first = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await;
    historian.live(&mut world, 20).await;
    let second = world.open_with(world.restarted_journal(), ProjectionSettings::default()).await;
    let views = second.views();
    first.start();
    until(async || first.views().status().stopped).await;
    assert_same(&answers(&views, &historian.known).await, &world.answers_from_nothing(&historian.known).await);
    first.stop().await;
}
