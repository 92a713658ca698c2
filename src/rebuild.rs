//! `cartlog rebuild`: through the server that has the data directory, or by itself when none runs.

use crate::config::Config;
use crate::control::client::{self, Replies};
use crate::control::{Reply, Request};
use crate::data_dir::DataDir;
use crate::progress::Stages;
use crate::{output, wiring};
use anyhow::{Result, bail};
use serde_json::json;

/// Rebuilds these views, or all and the windows.
pub async fn run(config: Config, views: Vec<String>, json: bool) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let unit = wiring::log::unit(&config).as_str();
    let rebuilt = match client::ask(&data, &Request::Rebuild { views: views.clone() }).await? {
        Some(replies) => watch(replies, unit).await?,
        None => {
            let (operations, mut shown) =
                (wiring::open_alone(&config, data, wiring::Purpose::Fill).await?, Stages::of(unit));
            operations.rebuild(&views, move |what, done, total| shown.at(&rebuilding(what), done, total)).await?
        }
    };
    match json {
        true => output::say_json(&json!({ "rebuilt": rebuilt })),
        false => output::say(format!("rebuilt from the log: {}", rebuilt.join(", "))),
    }
}

async fn watch(mut replies: Replies, unit: &'static str) -> Result<Vec<String>> {
    let mut shown = Stages::of(unit);
    loop {
        match replies.next().await? {
            Reply::Progress { what, done, total } => shown.at(&rebuilding(&what), done, total),
            Reply::Rebuilt { views } => return Ok(views),
            other => bail!("the running server answered something else: {other:?}"),
        }
    }
}

fn rebuilding(what: &str) -> String {
    format!("rebuilding {what}")
}
