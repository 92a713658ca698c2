//! What tests of this and other crates build nodes from: a clock that is moved by hand, lists that are counted from the log,
//! and a mailbox. Behind the feature `testing`.

mod clock;
mod lookups;
mod mailbox;

pub use clock::ManualClock;
pub use lookups::CountedLookups;
pub use mailbox::Mailbox;
