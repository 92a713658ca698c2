//! `cartlog status`: how far everything is and how large, for people and machines.
//!
//! What lives here: what is told of a store ([`report`]), as tables for people ([`text`]) and as figures of the metrics
//! ([`figures`]), by which a server elsewhere is asked ([`elsewhere`]): they are written and read here, so that both ends agree.
//! What doesn't: how it is found out (`operations`).

mod elsewhere;
mod figures;
pub mod report;
mod text;

pub use elsewhere::of_server;

use crate::config::Config;
use crate::control::client;
use crate::control::protocol::{Reply, Request};
use crate::data_dir::DataDir;
use crate::operations::Operations;
use crate::output;
use crate::wiring::Purpose;
use anyhow::{Result, bail};
use text::as_text;

/// Of the data directory: asks the server that has it, or looks itself.
pub async fn run(config: Config, json: bool) -> Result<()> {
    let data = DataDir::existing(&config.data)?;
    let status = match client::ask(&data, &Request::Status).await? {
        Some(mut replies) => match replies.next().await? {
            Reply::Status(status) => *status,
            other => bail!("the running server answered something else: {other:?}"),
        },
        None => Operations::alone(&config, data, Purpose::Look).await?.status().await,
    };
    match json {
        true => output::say_json(&status),
        false => output::say(as_text(&status)),
    }
}
