//! Of a kind of line one a second is written; how many were left out is told with the next one, or soon after.
//!
//! A kind is a place in the program, with the text and those fields that say of which part of the server it speaks; not with what
//! differs from request to request. Lines of `debug` and `trace` are written all: whoever asks for them wants each.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// How long a kind is silent after a line of it.
const SILENT: Duration = Duration::from_secs(1);
/// Kinds that are remembered; what comes beyond is one kind.
const MOST_KINDS: usize = 1_024;
/// By which lines from one place are of different kinds.
const PARTS: [&str; 9] = ["message", "task", "role", "side", "view", "key", "service", "file", "like"];

/// The target of lines that tell how many others were left out.
pub const TELLS_OF_OTHERS: &str = "cartlog::left_out";

/// What is remembered of kinds that were written lately.
#[derive(Default)]
pub struct Throttle {
    kinds: Mutex<HashMap<u64, Silence>>,
}

struct Silence {
    since: Instant,
    left_out: u64,
    level: Level,
    text: String,
}

/// What was left out of a kind.
pub struct LeftOut {
    pub level: Level,
    pub text: String,
    pub lines: u64,
}

impl Throttle {
    /// Whether the line is to be written; with how many of its kind were left out before it.
    pub fn admits(&self, event: &Event<'_>) -> Option<u64> {
        let level = *event.metadata().level();
        // What tells of others is due once a second and at the end: left out itself, it would take them with it.
        if level > Level::INFO || event.metadata().target() == TELLS_OF_OTHERS {
            return Some(0);
        }
        let mut kind = Kind { hash: DefaultHasher::new(), text: String::new() };
        event.metadata().callsite().hash(&mut kind.hash);
        event.record(&mut kind);
        self.admits_kind(kind.hash.finish(), level, kind.text, Instant::now())
    }

    fn admits_kind(&self, mut kind: u64, level: Level, text: String, now: Instant) -> Option<u64> {
        let mut kinds = self.kinds.lock();
        if kinds.len() >= MOST_KINDS && !kinds.contains_key(&kind) {
            kinds.retain(|_, silence| silence.left_out > 0 || now - silence.since < SILENT);
            kind = if kinds.len() >= MOST_KINDS { 0 } else { kind };
        }
        match kinds.get_mut(&kind) {
            Some(silence) if now.saturating_duration_since(silence.since) < SILENT => {
                silence.left_out += 1;
                None
            }
            Some(silence) => {
                silence.since = now;
                Some(std::mem::take(&mut silence.left_out))
            }
            None => {
                kinds.insert(kind, Silence { since: now, left_out: 0, level, text });
                Some(0)
            }
        }
    }

    /// What was left out of kinds that nothing more was written of; they are silent again from now on.
    pub fn due(&self, now: Instant) -> Vec<LeftOut> {
        self.taken(now, |silence| now.saturating_duration_since(silence.since) >= SILENT)
    }

    /// All that was left out and not told of yet.
    pub fn rest(&self) -> Vec<LeftOut> {
        self.taken(Instant::now(), |_| true)
    }

    fn taken(&self, now: Instant, is_due: impl Fn(&Silence) -> bool) -> Vec<LeftOut> {
        let mut kinds = self.kinds.lock();
        let due = kinds.values_mut().filter(|silence| silence.left_out > 0 && is_due(silence));
        let take = |silence: &mut Silence| {
            silence.since = now;
            LeftOut { level: silence.level, text: silence.text.clone(), lines: std::mem::take(&mut silence.left_out) }
        };
        due.map(take).collect()
    }
}

struct Kind {
    hash: DefaultHasher,
    text: String,
}

impl Visit for Kind {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if PARTS.contains(&field.name()) {
            let text = format!("{value:?}");
            (field.name(), &text).hash(&mut self.hash);
            if field.name() == "message" {
                self.text = text;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_kind_one_line_a_second_is_written_and_the_rest_is_counted() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |kind, millis| {
            throttle.admits_kind(kind, Level::ERROR, "appends failed".to_owned(), start + Duration::from_millis(millis))
        };
        assert_eq!([at(1, 0), at(1, 1), at(2, 2), at(1, 999)], [Some(0), None, Some(0), None]);
        assert_eq!([at(1, 1_000), at(1, 1_001)], [Some(2), None]);
        let due = |millis| throttle.due(start + Duration::from_millis(millis));
        assert_eq!(due(1_999).len(), 0, "it is silent still");
        let told = due(2_000);
        assert_eq!(
            told.iter().map(|kind| (kind.text.as_str(), kind.lines)).collect::<Vec<_>>(),
            [("appends failed", 1)]
        );
        assert_eq!(at(1, 2_999), None, "what was left out was told a moment ago");
        assert_eq!(at(1, 3_000), Some(1));
        assert_eq!(at(1, 3_001), None);
        assert_eq!(throttle.rest().iter().map(|kind| kind.lines).sum::<u64>(), 1, "at the end nothing is forgotten");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let most = MOST_KINDS as u64;
        for kind in 1..=most + 10 {
            throttle.admits_kind(kind, Level::WARN, String::new(), now);
        }
        assert!(throttle.kinds.lock().len() <= MOST_KINDS + 1);
        assert_eq!(throttle.admits_kind(most + 20, Level::WARN, String::new(), now), None, "one kind with the others");
        assert_eq!(throttle.admits_kind(most + 20, Level::WARN, String::new(), now + SILENT), Some(0));
    }
}
