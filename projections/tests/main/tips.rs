//! What the views keep of the last events as they saw them: of each stream, and where they stand.

use crate::fragile::{Fate, Fragile};
use crate::place::{BYTES, TIPS};
use crate::world::{World, in_batches_of, until};
use cartlog_projections::Projections;
use cartlog_projections::store::{GenerationState, Tip};
use domain::product::ProductDeleted;
use domain::{ProductId, StoreId};
use eventlog::chain::{EventHash, hash_of};
use eventlog::{Position, StreamName};

/// What the log holds now of the stream's last event.
async fn last(world: &World, stream: &StreamName) -> Tip {
    let event = world.journal.log().read_stream_backwards(stream, 1).await.expect("read").remove(0);
    Tip { stream: stream.clone(), revision: event.revision, position: event.position, hash: hash_of(&event) }
}

/// The hashes that all views which answer have of the event where they stand.
async fn seen(world: &World) -> Vec<(Position, Option<EventHash>)> {
    let generations = world.read_store().await.generations().await.expect("generations");
    let live = generations.iter().filter(|known| known.state == GenerationState::Live);
    live.map(|known| (known.checkpoint.position, known.event_hash)).collect()
}

async fn sold_out(world: &mut World) -> (StoreId, ProductId, StreamName) {
    let store = world.store().await;
    let product = world.product(store, "A").await;
    world.product(store, "B").await;
    world.product_event(store, product, ProductDeleted {}).await;
    (store, product, StreamName::new(format!("product-{product}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_event_of_each_stream_is_kept_and_that_where_they_stand() {
    let mut world = World::default();
    let (store, product, stream) = sold_out(&mut world).await;
    let of_store = StreamName::new(format!("store-{store}"));
    // Filled, and live, in batches that end in the middle of a stream.
    let projections = world.open_with(world.journal.clone(), in_batches_of(2)).await;
    let views = world.read_store().await;
    for stream in [&stream, &of_store] {
        assert_eq!(views.tip(stream).await.expect("read"), Some(last(&world, stream).await), "{stream}");
    }
    let head = last(&world, &stream).await;
    assert!(seen(&world).await.iter().all(|seen| *seen == (head.position, Some(head.hash))), "{head:?}");
    projections.start();
    world.product_event(store, product, ProductDeleted {}).await;
    world.caught_up(&projections.views()).await;
    projections.stop().await;
    let newest = last(&world, &stream).await;
    assert_eq!((newest.revision, views.tip(&stream).await.expect("read")), (2, Some(newest.clone())));
    assert!(seen(&world).await.iter().all(|seen| *seen == (newest.position, Some(newest.hash))));
    assert_eq!(views.tip(&StreamName::new("product-none")).await.expect("read"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_can_not_be_read_was_seen_all_the_same() {
    let mut world = World::default();
    let (_, _, stream) = sold_out(&mut world).await;
    world.log.break_type("ProductDeleted");
    drop(world.open().await);
    let views = world.read_store().await;
    let tip = views.tip(&stream).await.expect("read").expect("seen");
    assert_eq!((tip.revision, tip.position), (1, last(&world, &stream).await.position));
    // What is tried again moves neither.
    let before = seen(&world).await;
    drop(world.open().await);
    assert_eq!((views.tip(&stream).await.expect("read"), seen(&world).await), (Some(tip), before));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_committed_was_not_seen() {
    let mut world = World::default();
    let (_, _, stream) = sold_out(&mut world).await;
    let store = Fragile::new(world.read_store().await, |commit| if commit < 3 { Fate::Written } else { Fate::Refused });
    let opened = Projections::open(store, world.journal.clone(), in_batches_of(1), |_| {}).await;
    assert!(opened.is_err(), "it was refused");
    let tip = world.read_store().await.tip(&stream).await.expect("read").expect("seen");
    assert_eq!(tip.revision, 0, "the last event was not folded");
}

/// A rebuild reads what is there now; what was seen when it was new is worth more.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_leaves_what_was_seen() {
    let mut world = World::default();
    let (_, _, stream) = sold_out(&mut world).await;
    let projections = world.open().await;
    let other = "00000000000000000000000000000000";
    world
        .edit_read_store(&format!("UPDATE {TIPS} SET hash = CAST('{other}' AS {BYTES}) WHERE stream = '{stream}'"))
        .await;
    world.edit_read_store(&format!("DELETE FROM {TIPS} WHERE stream LIKE 'store-%'")).await;
    projections.rebuild(None, |_| {}).await.expect("rebuilt");
    let tip = world.read_store().await.tip(&stream).await.expect("read").expect("seen");
    assert_eq!(tip.hash.as_bytes(), other.as_bytes());
    // What nobody had seen yet is seen by it.
    let store = world.journal.log().read_all(Position::START, 1).await.expect("read").remove(0).stream;
    assert_eq!(world.read_store().await.tip(&store).await.expect("read"), Some(last(&world, &store).await));
}

/// Else what an earlier log had would be missed for ever.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_of_a_log_that_was_put_back_is_forgotten() {
    let mut world = World::default();
    let (_, _, stream) = sold_out(&mut world).await;
    drop(world.open().await);
    let of_before = format!("INSERT INTO {TIPS} VALUES ('order-1', 3, 9, CAST('' AS {BYTES}))");
    world.edit_read_store(&of_before).await;
    world.edit_read_store(&format!("UPDATE {} SET position = 9", crate::place::GENERATIONS)).await;
    let projections = world.open().await;
    let views = world.read_store().await;
    assert_eq!(views.tip(&StreamName::new("order-1")).await.expect("read"), None);
    assert_eq!(views.tip(&stream).await.expect("read"), Some(last(&world, &stream).await));
    projections.start();
    until(async || seen(&world).await.iter().all(|(_, hash)| hash.is_some())).await;
    projections.stop().await;
}
