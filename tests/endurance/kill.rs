//! kill -9 under load, again and again on the same data directory: what was answered is there, what was not is done once when it
//! is repeated, and stock and money are as they must be.

use super::books::Books;
use super::client::Client;
use super::knobs::{self, Repeatable};
use super::load::{self, Shopper};
use super::operator;
use crate::support::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::path::Path;
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;

const SHOPPERS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice() {
    for seed in knobs::seeds(1) {
        let _repeatable = Repeatable::new("kill", seed);
        live_and_die(knobs::count("CARTLOG_TEST_KILLS", 10), seed).await;
    }
}

async fn live_and_die(kills: usize, seed: u64) {
    let data = operator::directory();
    let mut server = Server::on(data.path(), &[]);
    let client = Client::open(&server.url, json!({ "tax_rate_in_basis_points": 700 })).await;
    let (stage, mut shoppers) = load::set_stage(&client, SHOPPERS, seed).await;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut checked = vec![0; SHOPPERS];
    for life in 1..=kills {
        let enough = rng.random_range(20..=60);
        shoppers = shop_until_killed(server, shoppers, enough).await;
        server = restart(data.path(), life, &mut shoppers).await;
        for (shopper, checked) in shoppers.iter_mut().zip(&mut checked) {
            for answered in &shopper.answered[*checked..] {
                load::assert_repeated(shopper.client(), answered).await;
            }
            shopper.repeat_unanswered().await;
            shopper.check_carts().await;
            *checked = shopper.answered.len();
        }
        let books = Books::read(shoppers[0].client()).await;
        books.check();
        books.check_stocked(&stage.stocked);
    }
    for shopper in &shoppers {
        for answered in &shopper.answered {
            load::assert_repeated(shopper.client(), answered).await;
        }
    }
}

/// Lets all shop at once, and kills the server when so many answers have come; the others are then at any step.
async fn shop_until_killed(server: Server, shoppers: Vec<Shopper>, enough: usize) -> Vec<Shopper> {
    let (answers, mut counted) = watch::channel(0);
    let mut shopping = JoinSet::new();
    for (number, mut shopper) in shoppers.into_iter().enumerate() {
        let answers = answers.clone();
        shopping.spawn(async move {
            shopper.shop(&answers, usize::MAX, |_| ()).await;
            (number, shopper)
        });
    }
    counted.wait_for(|answers| *answers >= enough).await.expect("they are shopping");
    server.kill();
    let mut back = shopping.join_all().await;
    back.sort_by_key(|(number, _)| *number);
    back.into_iter().map(|(_, shopper)| shopper).collect()
}

/// Starts again on the same directory, and waits until recovery has looked.
async fn restart(data: &Path, life: usize, shoppers: &mut [Shopper]) -> Server {
    let head = operator::head(data);
    let begun = Instant::now();
    let server = Server::on(data, &[]);
    println!("life {life}: {head} events, started again in {:?}", begun.elapsed());
    shoppers.iter_mut().for_each(|shopper| shopper.move_to(&server.url));
    let client: &Client = shoppers[0].client();
    Books::read(client).await.check_while_under_way();
    operator::wait_for_recovery(data, head);
    // Nobody has repeated anything yet: what was left undone is done, or is as if it had never been asked for.
    Books::read(client).await.check();
    server
}
