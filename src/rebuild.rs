//! `cartlog rebuild`: through the server that has the data directory, or by itself when none runs.

use crate::config::Config;
use crate::control::client::{self, Replies};
use crate::control::protocol::{Reply, Request};
use crate::data_dir::DataDir;
use crate::operations::Operations;
use crate::progress::{Progress, Stages};
use crate::wiring::Purpose;
use crate::{output, units, wiring};
use anyhow::{Result, bail};
use serde_json::json;

/// Rebuilds these views, or all and the windows.
pub async fn run(config: Config, views: Vec<String>, json: bool) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let unit = wiring::log::unit(&config).as_str();
    let rebuilt = match client::ask(&data, &Request::Rebuild { views: views.clone() }).await? {
        Some(replies) => watch(replies, unit).await?,
        None => {
            let (operations, mut shown) = (Operations::alone(&config, data, Purpose::Fill).await?, Stages::of(unit));
            operations.rebuild(&views, move |what, done, total| shown.at(&rebuilding(what), done, total)).await?
        }
    };
    match json {
        true => output::say_json(&json!({ "rebuilt": rebuilt })),
        false => output::say(format!("rebuilt from the log: {}", rebuilt.join(", "))),
    }
}

/// Fills all views beside a server of another version, for this one's next start.
pub async fn ahead(config: Config, json: bool) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let (unit, mut bar) = (wiring::log::unit(&config).as_str(), None);
    let progress = Box::new(move |done, total| {
        bar.get_or_insert_with(|| Progress::new("filling the views ahead", unit)).at(done, total);
    });
    let reached = wiring::views::ahead::fill(&config, &data, progress).await?;
    match json {
        true => output::say_json(&json!({ "position": reached.0 })),
        false => output::say(format!(
            "the views are filled up to position {} in {}; the next start of this version takes them, and goes on from there",
            units::count(reached.0),
            data.views_ahead().display()
        )),
    }
}

async fn watch(replies: Replies, unit: &'static str) -> Result<Vec<String>> {
    let mut shown = Stages::of(unit);
    match replies.last(|what, done, total| shown.at(&rebuilding(what), done, total)).await? {
        Reply::Rebuilt { views } => Ok(views),
        other => bail!("the running server answered something else: {other:?}"),
    }
}

fn rebuilding(what: &str) -> String {
    format!("rebuilding {what}")
}
