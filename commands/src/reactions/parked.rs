//! What can't go on, and how far the worker is: as it is kept in memory and saved.

use super::lane::{Kind, Lane};
use super::pending::{Cause, Reaction, held, reaction};
use crate::Class;
use crate::snapshots::{Snapshot, Snapshots};
use domain::StoreId;
use eventlog::{Checkpoint, LogError, LogId, Position, StreamName};
use journal::{Delivery, Journal};
use serde::{Deserialize, Serialize};

/// The shape of what is saved, and the one before it.
const FORMAT: u32 = 3;
const FORMAT_BEFORE: u32 = 2;
/// Where it is saved.
const PLACE: &str = "$reactions";

/// What follows from a stream's events from `revision` on can't be done: tried again by itself, ever more rarely. Nothing of it is kept
/// in memory but this: the stream itself says what is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    pub stream: StreamName,
    /// Of the first event whose reaction is not done.
    pub revision: u64,
    pub position: Position,
    /// Nil where the event can't be read.
    pub store_id: StoreId,
    pub why: Class,
    /// In words, of the last try.
    pub reason: String,
    /// So many tries failed in a row.
    pub attempts: u32,
    pub(super) kind: Kind,
}

impl Parked {
    pub(super) fn lane(&self) -> Lane {
        Lane::new(self.kind, &self.stream, self.revision)
    }
}

/// How far the worker is.
#[derive(Clone, Debug, Default)]
pub struct ReactionsStatus {
    /// Up to where the log was read; what was read and waits is in `pending`.
    pub position: Position,
    /// Reactions and holds that wait for their time.
    pub pending: usize,
    pub parked: Vec<Parked>,
    /// More can't go on than are remembered one by one: they are found again in the log.
    pub has_more_parked: bool,
}

impl ReactionsStatus {
    /// How many can't go on, by the kind of reason; no stream's name.
    pub fn parked_by_class(&self) -> Vec<(Class, usize)> {
        let count = |class: Class| self.parked.iter().filter(|parked| parked.why == class).count();
        Class::ALL.into_iter().map(|class| (class, count(class))).filter(|(_, count)| *count > 0).collect()
    }
}

/// Where the worker goes on.
pub(super) struct WorkerProgress {
    /// Up to where all is settled but for what is parked.
    pub(super) checkpoint: Checkpoint,
    pub(super) parked: Vec<Parked>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    checkpoint: Checkpoint,
    /// The log's head then: what settled the events up to the checkpoint stands before it.
    reached: Checkpoint,
    parked: Vec<Parked>,
}

/// As it was saved before what is parked was tried again by itself.
#[derive(Deserialize)]
struct SavedBefore {
    checkpoint: Checkpoint,
    reached: Checkpoint,
    parked: Vec<ParkedBefore>,
}

#[derive(Deserialize)]
struct ParkedBefore {
    stream: StreamName,
    /// Before the event that asks for the reaction.
    before: Checkpoint,
    reason: String,
}

/// Where the worker was; from the start where that is not known, or of another log, or where the log was restored from an earlier
/// day: what was settled may be so no more.
pub(super) async fn load(
    journal: &Journal,
    progress: &dyn Snapshots,
    log_id: LogId,
) -> Result<WorkerProgress, LogError> {
    let saved = progress.load(&StreamName::new(PLACE)).await.ok().flatten();
    let Some(saved) = saved.filter(|saved| saved.log_id == log_id) else { return Ok(from_start(log_id)) };
    let (reached, place) = match saved.format {
        FORMAT => match serde_json::from_slice::<Saved>(&saved.state) {
            Ok(Saved { checkpoint, reached, parked }) => (reached, WorkerProgress { checkpoint, parked }),
            Err(_) => return Ok(from_start(log_id)),
        },
        FORMAT_BEFORE => match serde_json::from_slice::<SavedBefore>(&saved.state) {
            Ok(saved) => (saved.reached, carried_over(journal, saved).await?),
            Err(_) => return Ok(from_start(log_id)),
        },
        _ => return Ok(from_start(log_id)),
    };
    match journal.verify(&reached).await {
        Ok(()) => Ok(place),
        Err(error @ LogError::ForeignCheckpoint { .. }) => {
            tracing::warn!(%error, "what follows from events is looked at from the start of the log");
            Ok(from_start(log_id))
        }
        Err(error) => Err(error),
    }
}

fn from_start(log_id: LogId) -> WorkerProgress {
    WorkerProgress { checkpoint: Checkpoint::start(log_id), parked: Vec::new() }
}

/// What was parked by the version before is tried again; where its event is not found, all is read again from there.
async fn carried_over(journal: &Journal, saved: SavedBefore) -> Result<WorkerProgress, LogError> {
    let mut place = WorkerProgress { checkpoint: saved.checkpoint, parked: Vec::new() };
    for before in saved.parked {
        let event = match journal.read_all(before.before.position, 1).await {
            Ok(mut events) => events.pop(),
            Err(journal::JournalError::Log(error)) => return Err(error),
            Err(_) => None,
        };
        match event.as_ref().map(|event| asks(event, before.before)) {
            Some((cause, kind)) if cause.stream == before.stream => place.parked.push(Parked {
                stream: cause.stream,
                revision: cause.revision,
                position: cause.position,
                store_id: cause.store_id,
                why: Class::Never,
                reason: before.reason,
                attempts: 1,
                kind,
            }),
            Some(_) | None if before.before.position < place.checkpoint.position => place.checkpoint = before.before,
            Some(_) | None => {}
        }
    }
    Ok(place)
}

fn asks(event: &Delivery, before: Checkpoint) -> (Cause, Kind) {
    match event {
        Delivery::Unreadable(unreadable) => (Cause::unreadable(unreadable, before), Kind::Stream),
        Delivery::Event(envelope) => {
            let kind = match reaction(envelope) {
                Some(Reaction::Job { .. }) => Kind::Job,
                None if held(envelope).is_some() => Kind::Hold,
                Some(_) | None => Kind::Stream,
            };
            (Cause::of(envelope, before), kind)
        }
    }
}

/// Saves it; whether that was done.
pub(super) async fn save(journal: &Journal, progress: &dyn Snapshots, place: WorkerProgress) -> bool {
    let Ok(head) = journal.head().await else { return false };
    let Ok(reached) = journal.checkpoint(head).await else { return false };
    let WorkerProgress { checkpoint, parked } = place;
    let Ok(state) = serde_json::to_vec(&Saved { checkpoint, reached, parked }) else { return false };
    let snapshot = Snapshot { log_id: checkpoint.log_id, format: FORMAT, state };
    match progress.save(&StreamName::new(PLACE), snapshot).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "the reactions' checkpoint can't be saved");
            false
        }
    }
}
