//! What tests of this and other crates build nodes from: a clock that is moved by hand, lists that are counted from the log,
//! a mailbox, and snapshots in memory; and what a client asks of such a node. Behind the feature `testing`.

mod clock;
mod lookups;
mod mailbox;
mod nobody;
mod node;
mod snapshots;

pub use clock::ManualClock;
pub use lookups::CountedLookups;
pub use mailbox::Mailbox;
pub use nobody::Nobody;
pub use node::{done, key, parts, request};
pub use snapshots::KeptSnapshots;
