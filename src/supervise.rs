//! Tasks that are started again when they break off.
//!
//! What doesn't live here: what the tasks do. The guarantee: a task that fails or panics is started again, after a pause that
//! grows to half a minute while it keeps failing, until it is told to stop.

use rand::RngExt;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 200 });
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Whoever ran this long has recovered: the next failure is a first one.
const RECOVERED: Duration = Duration::from_secs(60);

/// Keeps `task` running in the tracker until `stop`. Each start gets a new future.
pub fn keep_running<F, Fut>(name: &'static str, tasks: &TaskTracker, stop: &CancellationToken, task: F)
where
    F: Fn(CancellationToken) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let stop = stop.clone();
    tasks.spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            // A task of its own, so that a panic ends the attempt only.
            let reason = match tokio::spawn(task(stop.clone())).await {
                Ok(Ok(())) => "it ended".to_owned(),
                Ok(Err(error)) => format!("{error:#}"),
                Err(error) => error.to_string(),
            };
            if stop.is_cancelled() {
                return;
            }
            if started.elapsed() >= RECOVERED {
                pause = FIRST_PAUSE;
            }
            let jittered = pause.mul_f64(crate::random::rng().random_range(0.75..1.25));
            tracing::error!(
                task = name,
                reason,
                pause_ms = jittered.as_millis() as u64,
                "a task broke off; starting it again"
            );
            metrics::counter!("cartlog_task_restarts_total", "task" => name).increment(1);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(jittered) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_task_that_fails_or_panics_is_started_again_until_it_is_told_to_stop() {
        let (tasks, stop, starts) = (TaskTracker::new(), CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&starts);
        keep_running("test", &tasks, &stop, move |stop| {
            let start = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match start {
                    0 => anyhow::bail!("no luck"),
                    1 => panic!("bad luck"),
                    _ => stop.cancel(),
                }
                Ok(())
            }
        });
        tasks.close();
        tasks.wait().await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
    }
}
