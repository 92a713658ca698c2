//! The file: its tables and its settings. A change of the tables, or of what stands in them, raises the version, and the tree is built
//! again from the log.

use sqlite::{Advice, Bounds, ConnectionMemory, Format, OtherVersion, Synchronous, WhatIsFound};

const TABLES: &str = "
    CREATE TABLE state (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        leaf_version INTEGER NOT NULL,
        categories TEXT NOT NULL, -- in their order, with commas between them
        log_id BLOB NOT NULL,
        position INTEGER NOT NULL,
        event_id BLOB NOT NULL,
        frontier BLOB NOT NULL,
        latest INTEGER -- milliseconds since 1970
    ) STRICT;
    CREATE TABLE tiles (
        tile INTEGER PRIMARY KEY, -- the level in the highest byte, below it the index
        hashes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE spans (
        number INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        latest INTEGER NOT NULL, -- the least number: no event says a time
        places BLOB NOT NULL
    ) STRICT;
    CREATE INDEX spans_by_first ON spans (first);
    CREATE INDEX spans_by_latest ON spans (latest, number);
    CREATE TABLE stores (
        store BLOB PRIMARY KEY,
        kept BLOB NOT NULL
    ) STRICT;
    CREATE TABLE chunks (
        store BLOB NOT NULL,
        number INTEGER NOT NULL,
        indexes BLOB NOT NULL,
        PRIMARY KEY (store, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE filters (
        block INTEGER PRIMARY KEY,
        bits BLOB NOT NULL
    ) STRICT;
";

/// All that is kept goes.
pub(super) const CLEAR: &str = "
    DELETE FROM state; DELETE FROM tiles; DELETE FROM spans; DELETE FROM stores; DELETE FROM chunks; DELETE FROM filters;
";

pub(super) static FORMAT: Format = Format {
    what: "the log's tree",
    application_id: 0x6374_7265, // `ctre`
    version: 1,
    upgrades: &[],
    tables: |tree| tree.execute_batch(TABLES),
    other_version: OtherVersion::StartAnewIfEarlier,
    synchronous: Synchronous::Normal,
    found: WhatIsFound::MayBeLost,
    pragmas: "",
    bounds: Bounds { pass: 500, begin_anew: 2_000, idle: std::time::Duration::from_secs(1) },
    writer: ConnectionMemory { cache_kib: 4_096, ..ConnectionMemory::SMALL },
    reader: ConnectionMemory::SMALL,
    readers: 4,
    advice: Advice {
        not_ours: "holds no tree of cartlog; move it away, or choose another data directory",
        other_version: "start the version of cartlog that wrote it, or delete the file: it is built again from the log",
        if_damaged: "",
        begun_anew: "the log's tree is damaged: what is left of it is moved away and may be deleted, and it is built anew",
    },
};
