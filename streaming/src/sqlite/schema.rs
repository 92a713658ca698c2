//! The file: its tables, its settings, and what it says of its two sides. A change of the tables, or of what is counted in them, raises
//! the version, and the file is filled again from the log, if it can't be brought to the new one.

use super::unsigned;
use crate::store::{Side, SideState};
use crate::{Skipped, store::SKIPPED_KEPT};
use domain::Timestamp;
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, LogId, Position};
use rusqlite::{Row, Transaction};
use sqlite::{Advice, Bounds, ConnectionMemory, Format, OtherVersion, Synchronous, WhatIsFound};
use uuid::Uuid;

/// In version 2 what is counted is counted as today, but there is no hash.
const SINCE_COUNTED: &str = "ALTER TABLE sides ADD COLUMN event_hash BLOB;";

/// One of the two sets of tables, of which one is live and the other free for a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub i64);

/// Which slot is live is one column, so that the swap after a rebuild changes two rows, whatever the tables hold.
const SIDES: &str = "
    CREATE TABLE sides (
        slot INTEGER PRIMARY KEY,
        live INTEGER NOT NULL UNIQUE,
        log_id BLOB, -- null: nothing was applied yet
        position INTEGER NOT NULL DEFAULT 0,
        event_id BLOB,
        event_hash BLOB, -- as it was counted
        skipped INTEGER NOT NULL DEFAULT 0,
        latest_clock_ms INTEGER -- milliseconds since 1970
    ) STRICT;
    INSERT INTO sides (slot, live) VALUES (0, 1), (1, 0);
";

/// The key of `buckets` begins with the time: what is added comes last, what expires goes first, each in a few pages.
fn tables(slot: Slot) -> String {
    let Slot(slot) = slot;
    format!(
        "CREATE TABLE buckets_{slot} (
            granularity INTEGER NOT NULL, -- minutes
            start INTEGER NOT NULL, -- minutes since 1970
            metric INTEGER NOT NULL,
            store BLOB NOT NULL,
            key BLOB NOT NULL,
            amount INTEGER NOT NULL,
            PRIMARY KEY (granularity, start, metric, store, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE log_ins_{slot} (
            store BLOB NOT NULL,
            day INTEGER NOT NULL, -- days since 1970
            customer BLOB NOT NULL,
            last_ms INTEGER NOT NULL, -- of the day, in milliseconds since 1970
            PRIMARY KEY (store, day, customer)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX log_ins_{slot}_by_time ON log_ins_{slot} (last_ms);
        CREATE TABLE skipped_{slot} (
            position INTEGER PRIMARY KEY,
            stream TEXT NOT NULL,
            event_type TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;"
    )
}

pub(super) static FORMAT: Format = Format {
    what: "the metric windows",
    application_id: 0x6377_696e, // `cwin`
    version: 3,
    // What version 2 counted is counted as today.
    upgrades: &[|windows| windows.execute_batch(SINCE_COUNTED)],
    tables: |windows| {
        windows.execute_batch(SIDES)?;
        [Slot(0), Slot(1)].into_iter().try_for_each(|slot| windows.execute_batch(&tables(slot)))
    },
    other_version: OtherVersion::StartAnewIfEarlier,
    synchronous: Synchronous::Normal,
    found: WhatIsFound::MayBeLost,
    pragmas: "",
    // Counts are small.
    bounds: Bounds { pass: 500, begin_anew: 2_000, idle: std::time::Duration::from_secs(1) },
    writer: ConnectionMemory { cache_kib: 8_192, ..ConnectionMemory::SMALL },
    // A day's buckets are gone through by each query.
    reader: ConnectionMemory { cache_kib: 4_096, ..ConnectionMemory::SMALL },
    readers: 4,
    advice: Advice {
        not_ours: "holds no windows of cartlog; move it away, or choose another data directory",
        other_version: "start the version of cartlog that wrote it, or delete the file: it is filled again from the log",
        if_damaged: "",
        begun_anew: "the metric windows are damaged: what is left of them is moved away and may be deleted, and they are counted anew",
    },
};

/// Which slot is this side now.
pub(super) fn slot(tx: &Transaction<'_>, side: Side) -> rusqlite::Result<Slot> {
    let live = side == Side::Live;
    tx.prepare_cached("SELECT slot FROM sides WHERE live = ?1")?.query_row([live], |row| row.get(0).map(Slot))
}

/// The slot's checkpoint; `None`: nothing was applied to it yet.
pub(super) fn checkpoint(tx: &Transaction<'_>, slot: Slot) -> rusqlite::Result<Option<Checkpoint>> {
    tx.prepare_cached("SELECT log_id, event_id, position FROM sides WHERE slot = ?1")?.query_row([slot.0], |row| {
        let (Some(log_id), Some(event_id)) = (uuid(row, 0)?, uuid(row, 1)?) else {
            return Ok(None);
        };
        Ok(Some(Checkpoint { log_id: LogId(log_id), position: position(row, 2)?, event_id }))
    })
}

pub(super) fn state(tx: &Transaction<'_>, side: Side) -> rusqlite::Result<SideState> {
    let slot = slot(tx, side)?;
    let (skipped, latest_clock, event_hash) = tx
        .prepare_cached("SELECT skipped, latest_clock_ms, event_hash FROM sides WHERE slot = ?1")?
        .query_row([slot.0], |row| {
            let latest_clock = row.get::<_, Option<i64>>(1)?.map(Timestamp::from_millis);
            Ok((unsigned(row, 0)?, latest_clock, row.get::<_, Option<[u8; 32]>>(2)?.map(EventHash::from)))
        })?;
    let sql =
        format!("SELECT position, stream, event_type, reason FROM skipped_{} ORDER BY position DESC LIMIT ?1", slot.0);
    let mut latest = tx
        .prepare_cached(&sql)?
        .query_map([SKIPPED_KEPT as i64], |row| {
            Ok(Skipped {
                position: position(row, 0)?,
                stream: row.get(1)?,
                event_type: row.get(2)?,
                reason: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    latest.reverse();
    Ok(SideState { checkpoint: checkpoint(tx, slot)?, event_hash, latest_clock, skipped, latest_skipped: latest })
}

fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(Uuid::from_bytes))
}

fn position(row: &Row<'_>, column: usize) -> rusqlite::Result<Position> {
    unsigned(row, column).map(Position)
}
