//! What one append may hold.

use crate::event::{NewEvent, StreamName};
use crate::port::AppendError;

/// What the embedded logs take in one append unless told otherwise: 16 MiB.
pub const MAX_APPEND_BYTES: usize = 16 * 1024 * 1024;

/// What an event costs beside its own bytes: ids, times, bookkeeping. Rounded up, to bound memory by.
pub(crate) const OVERHEAD_BYTES: usize = 200;

/// Refuses an append of nothing, and one of more than `max` bytes; gives its size in bytes.
pub(crate) fn check(stream: &StreamName, events: &[NewEvent], max: usize) -> Result<usize, AppendError> {
    if events.is_empty() {
        return Err(AppendError::Empty { stream: stream.clone() });
    }
    let of_event = |event: &NewEvent| event.event_type.len() + event.data.len() + event.metadata.len();
    let bytes = stream.as_str().len() + events.iter().map(of_event).sum::<usize>();
    if bytes > max {
        return Err(AppendError::TooLarge { stream: stream.clone(), bytes });
    }
    Ok(bytes)
}
