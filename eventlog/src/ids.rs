//! Ids that the log gives by itself: its own, and those of the events that only it writes and reads.

use uuid::Uuid;

/// One that nobody has had. Nothing depends on which: it is compared, and never repeated.
#[expect(clippy::disallowed_methods, reason = "the log's own source of ids; no test has to know one beforehand")]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}
