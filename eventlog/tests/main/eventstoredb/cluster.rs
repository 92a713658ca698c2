//! Three nodes: members beside those that are named are learned, whoever leads is found, and whoever hears of nothing is left.

use super::*;
use eventstoredb_double::{Cluster, Turn};

fn options(seeds: &[&Double]) -> EventStoreDbOptions {
    let seeds: Vec<_> = seeds.iter().map(|node| node.address().to_string()).collect();
    let url = format!("esdb+discover://{}?tls=false", seeds.join(","));
    EventStoreDbOptions {
        pauses: Arc::new(|_| Duration::from_millis(1)),
        request_timeout: Duration::from_secs(1),
        stall: IMPATIENCE,
        ..EventStoreDbOptions::new(url, ["cart-"])
    }
}

async fn caught_up(log: &dyn EventLog) -> Subscription {
    let mut subscription = log.subscribe(Position::START);
    while !matches!(next(&mut subscription).await, Some(Ok(SubscriptionItem::CaughtUp(_)))) {}
    subscription
}

/// Appends until it is done: a cluster that has just lost its leader refuses for a moment.
async fn append_at_last(log: &dyn EventLog, length: u64) -> Appended {
    let batch = events(1);
    in_time(async {
        loop {
            if let Ok(appended) = append(log, length, &batch).await {
                return appended;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// An append comes by the subscription, and the head knows it.
async fn goes_on(log: &dyn EventLog, subscription: &mut Subscription, length: u64) {
    let appended = append_at_last(log, length).await;
    assert_eq!(next_events(subscription, 1).await[0].position, appended.position);
    assert_eq!(log.head().await.unwrap(), appended.position);
}

#[tokio::test]
async fn the_one_seed_that_is_gone_is_not_missed() {
    let cluster = Cluster::start(3).await.unwrap();
    cluster.lead(1);
    // A follower is all that is named.
    let log = open(options(&[cluster.node(0)]));
    let mut subscription = caught_up(&*log).await;
    goes_on(&*log, &mut subscription, 0).await;
    assert_eq!(cluster.node(0).subscriptions(), 0, "it is the leader that serves");
    in_time(cluster.node(1).subscription(0)).await;
    cluster.node(0).go_away().await;
    goes_on(&*log, &mut subscription, 1).await;
    cluster.lead_of(2, &[1, 2]);
    cluster.node(1).go_away().await;
    goes_on(&*log, &mut subscription, 2).await;
}

#[tokio::test]
async fn when_another_node_leads_the_subscription_goes_there() {
    let cluster = Cluster::start(3).await.unwrap();
    let log = open(options(&[cluster.node(2)]));
    let mut subscription = caught_up(&*log).await;
    in_time(cluster.node(0).subscription(0)).await;
    cluster.lead(1);
    goes_on(&*log, &mut subscription, 0).await;
    in_time(cluster.node(1).subscription(0)).await;
    goes_on(&*log, &mut subscription, 1).await;
}

#[tokio::test]
async fn a_node_that_serves_and_hears_of_nothing_is_left() {
    let cluster = Cluster::start(3).await.unwrap();
    let log = open(options(&[cluster.node(0)]));
    // Open, and silent for ever, as of a node that is cut off from the others.
    cluster.node(0).direct_next_subscription([Turn::Silence]);
    let mut subscription = caught_up(&*log).await;
    in_time(cluster.node(0).subscription(0)).await;
    cluster.lead(1);
    for length in 0..3 {
        goes_on(&*log, &mut subscription, length).await;
    }
}

#[tokio::test]
async fn a_leader_that_is_cut_off_is_left_for_the_one_that_the_others_chose() {
    let cluster = Cluster::start(3).await.unwrap();
    let log = open(options(&[cluster.node(0), cluster.node(1)]));
    let mut subscription = caught_up(&*log).await;
    goes_on(&*log, &mut subscription, 0).await;
    // It still believes that it leads, and answers nobody.
    cluster.lead_of(2, &[1, 2]);
    cluster.node(0).freeze();
    goes_on(&*log, &mut subscription, 1).await;
    cluster.node(0).thaw();
    goes_on(&*log, &mut subscription, 2).await;
}

#[tokio::test]
async fn a_cluster_of_which_every_node_was_replaced_is_still_known() {
    let mut cluster = Cluster::start(3).await.unwrap();
    let log = open(options(&[cluster.node(0)]));
    let mut subscription = caught_up(&*log).await;
    goes_on(&*log, &mut subscription, 0).await;
    for nth in 0..3u64 {
        let (old, new) = (nth as usize, cluster.add().await.unwrap());
        let members: Vec<_> = (old + 1..=new).collect();
        cluster.lead_of(new, &members);
        cluster.node(old).go_away().await;
        goes_on(&*log, &mut subscription, nth + 1).await;
    }
}
