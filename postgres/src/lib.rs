//! What everything that cartlog keeps in PostgreSQL shares.
//!
//! What lives here: connections and their settings ([`Database`], [`Sessions`]), what a failure means ([`DatabaseError`]), how tables come about
//! ([`Migrations`]), who leads where one node must do the work of all ([`Candidate`], [`Lease`]), and which formats of events nodes may write. What doesn't: any
//! table but `leaders` and `formats`, and any meaning. The guarantees: no error and no log line holds the password; nothing waits for ever for a server
//! that is away; a database that a newer version made is left as it is.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod announce;
mod database;
mod error;
mod formats;
mod leadership;
mod locks;
mod migrations;
mod pooler;
mod sessions;
mod sqlx_error;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod url;

pub use database::{Database, DatabaseOptions};
pub use error::{DatabaseError, Failed, Refusal};
pub use leadership::{Candidate, HeldRole, LeadershipStatus, Lease, Pace, Role, Unled};
pub use migrations::Migrations;
pub use sessions::Sessions;
pub use sqlx_error::{SqlxError, is_away, says};
pub use time::in_time;
pub use url::UrlRefusal;
