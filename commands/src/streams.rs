//! What the streams of aggregates are called.

use domain::Decider;
use eventlog::StreamName;

/// The name of the aggregate's stream.
pub(crate) fn stream_of<A: Decider>(id: &A::Id) -> StreamName {
    StreamName::new(A::CATEGORY.stream(id))
}
