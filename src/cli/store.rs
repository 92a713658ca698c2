//! `cartlog status` and `cartlog rebuild`: of the store that is there, whether a server runs or not.

use super::load;
use super::place::PlaceArgs;
use crate::{rebuild, status};
use anyhow::Result;
use clap::Args;

#[derive(Args)]
#[command(after_help = "\
Examples:
  cartlog status                                  of ./data, whether a server runs or not
  cartlog status --data /var/lib/cartlog --json   for machines
  cartlog status --server http://10.0.0.7:8080    of a server elsewhere, by what it tells everybody")]
pub struct StatusArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Ask this server instead of the one that has the data directory
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    server: Option<String>,
    /// For machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
A running server goes on answering from the old tables until the new ones have caught up.

Examples:
  cartlog rebuild                    all views and the metric windows
  cartlog rebuild carts invoices     these views; `cartlog status` names all of them
  cartlog rebuild windows            the metric windows only
  cartlog-new rebuild --ahead        before an upgrade, with the new program, while the old one serves")]
pub struct RebuildArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Fills all views in a file of their own, beside a server of another version; the next start of this one takes them
    #[arg(long, conflicts_with = "views")]
    ahead: bool,
    /// Views to rebuild, or 'windows' [default: all]
    #[arg(value_name = "VIEW")]
    views: Vec<String>,
    /// For machines
    #[arg(long)]
    json: bool,
}

impl StatusArgs {
    pub async fn run(self) -> Result<()> {
        match self.server {
            Some(server) => status::of_server(&server, self.json).await,
            None => status::run(load(self.place.flags(), "warn")?.config, self.json).await,
        }
    }
}

impl RebuildArgs {
    pub async fn run(self) -> Result<()> {
        let config = load(self.place.flags(), "warn")?.config;
        match self.ahead {
            true => rebuild::ahead(config, self.json).await,
            false => rebuild::run(config, self.views, self.json).await,
        }
    }
}
