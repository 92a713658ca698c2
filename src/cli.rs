//! The command line: what can be typed, and which room does it.
//!
//! What doesn't live here: what the commands do. The `--help` of each teaches by example.

use crate::config::{self, Config, Durability, Flags, Loaded, LogFormat};
use crate::copy::{self, Asked, Text};
use crate::{audit, data_dir, demo, kafka, logging, output, rebuild, serve, shell, status, version, wiring};
use anyhow::Result;
use clap::{ArgGroup, Args, CommandFactory, Parser, Subcommand};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

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
    Serve(Box<Serve>),
    /// Shows the configuration in force and where each value comes from, without secrets
    Config(Box<ShowConfig>),
    /// Shows how far log, views and windows are, and how large
    Status(Status),
    /// Rebuilds views and metric windows from the log, beside those that answer
    Rebuild(Rebuild),
    /// Copies a store, log and secrets, to another place: from the data directory to the engines, or back
    Copy(Box<CopyStore>),
    /// Looks into the history of the store
    Audit(Audit),
    /// Looks at what was forwarded to Apache Kafka, and makes good what was lost there
    Kafka(Box<Kafka>),
    /// Lets shoppers loose on a server and checks that everything adds up
    Demo(Demo),
    /// Prints what lets a shell complete commands and flags
    Completions(Completions),
    /// Writes the manual: a page for each command
    Man(Man),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cartlog completions bash > ~/.local/share/bash-completion/completions/cartlog
  cartlog completions zsh > \"${fpath[1]}/_cartlog\"
  cartlog completions fish > ~/.config/fish/completions/cartlog.fish")]
