//! `cartlog demo`.

use super::verdict;
use crate::config::{self, LogFormat};
use crate::{demo, logging, output, serve};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
#[command(after_help = "\
Makes a store of its own with products, coupons and customers; touches no other store. Exits with 3 if anything does not add up.

Examples:
  cartlog demo                                          against a server of its own, in a temporary directory
  cartlog demo --shoppers 200 --seconds 60
  cartlog demo --data ./demo-data                       keeps what it made, for `cartlog serve --data ./demo-data`
  cartlog demo --server http://127.0.0.1:8080           against a running server")]
pub struct DemoArgs {
    /// A running server [default: one of its own]
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    server: Option<String>,
    /// Where its own server keeps its data [default: a temporary directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many customers shop at the same time
    #[arg(long, value_name = "N", default_value_t = 50)]
    shoppers: usize,
    /// How long they shop
    #[arg(long, value_name = "N", default_value_t = 15)]
    seconds: u64,
    /// Makes the same store and the same wishes again [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Log level of its own server
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

impl DemoArgs {
    pub async fn run(self) -> Result<ExitCode> {
        config::check_log(&self.log)?;
        logging::start(&self.log, LogFormat::Text);
        let plan = demo::Plan {
            shoppers: self.shoppers,
            shop_for: Duration::from_secs(self.seconds),
            seed: self.seed.unwrap_or_else(|| crate::random::seed() % 1_000_000),
            stays: self.server.is_some() || self.data.is_some(),
        };
        let outcome = match self.server {
            Some(server) => demo::run(&server, plan).await?,
            None => serve::with_own_server(self.data, |url| async move { demo::run(&url, plan).await }).await?,
        };
        output::say(&outcome.report)?;
        Ok(verdict(outcome.adds_up))
    }
}
