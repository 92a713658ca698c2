//! `cartlog rebuild`: through the server that has the data directory, or by itself when none runs.

use crate::config::Config;
use crate::control::{Reply, Request, client};
use crate::data_dir::DataDir;
use crate::progress::Progress;
use crate::{output, wiring};
use anyhow::{Result, bail};

/// Rebuilds these views, or all and the windows.
pub async fn run(config: Config, views: Vec<String>) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let mut shown = Shown::default();
    let rebuilt = match client::ask(&data, &Request::Rebuild { views: views.clone() }).await? {
        None => {
            wiring::open_alone(&config, data)
                .await?
                .rebuild(&views, |what, done, total| shown.at(what, done, total))
                .await?
        }
        Some(mut replies) => loop {
            match replies.next().await? {
                Reply::Progress { what, done, total } => shown.at(&what, done, total),
                Reply::Rebuilt { views } => break views,
                other => bail!("the running server answered something else: {other:?}"),
            }
        },
    };
    drop(shown);
    output::say(format!("rebuilt from the log: {}", rebuilt.join(", ")))
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