struct Completions {
    shell: clap_complete::Shell,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cartlog man ./man && man -l ./man/cartlog.1
  cartlog man /usr/local/share/man/man1")]
struct Man {
    /// Where the pages go; made if there is none
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Where the store is.
#[derive(Args)]
struct Place {
    /// Configuration file (TOML); ./cartlog.toml is read if it is there [env: CARTLOG_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data directory [env: CARTLOG_DATA] [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Log level, or directives such as 'commands=debug,info' [env: CARTLOG_LOG or RUST_LOG] [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// Log lines for people or for machines, on stderr [env: CARTLOG_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Args)]
#[command(after_help = "\
Each flag has a variable (--rate-limit: CARTLOG_RATE_LIMIT) and a key in the TOML file (rate_limit).
Flags win over variables, variables over the file. URLs with passwords can also come from a file:
CARTLOG_SMTP_URL_FILE=/run/secrets/smtp.

Examples:
  cartlog serve
  cartlog serve --listen 0.0.0.0:80 --data /var/lib/cartlog
  cartlog serve --listen 127.0.0.1:0                        a free port; the first line of output says which
  cartlog serve --rate-limit 0 --log warn                   no limit, few log lines
  CARTLOG_SMTP_URL=smtps://user:secret@mail.example cartlog serve --mail-from shop@example.com
  CARTLOG_VIEWS_URL_FILE=/run/secrets/views cartlog serve --role api --log-url esdb://events:2113   one node of several
  cartlog serve --accept-log                                once, after the log was replaced on purpose")]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// For this start: the log that is there is the right one, though vault, views or windows know another; they are bound to it
    #[arg(long)]
    accept_log: bool,
}

/// Everything that can be set.
#[derive(Args)]
struct Settings {
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    #[command(flatten)]
    place: Place,
    /// What this process does: api, views, stream, with commas [default: all]
    #[arg(long, value_name = "ROLES")]
    role: Option<String>,
    /// Requests a second for each store, with bursts of twice as many; 0: no limit [default: 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    rate_limit: Option<u32>,
    /// Requests a second from each address without a valid token, with bursts of twice as many; 0: no limit [default: 50]
    #[arg(long, value_name = "N")]
    anonymous_rate_limit: Option<u32>,
    /// Wrong secrets or passwords of one account from one address that are answered in a minute; 0: no limit [default: 10]
    #[arg(long, value_name = "N")]
    wrong_tries: Option<u32>,
    /// Proxies whose X-Forwarded-For says where requests come from: addresses and networks, with commas [default: none]
    #[arg(long, value_name = "ADDRESSES")]
    trust_proxy: Option<String>,
    /// Origins whose pages may call the API from browsers, with commas, or '*' [default: none]
    #[arg(long, value_name = "ORIGINS")]
    cors_origins: Option<String>,
    /// MiB that what is remembered of streams, rows, events and tokens may take [default: 256]
    #[arg(long, value_name = "MIB", allow_negative_numbers = true)]
    memory: Option<usize>,
    /// MiB that requests' bodies may take of the memory at one time [default: 64]
    #[arg(long, value_name = "MIB")]
    body_memory: Option<usize>,
    /// When an answered command is safe: 'full' survives a power cut, 'normal' the end of the process [default: full]
    #[arg(long, value_name = "WHEN")]
    durability: Option<Durability>,
    /// Bytes that are to stay free on the data directory's disk: with less, commands are refused; 0: none [default: 67108864]
    #[arg(long, value_name = "BYTES")]
    disk_reserve: Option<u64>,
    /// Where clients reach this server, for links in mails [default: where it listens]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Mail server (smtp://… or smtps://…); without it, mails are files in the data directory. Has a password? Use the variable
    #[arg(long, value_name = "URL")]
    smtp_url: Option<String>,
    /// How long sending one mail may take in all, in milliseconds [default: 10000]
    #[arg(long, value_name = "MS")]
    smtp_timeout_ms: Option<NonZeroU32>,
    /// Sender of mails [default: cartlog@localhost]
    #[arg(long, value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Event log (eventstoredb://…) [default: the data directory]
    #[arg(long, value_name = "URL")]
    log_url: Option<String>,
    /// Views (postgres://…) [default: the data directory]
    #[arg(long, value_name = "URL")]
    views_url: Option<String>,
    /// Vault of secrets (postgres://…) [default: where the views are]
    #[arg(long, value_name = "URL")]
    vault_url: Option<String>,
    /// Metric windows (redis://…) [default: the data directory]
    #[arg(long, value_name = "URL")]
    windows_url: Option<String>,
    /// Kafka brokers to forward events to, with commas [default: none]
    #[arg(long, value_name = "HOSTS")]
    kafka_brokers: Option<String>,
    #[command(flatten)]
    kafka_security: KafkaSecurity,
    /// What keeps several cartlogs apart in one PostgreSQL, Redis, Kafka or EventStoreDB [default: cartlog]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// The name by which other nodes know this one [default: the machine's name and where it listens]
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Connections at one time; more wait [default: 10000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_connections: Option<usize>,
    /// How long requests are still taken after SIGTERM, while /readyz is 503 and says so [default: 0s]
    #[arg(long, value_name = "TIME")]
    drain: Option<String>,
    /// How long commands and answers wait for the views; an answer that can't is a 202 [default: 2s]
    #[arg(long, value_name = "TIME")]
    view_wait: Option<String>,
    /// Streams kept in memory, within what --memory lets them [default: 32768]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    cached_streams: Option<usize>,
    /// Commands that may wait on one stream; one more is a 503 [default: 1024]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    queue_length: Option<usize>,
    /// Events after which the state of a long stream is saved again [default: 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    snapshot_every: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "\
Takes what `cartlog serve` takes. What it prints can be saved as a configuration file.

Examples:
  cartlog config                              in this directory, with this environment
  cartlog config --config /etc/cartlog.toml
  cartlog config > cartlog.toml               a file to begin with
  cartlog config --json                       for machines")]
struct ShowConfig {
    #[command(flatten)]
    settings: Settings,
    /// For machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cartlog status                                  of ./data, whether a server runs or not
  cartlog status --data /var/lib/cartlog --json   for machines
  cartlog status --server http://10.0.0.7:8080    of a server elsewhere, by what it tells everybody")]
struct Status {
    #[command(flatten)]
    place: Place,
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
struct Rebuild {
    #[command(flatten)]
    place: Place,
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
struct CopyStore {
    #[command(flatten)]
    place: Place,
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

#[derive(Args)]
struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Shows every event of an object, oldest first, and says what vouches for each
    History(History),
}

#[derive(Args)]
#[command(after_help = "\
Each event carries the hash of the one before it, so all but the last are vouched for by the next. The last is compared with what
the views, the metric windows and a snapshot have seen; where none of them has kept its hash, that is said. Whoever can change the log
and all of these leaves no trace: keep the hash of the last event elsewhere to prove later that nothing was altered or cut off.

Exits with 3 if the chain is broken, if an event can't be read, or if one is not what was seen of it.

Examples:
  cartlog audit history invoice/0193b0c2-7b1e-7c55-9d2e-5f0c6a1f3b77
  cartlog audit history cart/0193b0c1-…      all carts of a customer, by the customer's id
  cartlog audit history giftcard/0193b0c4-… --json
Objects: invoice, cart, order, credit, giftcard, customer, product, coupon (by its coupon_code_id), store")]
struct History {
    #[command(flatten)]
    place: Place,
    /// What to look at: KIND/ID
    #[arg(value_name = "OBJECT")]
    object: String,
    /// For machines, with all data
    #[arg(long)]
    json: bool,
}

/// How brokers are spoken to.
#[derive(Args)]
struct KafkaSecurity {
    /// PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers' listeners speak [default: PLAINTEXT]
    #[arg(long, value_name = "PROTOCOL")]
    kafka_security_protocol: Option<String>,
    /// Who vouches for the brokers: certificates in PEM [default: whom the system trusts]
    #[arg(long, value_name = "FILE")]
    kafka_ssl_ca: Option<PathBuf>,
    /// The certificate that brokers are shown, in PEM [default: none]
    #[arg(long, value_name = "FILE")]
    kafka_ssl_certificate: Option<PathBuf>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE")]
    kafka_ssl_key: Option<PathBuf>,
    /// How the password is shown: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
    #[arg(long, value_name = "MECHANISM")]
    kafka_sasl_mechanism: Option<String>,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    kafka_sasl_username: Option<String>,
    /// The user's password. Others see flags: use the variable
    #[arg(long, value_name = "PASSWORD")]
    kafka_sasl_password: Option<String>,
}

/// A log, and where it is forwarded to.
#[derive(Args)]
struct Forwarded {
    #[command(flatten)]
    place: Place,
    /// Event log (eventstoredb://…) [default: the data directory]
    #[arg(long, value_name = "URL")]
    log_url: Option<String>,
    /// Kafka brokers that events are forwarded to, with commas [default: those of the running server]
    #[arg(long, value_name = "HOSTS")]
    kafka_brokers: Option<String>,
    #[command(flatten)]
    kafka_security: KafkaSecurity,
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
struct KafkaForward {
    #[command(flatten)]
    forwarded: Forwarded,
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
struct Kafka {
    #[command(subcommand)]
    command: KafkaCommand,
}

#[derive(Subcommand)]
enum KafkaCommand {
    /// Compares the log with the topics, event by event: nothing missing, doubled, altered or out of order
    Check(KafkaCheck),
    /// Fills a topic that lost events from the log, or finds how far the log was forwarded
    Forward(KafkaForward),
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
struct KafkaCheck {
    #[command(flatten)]
    forwarded: Forwarded,
    /// The last position to compare [default: what was forwarded last]
    #[arg(long, value_name = "POSITION")]
    up_to: Option<u64>,
    /// For machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Makes a store of its own with products, coupons and customers; touches no other store. Exits with 3 if anything does not add up.

Examples:
  cartlog demo                                          against a server of its own, in a temporary directory
  cartlog demo --shoppers 200 --seconds 60
  cartlog demo --data ./demo-data                       keeps what it made, for `cartlog serve --data ./demo-data`
  cartlog demo --server http://127.0.0.1:8080           against a running server")]
struct Demo {
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
            Command::Serve(serve) => {
                let Serve { settings, accept_log } = *serve;
                let config = load(settings.flags(), "info")?.config;
                serve::run(Config { accept_log, ..config }).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Config(show) => show_config(*show),
            Command::Status(asked) => {
                match asked.server {
                    Some(server) => status::of_server(&server, asked.json).await?,
                    None => status::run(load(asked.place.flags(), "warn")?.config, asked.json).await?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Rebuild(asked) => {
                let config = load(asked.place.flags(), "warn")?.config;
                match asked.ahead {
                    true => rebuild::ahead(config, asked.json).await?,
                    false => rebuild::run(config, asked.views, asked.json).await?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Copy(asked) => {
                let (flags, asked, json) = asked.taken_apart();
                copy::run(load(flags, "warn")?.config, asked, json).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Audit(Audit { command: AuditCommand::History(asked) }) => {
                let config = load(asked.place.flags(), "warn")?.config;
                Ok(verdict(audit::run(config, &asked.object, asked.json).await?))
            }
            Command::Kafka(kafka) => match kafka.command {
                KafkaCommand::Check(asked) => check_kafka(asked).await,
                KafkaCommand::Forward(asked) => forward_kafka(asked).await,
            },
            Command::Demo(asked) => run_demo(asked).await,
            Command::Completions(asked) => {
                shell::completions(Cli::command(), asked.shell)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Man(asked) => {
                shell::manual(Cli::command(), &asked.directory)?;
                Ok(ExitCode::SUCCESS)
            }
        }
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

fn show_config(show: ShowConfig) -> Result<ExitCode> {
    let loaded = config::load(show.settings.flags())?;
    wiring::check(&loaded.config)?;
    for misspelt in config::misspelt() {
        logging::say(&format!("cartlog: {misspelt}"));
    }
    match show.json {
        true => output::say_json(&config::to_json(&loaded.values))?,
        false => output::say(config::to_toml(&loaded.values))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn check_kafka(asked: KafkaCheck) -> Result<ExitCode> {
    let equal = kafka::run(load(asked.forwarded.flags(), "warn")?, asked.up_to, asked.json).await?;
    Ok(verdict(equal))
}

async fn forward_kafka(asked: KafkaForward) -> Result<ExitCode> {
    let amends = match asked.topic {
        Some(name) => kafka::Amends::Topic { name, from: asked.from },
        None => kafka::Amends::Position,
    };
    kafka::forward(load(asked.forwarded.flags(), "warn")?, amends, asked.json).await?;
    Ok(ExitCode::SUCCESS)
}

impl Forwarded {
    fn flags(self) -> Flags {
        let mut flags = self.place.flags();
        flags.set("log_url", self.log_url);
        flags.set("kafka_brokers", self.kafka_brokers);
        self.kafka_security.set(&mut flags);
        flags.set("namespace", self.namespace);
        flags
    }
}

impl KafkaSecurity {
    fn set(self, flags: &mut Flags) {
        let path = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
        flags.set("kafka_security_protocol", self.kafka_security_protocol);
        flags.set("kafka_ssl_ca", path(self.kafka_ssl_ca));
        flags.set("kafka_ssl_certificate", path(self.kafka_ssl_certificate));
        flags.set("kafka_ssl_key", path(self.kafka_ssl_key));
        flags.set("kafka_sasl_mechanism", self.kafka_sasl_mechanism);
        flags.set("kafka_sasl_username", self.kafka_sasl_username);
        flags.set("kafka_sasl_password", self.kafka_sasl_password);
    }
}

async fn run_demo(asked: Demo) -> Result<ExitCode> {
    config::check_log(&asked.log)?;
    logging::start(&asked.log, LogFormat::Text);
    let plan = demo::Plan {
        shoppers: asked.shoppers,
        shop_for: Duration::from_secs(asked.seconds),
        seed: asked.seed.unwrap_or_else(|| crate::random::seed() % 1_000_000),
        stays: asked.server.is_some() || asked.data.is_some(),
    };
    let outcome = match asked.server {
        Some(server) => demo::run(&server, plan).await?,
        None => serve::with_own_server(asked.data, |url| async move { demo::run(&url, plan).await }).await?,
    };
    output::say(&outcome.report)?;
    Ok(verdict(outcome.adds_up))
}

impl Place {
    fn flags(self) -> Flags {
        let mut flags = Flags { file: self.config, ..Flags::default() };
        flags.set("data", self.data.map(|data| data.display().to_string()));
        flags.set("log", self.log);
        flags.set("log_format", self.log_format.map(name_of));
        flags
    }
}

impl CopyStore {
    fn taken_apart(self) -> (Flags, Asked, bool) {
        let mut flags = self.place.flags();
        flags.set("namespace", self.namespace);
        let asked = Asked {
            from: Text { text: self.from, file: self.from_file },
            to: Text { text: self.to, file: self.to_file },
            from_vault: Text { text: self.from_vault, file: self.from_vault_file },
            to_vault: Text { text: self.to_vault, file: self.to_vault_file },
        };
        (flags, asked, self.json)
    }
}

impl Settings {
    fn flags(self) -> Flags {
        let mut flags = self.place.flags();
        flags.set("listen", self.listen);
        flags.set("role", self.role);
        flags.set("rate_limit", self.rate_limit);
        flags.set("anonymous_rate_limit", self.anonymous_rate_limit);
        flags.set("wrong_tries", self.wrong_tries);
        flags.set("trust_proxy", self.trust_proxy);
        flags.set("cors_origins", self.cors_origins);
        flags.set("memory", self.memory);
        flags.set("body_memory", self.body_memory);
        flags.set("durability", self.durability.map(name_of));
        flags.set("disk_reserve", self.disk_reserve);
        flags.set("public_url", self.public_url);
        flags.set("smtp_url", self.smtp_url);
        flags.set("smtp_timeout_ms", self.smtp_timeout_ms);
        flags.set("mail_from", self.mail_from);
        flags.set("log_url", self.log_url);
        flags.set("views_url", self.views_url);
        flags.set("vault_url", self.vault_url);
        flags.set("windows_url", self.windows_url);
        flags.set("kafka_brokers", self.kafka_brokers);
        self.kafka_security.set(&mut flags);
        flags.set("namespace", self.namespace);
        flags.set("node", self.node);
        flags.set("max_connections", self.max_connections);
        flags.set("drain", self.drain);
        flags.set("view_wait", self.view_wait);
        flags.set("cached_streams", self.cached_streams);
        flags.set("queue_length", self.queue_length);
        flags.set("snapshot_every", self.snapshot_every);
        flags
    }
}

/// A choice, as it is typed.
fn name_of(choice: impl clap::ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for key in &config::KEYS {
            assert!(flags.contains(&key.name.replace('_', "-").as_str()), "{} has no flag", key.name);
        }
    }
}
