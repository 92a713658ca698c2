//! A rebuild changes not one byte of any answer, whenever it happens and however often it is interrupted.

use crate::answers::{answers, assert_same};
use crate::fragile::{Fate, Fragile};
use crate::history::Historian;
use crate::place::{CASES, GENERATIONS, NUMBERS};
use crate::world::{World, in_batches_of, until};
use cartlog_projections::store::{Generation, GenerationState, ReadStore};
use cartlog_projections::{FillError, ProjectionSettings, Projections, ReadError};
use eventlog::Position;
use parking_lot::Mutex;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

async fn lived(seed: u64, steps: usize) -> (World, Historian) {
    let (mut world, mut historian) = (World::default(), Historian::new(seed));
    historian.live(&mut world, steps).await;
    (world, historian)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_answer_is_the_same_bytes_after_a_rebuild(seed: u64, steps in 1usize..120, batch in 1usize..40) {
        block_on(async {
            let (mut world, mut historian) = lived(seed, steps).await;
            let projections = world.open_with(world.journal.clone(), in_batches_of(batch)).await;
            projections.start();
            // Some of it live, some of it at the start.
            historian.live(&mut world, steps / 2).await;
            let views = projections.views();
            let before = answers(world.caught_up(&views).await, &historian.known).await;
            projections.rebuild(None, |_| {}).await.expect("rebuilt");
            assert_same(&answers(&views, &historian.known).await, &before);
            projections.stop().await;
            assert_same(&world.answers_from_nothing(&historian.known).await, &before);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_during_a_rebuild_are_in_the_rebuilt_views() {
    let (mut world, mut historian) = lived(7, 200).await;
    let projections = world.open_with(world.journal.clone(), in_batches_of(5)).await;
    projections.start();
    let views = projections.views();
    let rebuilding = tokio::spawn({
        let projections = projections.clone();
        async move { projections.rebuild(None, |_| {}).await }
    });
    historian.live(&mut world, 200).await;
    rebuilding.await.expect("no panic").expect("rebuilt");
    historian.live(&mut world, 50).await;
    let live = answers(world.caught_up(&views).await, &historian.known).await;
    projections.stop().await;
    assert_same(&world.answers_from_nothing(&historian.known).await, &live);
}

/// Between the rebuild's last look at the log and its turn the worker goes on. What it folds then is nobody else's to fold.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_folded_just_before_the_swap_is_in_the_rebuilt_views() {
    let (mut world, mut historian) = lived(17, 100).await;
    let store = Fragile::new(world.read_store().await, |_| Fate::Written);
    let opened = Projections::open(Arc::clone(&store) as _, world.journal.clone(), in_batches_of(5), |_| {});
    let projections = opened.await.expect("opens");
    projections.start();
    let views = projections.views();
    // Once for each view when it begins, and again when all is filled.
    let (waits, go_on) = store.pause_where_parked_is_asked(store.generations().await.expect("generations").len());
    let rebuilding = tokio::spawn({
        let projections = projections.clone();
        async move { projections.rebuild(None, |_| {}).await }
    });
    waits.await.expect("the rebuild has filled what there was");
    historian.live(&mut world, 30).await;
    world.caught_up(&views).await;
    go_on.send(()).expect("the rebuild waits");
    rebuilding.await.expect("no panic").expect("rebuilt");
    let rebuilt = answers(&views, &historian.known).await;
    projections.stop().await;
    assert_same(&world.answers_from_nothing(&historian.known).await, &rebuilt);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_answered_throughout_a_rebuild() {
    let (world, historian) = lived(11, 300).await;
    let projections = world.open_with(world.journal.clone(), in_batches_of(3)).await;
    let views = projections.views();
    let (store, product) = historian.known.products[0];
    let before = views.products_by_ids(store, &[product]).await.expect("products");
    let rebuilding = tokio::spawn({
        let projections = projections.clone();
        async move { projections.rebuild(None, |_| {}).await }
    });
    while !rebuilding.is_finished() {
        assert_eq!(views.products_by_ids(store, &[product]).await.expect("products"), before);
        views.count_products(store, &Default::default()).await.expect("a count");
        tokio::task::yield_now().await;
    }
    rebuilding.await.expect("no panic").expect("rebuilt");
    let generations = world.read_store().await.generations().await.expect("generations");
    assert!(generations.iter().all(|known| known.state == GenerationState::Live && known.generation == 2));
}

/// One batch gets through at each try.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_ends_at_any_commit_leaves_the_views_as_they_were_and_goes_on_from_there() {
    let (world, historian) = lived(13, 80).await;
    let before = answers(&world.open().await.views(), &historian.known).await;
    let mut tries = 0;
    loop {
        let store =
            Fragile::new(world.read_store().await, |commit| if commit > 1 { Fate::Refused } else { Fate::Written });
        let opened = Projections::open(Arc::clone(&store) as _, world.restarted_journal(), in_batches_of(10), |_| {});
        let projections = opened.await.expect("opens");
        let outcome = projections.rebuild(None, |_| {}).await;
        assert_same(&answers(&projections.views(), &historian.known).await, &before);
        match outcome {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, FillError::Store(_)), "{error}"),
        }
        tries += 1;
        let generations = store.generations().await.expect("generations");
        let is_begun = |known: &&Generation| known.state == GenerationState::Filling;
        let begun: Vec<u64> = generations.iter().filter(is_begun).map(|known| known.checkpoint.position.0).collect();
        assert_eq!(begun, vec![tries * 10; cartlog_projections::view_names().count()], "it begins anew");
    }
    assert!(tries > 5, "{tries}");
    let generations = world.read_store().await.generations().await.expect("generations");
    assert!(generations.iter().all(|known| known.state == GenerationState::Live && known.generation == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_was_interrupted_is_gone_on_with_by_the_next_start() {
    let (world, historian) = lived(53, 60).await;
    let projections = world.open_with(world.journal.clone(), in_batches_of(10)).await;
    let before = answers(&projections.views(), &historian.known).await;
    let interrupt = projections.clone();
    let outcome = projections.rebuild(None, move |_| interrupt.interrupt()).await;
    assert!(matches!(outcome, Err(FillError::Stopped)), "{outcome:?}");
    assert_same(&answers(&projections.views(), &historian.known).await, &before);
    drop(projections);

    let projections = world.open_with(world.restarted_journal(), in_batches_of(10)).await;
    projections.start();
    let store = world.read_store().await;
    until(async || {
        let generations = store.generations().await.expect("generations");
        generations.iter().all(|known| known.state == GenerationState::Live && known.generation == 2)
    })
    .await;
    assert_same(&answers(&projections.views(), &historian.known).await, &before);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn some_views_can_be_rebuilt_alone() {
    let (world, historian) = lived(17, 100).await;
    let projections = world.open().await;
    let before = answers(&projections.views(), &historian.known).await;
    let rebuilt = projections.rebuild(Some(&["carts".to_owned(), "jobs".to_owned()]), |_| {}).await.expect("rebuilt");
    assert_eq!(rebuilt, ["carts", "jobs"]);
    assert_same(&answers(&projections.views(), &historian.known).await, &before);
    let unknown = projections.rebuild(Some(&["cart".to_owned()]), |_| {}).await;
    assert!(matches!(&unknown, Err(FillError::UnknownView { name, .. }) if name == "cart"), "{unknown:?}");
}

/// As after an upgrade that changed the views.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_another_version_is_filled_before_it_answers() {
    let (world, historian) = lived(19, 100).await;
    let before = answers(&world.open().await.views(), &historian.known).await;
    world.edit_read_store(&format!("UPDATE {GENERATIONS} SET version = 0 WHERE view IN ('products', 'carts')")).await;
    // And no longer has one of them.
    let named_otherwise = format!("UPDATE {GENERATIONS} SET view = 'forgotten' WHERE view = 'products'");
    world.edit_read_store(&named_otherwise).await;
    let reported = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&reported);
    let opened = Projections::open(
        world.read_store().await,
        world.journal.clone(),
        ProjectionSettings::default(),
        move |progress| {
            note.lock().push(progress);
        },
    );
    let projections = opened.await.expect("opens");
    assert_same(&answers(&projections.views(), &historian.known).await, &before);
    let last = reported.lock().last().cloned().expect("progress");
    assert_eq!((last.views, last.done), (vec!["products", "carts"], last.total));
    projections.start();
    let store = world.read_store().await;
    until(async || store.generations().await.expect("generations").len() == cartlog_projections::view_names().count())
        .await;
    let generations = store.generations().await.expect("generations");
    assert!(generations.iter().all(|known| known.state == GenerationState::Live && known.version > 0));
    projections.stop().await;
}

/// As at the start of a version that has changed one of many views, on a log of years.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_another_version_is_filled_beside_those_that_answer() {
    let (mut world, mut historian) = lived(23, 100).await;
    let shop = world.store().await;
    let product = world.product(shop, "A").await;
    world.open().await;
    world.edit_read_store(&format!("UPDATE {GENERATIONS} SET version = 0 WHERE view = 'products'")).await;
    let beside = ProjectionSettings { fill_beside: true, ..ProjectionSettings::default() };
    for interrupted in [true, false] {
        let opened = Projections::open(world.read_store().await, world.journal.clone(), beside, |_| {});
        let projections = opened.await.expect("opens");
        let views = projections.views();
        // The others answer at once, and with all that is in the log.
        assert_eq!(views.position(), world.journal.head().await.expect("a head"));
        assert!(views.store(shop).await.expect("an answer").is_some());
        let missing = views.product(shop, product).await;
        assert!(matches!(missing, Err(ReadError::NotReady("products"))), "{missing:?}");
        let status = views.status().views.into_iter().find(|view| view.name == "products").expect("it is named");
        assert!(status.generation == 0 && status.rebuild.is_some(), "{status:?}");
        if interrupted {
            projections.stop().await;
            continue;
        }
        projections.start();
        // And they follow it meanwhile.
        historian.live(&mut world, 60).await;
        let expected = world.answers_from_nothing(&historian.known).await;
        until(async || views.product(shop, product).await.is_ok()).await;
        assert_same(&answers(world.caught_up(&views).await, &historian.known).await, &expected);
        let status = views.status().views.into_iter().find(|view| view.name == "products").expect("it is named");
        assert!(status.generation > 1 && status.rebuild.is_none(), "{status:?}");
        projections.stop().await;
    }
}

/// As at the start of a node without views on a log of years: what needs none of them need not wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn where_no_view_is_filled_yet_all_are_filled_beside_whoever_waits_for_none() {
    let (mut world, mut historian) = lived(29, 200).await;
    let shop = world.store().await;
    let product = world.product(shop, "A").await;
    let beside = ProjectionSettings {
        fill_beside: true,
        fills_first_for: Duration::ZERO,
        fill_events: 10,
        batch_events: 10,
        ..ProjectionSettings::default()
    };
    for interrupted in [true, true, false] {
        let opened = Projections::open(world.read_store().await, world.journal.clone(), beside, |_| {});
        let projections = opened.await.expect("opens");
        let views = projections.views();
        assert_eq!(views.position(), world.journal.head().await.expect("a head"));
        let missing = views.product(shop, product).await;
        assert!(matches!(missing, Err(ReadError::NotReady("products"))), "{missing:?}");
        let status = views.status();
        assert_eq!(status.views.len(), cartlog_projections::view_names().count());
        assert!(status.views.iter().all(|view| view.generation == 0 && view.rebuild.is_some()), "{status:?}");
        if interrupted {
            projections.stop().await;
            continue;
        }
        projections.start();
        historian.live(&mut world, 60).await;
        let expected = world.answers_from_nothing(&historian.known).await;
        let answering = async || views.status().views.iter().all(|view| view.generation > 0 && view.rebuild.is_none());
        until(answering).await;
        assert_same(&answers(world.caught_up(&views).await, &historian.known).await, &expected);
        projections.stop().await;
    }
    // It began once, and went on each time.
    let generations = world.read_store().await.generations().await.expect("generations");
    assert!(generations.iter().all(|known| known.generation == 1), "{generations:?}");
}

/// As after going back to a program that does not know a view, and forth again.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_stayed_behind_is_brought_to_where_the_others_are() {
    let (mut world, mut historian) = lived(61, 60).await;
    world.open().await;
    world
        .edit_read_store(&format!(
            "UPDATE {GENERATIONS} SET view = 'later' WHERE view = 'jobs';
             UPDATE {NUMBERS} SET view = 'later' WHERE view = 'jobs';
             ALTER TABLE jobs_1 RENAME TO later_1; ALTER TABLE jobs_1_history RENAME TO later_1_history;"
        ))
        .await;
    historian.live(&mut world, 60).await;
    world.open().await;
    world
        .edit_read_store(&format!(
            "DELETE FROM {GENERATIONS} WHERE view = 'jobs'; DROP TABLE jobs_1; DROP TABLE jobs_1_history;
             UPDATE {GENERATIONS} SET view = 'jobs' WHERE view = 'later';
             ALTER TABLE later_1 RENAME TO jobs_1; ALTER TABLE later_1_history RENAME TO jobs_1_history;"
        ))
        .await;
    let views = world.open().await.views();
    assert_same(&answers(&views, &historian.known).await, &world.answers_from_nothing(&historian.known).await);
}

