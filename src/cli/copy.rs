//! `cartlog copy`.

use super::load;
use super::place::PlaceArgs;
use crate::copy::{self, Arguments, PlaceArgument};
use anyhow::Result;
use clap::{ArgGroup, Args};
use std::path::PathBuf;

#[derive(Args)]
#[command(
    group = ArgGroup::new("sides").args(["from", "from_file", "to", "to_file"]).required(true).multiple(true),
    after_help = "\
Nobody may use either side meanwhile: stop the server that has the directory, and every node on the engines. Of directories that is
made sure of; whatever else is appended to the target is noticed and stops the copy.

Whatever stops it, the same command goes on where it was: what the target holds is compared with the source, and the rest is
appended. A target that holds anything else is left as it is. At the end all of it is read back and compared.

A side that is not named is the configured store: log_url and vault_url (or views_url), or else the data directory. The vault of a
directory is in it, unless --from-vault or --to-vault says otherwise; the vault of a log in EventStoreDB is vault_url or views_url.
URLs with passwords are best kept in files: --to-file, --to-vault-file, or CARTLOG_LOG_URL_FILE and CARTLOG_VAULT_URL_FILE.

Examples:
  cartlog copy --from ./data --to ./copy                           a store that can be served: cartlog serve --data ./copy
  cartlog copy --from ./data --to esdb://events:2113 --to-vault-file /run/secrets/vault
  CARTLOG_LOG_URL_FILE=/run/secrets/log CARTLOG_VIEWS_URL_FILE=/run/secrets/views cartlog copy --from ./data
  cartlog copy --from esdb://events:2113 --from-vault postgres://cartlog@db/shop --to ./data      and back
  cartlog copy --from ./data --to ./copy --json                    for machines"
)]
pub struct CopyArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The log to copy: a data directory, or esdb://… [default: the configured one]
    #[arg(long, value_name = "PLACE", conflicts_with = "from_file")]
    from: Option<String>,
    /// Where to: a data directory, or esdb://… [default: the configured one]
    #[arg(long, value_name = "PLACE", conflicts_with = "to_file")]
    to: Option<String>,
    /// The vault of secrets to copy: postgres://…, or a data directory
    #[arg(long, value_name = "PLACE", conflicts_with = "from_vault_file")]
    from_vault: Option<String>,
    /// Where the vault goes to: postgres://…, or a data directory
    #[arg(long, value_name = "PLACE", conflicts_with = "to_vault_file")]
    to_vault: Option<String>,
    /// A file with what --from says
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// A file with what --to says
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
    /// A file with what --from-vault says
    #[arg(long, value_name = "FILE")]
    from_vault_file: Option<PathBuf>,
    /// A file with what --to-vault says
    #[arg(long, value_name = "FILE")]
    to_vault_file: Option<PathBuf>,
    /// What keeps several cartlogs apart in the engines [default: cartlog]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// For machines
    #[arg(long)]
    json: bool,
}

impl CopyArgs {
    pub async fn run(self) -> Result<()> {
        let mut flags = self.place.flags();
        flags.set("namespace", self.namespace);
        let asked = Arguments {
            from: PlaceArgument { text: self.from, file: self.from_file },
            to: PlaceArgument { text: self.to, file: self.to_file },
            from_vault: PlaceArgument { text: self.from_vault, file: self.from_vault_file },
            to_vault: PlaceArgument { text: self.to_vault, file: self.to_vault_file },
        };
        copy::run(load(flags, "warn")?.config, asked, self.json).await
    }
}
