//! What tests of this and other crates build nodes from: a clock that is moved by hand, lists that are counted from the log,
//! a mailbox, and snapshots in memory. Behind the feature `testing`.

mod clock;
mod lookups;
mod mailbox;
mod snapshots;

pub use clock::ManualClock;
pub use lookups::CountedLookups;
pub use mailbox::Mailbox;
pub use snapshots::KeptSnapshots;
