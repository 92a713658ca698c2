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
use report::{Chain, HistoryEntry};

/// How a history is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Table,
    Json,
    /// An event a line as it is read, and at the end what vouches for them.
    JsonLines,
}

/// What is shown of a history that is being read.
struct Shown<'f> {
    form: Form,
    filter: &'f EntryFilter,
    /// Those that are to be shown together.
    entries: Vec<HistoryEntry>,
    /// How many there are, shown or not.
    of: usize,
}

impl Shown<'_> {
    fn take(&mut self, page: Vec<HistoryEntry>) -> Result<()> {
        self.of += page.len();
        let mut wanted = page.into_iter().filter(|entry| self.filter.has(entry));
        if self.form == Form::JsonLines {
            return wanted.try_for_each(|entry| output::say_json_line(&entry));
        }
        self.entries.extend(wanted);
        Ok(())
    }

    fn finish(self, object: &str, chain: &Chain) -> Result<()> {
        match self.form {
            Form::Table => output::say(table::as_table(object, &self.entries, self.of, chain)),
            Form::Json => output::say_json(&table::as_json(object, &self.entries, chain)),
            Form::JsonLines => output::say_json_line(&table::of_chain(object, chain)),
        }
    }
}

/// Shows the history of an object, read by the server that has the data directory, or by itself when none runs. Whether nothing speaks
/// against it.
pub async fn run(config: Config, object: &str, filter: &EntryFilter, form: Form) -> Result<bool> {
    let stream = object::stream_of(object)?;
    let data = DataDir::existing(&config.data)?;
    let mut shown = Shown { form, filter, entries: Vec::new(), of: 0 };
    let chain = match client::ask(&data, &Request::History { object: object.to_owned() }).await? {
        Some(mut replies) => loop {
            match replies.next().await? {
                Reply::Entries(page) => shown.take(page)?,
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
                shown.take(page)?;
            }
        }
    };
    shown.finish(object, &chain)?;
    Ok(chain.sound)
}
