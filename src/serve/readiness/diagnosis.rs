//! What is the matter with a part, what can't be done because of it, and what is told of it.

use api::{Part, PartState, RequestKind};
use domain::Timestamp;
use tokio::time::Instant;

pub const COMMANDS: &[RequestKind] = &[RequestKind::Commands];
pub const QUERIES: &[RequestKind] = &[RequestKind::Queries];
pub const BOTH: &[RequestKind] = &[RequestKind::Commands, RequestKind::Queries];
pub const NOTHING: &[RequestKind] = &[];

/// What was found of one part.
pub struct Diagnosis {
    pub name: &'static str,
    pub troubles: Vec<Finding>,
}

pub struct Finding {
    state: PartState,
    reason: String,
    stops: &'static [RequestKind],
    since: Option<Instant>,
}

impl Finding {
    pub fn new(state: PartState, reason: impl ToString, stops: &'static [RequestKind]) -> Self {
        Self { state, reason: reason.to_string(), stops, since: None }
    }

    pub fn degraded(reason: impl ToString) -> Self {
        Self::new(PartState::Degraded, reason, NOTHING)
    }

    pub fn away(reason: impl ToString, stops: &'static [RequestKind]) -> Self {
        Self::new(PartState::Away, reason, stops)
    }

    pub fn since(self, since: Instant) -> Self {
        Self { since: Some(since), ..self }
    }
}

/// What is told of a part, now that this was found. What was so before has been so since then.
pub fn part(Diagnosis { name, troubles }: Diagnosis, before: &[Part], now: Timestamp) -> Part {
    let before = before.iter().find(|part| part.name == name);
    let state = troubles.iter().map(|trouble| trouble.state).max().unwrap_or(PartState::Ok);
    let noticed = match before {
        Some(before) if before.state == state => before.since,
        Some(_) => Some(now),
        None => troubles.first().map(|_| now),
    };
    let ago = troubles.iter().filter_map(|trouble| trouble.since).map(|since| since.elapsed()).max();
    let began = ago.map(|ago| now.minus(chrono::TimeDelta::from_std(ago).unwrap_or_default()));
    let since = match (began, noticed) {
        (Some(began), Some(noticed)) => Some(began.min(noticed)),
        (began, noticed) => began.or(noticed),
    };
    let reasons: Vec<_> = troubles.iter().map(|trouble| trouble.reason.as_str()).collect();
    let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
    let stops = BOTH.iter().copied().filter(|asked| troubles.iter().any(|trouble| trouble.stops.contains(asked)));
    let part = Part { name: name.to_owned(), state, since, reason, stops: stops.collect() };
    tell(&part, before);
    part
}

/// A line when a part is no longer as it was.
fn tell(part: &Part, before: Option<&Part>) {
    let was = before.map_or(PartState::Ok, |before| before.state);
    let Part { name, state, reason, .. } = part;
    match (was == *state, state) {
        (true, _) => {}
        (false, PartState::Ok) => tracing::info!(part = name, "it is well again"),
        (false, PartState::Degraded) => tracing::warn!(part = name, reason, "it is degraded"),
        (false, PartState::Away) => tracing::warn!(part = name, reason, "it is away"),
    }
}
