//! What tests do to Kafka.

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const LOOKED_EVERY: Duration = Duration::from_millis(20);

/// Deletes the topic, and waits until no broker knows it any more.
///
/// # Panics
/// The brokers are away, or there is no such topic.
pub async fn delete_topic(brokers: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().expect("a client");
    for gone in admin.delete_topics(&[topic], &AdminOptions::new()).await.expect("an answer") {
        gone.expect("it was there");
    }
    loop {
        let all = admin.inner().fetch_metadata(None, PATIENCE).expect("the topics");
        if all.topics().iter().all(|found| found.name() != topic) {
            return;
        }
        tokio::time::sleep(LOOKED_EVERY).await;
    }
}
