//! How an event's record in Kafka is named: its topic, and the headers of CloudEvents 1.0 in binary mode. Every build knows it, as every
//! build publishes it; what forwards is the feature `kafka`.

use domain::Category;

/// The attribute `source` of all events.
pub const SOURCE: &str = "/cartlog";
/// Before the event's type, as reverse domain names are used to.
pub const TYPE_PREFIX: &str = "dev.cartlog.";
/// The version of CloudEvents.
pub const SPEC_VERSION: &str = "1.0";
/// Of the value.
pub const CONTENT_TYPE: &str = "application/json";
/// Partitions of a topic that the forwarder makes.
pub const PARTITIONS: i32 = 6;

/// The names of the headers.
pub mod header {
    pub const SPEC_VERSION: &str = "ce_specversion";
    pub const ID: &str = "ce_id";
    pub const SOURCE: &str = "ce_source";
    pub const TYPE: &str = "ce_type";
    pub const SUBJECT: &str = "ce_subject";
    pub const TIME: &str = "ce_time";
    pub const PARTITION_KEY: &str = "ce_partitionkey";
    pub const REVISION: &str = "ce_revision";
    pub const CONTENT_TYPE: &str = "content-type";
    /// The stored metadata, byte by byte: with it each event vouches for the one before it in its stream.
    pub const METADATA: &str = "cartlog_metadata";
}

/// The topic of the events of one kind of aggregate; `prefix` is the namespace.
pub fn topic(prefix: &str, category: Category) -> String {
    format!("{prefix}.{category}")
}
