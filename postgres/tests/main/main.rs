//! What a database is found to be, and who leads.

mod formats;
mod leading;
mod opening;
mod silence;
mod tls;

use std::time::Duration;

/// Long enough for any machine; nothing waits that long unless a test is about to fail.
const LONG: Duration = Duration::from_secs(60);

/// What comes of it, in time.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work).await.expect("it never came to be so")
}
