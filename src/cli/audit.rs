//! `cartlog audit history`.

use super::place::PlaceArgs;
use super::{load, verdict};
use crate::audit::{self, Form};
use anyhow::Result;
use clap::{Args, Subcommand};
use domain::Timestamp;
use journal::Actor;
use std::process::ExitCode;

#[derive(Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Shows every event of an object, oldest first, and says what vouches for each
    History(HistoryArgs),
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
  cartlog audit history gift_card/0193b0c4-… --json
  cartlog audit history store/0193b0c0-… --jsonl | head -n 1     an event a line, as they are read
  cartlog audit history product/0193b0c5-… --type ProductDescribed --since 2026-11-01T00:00:00Z
Objects: invoice, cart, order, credit, gift_card, customer, product, coupon (by its coupon_code_id), store")]
pub struct HistoryArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// What to look at: KIND/ID
    #[arg(value_name = "OBJECT")]
    object: String,
    /// Shows only events of this type, as in InvoiceIssued
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Shows only what this one did: token:ID, anonymous or system
    #[arg(long, value_name = "ACTOR", value_parser = audit::actor)]
    actor: Option<Actor>,
    /// Shows only what happened in this request
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Shows only what occurred then or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Shows only what occurred before then (RFC 3339)
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// For machines, with all data
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
    /// For machines: a line for each event as it is read, and a last one for what vouches for them
    #[arg(long)]
    jsonl: bool,
}

impl AuditArgs {
    pub async fn run(self) -> Result<ExitCode> {
        let AuditCommand::History(asked) = self.command;
        let config = load(asked.place.flags(), "warn")?.config;
        let HistoryArgs { object, event_type, actor, request_id, since, until, json, jsonl, .. } = asked;
        let filter = audit::EntryFilter { event_type, actor, request_id, since, until };
        let form = match (json, jsonl) {
            (true, _) => Form::Json,
            (false, true) => Form::JsonLines,
            (false, false) => Form::Table,
        };
        Ok(verdict(audit::run(config, &object, &filter, form).await?))
    }
}
