//! The port of the read stores: it speaks of views, rows and queries, never of SQL.
//!
//! What lives here: what a view declares ([`declare`]), how it is filled ([`generation`]), what is asked of a store ([`query`]), what is written ([`write`]), and
//! [`ReadStore`] itself. What doesn't: what a row means. The guarantee that adapters give: rows and checkpoint of a batch
//! move in one transaction, and a reader sees all of a row's change or none of it.

mod declare;
mod generation;
mod port;
mod query;
mod write;

pub use declare::{Column, Index, KeyKind, Kind, Labels, SearchField, Searched, Value, ViewDeclaration};
pub use generation::{Generation, GenerationState, Table};
pub(crate) use port::Flaw;
pub use port::{ReadStore, ReadStoreError};
pub use query::{Filter, Hit, List, Search, SearchHit, Through};
pub use write::{Changed, Commit, Facets, Parked, ParkedUnit, RowWrite, TableChanges, Tip};
