//! What is kept follows from the log alone.

use crate::log::TestLog;
use crate::place::CASES;
use crate::seeds::seeds;
use crate::story::{Story, follower};
use eventlog::RecordedEvent;
use eventlog::testing::Chance;
use tlog::{Builder, Rules, TreeStoreError};

/// More than two blocks of leaves.
const EVENTS: usize = 10_500;

#[tokio::test]
async fn however_the_log_is_cut_and_whoever_dies_between_the_bytes_are_the_same() {
    for seed in seeds("however_the_log_is_cut", CASES) {
        let story = Story::untold(&seed, EVENTS).await;
        let events: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
        let whole = story.place.store("whole").await;
        let mut builder = Builder::new(Rules::first().in_force().unwrap(), eventlog::LogId(uuid::Uuid::from_u128(77)));
        let stretch = builder.read(&events);
        builder.unknown(&stretch).into_iter().for_each(|store| builder.tell(store, None).unwrap());
        whole.write(builder.fold(stretch).unwrap().unwrap()).await.unwrap();

        let (mut chance, log, mut rest) = (Chance(seed.seed), TestLog::new(Vec::new()), &events[..]);
        let most = [1_700, 700, 4_096][chance.below(3)];
        while !rest.is_empty() {
            let (next, others) = rest.split_at((1 + chance.below(most)).min(rest.len()));
            rest = others;
            log.change(|events| events.extend_from_slice(next));
            // Each is a process that has just begun, and is gone before the next one.
            follower(&log, story.place.store("cut").await).catch_up(|_| ()).await.unwrap();
        }
        let (whole, cut) = (story.place.rows("whole").await, story.place.rows("cut").await);
        assert_eq!(whole.len(), cut.len());
        whole.iter().zip(&cut).for_each(|(whole, cut)| assert_eq!(whole, cut));
    }
}

#[tokio::test]
async fn built_anew_the_bytes_are_the_same() {
    for seed in seeds("built_anew", 1) {
        let story = Story::of(&seed, 2_000).await;
        let before = story.place.rows("tree").await;
        let mut told = Vec::new();
        let follower = follower(&story.log, story.place.store("tree").await);
        follower.rebuild(|progress| told.push(progress)).await.unwrap();
        assert_eq!(story.place.rows("tree").await, before);
        let last = told.last().expect("progress is told");
        assert_eq!(last.done, last.total);
        assert!(told.iter().zip(&told[1..]).all(|(one, next)| one.done <= next.done));
        let anew = follower.status().borrow().anew.clone().expect("it says so");
        assert_eq!(anew.before, Some((story.size(), story.naive.root(0, story.leaves.len()))));
    }
}

#[tokio::test]
async fn a_batch_goes_only_where_it_belongs() {
    for seed in seeds("a_batch_goes_only", 1) {
        let story = Story::untold(&seed, 90).await;
        let events: Vec<RecordedEvent> = story.told.iter().map(|told| told.event.clone()).collect();
        let batches = |log_id: u128| {
            let log_id = eventlog::LogId(uuid::Uuid::from_u128(log_id));
            let mut builder = Builder::new(Rules::first().in_force().unwrap(), log_id);
            let mut batch = |events| {
                let stretch = builder.read(events);
                builder.unknown(&stretch).into_iter().for_each(|store| builder.tell(store, None).unwrap());
                builder.fold(stretch).unwrap().unwrap()
            };
            [batch(&events[..30]), batch(&events[30..60]), batch(&events[60..])]
        };
        let ([first, second, third], [_, of_another_log, _]) = (batches(77), batches(78));
        let store = &story.tree_store;
        assert!(matches!(store.write(second.clone()).await, Err(TreeStoreError::Moved(_))));
        store.write(first.clone()).await.unwrap();
        for elsewhere in [first, third, of_another_log] {
            let rows = story.place.rows("tree").await;
            assert!(matches!(store.write(elsewhere).await, Err(TreeStoreError::Moved(_))));
            assert_eq!(story.place.rows("tree").await, rows);
        }
        store.write(second.clone()).await.unwrap();
        assert_eq!(store.state().await.unwrap(), Some(second.state));
    }
}
