//! How far something long is: a bar on a terminal, plain lines with rate and time left otherwise. On stderr.
//!
//! What doesn't live here: what is being done. Nothing is shown of what is done within two seconds.

use crate::{logging, units};
use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use parking_lot::Mutex;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// What is done sooner needs no showing.
const WORTH_SHOWING: Duration = Duration::from_secs(2);
/// How often a plain line is written.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// What a bar's line takes beside the words: the bar, two figures, rate and time left.
const BESIDE_WORDS: usize = 100;
/// The least that is left of the words.
const FEWEST_WORDS: usize = 12;

/// What is shown by bars. Only the thread that writes log lines draws them: whoever works waits for no terminal.
static BARS: LazyLock<Mutex<Bars>> = LazyLock::new(Mutex::default);
/// What was begun since it last drew.
static BEGUN: Mutex<Vec<Arc<Course>>> = Mutex::new(Vec::new());
/// How many things are under way that bars may show.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Whether there is something that [`draw`] may show.
pub fn is_shown() -> bool {
    UNDER_WAY.load(Ordering::Relaxed) > 0
}

/// Draws all bars as they are now. Blocks while the terminal stands still.
pub fn draw() {
    BARS.lock().draw();
}

/// Makes room for a line.
pub fn clear() {
    if is_shown() {
        // What a terminal does not do is not worth more tries.
        let _ = BARS.lock().all.clear();
    }
}

#[derive(Default)]
struct Bars {
    all: MultiProgress,
    each: Vec<(Arc<Course>, Option<ProgressBar>)>,
}

impl Bars {
    fn draw(&mut self) {
        self.each.extend(BEGUN.lock().drain(..).map(|course| (course, None)));
        for (course, bar) in &mut self.each {
            let (done, total) = (course.done.load(Ordering::Relaxed), course.total.load(Ordering::Relaxed));
            let is_over = course.is_over.load(Ordering::Relaxed);
            match bar {
                Some(bar) if is_over => bar.finish_and_clear(),
                Some(bar) => {
                    bar.set_length(total);
                    bar.set_position(done);
                    bar.tick();
                }
                None if course.began.elapsed() >= WORTH_SHOWING && !is_over => {
                    *bar = Some(self.all.add(new_bar(course, done, total)));
                }
                None => {}
            }
        }
        self.each.retain(|(course, _)| !course.is_over.load(Ordering::Relaxed));
    }
}

/// How far one thing is, as whoever does it says and whoever shows it sees.
struct Course {
    what: String,
    unit: &'static str,
    /// Time goes by itself: it has no rate.
    has_rate: bool,
    began: Instant,
    done: AtomicU64,
    total: AtomicU64,
    is_over: AtomicBool,
}

/// One long thing under way. Cleared when dropped.
pub struct Progress {
    course: Arc<Course>,
    /// Where it stood when it was first told of: only what is done from there on says how fast it goes.
    first: Option<u64>,
    shown: Shown,
}

enum Shown {
    Bar,
    Lines { last: Instant },
}

impl Progress {
    /// `what` is being done; `unit` is what is counted, in the plural.
    pub fn new(what: impl Into<String>, unit: &'static str) -> Self {
        let began = Instant::now();
        let course = Arc::new(Course {
            what: what.into(),
            unit,
            has_rate: unit != "seconds",
            began,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let shown = match io::stderr().is_terminal() {
            true => {
                BEGUN.lock().push(Arc::clone(&course));
                UNDER_WAY.fetch_add(1, Ordering::Relaxed);
                Shown::Bar
            }
            false => Shown::Lines { last: began },
        };
        Self { course, first: None, shown }
    }

    /// It is this far now.
    pub fn at(&mut self, done: u64, total: u64) {
        let first = *self.first.get_or_insert(done);
        self.course.done.store(done, Ordering::Relaxed);
        self.course.total.store(total, Ordering::Relaxed);
        if let Shown::Lines { last } = &mut self.shown
            && last.elapsed() >= LINE_EVERY
        {
            *last = Instant::now();
            self.course.tell(first, done, total);
        }
    }
}

impl Course {
    /// As a line of the log.
    fn tell(&self, first: u64, done: u64, total: u64) {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let rate = done.saturating_sub(first) as f64 / seconds;
        let left = total.saturating_sub(done) as f64;
        // A rate close to nothing says as much as none.
        let left = (rate > 0.0).then(|| Duration::try_from_secs_f64(left / rate).ok()).flatten();
        let mut text = format!("{}: {} of {} {}", self.what, units::count(done), units::count(total), self.unit);
        let mut fields = vec![
            ("what", self.what.as_str().into()),
            ("done", done.into()),
            ("total", total.into()),
            ("unit", self.unit.into()),
        ];
        if self.has_rate {
            let said = left.map_or("?".to_owned(), units::duration);
            text.push_str(&format!(", {} a second, {said} left", units::count(rate as u64)));
            fields.push(("per_second", (rate as u64).into()));
            fields.push(("left_seconds", left.map(|left| left.as_secs()).into()));
        }
        logging::line(&text, &fields);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.course.is_over.store(true, Ordering::Relaxed);
        if let Shown::Bar = self.shown {
            // So that no result is written beside a bar that is over.
            logging::flush();
            UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
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

fn new_bar(course: &Course, done: u64, total: u64) -> ProgressBar {
    let words = words(&course.what, Term::stderr().size_checked().map(|(_, columns)| usize::from(columns)));
    let bar = ProgressBar::new(total).with_position(done).with_elapsed(course.began.elapsed()).with_message(words);
    let rate = if course.has_rate { ", {rate} a second, {eta} left" } else { "" };
    let template = format!("{{msg}} [{{bar:20}}] {{human_pos}} of {{human_len}} {}{rate}", course.unit);
    if let Ok(style) = ProgressStyle::with_template(&template) {
        let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // What a bar can't show, nobody can do anything about.
            let _ = text.write_str(&units::count(state.per_sec() as u64));
        };
        bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
    }
    bar
}

/// As much of the words as leaves room for the rest of the line.
fn words(what: &str, columns: Option<usize>) -> String {
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(BESIDE_WORDS).max(FEWEST_WORDS));
    match what.chars().count() > room {
        true => what.chars().take(room - 1).chain(['…']).collect(),
        false => what.to_owned(),
    }
}

/// Shows how far catching up is, where it takes long enough.
pub fn catching_up(what: &'static str, unit: eventlog::LogUnit) -> impl FnMut(u64, u64) + Send {
    let (mut progress, mut goal) = (None, Goal::default());
    move |done, total| match goal.of(done, total) {
        Some(goal) => progress.get_or_insert_with(|| Progress::new(what, unit.as_str())).at(done, goal),
        None => progress = None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_one_line_of_the_terminal_however_much_it_has_to_say() {
        let what = "rebuilding carts, coupons, creations, credits, customers";
        assert_eq!(words(what, None), what);
        assert_eq!(words(what, Some(200)), what);
        assert_eq!(words(what, Some(120)), "rebuilding carts, c…");
        assert_eq!(words(what, Some(80)), "rebuilding …");
        assert_eq!(words("copying", Some(40)), "copying");
    }

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
