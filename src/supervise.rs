//! How the long-lived tasks of this process are, and what becomes of the process when one can't be helped.
//!
//! What doesn't live here: what the tasks do, and how they are started again (the crate `tasks`, which those inside of the other
//! crates use too). The guarantee: a task that breaks off is started again and named in `/readyz`, in `cartlog status` and in a
//! metric until it has recovered; one that is hopeless ends the process, with a sentence and [`DEAD`].

use crate::status::report;
use eventlog::with_causes;
use tasks::{Task, TaskState};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use tasks::{death, thread};

/// What the process exits with when a task can't be helped: whoever started it may start another one.
pub const DEAD: u8 = 4;

/// A task of the server that can't be helped.
#[derive(Debug, thiserror::Error)]
#[error("{0}; the server has stopped, start it again")]
pub struct Dead(pub String);

/// Keeps `task` running in the tracker until `stop`. Each start gets a new future.
pub fn keep_running<F, Fut>(name: &'static str, tracker: &TaskTracker, stop: &CancellationToken, task: F)
where
    F: Fn(CancellationToken) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let (stop, told) = (stop.clone(), stop.clone());
    tracker.spawn(async move {
        let started = move || {
            let (running, stop) = (task(stop.clone()), stop.clone());
            async move {
                match running.await {
                    Ok(()) if stop.is_cancelled() => Ok(()),
                    Ok(()) => Err("it ended".into()),
                    Err(error) => Err(with_causes(error.as_ref()).into()),
                }
            }
        };
        tasks::keep(name, &told, started).await;
    });
}

/// What is to be said of tasks that are not well, to everybody, and whether the server is of no use because of it.
pub fn troubles() -> Vec<(String, String, bool)> {
    let unwell = tasks::all().into_iter().filter(|task| !task.is_well());
    unwell.map(|task| (format!("the task '{}'", task.name), said(&task), task.state == TaskState::Dead)).collect()
}

/// No reason: it may name what is not for everybody.
fn said(task: &Task) -> String {
    match task.state {
        TaskState::Running => format!("it broke off, and was started again {} s ago", task.lasts.as_secs()),
        TaskState::Resting => "it broke off, and is started again in a moment; the log says why".to_owned(),
        TaskState::Dead => "it broke off again and again; the log says why".to_owned(),
    }
}

/// All tasks, for those who may know all.
pub fn all() -> Vec<report::Task> {
    let state = |state: TaskState| match state {
        TaskState::Running => "running",
        TaskState::Resting => "broke off",
        TaskState::Dead => "dead",
    };
    let task = |task: Task| report::Task {
        name: task.name.to_owned(),
        state: state(task.state).to_owned(),
        for_seconds: task.lasts.as_secs(),
        restarts: task.restarts,
        last_reason: task.last_reason,
    };
    tasks::all().into_iter().map(task).collect()
}

/// Sets the gauges that say which are well.
pub fn record() {
    let tasks = tasks::all();
    for task in &tasks {
        // One name may be several: then the worst counts.
        let all_run = tasks.iter().filter(|other| other.name == task.name).all(|task| task.state == TaskState::Running);
        metrics::gauge!("cartlog_task_up", "task" => task.name).set(f64::from(u8::from(all_run)));
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::Parser;
    use std::process::Command;

    /// In a process of its own, as a dead task stays in the list of its process.
    #[test]
    fn a_server_with_a_task_that_can_not_be_helped_stops_in_order_and_exits_with_4() {
        let directory = tempfile::tempdir().expect("a directory");
        let server = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "supervise::tests::a_doomed_server", "--ignored", "--nocapture"])
            // Whatever is set for other tests is not for it.
            .env_clear()
            .env("DOOMED_IN", directory.path())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&server.stdout) + String::from_utf8_lossy(&server.stderr);
        assert_eq!(server.status.code(), Some(4), "{said}");
        assert!(said.contains("listening on"), "{said}");
        assert!(said.contains("'doomed' broke off 10 times in a row (it panicked: it is lost)"), "{said}");
        for file in ["log.sqlite", "vault.sqlite", "views.sqlite"] {
            assert!(directory.path().join(file).exists(), "{file}: {said}");
            let beside = std::fs::metadata(directory.path().join(format!("{file}-wal"))).map_or(0, |wal| wal.len());
            assert_eq!(beside, 0, "{file} is not whole by itself: {said}");
        }
    }

    #[test]
    #[ignore = "it is the process of the test above"]
    fn a_doomed_server() {
        let Some(directory) = std::env::var_os("DOOMED_IN") else { return };
        let thread = super::thread("doomed", || {
            panic!("it is lost");
        })
        .expect("a thread");
        let data = directory.to_str().expect("plain").to_owned();
        let cli = Cli::parse_from(["cartlog", "serve", "--listen", "127.0.0.1:0", "--data", &data]);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let error = runtime.block_on(cli.run()).expect_err("it is doomed");
        drop(thread);
        println!("{}", eventlog::with_causes(error.as_ref()));
        std::process::exit(crate::code_of(&error).into());
    }
}
