//! The command line: what can be typed, and which room does it.
//!
//! A file for each group of commands. What doesn't live here: what they do. The `--help` of each teaches by example.

mod audit;
mod brokers;
mod copy;
mod demo;
mod kafka;
mod place;
mod settings;
mod shell;
mod store;
mod token;

use crate::config::{self, Flags, Loaded};
use crate::{data_dir, logging, version};
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

use audit::AuditArgs;
use copy::CopyArgs;
use demo::DemoArgs;
use kafka::KafkaArgs;
use settings::{ConfigArgs, ServeArgs};
use shell::{CompletionsArgs, ManArgs};
use store::{RebuildArgs, StatusArgs};
use token::TokenArgs;

/// An event-sourced online-store backend: every change an event, every answer a view of it.
#[derive(Parser)]
#[command(
    version = version::text(),
    arg_required_else_help = true,
    after_help = "\
Examples:
  cartlog serve                              serve on 127.0.0.1:8080, with everything in ./data
  cartlog demo                               watch shoppers at work, and see that it adds up
  cartlog status                             how far everything is, and how large
  cartlog audit history invoice/0193b0c2-…   what happened to an invoice, and what vouches for it"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the store over HTTP
    Serve(Box<ServeArgs>),
    /// Shows the configuration in force and where each value comes from, without secrets
    Config(Box<ConfigArgs>),
    /// Shows how far log, views and windows are, and how large
    Status(StatusArgs),
    /// Rebuilds views and metric windows from the log, beside those that answer
    Rebuild(RebuildArgs),
    /// Copies a store, log and secrets, to another place: from the data directory to the engines, or back
    Copy(Box<CopyArgs>),
    /// Looks into the history of the store
    Audit(AuditArgs),
    /// Makes, lists and revokes the tokens of whoever operates the server
    Token(TokenArgs),
    /// Looks at what was forwarded to Apache Kafka, and makes good what was lost there
    Kafka(Box<KafkaArgs>),
    /// Lets shoppers loose on a server and checks that everything adds up
    Demo(DemoArgs),
    /// Prints what lets a shell complete commands and flags
    Completions(CompletionsArgs),
    /// Writes the manual: a page for each command
    Man(ManArgs),
}

/// What was found is not as it should be.
const NOT_AS_IT_SHOULD_BE: u8 = 3;

impl Cli {
    /// Does what was typed.
    pub async fn run(self) -> Result<ExitCode> {
        // A manual is for everybody; what belongs to a store is its owner's.
        if !matches!(self.command, Command::Man(_)) {
            data_dir::keep_private();
        }
        match self.command {
            Command::Serve(serve) => serve.run().await?,
            Command::Config(show) => show.run()?,
            Command::Status(status) => status.run().await?,
            Command::Rebuild(rebuild) => rebuild.run().await?,
            Command::Copy(copy) => copy.run().await?,
            Command::Audit(audit) => return audit.run().await,
            Command::Token(token) => return token.run().await,
            Command::Kafka(kafka) => return kafka.run().await,
            Command::Demo(demo) => return demo.run().await,
            Command::Completions(completions) => completions.run()?,
            Command::Man(man) => man.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn verdict(as_it_should_be: bool) -> ExitCode {
    if as_it_should_be { ExitCode::SUCCESS } else { ExitCode::from(NOT_AS_IT_SHOULD_BE) }
}

/// Reads the configuration and starts logging; `level` is the default's.
fn load(flags: Flags, level: &str) -> Result<Loaded> {
    let loaded = config::load(flags)?;
    let level = if loaded.is_default("log") { level } else { loaded.config.log.as_str() };
    logging::start(level, loaded.config.log_format);
    for misspelt in config::misspelt() {
        tracing::warn!("{misspelt}");
    }
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_setting_has_a_flag() {
        let command = Cli::command();
        let serve =
            command.find_subcommand("serve").map(|serve| serve.get_arguments().filter_map(|arg| arg.get_long()));
        let flags: Vec<_> = serve.into_iter().flatten().collect();
        for key in &config::keys::KEYS {
            assert!(flags.contains(&key.name.replace('_', "-").as_str()), "{} has no flag", key.name);
        }
    }
}
