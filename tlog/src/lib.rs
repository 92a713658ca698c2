//! The log's tree, kept beside the log: a Merkle tree over its events (RFC 6962), as <https://c2sp.org/tlog-tiles> publishes one, and
//! what helps to find events in the log.
//!
//! What lives here: the fold of recorded events ([`Builder`]), where a tree is kept ([`TreeStore`] and its adapters), following the log
//! ([`Follower`]), and reading ([`Tree`]). What doesn't: the formats, which are `proof`'s; keys, signatures and HTTP. The guarantee: a
//! tree follows from the log alone, to the byte and however its events came in batches, so that it can be thrown away and built
//! again; it moves in one step together with the position that it reached.
//!
//! What is kept is small, about 43 bytes an event: no event and no record of one is kept twice. A record is made anew from the log, and
//! compared with the hash that is kept.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod batch;
mod builder;
mod chunk;
mod filter;
mod follow;
mod key;
mod numbers;
#[cfg(feature = "postgres")]
mod postgres;
mod read;
mod record;
mod rules;
mod said;
mod span;
mod sqlite;
mod store;
mod subtree;
mod tree;
mod varint;

pub use batch::{Batch, ChunkRow, FilterRow, SpanRow, State, TileRow};
pub use builder::{Builder, FoldError, Stretch};
pub use chunk::CHUNK;
pub use filter::BLOCK;
pub use follow::{Anew, CatchUp, FollowError, FollowSettings, Follower, TreeStatus, WhyAnew};
pub use key::Key;
#[cfg(feature = "postgres")]
pub use postgres::PostgresTree;
pub use rules::{Rules, RulesInForce, UnknownRules};
pub use span::{Place, SPAN};
pub use sqlite::SqliteTree;
pub use store::{TreeStore, TreeStoreError};
pub use tree::{AsOf, Difference, Differs, Found, FoundPage, MAX_RANKS, Part, Sought, Tree, TreeError};
