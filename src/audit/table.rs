//! A history as a table for people, or as JSON for machines.

use super::{Chain, Entry};
use crate::tables;
use crate::tables::Head::{Number, Text};
use serde_json::json;

/// One object, for machines: `object`, `events`, `chain`.
pub fn as_json(object: &str, entries: &[Entry], chain: &Chain) -> serde_json::Value {
    json!({ "object": object, "events": entries, "chain": chain })
}

/// The table, and below it what the check of the chain has found.
pub fn as_table(object: &str, entries: &[Entry], chain: &Chain) -> String {
    let mut table = tables::new(&[Text("time"), Number("revision"), Text("what happened"), Text("by")]);
    for entry in entries {
        let time = entry.occurred_at.as_ref().unwrap_or(&entry.recorded_at);
        let by = entry.actor.as_deref().unwrap_or("?");
        table.add_row([time.clone(), entry.revision.to_string(), entry.happened.clone(), by.to_owned()]);
    }
    let events = match entries.len() {
        1 => "1 event".to_owned(),
        more => format!("{more} events"),
    };
    format!("{object}: {events}\n{table}\n{}\n", verdict(chain))
}

fn verdict(chain: &Chain) -> String {
    let tip = chain.tip.as_deref().unwrap_or("none");
    match &chain.broken {
        None => format!("The hash chain is whole: nothing was altered or left out. Hash of the last event: {tip}"),
        Some(place) => format!("THE HASH CHAIN IS BROKEN: {place}. From there on this history can't be trusted."),
    }
}
