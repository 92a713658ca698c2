//! Of several nodes that believe to lead, one writes; and another one goes on when it is gone.

use crate::log::TestLog;
use crate::model::{Naive, leaves};
use crate::place::{held, lead};
use crate::seeds::seeds;
use crate::story::follower;
use crate::world::{Told, World};
use eventlog::LogId;
use postgres::testing::Scratch;
use postgres::{Candidate, Pace, Role};
use std::sync::Arc;
use std::time::Duration;
use tlog::{Batch, Builder, PostgresTree, Rules, TreeStore, TreeStoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const FAST: Pace = Pace {
    poll: Duration::from_millis(50),
    heartbeat: Duration::from_millis(100),
    patience: Duration::from_secs(2),
    silence: Duration::from_secs(3),
};

fn log_of(told: &[Told]) -> TestLog {
    TestLog::new(told.iter().map(|told| told.event.clone()).collect())
}

/// The next events as a batch.
fn batch(builder: &mut Builder, told: &[Told]) -> Batch {
    let events: Vec<_> = told.iter().map(|told| told.event.clone()).collect();
    let stretch = builder.read(&events);
    builder.unknown(&stretch).into_iter().for_each(|store| builder.tell(store, None).unwrap());
    builder.fold(stretch).unwrap().unwrap()
}

#[tokio::test]
async fn only_the_leader_writes() {
    for seed in seeds("only_the_leader_writes", 1) {
        let (scratch, told) = (Scratch::default(), World::of(&seed).events(60));
        let reading = PostgresTree::open(&scratch.database().await).await.unwrap();
        lead(&scratch, 1).await;
        let mut builder = Builder::new(Rules::first().in_force().unwrap(), LogId(Uuid::from_u128(77)));
        let (first, second) = (batch(&mut builder, &told[..30]), batch(&mut builder, &told[30..]));
        let leading = reading.leading(held(1));
        leading.write(first.clone()).await.unwrap();
        // It belongs where the tree is no more.
        assert!(matches!(leading.write(first.clone()).await, Err(TreeStoreError::Moved(_))));
        lead(&scratch, 2).await;
        for fenced in [&reading, &leading, &reading.leading(held(3))] {
            for outcome in [fenced.write(second.clone()).await, fenced.clear().await] {
                assert!(matches!(outcome, Err(TreeStoreError::Fenced)), "{outcome:?}");
            }
            assert_eq!(fenced.state().await.unwrap(), Some(first.state.clone()));
        }
        let next = reading.leading(held(2));
        next.write(second.clone()).await.unwrap();
        assert_eq!(reading.state().await.unwrap(), Some(second.state));
        next.clear().await.unwrap();
        assert_eq!(reading.state().await.unwrap(), None);
        next.write(first).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_takes_over_goes_on_where_the_leader_before_was() {
    for seed in seeds("whoever_takes_over", 1) {
        let (scratch, mut world) = (Scratch::default(), World::of(&seed));
        let mut told = world.events(300);
        let log = log_of(&told);
        let tree = PostgresTree::open(&scratch.database().await).await.unwrap();
        let node = async |name: &str| {
            let (stop, tree) = (CancellationToken::new(), tree.clone());
            let candidate = Candidate::new(scratch.database().await, [Role::Tree], name).pace(FAST);
            let (follower, stopped) = (follower(&log, Arc::new(tree.clone())), stop.clone());
            let running = tokio::spawn({
                let follower = follower.clone();
                async move { tree.lead(candidate, &follower, stopped).await }
            });
            (follower, stop, running)
        };
        let (first, stop_first, first_running) = node("first").await;
        let reached = |told: &[Told]| told.last().unwrap().event.position;
        let until = async |follower: &tlog::Follower, position| {
            let mut status = follower.status();
            let waiting = status.wait_for(|status| status.position == position);
            tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("in time").unwrap().clone()
        };
        until(&first, reached(&told)).await;
        let (second, stop_second, second_running) = node("second").await;
        told.extend(world.events(200));
        log.change(|events| *events = told.iter().map(|told| told.event.clone()).collect());
        until(&first, reached(&told)).await;
        assert_eq!(second.status().borrow().size, 0);
        stop_first.cancel();
        first_running.await.unwrap();
        told.extend(world.events(200));
        log.change(|events| *events = told.iter().map(|told| told.event.clone()).collect());
        let status = until(&second, reached(&told)).await;
        assert_eq!(status.anew, None);
        stop_second.cancel();
        second_running.await.unwrap();
        let leaves = leaves(&told);
        let state = tree.state().await.unwrap().unwrap();
        assert_eq!((state.size(), state.root()), (leaves.len() as u64, Naive::of(&leaves).root(0, leaves.len())));
    }
}
