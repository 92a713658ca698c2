//! What a copy came to, as a table for people, or as JSON for machines.

use super::sides::CopySide;
use crate::{output, tables, units};
use anyhow::Result;
use eventlog::copy::{Copied, Same};
use serde_json::{Value, json};
use std::time::Duration;
use vault::copy::Counts;

/// What source and target hold now.
pub struct CopyReport {
    pub source: CopySide,
    pub target: CopySide,
    /// Of the source, of the target.
    pub log_ids: [String; 2],
    pub copied: Copied,
    pub same: Same,
    pub vault: Counts,
    pub took: Duration,
}

impl CopyReport {
    pub fn say(&self, json: bool) -> Result<()> {
        match json {
            true => output::say_json(&self.as_json()),
            false => output::say(self.as_table()),
        }
    }

    fn as_json(&self) -> Value {
        let side = |side: &CopySide, log_id: &str| json!({ "log": side.log.to_string(), "vault": side.vault.to_string(), "log_id": log_id });
        let [source, target] = &self.log_ids;
        json!({
            "source": side(&self.source, source),
            "target": side(&self.target, target),
            "events": self.same.events,
            "appended": self.copied.appended,
            "streams": self.same.streams,
            "bytes": self.same.bytes,
            "hash": self.same.hash,
            "other_recorded_times": self.same.other_times,
            "vault": self.vault,
            "vault_entries": self.vault.all(),
            "seconds": self.took.as_secs_f64(),
        })
    }

    fn as_table(&self) -> String {
        let CopyReport { source, target, copied, same, vault, .. } = self;
        let times = match same.other_times {
            0 => "as in the source".to_owned(),
            other => format!("the target's own for {}", units::count(other)),
        };
        let entries = [
            ("customers' keys", vault.customer_keys),
            ("stores' keys", vault.hmac_keys),
            ("hashes", vault.credentials),
            ("tokens", vault.tokens),
            ("customers' tokens", vault.customer_tokens),
            ("operators' tokens", vault.operator_tokens),
            ("names of tokens", vault.token_names),
            ("keys of people at desks", vault.actors),
            ("keys that sign the log", vault.signing_keys),
            ("signed heads", vault.signed_heads),
            ("confirmations", vault.confirmations),
        ];
        let entries = entries.map(|(what, count)| format!("{what}: {}", units::count(count))).join(", ");
        let found = match copied.found {
            0 => String::new(),
            found => format!(" ({} were there)", units::count(found)),
        };
        let rows = [
            ("log", format!("{} → {}", source.log, target.log)),
            ("events", format!("{}{found}", units::count(same.events))),
            ("streams", units::count(same.streams)),
            ("bytes", units::bytes(same.bytes)),
            ("hash", same.hash.clone()),
            ("recorded times", times),
            ("vault", format!("{} → {}", source.vault, target.vault)),
            ("entries", format!("{} ({entries})", units::count(vault.all()))),
            ("took", units::duration(self.took)),
        ];
        let table = tables::pairs(rows);
        format!(
            "{table}\n\nEverything was read back from the target and is the same. Serve only one of the two from now on: views and \
             metrics\nof the target are filled from its log when it first runs."
        )
    }
}
