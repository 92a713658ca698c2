//! What is asked of a part that may be away, and told within a moment or not at all.

use eventlog::with_causes;
use std::fmt;
use std::time::Duration;

/// Why nothing was told.
#[derive(Debug)]
pub enum NoAnswer {
    Failed(anyhow::Error),
    Late(Duration),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::Failed(error) => f.write_str(&with_causes(error.as_ref())),
            NoAnswer::Late(within) => write!(f, "it does not answer within {} s", within.as_secs()),
        }
    }
}

/// One look, which tells in time that there is no answer.
pub async fn in_time<T, E: Into<anyhow::Error>>(
    within: Duration,
    look: impl Future<Output = Result<T, E>>,
) -> Result<T, NoAnswer> {
    match tokio::time::timeout(within, look).await {
        Ok(told) => told.map_err(|error| NoAnswer::Failed(error.into())),
        Err(_) => Err(NoAnswer::Late(within)),
    }
}
