//! A log, its tree in some place, and what is true of both.

use crate::log::TestLog;
use crate::model::{Naive, leaves};
use crate::place::Place;
use crate::seeds::Seed;
use crate::world::{Told, World};
use proof::leaf::Leaf;
use std::sync::Arc;
use std::time::Duration;
use tlog::{FollowError, FollowSettings, Follower, Rules, Tree, TreeStore};

pub struct Story {
    pub place: Place,
    pub log: TestLog,
    pub world: World,
    pub told: Vec<Told>,
    pub leaves: Vec<(Told, Leaf)>,
    pub naive: Naive,
    pub tree: Tree,
    pub tree_store: Arc<dyn TreeStore>,
}

impl Story {
    /// A log of so many events, whose tree is built.
    pub async fn of(seed: &Seed, events: usize) -> Self {
        let story = Self::untold(seed, events).await;
        story.build().await.unwrap();
        story
    }

    /// As [`Self::of`], and nothing is built yet.
    pub async fn untold(seed: &Seed, events: usize) -> Self {
        let (place, mut world) = (Place::default(), World::of(seed));
        let told = world.events(events);
        let log = TestLog::new(told.iter().map(|told| told.event.clone()).collect());
        let leaves = leaves(&told);
        let naive = Naive::of(&leaves);
        let tree_store = place.store("tree").await;
        let tree = Tree::new(Arc::clone(&tree_store), Arc::new(log.clone()), Rules::first()).unwrap();
        Self { place, log, world, told, leaves, naive, tree, tree_store }
    }

    pub async fn build(&self) -> Result<(), FollowError> {
        follower(&self.log, self.place.store("tree").await).catch_up(|_| ()).await
    }

    pub fn size(&self) -> u64 {
        self.leaves.len() as u64
    }
}

/// Of a process that has just begun.
pub fn follower(log: &TestLog, store: Arc<dyn TreeStore>) -> Follower {
    follower_with(log, store, FollowSettings { linger: Duration::from_millis(1), ..FollowSettings::default() })
}

pub fn follower_with(log: &TestLog, store: Arc<dyn TreeStore>, settings: FollowSettings) -> Follower {
    Follower::new(Arc::new(log.clone()), store, Rules::first(), settings).unwrap()
}
