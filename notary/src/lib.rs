//! Signs the heads of the log's tree: how many leaves it has, and its root, as <https://c2sp.org/tlog-checkpoint> says.
//!
//! What lives here: under which name a log signs ([`LogName`], [`incarnation`]), when and what it signs ([`Notary`]), keeping what was
//! published, and what strangers are told ([`PublicLog`]). What doesn't: the formats, which are `proof`'s; the tree, which is `tlog`'s; where keys are kept, which is the vault's; HTTP.
//! The guarantee: no two heads of one origin contradict each other. Each extends the one before, which is proved by the tree's own tiles
//! before it is written into the vault, and it is written there, durably and by compare-and-swap, before anybody sees it. Two notaries at
//! once, and one that dies anywhere, sign nothing else than one that lives would.
//!
//! The log's events have to be on the disk before the tree has them: with the embedded log that is so at full durability only.
//!
//! What it can't do: tell a log that was rewritten before its first head was signed from one that was not; and stop whoever has both the
//! key and the log from signing something else elsewhere. Against that others keep heads, or witnesses sign them too.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod error;
mod incarnation;
mod name;
mod public;
mod sign;
mod work;

pub use error::{Head, NotaryError};
pub use incarnation::{IncarnationError, incarnation};
pub use name::{LogName, LogNameError};
pub use public::{PublicIncarnation, PublicLog, PublicProof, PublicTile};
pub use sign::{Notary, Step};
pub use work::{NotarySettings, NotaryStatus};
