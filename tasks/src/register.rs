//! Which tasks there are, and how each is: one list of the process, as its metrics are.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Whoever ran this long has recovered: the next failure is a first one.
pub(crate) const RECOVERED: Duration = Duration::from_secs(60);
/// Panics in a row, without recovering in between, after which nobody believes in the next start.
const HOPELESS: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    Running,
    /// It broke off, and is started again after a pause.
    Resting,
    /// It can't be helped within this process.
    Dead,
}

/// One task, as it is now.
#[derive(Clone, Debug)]
pub struct Task {
    pub name: &'static str,
    pub state: TaskState,
    /// For how long it has been so.
    pub lasts: Duration,
    /// Why it broke off last; not for everybody's eyes.
    pub last_reason: Option<String>,
    /// How often it was started again.
    pub restarts: u64,
}

impl Task {
    /// Whether it works, and has for a while if it ever broke off.
    pub fn is_well(&self) -> bool {
        self.state == TaskState::Running && (self.restarts == 0 || self.lasts >= RECOVERED)
    }
}

struct Entry {
    name: &'static str,
    state: TaskState,
    since: Instant,
    last_reason: Option<String>,
    restarts: u64,
}

#[derive(Default)]
struct Register {
    next: u64,
    entries: BTreeMap<u64, Entry>,
}

static REGISTER: LazyLock<Mutex<Register>> = LazyLock::new(Mutex::default);
/// The first sentence of the first death.
static DEATH: LazyLock<watch::Sender<Option<String>>> = LazyLock::new(|| watch::Sender::new(None));

/// All that are under way, or dead, by name.
pub fn all() -> Vec<Task> {
    let register = REGISTER.lock();
    let task = |entry: &Entry| Task {
        name: entry.name,
        state: entry.state,
        lasts: entry.since.elapsed(),
        last_reason: entry.last_reason.clone(),
        restarts: entry.restarts,
    };
    let mut tasks: Vec<Task> = register.entries.values().map(task).collect();
    tasks.sort_by_key(|task| task.name);
    tasks
}

/// Waits until one is dead; says which, and why. At once, if one is already.
pub async fn death() -> String {
    let mut death = DEATH.subscribe();
    // The sender is never dropped.
    let told = death.wait_for(Option::is_some).await.map(|told| told.clone());
    told.ok().flatten().unwrap_or_default()
}

/// A task in the list, for as long as this lives; a dead one stays there. For whoever starts it again by rules of their own.
#[derive(Debug)]
pub struct Watched {
    id: u64,
    name: &'static str,
    panics: u32,
    started: Instant,
}

impl Watched {
    /// It runs.
    pub fn new(name: &'static str) -> Self {
        let entry = Entry { name, state: TaskState::Running, since: Instant::now(), last_reason: None, restarts: 0 };
        let mut register = REGISTER.lock();
        register.next += 1;
        let id = register.next;
        register.entries.insert(id, entry);
        metrics::counter!("cartlog_task_restarts_total", "task" => name).increment(0);
        Self { id, name, panics: 0, started: Instant::now() }
    }

    /// It broke off, with a panic or by itself, and is started again after the pause. `false`: it never will, as it panicked too often.
    pub(crate) fn broke_off(&mut self, reason: &str, by_panic: bool, pause: Duration) -> bool {
        if self.started.elapsed() >= RECOVERED {
            self.panics = 0;
        }
        self.panics = if by_panic { self.panics + 1 } else { 0 };
        let is_dead = self.panics >= HOPELESS;
        self.is(if is_dead { TaskState::Dead } else { TaskState::Resting }, Some(reason));
        let (task, pause_ms) = (self.name, pause.as_millis() as u64);
        match is_dead {
            true => {
                let sentence = format!("'{task}' broke off {HOPELESS} times in a row ({reason})");
                tracing::error!(task, reason, "a task broke off again and again; it is not started any more");
                DEATH.send_if_modified(|death| death.is_none().then(|| *death = Some(sentence)).is_some());
            }
            false => tracing::error!(task, reason, pause_ms, "a task broke off; starting it again"),
        }
        !is_dead
    }

    /// It is started again.
    pub(crate) fn restarted(&mut self) {
        self.started = Instant::now();
        self.is(TaskState::Running, None);
        metrics::counter!("cartlog_task_restarts_total", "task" => self.name).increment(1);
    }

    /// How long the last start has lasted.
    pub(crate) fn ran(&self) -> Duration {
        self.started.elapsed()
    }

    fn is(&self, state: TaskState, reason: Option<&str>) {
        if let Some(entry) = REGISTER.lock().entries.get_mut(&self.id) {
            entry.restarts += u64::from(state == TaskState::Running);
            (entry.state, entry.since) = (state, Instant::now());
            entry.last_reason = reason.map(str::to_owned).or(entry.last_reason.take());
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut register = REGISTER.lock();
        if register.entries.get(&self.id).is_some_and(|entry| entry.state != TaskState::Dead) {
            register.entries.remove(&self.id);
        }
    }
}
