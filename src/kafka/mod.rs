//! `cartlog kafka check`: whether the topics have what the log has, event by event.
//!
//! What lives here: which topics are meant, who compares (the server that has the data directory, or this process), and how it is
//! shown ([`table`]). What doesn't: the comparison, which is `streaming`'s. Every build has the command; one without Kafka says how
//! to build one with it.

#[cfg(feature = "kafka")]
mod check;
#[cfg(feature = "kafka")]
mod table;

#[cfg(feature = "kafka")]
pub use check::{compare, run};

use serde::{Deserialize, Serialize};

/// Which topics. What is not said is as the server has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Topics {
    /// `host:port`, with commas between.
    pub brokers: Option<String>,
    pub namespace: Option<String>,
}

#[cfg(not(feature = "kafka"))]
pub use without::run;

#[cfg(not(feature = "kafka"))]
mod without {
    use crate::config::{self, Loaded};
    use anyhow::{Result, bail};

    #[allow(clippy::unused_async, reason = "as in a build with Kafka")]
    pub async fn run(_: Loaded, _: Option<u64>, _: bool) -> Result<bool> {
        bail!("{}", config::left_out("Apache Kafka", "kafka"))
    }
}
