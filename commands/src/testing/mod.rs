//! What tests of this and other crates build nodes from: a clock that is moved by hand, lists that are counted from the log,
//! a mailbox, and snapshots in memory; and what a client asks of such a node. Behind the feature `testing`.

mod clock;
mod lookups;
mod mailbox;
mod node;
mod snapshots;
mod stub_lookups;

pub use clock::ManualClock;
pub use lookups::CountedLookups;
pub use mailbox::Mailbox;
pub use node::{done, key, parts, request};
pub use snapshots::KeptSnapshots;
pub use stub_lookups::StubLookups;
