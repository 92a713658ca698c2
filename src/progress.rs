//! How far something long is: a bar on a terminal, plain lines with rate and time left otherwise. On stderr.
//!
//! What doesn't live here: what is being done. Nothing is shown of what is done within two seconds.

use crate::units;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What is done sooner needs no showing.
const WORTH_SHOWING: Duration = Duration::from_secs(2);
/// How often a plain line is written.
const LINE_EVERY: Duration = Duration::from_secs(5);

static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Does something that writes to the terminal, while no bar is drawn.
pub fn beside_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

/// One long thing under way. Cleared when dropped.
pub struct Progress {
    what: String,
    /// Time goes by itself: it has no rate.
    has_rate: bool,
    unit: &'static str,
    started: Instant,
    /// Where it stood when it was first told of: only what is done from there on says how fast it goes.
    first: Option<u64>,
    done: u64,
    total: u64,
    shown: Shown,
}

enum Shown {
    Bar(Option<ProgressBar>),
    Lines { last: Instant },
}

impl Progress {
    /// `what` is being done; `unit` is what is counted, in the plural.
    pub fn new(what: impl Into<String>, unit: &'static str) -> Self {
        let started = Instant::now();
        let shown = match io::stderr().is_terminal() {
            true => Shown::Bar(None),
            false => Shown::Lines { last: started },
        };
        Self { what: what.into(), has_rate: unit != "seconds", unit, started, first: None, done: 0, total: 0, shown }
    }

    /// It is this far now.
    pub fn at(&mut self, done: u64, total: u64) {
        self.first.get_or_insert(done);
        (self.done, self.total) = (done, total);
        match &mut self.shown {
            Shown::Bar(Some(bar)) => {
                bar.set_length(total);
                bar.set_position(done);
            }
            Shown::Bar(bar @ None) => {
                if self.started.elapsed() >= WORTH_SHOWING {
                    *bar = Some(new_bar(&self.what, self.unit, self.has_rate, done, total, self.started.elapsed()));
                }
            }
            Shown::Lines { last } => {
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    eprintln!("{}", self.line());
                }
            }
        }
    }

    fn line(&self) -> String {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = (self.done - self.first.unwrap_or(0).min(self.done)) as f64 / seconds;
        let left = self.total.saturating_sub(self.done);
        let eta = match rate > 0.0 {
            // A rate close to nothing says as much as none.
            true => Duration::try_from_secs_f64(left as f64 / rate).map_or("?".to_owned(), units::duration),
            false => "?".to_owned(),
        };
        let (done, total) = (units::count(self.done), units::count(self.total));
        if !self.has_rate {
            return format!("{}: {done} of {total} {}", self.what, self.unit);
        }
        format!("{}: {done} of {total} {}, {} a second, {eta} left", self.what, self.unit, units::count(rate as u64))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        match &self.shown {
            Shown::Bar(Some(bar)) => bar.finish_and_clear(),
            Shown::Bar(None) | Shown::Lines { .. } => {}
        }
    }
}

/// Where catching up ends: where the log was when it began. Who is behind by what comes in meanwhile is not catching up any more.
#[derive(Default)]
pub struct Goal {
    goal: Option<u64>,
    done: u64,
}

impl Goal {
    /// What is to be reached; `None` once it is, until there is nothing to do or it begins anew.
    pub fn of(&mut self, done: u64, total: u64) -> Option<u64> {
        let begins_anew = done < std::mem::replace(&mut self.done, done);
        if begins_anew || done >= total {
            self.goal = None;
        }
        if done >= total {
            return None;
        }
        let goal = *self.goal.get_or_insert(total);
        (done < goal).then_some(goal)
    }
}

/// One bar after another, each for a part of the work.
pub struct Stages {
    unit: &'static str,
    shown: Option<(String, Progress)>,
}

impl Stages {
    /// All count this, in the plural.
    pub fn of(unit: &'static str) -> Self {
        Self { unit, shown: None }
    }

    /// This part is so far now.
    pub fn at(&mut self, what: &str, done: u64, total: u64) {
        if self.shown.as_ref().is_none_or(|(current, _)| current != what) {
            self.shown = Some((what.to_owned(), Progress::new(what, self.unit)));
        }
        if let Some((_, progress)) = &mut self.shown {
            progress.at(done, total);
        }
    }
}

fn new_bar(what: &str, unit: &str, has_rate: bool, done: u64, total: u64, elapsed: Duration) -> ProgressBar {
    let bar = BARS.add(ProgressBar::new(total).with_position(done).with_elapsed(elapsed).with_message(what.to_owned()));
    let rate = if has_rate { ", {rate} a second, {eta} left" } else { "" };
    let template = format!("{{msg}} [{{bar:30}}] {{human_pos}} of {{human_len}} {unit}{rate}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // What a bar can't show, nobody can do anything about.
            let _ = text.write_str(&units::count(state.per_sec() as u64));
        };
        bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_a_log_that_grows_is_not_catching_up_for_ever() {
        let mut goal = Goal::default();
        assert_eq!(goal.of(0, 1_000), Some(1_000));
        assert_eq!(goal.of(600, 1_400), Some(1_000));
        assert_eq!(goal.of(1_000, 1_600), None);
        assert_eq!(goal.of(1_590, 1_610), None);
        assert_eq!(goal.of(1_610, 1_610), None);
        assert_eq!(goal.of(1_610, 1_615), Some(1_615), "a moment behind, which is not worth showing");
        assert_eq!(goal.of(1_616, 1_620), None);
        assert_eq!(goal.of(0, 2_000), Some(2_000), "it begins anew");
    }
}
