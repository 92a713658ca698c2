//! Random growth, restarts, deaths and rebuilds: nothing that was signed is lost or contradicted.

use crate::world::World;
use eventlog::testing::Chance;
use notary::Step;
use tlog::Published;

const CASES: u64 = 6;
const STEPS: usize = 60;

#[tokio::test]
async fn nothing_that_was_signed_is_ever_lost_or_contradicted() {
    let given = std::env::var("CARTLOG_TEST_SEED").ok().map(|seed| seed.parse().expect("a number"));
    for seed in given.map_or(1..CASES + 1, |seed: u64| seed..seed + 1) {
        let again = Again(seed);
        run(seed).await;
        drop(again);
    }
}

async fn run(seed: u64) {
    let mut chance = Chance(seed << 20);
    let world = World::of(1 + chance.below(300) as u64).await;
    let mut notary = world.notary().await;
    let mut known: Vec<Published> = Vec::new();
    for _ in 0..STEPS {
        match chance.below(8) {
            0..=2 => world.grow(1 + chance.below(90) as u64).await,
            3 => notary = world.notary().await,
            4 => world.follower().rebuild(|_| ()).await.unwrap(),
            5 => {
                world.tree.clear().await.unwrap();
                let step = notary.step().await.unwrap();
                assert!(matches!(step, Step::Behind { .. } | Step::NothingNew), "{step:?}");
                world.follower().catch_up(|_| ()).await.unwrap();
            }
            6 => {
                while notary.step().await.unwrap() != Step::NothingNew {}
                world.grow(1).await;
                world.checkpoints.kill(notary).await;
                notary = world.notary().await;
            }
            _ => drop(notary.step().await.unwrap()),
        }
        let now = world.published().await;
        assert!(known.iter().all(|one| now.contains(one)), "{known:?} and then {now:?}");
        known = now;
    }
    while notary.step().await.unwrap() != Step::NothingNew {}
    assert_eq!(world.published().await.last().map(|last| last.size), world.signed().await.map(|head| head.size));
    world.check().await;
}

/// Says on a failure which one it was.
struct Again(u64);

impl Drop for Again {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again: CARTLOG_TEST_SEED={} cargo test -p cartlog-notary nothing_that_was_signed", self.0);
        }
    }
}
