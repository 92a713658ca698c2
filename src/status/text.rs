//! How a store is, as tables for people.

use super::report::{StoreStatus, Task};
use crate::tables::Head::{Number, Text};
use crate::{tables, units};
use std::fmt::Write;
use std::time::Duration;

/// All of it: an overview, who follows the log, the files, and what does not go on.
pub fn as_text(status: &StoreStatus) -> String {
    let mut text = String::new();
    let server = status.server.as_ref().map_or("no server is running".to_owned(), |server| {
        let up = units::duration(Duration::from_secs(server.up_for_seconds));
        let process = server.pid.map_or(String::new(), |pid| format!(" (process {pid})"));
        format!("{}{process}, up for {up}", server.url)
    });
    let head = match (status.log.head, &status.log.last_event_at) {
        (None, _) => "away".to_owned(),
        (Some(head), Some(at)) => format!("position {}, last event at {at}", units::count(head)),
        (Some(0), None) => "empty".to_owned(),
        (Some(head), None) => format!("position {}", units::count(head)),
    };
    let size: u64 = status.files.iter().map(|file| file.bytes + file.wal_bytes).sum();
    let overview = [
        ("server", server),
        ("version", status.version.clone()),
        ("log", head),
        ("log id", status.log.log_id.clone().unwrap_or_else(|| "not known now".to_owned())),
        ("on disk", units::bytes(size)),
    ];
    // Writing to a String can't fail.
    let _ = writeln!(text, "{}\n", tables::pairs(overview));
    let heads = [Text("follows the log"), Number("position"), Number("behind"), Number("for"), Text("state")];
    let mut followers = tables::new(&heads);
    for follower in &status.followers {
        let age = match (follower.lag_events, follower.lag_seconds) {
            (Some(0), _) | (_, None) => String::new(),
            (_, Some(seconds)) => units::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default()),
        };
        let unit = status.log.unit.map_or("positions", eventlog::LogUnit::as_str);
        let behind = follower.lag_events.map(|events| format!("{} {unit}", units::count(events)));
        followers.add_row([
            follower.name.clone(),
            follower.position.map_or_else(|| "not known".to_owned(), units::count),
            behind.unwrap_or_default(),
            age,
            follower.state.clone(),
        ]);
    }
    let files = status.files.iter().map(|file| (file.name.clone(), units::bytes(file.bytes + file.wal_bytes)));
    let _ = writeln!(text, "{followers}\n\n{}", tables::amounts(files));
    if !status.parked.is_empty() {
        let mut parked = tables::new(&[Text("parked by"), Text("what"), Number("at position"), Text("why")]);
        for row in &status.parked {
            parked.add_row([row.follower.clone(), row.what.clone(), units::count(row.position), row.reason.clone()]);
        }
        let _ = writeln!(
            text,
            "\n{parked}\nParked rows of views keep what they had; they are tried again by `cartlog rebuild` or after an upgrade. Reactions are \
             tried again by themselves, at least every five minutes."
        );
    }
    text.push_str(&broken_off(&status.tasks));
    text
}

/// The tasks that ever broke off.
fn broken_off(tasks: &[Task]) -> String {
    let broken: Vec<&Task> = tasks.iter().filter(|task| task.last_reason.is_some()).collect();
    if broken.is_empty() {
        return String::new();
    }
    let heads = [Text("broke off"), Text("is"), Number("for"), Number("restarts"), Text("why")];
    let mut table = tables::new(&heads);
    for task in broken {
        let lasts = units::duration(Duration::from_secs(task.for_seconds));
        let reason = task.last_reason.clone().unwrap_or_default();
        table.add_row([task.name.clone(), task.state.clone(), lasts, units::count(task.restarts), reason]);
    }
    format!("\n{table}\n")
}
