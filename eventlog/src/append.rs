//! What every adapter looks at before it appends.

use crate::event::{NewEvent, StreamName};
use crate::port::AppendError;

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
