//! The node that fills the views is cut off from PostgreSQL, and neither of the two learns of it: another one fills them, and what
//! the first had under way counts no more when it arrives after all.

use super::cluster::Cluster;
use super::crowd::Crowd;
use crate::cli::run::on_files;
use crate::endurance::books::Books;
use crate::endurance::client::Client;
use crate::endurance::everything::{Known, everything};
use crate::endurance::knobs::{self, Repeatable};
use crate::endurance::load;
use crate::endurance::operator;
use crate::support::Server;
use parking_lot::Mutex;
use serde_json::json;
use std::sync::Arc;

const SHOPPERS: usize = 3;
/// Commands that are done between one thing and the next.
const BETWEEN: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_from_postgresql_writes_no_more_when_another_leads() {
    for seed in knobs::seeds(1) {
        let _repeatable = Repeatable::new("engines::cut", seed);
        let cluster = Cluster::start().await;
        let (first_gate, second_gate) =
            (cluster.postgres_gate_of_its_own().await, cluster.postgres_gate_of_its_own().await);
        let first = cluster.node_through(&first_gate, "views").await;
        let second = cluster.node_through(&second_gate, "views").await;
        let api = cluster.node("api,stream").await;
        assert!(fills(&first) && !fills(&second));

        let client = Client::open(&api.url, json!({})).await;
        let (stage, shoppers) = load::set_stage(&client, SHOPPERS, seed).await;
        let mut crowd = Crowd::begin(shoppers, &Arc::new(Mutex::new(vec![api.url.clone()])));
        // There and back: each of them is the one that is cut off.
        for (gate, successor) in [(&first_gate, &second), (&second_gate, &first)] {
            crowd.have_done(BETWEEN).await;
            gate.cut();
            while !fills(successor) {}
            crowd.have_done(BETWEEN).await;
            gate.open();
        }
        crowd.have_done(BETWEEN).await;
        let shoppers = crowd.end().await;

        for answered in shoppers.iter().flat_map(|shopper| &shopper.answered) {
            load::assert_repeated(&client, answered).await;
        }
        let books = Books::read(&client).await;
        books.check();
        books.check_stocked(&stage.stocked);
        let known = Known::read(&client, &[]).await;
        let before = everything(&client, &known).await;
        let rebuilt = tokio::task::block_in_place(|| operator::rebuilds(first.data()));
        assert!(rebuilt, "it fills them again");
        before.assert_same(&everything(&client, &known).await);
    }
}

/// Whether the node fills the views, as it says. The gates and the double go on meanwhile.
fn fills(node: &Server) -> bool {
    let status = tokio::task::block_in_place(|| on_files(node.data(), &["status", "--json"]).json());
    let followers = status["followers"].as_array().expect("followers");
    followers.iter().any(|follower| follower["state"].as_str().is_some_and(|state| state.starts_with("filled here")))
}
