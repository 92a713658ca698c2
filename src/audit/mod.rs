//! `cartlog audit history`: what an auditor sees of an object, event by event, and what vouches for it.
//!
//! What lives here: which of its events are shown ([`filter`]), reading a history ([`history`]), checking its chain ([`chain`]), asking who else
//! has seen it ([`witnesses`]) and what ([`testimony`]), what is told of it ([`report`]), showing it ([`table`]). What doesn't: what events say in words
//! (the crate `audit`), and how the log is reached, which is `control`'s and `wiring`'s.

mod chain;
mod filter;
mod history;
pub mod object;
pub mod report;
mod table;
mod testimony;
mod witnesses;

pub use filter::{EntryFilter, actor};
pub use history::Historian;
pub use witnesses::Witnesses;

use crate::config::Config;
use crate::control::client;
use crate::control::protocol::{Reply, Request};
use crate::data_dir::DataDir;
use crate::operations::Operations;
use crate::output;
use crate::wiring::Purpose;
use anyhow::{Result, bail};

/// Shows the history of an object, read by the server that has the data directory, or by itself when none runs. Whether nothing speaks
/// against it.
pub async fn run(config: Config, object: &str, filter: &EntryFilter, json: bool) -> Result<bool> {
    let stream = object::stream_of(object)?;
    let data = DataDir::existing(&config.data)?;
    let mut entries = Vec::new();
    let chain = match client::ask(&data, &Request::History { object: object.to_owned() }).await? {
        Some(mut replies) => loop {
            match replies.next().await? {
                Reply::Entries(page) => entries.extend(page),
                Reply::Chain(chain) => break chain,
                other => bail!("the running server answered something else: {other:?}"),
            }
        },
        None => {
            let operations = Operations::alone(&config, data, Purpose::Look).await?;
            let mut historian = Historian::begin(operations.witnesses(), stream).await?;
            loop {
                let page = historian.next_page().await?;
                if page.is_empty() {
                    break historian.finish();
                }
                entries.extend(page);
            }
        }
    };
    let of = entries.len();
    entries.retain(|entry| filter.has(entry));
    match json {
        true => output::say_json(&table::as_json(object, &entries, &chain))?,
        false => output::say(table::as_table(object, &entries, of, &chain))?,
    }
    Ok(chain.sound)
}
