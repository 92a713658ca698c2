//! `cartlog demo`: shoppers at work against a server, over HTTP as any client, and the proof that what came of it adds up.
//!
//! What lives here: the stage ([`stage`]), the shoppers ([`shopper`]) with their own count ([`tally`]), the store's books
//! ([`books`]), their comparison ([`checks`]) and the report. What doesn't: anything that looks past the HTTP contract.

mod books;
mod catalogue;
mod checks;
mod client;
mod latencies;
mod report;
mod shopper;
mod stage;
mod tally;

use crate::progress::Progress;
use anyhow::{Context, Result, ensure};
use checks::Check;
use rand::SeedableRng;
use rand::rngs::StdRng;
use shopper::Shopper;
use stage::Stage;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tally::Tally;
use tokio::task::JoinSet;

/// How long books that don't add up yet are looked at again: follow-ups of the last commands may still be under way.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// How to shop.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub shoppers: usize,
    pub shop_for: Duration,
    /// The same seed makes the same store and the same wishes; what becomes of them depends on who comes first.
    pub seed: u64,
    /// Whether the store can be looked at afterwards; then it is said how.
    pub stays: bool,
}

/// What came of it.
pub struct Outcome {
    pub report: String,
    pub adds_up: bool,
}

/// Shops at the server, which can be reached at the URL.
pub async fn run(server: &str, plan: Plan) -> Result<Outcome> {
    ensure!(plan.shoppers > 0, "at least one shopper is needed: --shoppers 1");
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let stage = Arc::new(stage::set(server, plan.shoppers, &mut rng).await?);
    let before = stage.client.position();
    stage.client.latencies().reset();
    let started = Instant::now();
    let mut tally = shop(&stage, plan).await?;
    let run =
        report::Run { shoppers: plan.shoppers, took: started.elapsed(), events: stage.client.position() - before };
    tally.gift_cards_in_cents += stage.gift_cards_in_cents;
    tally.credits_in_cents += stage.credits_in_cents;
    let (books, checks) = settled(&stage, &tally).await?;
    let report = report::text(&stage, &run, &tally, &books, &checks);
    let way_in = match plan.stays {
        true => format!("; a token comes from POST /store/token with its app_secret '{}'", stage.app_secret),
        false => String::new(),
    };
    let store = format!("Store '{}' (app_id), seed {}{way_in}.\n", stage.app_id, plan.seed);
    Ok(Outcome { report: report + &store, adds_up: adds_up(&checks) })
}

fn adds_up(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.fault.is_none())
}

/// Lets everybody shop at once. Gives what all of them counted.
async fn shop(stage: &Arc<Stage>, plan: Plan) -> Result<Tally> {
    let until = Instant::now() + plan.shop_for;
    let mut shoppers = JoinSet::new();
    for (number, customer) in stage.customers.iter().enumerate() {
        let rng = StdRng::seed_from_u64(plan.seed.wrapping_add(1 + number as u64));
        shoppers.spawn(Shopper::new(Arc::clone(stage), customer.clone(), rng).shop(until));
    }
    let mut progress = Progress::new(format!("{} shoppers shopping", plan.shoppers), "seconds");
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let started = Instant::now();
    let mut tally = Tally::default();
    loop {
        tokio::select! {
            shopper = shoppers.join_next() => match shopper {
                None => return Ok(tally),
                Some(counted) => tally.add(counted.context("a shopper broke off")??),
            },
            _ = seconds.tick() => progress.at(started.elapsed().min(plan.shop_for).as_secs(), plan.shop_for.as_secs()),
        }
    }
}

/// Reads the books until they add up, or have had the time to.
async fn settled(stage: &Stage, tally: &Tally) -> Result<(books::Books, Vec<Check>)> {
    let deadline = Instant::now() + SETTLES_WITHIN;
    loop {
        let books = books::read(stage).await?;
        let checks = checks::all(&books, tally, &stage.stock);
        if adds_up(&checks) || Instant::now() >= deadline {
            return Ok((books, checks));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
