//! Beyond one machine: nodes that share EventStoreDB (here its double), PostgreSQL, Redis and Kafka.
//!
//! Run with `--features engines`. The servers come from `tests/services up`; without them these tests fail and say so.

mod cluster;
mod copy;
mod crowd;
mod cut;
mod gate;
mod identity;
mod kafka;
mod nodes;
mod outages;
mod places;
mod secured;
mod services;
mod torture;

use crate::support::{Answer, TestShop, new_customer};
use serde_json::{Value, json};
use std::time::Duration;

/// What a node does that may fill the views and count.
const ALL: &str = "api,views,stream";

/// Asks until the answer is as wanted: what happens elsewhere takes a moment to be known.
async fn until(ask: impl AsyncFn() -> Answer, is_so: impl Fn(&Answer) -> bool) -> Answer {
    for asked in 1.. {
        let answer = ask().await;
        if is_so(&answer) {
            return answer;
        }
        // Whoever looks at a test that does not end sees what it waits for.
        if asked % 250 == 0 {
            eprintln!("still waiting; the last answer: {} {}", answer.status, answer.body);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("it is asked until the answer is as wanted")
}

async fn confirmed_customer(shop: &TestShop) -> String {
    let customer = shop.post("/customer", new_customer(json!({}))).await.expect(201).text("/customer/customer_id");
    let sent = shop.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200);
    shop.put(&format!("/customer/confirm/{}", sent.text("/result")), Value::Null).await.expect(200);
    customer
}
