//! When heads are signed. Time passes only where nobody has anything to do.

use crate::world::World;
use notary::{NotarySettings, NotaryStatus};
use std::time::Duration;
use tlog::TreeStatus;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vault::Vault;

/// A notary that runs on a world, whose tree's size a test tells.
struct Running {
    tree: watch::Sender<TreeStatus>,
    status: watch::Receiver<NotaryStatus>,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

async fn run(world: &World) -> Running {
    let (tree, told) = watch::channel(TreeStatus::default());
    let (said, status) = watch::channel(NotaryStatus::default());
    let (notary, stop) = (world.notary().await, CancellationToken::new());
    let until = stop.clone();
    let ended = tokio::spawn(async move { notary.run(NotarySettings::default(), told, &said, until).await });
    Running { tree, status, stop, ended }
}

impl Running {
    async fn grow(&self, world: &World, events: u64) {
        world.grow(events).await;
        let size = world.reading().state().await.unwrap().unwrap().size();
        self.tree.send_modify(|tree| tree.size = size);
    }

    /// How long it took until so many leaves were signed.
    async fn signed(&mut self, size: u64) -> Duration {
        let begun = Instant::now();
        self.status.wait_for(|status| status.latest.as_ref().is_some_and(|last| last.size == size)).await.unwrap();
        begun.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_few_leaves_are_signed_after_a_minute_and_many_at_once() {
    let world = World::of(5).await;
    let mut running = run(&world).await;
    assert!(running.signed(5).await < Duration::from_secs(1));
    running.grow(&world, 999).await;
    let took = running.signed(1_004).await;
    assert!((Duration::from_secs(55)..=Duration::from_secs(60)).contains(&took), "{took:?}");
    running.grow(&world, 1_000).await;
    let took = running.signed(2_004).await;
    assert!(took < Duration::from_secs(30), "{took:?}");
    running.stop.cancel();
    running.ended.await.unwrap();
    assert_eq!(world.published().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_until_it_is_over() {
    let world = World::of(5).await;
    let mut running = run(&world).await;
    running.signed(5).await;
    world.vault.go_away();
    running.grow(&world, 1_000).await;
    running.status.wait_for(|status| status.trouble.is_some() && !status.is_stuck).await.unwrap();
    world.vault.come_back();
    running.signed(1_005).await;
    assert_eq!(running.status.borrow().trouble, None);
    let kept = world.vault.signed_head(crate::world::incarnation(1)).await.unwrap();
    world.log.change(|events| events[2].data = "{}".into());
    world.follower().rebuild(|_| ()).await.unwrap();
    running.status.wait_for(|status| status.is_stuck).await.unwrap();
    let told = running.status.borrow().trouble.clone().unwrap();
    assert!(told.contains("the log was changed"), "{told}");
    assert_eq!(world.vault.signed_head(crate::world::incarnation(1)).await.unwrap(), kept);
    running.stop.cancel();
    running.ended.await.unwrap();
}
