//! The tables, and what holds for the sessions that use them.

use postgres::Migrations;

/// Hashes and filters are not compressed, as that gains nothing.
pub(super) const TABLES: Migrations = Migrations {
    part: "tree",
    steps: &["
        CREATE TABLE tree_state (
            one smallint PRIMARY KEY CHECK (one = 1),
            leaf_version integer NOT NULL,
            categories text NOT NULL, -- in their order, with commas between them
            log_id uuid NOT NULL,
            position bigint NOT NULL,
            event_id uuid NOT NULL,
            frontier bytea NOT NULL,
            latest bigint -- milliseconds since 1970
        ) WITH (fillfactor = 50);
        CREATE TABLE tree_tiles (
            tile bigint PRIMARY KEY, -- a complete one: the level in the highest byte, below it the index
            hashes bytea NOT NULL
        );
        ALTER TABLE tree_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
        CREATE TABLE tree_edge ( -- the partial tiles, apart as each batch writes them anew: little is to be cleaned up behind it
            tile bigint PRIMARY KEY,
            hashes bytea NOT NULL
        );
        ALTER TABLE tree_edge ALTER COLUMN hashes SET STORAGE EXTERNAL;
        CREATE TABLE tree_spans (
            number bigint PRIMARY KEY,
            first bigint NOT NULL,
            latest bigint NOT NULL, -- the least number: no event says a time
            places bytea NOT NULL
        );
        CREATE INDEX tree_spans_by_first ON tree_spans (first);
        CREATE INDEX tree_spans_by_latest ON tree_spans (latest, number);
        CREATE TABLE tree_stores (store uuid PRIMARY KEY, kept bytea NOT NULL) WITH (fillfactor = 80);
        CREATE TABLE tree_chunks (
            store uuid NOT NULL, number bigint NOT NULL, indexes bytea NOT NULL, PRIMARY KEY (store, number)
        );
        CREATE TABLE tree_filters (block bigint PRIMARY KEY, bits bytea NOT NULL);
        ALTER TABLE tree_filters ALTER COLUMN bits SET STORAGE EXTERNAL;"],
};

/// Rows are found by their keys, whatever the statistics say of tables that have just begun to grow.
pub(super) const READING: &[(&str, &str)] = &[
    ("default_transaction_read_only", "on"),
    ("enable_seqscan", "off"),
    ("enable_sort", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

/// A batch need not be on the disk once it is committed: where the tree stands is written with it, so what a server that crashed has lost
/// is folded again.
pub(super) const WRITING: &[(&str, &str)] = &[
    ("synchronous_commit", "off"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

/// PostgreSQL's integers are signed: no position and no number of rows passes their largest.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// All that is kept goes.
pub(super) const CLEAR: &str =
    "TRUNCATE tree_state, tree_tiles, tree_edge, tree_spans, tree_stores, tree_chunks, tree_filters";
