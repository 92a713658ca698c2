//! `cartlog kafka check` and `cartlog kafka forward`.

use super::brokers::BrokerArgs;
use super::place::PlaceArgs;
use super::{load, verdict};
use crate::config::Flags;
use crate::kafka;
use crate::kafka::topics::Amends;
use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use std::process::ExitCode;

/// A log, and where it is forwarded to.
#[derive(Args)]
pub struct ForwardedArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Event log (eventstoredb://…) [default: the data directory]
    #[arg(long, value_name = "URL")]
    log_url: Option<String>,
    /// Kafka brokers that events are forwarded to, with commas [default: those of the running server]
    #[arg(long, value_name = "HOSTS")]
    kafka_brokers: Option<String>,
    #[command(flatten)]
    kafka_security: BrokerArgs,
    /// What the names of the topics begin with [default: that of the running server, else cartlog]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

#[derive(Args)]
#[command(
    group = ArgGroup::new("lost").args(["topic", "resume"]).required(true),
    after_help = "\
A topic that lost events stops the forwarder, which names it. This writes the log's events to that topic alone, so nothing is doubled in
the others; stopped or killed, the same command without --from goes on. Whoever forwards stands by meanwhile, and then goes on by itself.

Examples:
  cartlog kafka forward --topic cartlog.cart --from 0     all of the log's carts, to a topic that was deleted
  cartlog kafka forward --topic cartlog.cart              goes on with one that broke off
  cartlog kafka forward --resume                          finds how far the log was forwarded, where that topic was lost"
)]
pub struct ForwardArgs {
    #[command(flatten)]
    forwarded: ForwardedArgs,
    /// The topic that lost events
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// The position of the log after which events are missing in it
    #[arg(long, value_name = "POSITION", requires = "topic")]
    from: Option<u64>,
    /// Finds how far the log was forwarded by the newest events in the topics
    #[arg(long)]
    resume: bool,
    /// For machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct KafkaArgs {
    #[command(subcommand)]
    command: KafkaCommand,
}

#[derive(Subcommand)]
pub enum KafkaCommand {
    /// Compares the log with the topics, event by event: nothing missing, doubled, altered or out of order
    Check(CheckArgs),
    /// Fills a topic that lost events from the log, or finds how far the log was forwarded
    Forward(ForwardArgs),
}

#[derive(Args)]
#[command(after_help = "\
Reads both once, and only what was committed; a running server goes on. Brokers and namespace are those of the server that has the
data directory, unless they are set. Exits with 3 if log and topics differ, and names the events.

Examples:
  cartlog kafka check                                     of ./data, up to what was forwarded so far
  cartlog kafka check --up-to 120000 --json               up to this position of the log, for machines
  cartlog kafka check --kafka-brokers kafka:9092 --namespace shop
  CARTLOG_LOG_URL_FILE=/run/secrets/log cartlog kafka check --kafka-brokers kafka:9092   of a log in EventStoreDB")]
pub struct CheckArgs {
    #[command(flatten)]
    forwarded: ForwardedArgs,
    /// The last position to compare [default: what was forwarded last]
    #[arg(long, value_name = "POSITION")]
    up_to: Option<u64>,
    /// For machines
    #[arg(long)]
    json: bool,
}

impl KafkaArgs {
    pub async fn run(self) -> Result<ExitCode> {
        match self.command {
            KafkaCommand::Check(asked) => asked.run().await,
            KafkaCommand::Forward(asked) => asked.run().await,
        }
    }
}

impl CheckArgs {
    async fn run(self) -> Result<ExitCode> {
        let equal = kafka::check(load(self.forwarded.flags(), "warn")?, self.up_to, self.json).await?;
        Ok(verdict(equal))
    }
}

impl ForwardArgs {
    async fn run(self) -> Result<ExitCode> {
        let amends = match self.topic {
            Some(name) => Amends::Topic { name, from: self.from },
            None => Amends::Position,
        };
        kafka::forward(load(self.forwarded.flags(), "warn")?, amends, self.json).await?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ForwardedArgs {
    fn flags(self) -> Flags {
        let mut flags = self.place.flags();
        flags.set("log_url", self.log_url);
        flags.set("kafka_brokers", self.kafka_brokers);
        self.kafka_security.set(&mut flags);
        flags.set("namespace", self.namespace);
        flags
    }
}
