//! Nodes of two versions of the program on one store: what both know is filled by one of them, what only one knows by it; and what
//! nobody knows any more goes.

use crate::answers::{answers, assert_same};
use crate::history::Historian;
use crate::world::{World, until};
use cartlog_projections::store::{Generation, GenerationState, ReadStore, ViewDeclaration};
use cartlog_projections::views::{Customers, Products};
use cartlog_projections::{AnyView, PostgresReadStore, ProjectionSettings, SharedViews, View};
use postgres::testing::Scratch;
use postgres::{Candidate, LeadershipStatus, Pace};
use std::time::Duration;

const PACE: Pace = Pace {
    poll: Duration::from_millis(10),
    heartbeat: Duration::from_millis(50),
    patience: Duration::from_secs(2),
    silence: Duration::from_secs(3),
};
const OLD: u32 = Products::DECLARATION.version;
const NEW: u32 = OLD + 1;

/// What a version of the program declares in which products have another shape.
fn newer() -> &'static [AnyView] {
    static PRODUCTS: ViewDeclaration = ViewDeclaration { version: NEW, ..Products::DECLARATION };
    let declared = cartlog_projections::view_names().zip(ProjectionSettings::default().declared);
    let declared = declared.map(|(name, view)| match name == PRODUCTS.name {
        true => view.declared(&PRODUCTS),
        false => *view,
    });
    declared.collect::<Vec<_>>().leak()
}

struct Cluster {
    scratch: Scratch,
    store: PostgresReadStore,
}

impl Cluster {
    async fn new() -> Self {
        let scratch = Scratch::default();
        let store = PostgresReadStore::open(&scratch.database().await).await.expect("opens");
        Self { scratch, store }
    }

    async fn node(&self, world: &World, settings: ProjectionSettings, fills: Option<&str>) -> SharedViews {
        let database = self.scratch.database().await;
        let shared = SharedViews::new(database.clone(), self.store.clone(), world.restarted_journal(), settings);
        let candidate = fills.map(|name| Candidate::new(database, shared.roles(), name).pace(PACE));
        shared.start(candidate, |_| {});
        shared
    }

    async fn old(&self, world: &World, name: &str) -> SharedViews {
        self.node(world, ProjectionSettings { fill_beside: true, ..ProjectionSettings::default() }, Some(name)).await
    }

    async fn new_version(&self, world: &World, name: &str) -> SharedViews {
        self.node(world, next(), Some(name)).await
    }

    /// Of the view, those that answer: version and number.
    async fn live(&self, view: &str) -> Vec<(u32, u32)> {
        let generations = self.store.generations().await.expect("generations");
        let is_live = |known: &&Generation| known.view == view && known.state == GenerationState::Live;
        generations.iter().filter(is_live).map(|known| (known.version, known.generation)).collect()
    }
}

fn next() -> ProjectionSettings {
    ProjectionSettings { fill_beside: true, declared: newer(), ..ProjectionSettings::default() }
}

/// In how many views the node leads, and in how many others do that it knows.
fn led(node: &SharedViews) -> Option<(usize, usize)> {
    match node.standing() {
        Some(LeadershipStatus::Leading { held, others }) => Some((held.len(), others)),
        _ => None,
    }
}

