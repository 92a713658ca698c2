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

use crate::support::{TestShop, new_customer, until};
use serde_json::{Value, json};

/// What a node does that may fill the views and count.
const ALL: &str = "api,views,stream";

async fn confirmed_customer(shop: &TestShop) -> String {
    let customer = shop.post("/customer", new_customer(json!({}))).await.expect(201).text("/customer/customer_id");
    let sent = shop.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200);
    shop.put(&format!("/customer/confirm/{}", sent.text("/result")), Value::Null).await.expect(200);
    customer
}
