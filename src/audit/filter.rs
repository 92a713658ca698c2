//! Which events of a history are shown. All of them are read and vouched for in any case.

use super::history::by_whom;
use super::report::HistoryEntry;
use domain::{Timestamp, TokenId};
use journal::Actor;

/// What an event must be to be shown; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    pub event_type: Option<String>,
    pub actor: Option<Actor>,
    pub request_id: Option<String>,
    /// It occurred then or later.
    pub since: Option<Timestamp>,
    /// It occurred before then.
    pub until: Option<Timestamp>,
}

impl EntryFilter {
    /// Of an event that can't be read only the type is known.
    pub fn has(&self, entry: &HistoryEntry) -> bool {
        let Self { event_type, actor, request_id, since, until } = self;
        let occurred_at = || entry.occurred_at.as_ref().and_then(|time| time.parse::<Timestamp>().ok());
        event_type.as_ref().is_none_or(|wanted| *wanted == entry.event_type)
            && actor.is_none_or(|wanted| entry.actor == Some(by_whom(wanted)))
            && request_id.as_ref().is_none_or(|wanted| entry.request_id.as_ref() == Some(wanted))
            && since.is_none_or(|since| occurred_at().is_some_and(|at| at >= since))
            && until.is_none_or(|until| occurred_at().is_some_and(|at| at < until))
    }
}

/// `token:ID`, `anonymous` or `system`, as the API writes them.
///
/// # Errors
/// The text is none of them; says what is.
pub fn actor(text: &str) -> Result<Actor, &'static str> {
    match text {
        "anonymous" => Ok(Actor::Anonymous),
        "system" => Ok(Actor::System),
        _ => {
            let token = text.strip_prefix("token:").and_then(|id| id.parse::<TokenId>().ok());
            token.map(Actor::Token).ok_or("write token:ID with a token's id, anonymous, or system")
        }
    }
}
