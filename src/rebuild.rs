//! `cartlog rebuild`: through the server that has the data directory, or by itself when none runs.

use crate::config::Config;
use crate::control::client::{self, Replies};
use crate::control::{Reply, Request};
use crate::data_dir::DataDir;
use crate::progress::Progress;
use crate::{output, wiring};
use anyhow::{Result, bail};

/// Rebuilds these views, or all and the windows.
pub async fn run(config: Config, views: Vec<String>) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let rebuilt = match client::ask(&data, &Request::Rebuild { views: views.clone() }).await? {
        Some(replies) => watch(replies).await?,
        None => {
            let (operations, mut shown) = (wiring::open_alone(&config, data).await?, Shown::default());
            operations.rebuild(&views, move |what, done, total| shown.at(what, done, total)).await?
        }
    };
    output::say(format!("rebuilt from the log: {}", rebuilt.join(", ")))
}

async fn watch(mut replies: Replies) -> Result<Vec<String>> {
    let mut shown = Shown::default();
    loop {
        match replies.next().await? {
            Reply::Progress { what, done, total } => shown.at(&what, done, total),
            Reply::Rebuilt { views } => return Ok(views),
            other => bail!("the running server answered something else: {other:?}"),
        }
    }
}

/// One bar after another.
#[derive(Default)]
struct Shown(Option<(String, Progress)>);

impl Shown {
    fn at(&mut self, what: &str, done: u64, total: u64) {
        if self.0.as_ref().is_none_or(|(current, _)| current != what) {
            self.0 = Some((what.to_owned(), Progress::new(format!("rebuilding {what}"), "events")));
        }
        if let Some((_, progress)) = &mut self.0 {
            progress.at(done, total);
        }
    }
}
