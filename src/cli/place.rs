//! Where the store is that a command is about.

use crate::config::{Flags, LogFormat};
use clap::Args;
use std::path::PathBuf;

/// Where the store is.
#[derive(Args)]
pub struct PlaceArgs {
    /// Configuration file (TOML); ./cartlog.toml is read if it is there [env: CARTLOG_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data directory [env: CARTLOG_DATA] [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Log level, or directives such as 'cartlog_commands=debug,info' [env: CARTLOG_LOG or RUST_LOG] [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// Log lines for people or for machines, on stderr [env: CARTLOG_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

impl PlaceArgs {
    pub fn flags(self) -> Flags {
        let mut flags = Flags { file: self.config, ..Flags::default() };
        flags.set("data", self.data.map(|data| data.display().to_string()));
        flags.set("log", self.log);
        flags.set("log_format", self.log_format.map(name_of));
        flags
    }
}

/// A choice, as it is typed.
pub fn name_of(choice: impl clap::ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
