//! Which records a read of `$all` brings.

use crate::log::{FOREIGN_STREAM, Record};
use crate::wire::{Expression, FilterBy, FilterOption, Window};
use tonic::Status;

/// How many records the true server looks at for one page, unless told otherwise.
const DEFAULT_WINDOW: u32 = 32;

#[derive(Clone, Debug)]
pub(crate) struct Filter {
    by: Option<By>,
    /// After how many records that were looked at a subscription gets a checkpoint; `None` without a filter.
    pub checkpoint_interval: Option<u64>,
}

#[derive(Clone, Debug)]
enum By {
    Stream(Vec<String>),
    EventType(Vec<String>),
}

impl Filter {
    /// # Errors
    /// Expressions other than prefixes are not for this server.
    pub fn of(option: Option<FilterOption>) -> Result<Self, Status> {
        let Some(FilterOption::Filter(options)) = option else {
            return Ok(Self { by: None, checkpoint_interval: None });
        };
        if options.checkpoint_interval_multiplier == 0 {
            return Err(Status::unknown("Exception was thrown by handler."));
        }
        let window = match options.window {
            Some(Window::Max(window)) => window,
            Some(Window::Count(_)) => DEFAULT_WINDOW,
            None => return Err(Status::invalid_argument("'None' is not a valid WindowOneofCase")),
        };
        let by = match options.by {
            Some(FilterBy::StreamIdentifier(expression)) => By::Stream(prefixes(expression)?),
            Some(FilterBy::EventType(expression)) => By::EventType(prefixes(expression)?),
            None => return Err(Status::invalid_argument("'None' is not a valid FilterOneofCase")),
        };
        let interval = u64::from(window) * u64::from(options.checkpoint_interval_multiplier);
        Ok(Self { by: Some(by), checkpoint_interval: Some(interval) })
    }

    /// Whether it lets nothing of a stretch of others' records through.
    pub fn passes_stretches_over(&self) -> bool {
        matches!(&self.by, Some(By::Stream(prefixes)) if !prefixes.iter().any(|prefix| FOREIGN_STREAM.starts_with(prefix)))
    }

    pub fn allows(&self, record: &Record) -> bool {
        match &self.by {
            None => true,
            Some(By::Stream(prefixes)) => prefixes.iter().any(|prefix| record.stream.starts_with(prefix)),
            Some(By::EventType(prefixes)) => prefixes.iter().any(|prefix| record.event_type.starts_with(prefix)),
        }
    }
}

fn prefixes(expression: Expression) -> Result<Vec<String>, Status> {
    match expression.regex.as_str() {
        "" => Ok(expression.prefix),
        _ => Err(Status::unimplemented("this server knows prefixes only")),
    }
}