/// Also when whoever asked for it has gone away.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_a_rebuild_to_be_between_two_batches() {
    let (world, _) = lived(67, 60).await;
    let (reached, in_hand) = tokio::sync::oneshot::channel();
    let (let_go, held) = std::sync::mpsc::channel();
    let gate = Mutex::new(Some((reached, held)));
    let store = Fragile::new(world.read_store().await, move |commit| {
        // The sixth is the rebuild's: it takes five to open.
        if let Some((reached, held)) = gate.lock().take_if(|_| commit > 5) {
            reached.send(()).expect("awaited");
            held.recv().expect("let go");
        }
        Fate::Written
    });
    let opened = Projections::open(Arc::clone(&store) as _, world.restarted_journal(), in_batches_of(20), |_| {});
    let projections = opened.await.expect("opens");
    assert!(store.commits() <= 5, "{}", store.commits());
    let asking = tokio::spawn({
        let projections = projections.clone();
        async move { projections.rebuild(None, |_| {}).await }
    });
    in_hand.await.expect("a commit");
    asking.abort();
    let stopping = tokio::spawn(async move { projections.stop().await });
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        assert!(!stopping.is_finished(), "the batch is still in hand");
    }
    let_go.send(()).expect("held");
    stopping.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_can_be_folded_alone_as_of_any_position() {
    let (mut world, mut historian) = (World::default(), Historian::new(23));
    historian.live(&mut world, 150).await;
    let projections = world.open().await;
    let views = projections.views();
    for &(store, customer) in &historian.known.customers {
        let alone = projections.fold_row("customers", customer.0, None).await.expect("folded");
        let row = views.customer(store, customer).await.expect("a customer");
        assert_eq!(alone, row.map(|row| serde_json::to_value(&*row).expect("JSON")));
        let spent = projections.fold_row("purchases", customer.0, None).await.expect("folded");
        let row = views.purchases(store, customer).await.expect("purchases");
        // Before the first collection there is a row that nobody is shown.
        let spent = spent.filter(|spent| !spent["last_order_date"].is_null());
        assert_eq!(spent, row.map(|row| serde_json::to_value(&*row).expect("JSON")));
    }
    let cart = historian.known.carts[0].0;
    let mut revisions = Vec::new();
    for position in 0..=views.position().0 {
        let row = projections.fold_row("carts", cart, Some(Position(position))).await.expect("folded");
        revisions.extend(row.map(|row| row["revision"].as_u64().expect("a revision")));
    }
    assert!(!revisions.is_empty() && revisions.is_sorted(), "{revisions:?}");
}
