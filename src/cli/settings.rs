//! Everything that can be set by a flag, and the commands that take all of it: `serve` and `config`.

use super::brokers::BrokerArgs;
use super::load;
use super::place::{PlaceArgs, name_of};
use crate::config::{self, Config, Durability, Flags, SignUp};
use crate::{logging, output, serve, wiring};
use anyhow::Result;
use clap::Args;
use std::num::NonZeroU32;

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
pub struct ServeArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// For this start: the log that is there is the right one, though vault, views or windows know another; they are bound to it
    #[arg(long)]
    accept_log: bool,
}

/// Everything that can be set.
#[derive(Args)]
pub struct SettingsArgs {
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
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
    /// Who may create a store: everybody, or only who has an operator's token (`cartlog token create`) [default: open]
    #[arg(long, value_name = "WHO")]
    sign_up: Option<SignUp>,
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
    kafka_security: BrokerArgs,
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
pub struct ConfigArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// For machines
    #[arg(long)]
    json: bool,
}

impl ServeArgs {
    pub async fn run(self) -> Result<()> {
        let config = load(self.settings.flags(), "info")?.config;
        serve::run(Config { accept_log: self.accept_log, ..config }).await
    }
}

impl ConfigArgs {
    pub fn run(self) -> Result<()> {
        let loaded = config::load(self.settings.flags())?;
        wiring::check(&loaded.config)?;
        for misspelt in config::misspelt() {
            logging::say(&format!("cartlog: {misspelt}"));
        }
        match self.json {
            true => output::say_json(&config::to_json(&loaded.values)),
            false => output::say(config::to_toml(&loaded.values)),
        }
    }
}

impl SettingsArgs {
    fn flags(self) -> Flags {
        let mut flags = self.place.flags();
        flags.set("listen", self.listen);
        flags.set("role", self.role);
        flags.set("rate_limit", self.rate_limit);
        flags.set("anonymous_rate_limit", self.anonymous_rate_limit);
        flags.set("wrong_tries", self.wrong_tries);
        flags.set("sign_up", self.sign_up.map(name_of));
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
