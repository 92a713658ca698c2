//! A history as a table for people, or as JSON for machines.

use super::report::{Chain, HistoryEntry, LastEvent, Unread};
use super::testimony::{Finding, NotAsked, Witness};
use crate::tables;
use crate::tables::Head::{Number, Text};
use ::audit::Change;
use serde_json::{Value, json};

/// Letters of a time.
const TIME: u16 = 24;

/// One object, for machines: `object`, `events`, `chain`.
pub fn as_json(object: &str, entries: &[HistoryEntry], chain: &Chain) -> serde_json::Value {
    json!({ "object": object, "events": entries, "chain": chain })
}

/// The last line of many.
pub fn of_chain(object: &str, chain: &Chain) -> serde_json::Value {
    json!({ "object": object, "chain": chain })
}

/// The table, and below it what vouches for it and what speaks against it.
/// `of`: how many events there are, shown or not.
pub fn as_table(object: &str, entries: &[HistoryEntry], of: usize, chain: &Chain) -> String {
    let mut table = tables::new(&[Text("time"), Number("revision"), Text("what happened"), Text("by")]);
    tables::keep_words(&mut table, &[TIME]);
    for entry in entries {
        let time = entry.occurred_at.as_ref().unwrap_or(&entry.recorded_at);
        let by = by_whom(entry);
        let happened: Vec<_> = [entry.happened.clone()].into_iter().chain(changed(entry)).map(one_line).collect();
        let happened = happened.join("\n");
        table.add_row([time.clone(), entry.revision.to_string(), happened, by]);
    }
    let events = match (entries.len(), of) {
        (1, 1) => "1 event".to_owned(),
        (shown, all) if shown == all => format!("{all} events"),
        (shown, all) => format!("{shown} of {all} events"),
    };
    format!("{object}: {events}\n{table}\n{}\n", verdict(chain).join("\n"))
}

/// Who made it happen, and below that whom it was done for, by the names that are known: a token that has one needs no id.
fn by_whom(entry: &HistoryEntry) -> String {
    let by = entry.by.clone().unwrap_or_default();
    let actor = entry.actor.clone().unwrap_or_else(|| "?".to_owned());
    let actor = Some(actor).filter(|actor| by.token_name.is_none() || !actor.starts_with("token "));
    [actor, by.token_name, by.actor_name].into_iter().flatten().map(one_line).collect::<Vec<_>>().join("\n")
}

/// What clients have named things makes no lines of its own: it could pass for what was never there.
fn one_line(text: String) -> String {
    text.replace('\n', "\\n")
}

/// What it changed of what was there, a field a line: what is new, the sentence says.
fn changed(entry: &HistoryEntry) -> impl Iterator<Item = String> {
    let is_changed = |change: &&Change| !change.before.is_null();
    entry.changes.iter().flatten().filter(is_changed).map(|Change { field, before, after }| {
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("  {field}: {} → {}", shown(before), shown(after))
    })
}

/// What vouches for what, a sentence a line, what is wrong first. It claims nothing that was not compared.
fn verdict(chain: &Chain) -> Vec<String> {
    let mut said: Vec<String> = chain.broken.iter().map(|place| broken(place)).collect();
    said.extend(chain.first_unreadable.iter().map(|event| {
        let Unread { revision, position, reason } = event;
        format!("REVISION {revision} (position {position}) CAN'T BE READ: {reason}")
    }));
    let more = chain.unreadable.saturating_sub(chain.first_unreadable.len() as u64);
    if more > 0 {
        said.push(format!("{more} MORE EVENTS CAN'T BE READ."));
    }
    said.extend(chain.witnesses.iter().filter_map(against));
    said.push(covered(chain));
    said.extend(chain.last_event.map(|last| of_last(last, chain)));
    said.extend(chain.not_asked.iter().map(|NotAsked { by, reason }| format!("Not asked: {by}: {reason}")));
    said.extend(chain.tip.iter().map(|tip| {
        format!("Hash of the last event: {tip}. Kept elsewhere, it tells later whether this was altered or cut off.")
    }));
    said
}

fn broken(place: &str) -> String {
    format!("THE HASH CHAIN IS BROKEN: {place}. From there on this history can't be trusted.")
}

fn against(Witness { by, revision, hash, finding }: &Witness) -> Option<String> {
    match finding {
        Finding::Agrees => None,
        Finding::Differs => {
            Some(format!("REVISION {revision} WAS ALTERED: {by} saw another event there, with the hash {hash}."))
        }
        Finding::Missing => Some(format!("EVENTS ARE MISSING: {by} saw revision {revision}, with the hash {hash}.")),
    }
}

/// What the chain itself says, and of how many events.
fn covered(chain: &Chain) -> String {
    let whole = if chain.sound { "The hash chain is whole: it vouches" } else { "The hash chain vouches" };
    match chain.covered {
        0 => "The hash chain vouches for no event: one is vouched for by the hash that the event after it carries."
            .to_owned(),
        1 => format!("{whole} for revision 0, by the hash that the event after it carries."),
        more => format!("{whole} for revisions 0 to {}, each by the hash that the event after it carries.", more - 1),
    }
}

fn of_last(last: LastEvent, chain: &Chain) -> String {
    let agree = chain.witnesses.iter().filter(|witness| witness.finding == Finding::Agrees);
    let latest = agree.clone().map(|witness| witness.revision).max();
    let by: Vec<String> =
        agree.filter(|witness| Some(witness.revision) == latest).map(|witness| witness.by.to_string()).collect();
    match (last, latest) {
        (LastEvent::Altered, _) => "The last event is not what was written.".to_owned(),
        (LastEvent::Vouched, _) => {
            format!("The last event, which none follows, is as it was seen by {}.", by.join(", "))
        }
        (LastEvent::Unvouched, None) => {
            "NOTHING VOUCHES FOR THE LAST EVENT: none follows it, and neither the views, nor the \
            metric windows, nor a snapshot have kept its hash. If all hashes up to it were made anew, that is not seen."
                .to_owned()
        }
        (LastEvent::Unvouched, Some(revision)) => format!(
            "NOTHING VOUCHES FOR THE LAST EVENT: none follows it, and nobody has kept its hash. Revision {revision} is as it was \
             seen by {}.",
            by.join(", ")
        ),
    }
}