async fn answer_alike(world: &World, historian: &Historian, nodes: &[&SharedViews]) {
    let expected = world.answers_from_nothing(&historian.known).await;
    for node in nodes {
        let views = node.views();
        assert_same(&answers(world.caught_up(&views).await, &historian.known).await, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_two_versions_share_what_both_know_and_each_version_answers_from_its_own() {
    let (cluster, mut world, mut historian) = (Cluster::new().await, World::default(), Historian::new(21));
    historian.live(&mut world, 60).await;
    let all = ProjectionSettings::default().declared.len();
    let old = cluster.old(&world, "old").await;
    until(async || led(&old) == Some((all, 0)) && old.leading().is_some()).await;
    world.caught_up(&old.views()).await;
    // One that only reads can't answer what nobody fills for it yet, and answers the rest.
    let reader = cluster.node(&world, next(), None).await;
    until(async || reader.views().status().trouble.is_some_and(|trouble| trouble.contains("products"))).await;
    let new = cluster.new_version(&world, "new").await;
    until(async || led(&new) == Some((1, all - 1))).await;
    until(async || cluster.live("products").await == [(OLD, 1), (NEW, 2)]).await;
    for _ in 0..3 {
        historian.live(&mut world, 20).await;
        answer_alike(&world, &historian, &[&old, &new, &reader]).await;
    }
    assert_eq!(cluster.live("customers").await, [(Customers::DECLARATION.version, 1)], "nobody fills it anew");
    assert_eq!(led(&old), Some((all, 0)), "nothing was taken from it");
    // The last of the old version is gone: the new one fills all, and what was the old one's stays for a way back.
    old.stop().await;
    until(async || led(&new) == Some((all, 0))).await;
    historian.live(&mut world, 20).await;
    answer_alike(&world, &historian, &[&new, &reader]).await;
    assert_eq!(cluster.live("products").await, [(OLD, 1), (NEW, 2)]);
    let back = cluster.old(&world, "back").await;
    until(async || led(&back) == Some((1, all - 1))).await;
    historian.live(&mut world, 20).await;
    answer_alike(&world, &historian, &[&back, &new, &reader]).await;
    assert_eq!(cluster.live("products").await, [(OLD, 1), (NEW, 2)], "it went on with what it had");
    for node in [&back, &new, &reader] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_node_fills_any_more_goes_and_what_one_still_fills_stays() {
    let (cluster, mut world, mut historian) = (Cluster::new().await, World::default(), Historian::new(22));
    historian.live(&mut world, 40).await;
    let old = cluster.old(&world, "old").await;
    world.caught_up(&old.views()).await;
    // A view of a program that nobody remembers, and of a version that nobody runs.
    let like_products = "INSERT INTO views_generations SELECT 'forgotten', 1, 7, 1, log_id, position, event_id
                         FROM views_generations WHERE view = 'products'";
    cluster.scratch.execute(like_products).await;
    let soon = ProjectionSettings { outlived_for: Duration::from_millis(100), ..next() };
    let new = cluster.node(&world, soon, Some("new")).await;
    until(async || cluster.live("forgotten").await.is_empty()).await;
    until(async || cluster.live("products").await == [(OLD, 1), (NEW, 2)]).await;
    historian.live(&mut world, 20).await;
    answer_alike(&world, &historian, &[&old, &new]).await;
    old.stop().await;
    until(async || cluster.live("products").await == [(NEW, 2)]).await;
    let tables = "SELECT table_name::text FROM information_schema.tables
                  WHERE table_schema = current_schema() AND table_name LIKE 'products%' ORDER BY 1";
    let left = cluster.scratch.texts(tables).await;
    assert!(left.iter().all(|table| table.starts_with("products_2")), "{left:?}");
    // Whoever goes back all the same fills its own anew.
    let back = cluster.old(&world, "back").await;
    historian.live(&mut world, 20).await;
    until(async || cluster.live("products").await.iter().any(|(version, _)| *version == OLD)).await;
    answer_alike(&world, &historian, &[&new, &back]).await;
    new.stop().await;
    back.stop().await;
}

/// Which nodes run changes again and again, two of each version, and everybody who runs answers right.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_nodes_come_and_go_all_that_run_answer_alike() {
    let seed: u64 = match std::env::var("CARTLOG_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => rand::random(),
    };
    println!("CARTLOG_SEED={seed} cargo test -p cartlog-projections --features postgres whichever_nodes_come_and_go");
    let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(seed);
    let mut any = |of: u32| rand::RngExt::random_range(&mut rng, 0..of);
    let (cluster, mut world, mut historian) = (Cluster::new().await, World::default(), Historian::new(seed));
    historian.live(&mut world, 30).await;
    let mut nodes: [Option<SharedViews>; 4] = [None, None, None, None];
    for step in 0..12 {
        let place = any(4) as usize;
        match nodes[place].take() {
            Some(node) => node.stop().await,
            None => {
                let name = format!("node {place} of step {step}");
                nodes[place] = Some(match place % 2 {
                    0 => cluster.old(&world, &name).await,
                    _ => cluster.new_version(&world, &name).await,
                });
            }
        }
        historian.live(&mut world, 10).await;
        let running: Vec<&SharedViews> = nodes.iter().flatten().collect();
        for (version, place) in [(OLD, 0), (NEW, 1)] {
            if nodes[place].is_some() || nodes[place + 2].is_some() {
                until(async || cluster.live("products").await.iter().any(|(live, _)| *live == version)).await;
            }
        }
        answer_alike(&world, &historian, &running).await;
    }
    for node in nodes.iter().flatten() {
        node.stop().await;
    }
}

/// Programs from before this led all views at once, and dropped what they did not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_from_before_views_were_led_by_version_leads_no_more() {
    let scratch = Scratch::default();
    let database = scratch.database().await;
    let lead = "INSERT INTO leaders VALUES ('views', 5, 'earlier', now())";
    scratch.execute(lead).await;
    PostgresReadStore::open(&database).await.expect("opens");
    let left = scratch.texts("SELECT role FROM leaders").await;
    assert!(left.is_empty(), "whatever it writes is checked against its row: {left:?}");
    let mut connection = scratch.connection().await;
    let refused = sqlx::query(lead).execute(&mut connection).await.expect_err("refused");
    assert!(refused.to_string().contains("leaders_of_views"), "{refused}");
}
