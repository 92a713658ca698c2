//! A store's events, by their ranks.

use crate::place::CASES;
use crate::seeds::seeds;
use crate::story::Story;
use domain::StoreId;
use eventlog::testing::Chance;
use std::collections::BTreeSet;
use tlog::TreeError;
use uuid::Uuid;

#[tokio::test]
async fn a_store_has_every_rank_once_and_knows_where() {
    for seed in seeds("a_store_has_every_rank_once", CASES) {
        let mut chance = Chance(seed.seed);
        let story = Story::of(&seed, 2_500).await;
        let stores: BTreeSet<Uuid> = story.leaves.iter().map(|(told, _)| told.store).collect();
        assert!(stores.contains(&Uuid::nil()));
        for store in stores {
            let indexes = story.leaves.iter().zip(0u64..).filter(|((told, _), _)| told.store == store);
            let indexes: Vec<u64> = indexes.map(|(_, index)| index).collect();
            let (store, count) = (StoreId(store), indexes.len() as u64);
            assert_eq!(story.tree.count(store).await.unwrap(), count);
            assert_eq!(story.tree.leaves_of(store, 1..=count).await.unwrap(), indexes);
            for _ in 0..20 {
                let first = 1 + chance.below(indexes.len());
                let last = first + chance.below(indexes.len() + 1 - first);
                let found = story.tree.leaves_of(store, first as u64..=last as u64).await.unwrap();
                assert_eq!(found, indexes[first - 1..last], "{first}..={last}");
            }
            for ranks in [0..=1, count..=count + 1, count + 1..=count + 1] {
                let refused = story.tree.leaves_of(store, ranks.clone()).await;
                assert!(matches!(refused, Err(TreeError::NoSuchRank { .. })), "{ranks:?}: {refused:?}");
            }
        }
        let nobody = StoreId(Uuid::from_u128(1));
        assert_eq!(story.tree.count(nobody).await.unwrap(), 0);
        assert!(matches!(story.tree.leaves_of(nobody, 1..=1).await, Err(TreeError::NoSuchRank { count: 0, .. })));
    }
}
