//! Starting again what breaks off: futures in tasks of their own, and threads.

use crate::register::{RECOVERED, Watched};
use std::any::Any;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 200 });
const LONGEST_PAUSE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 30 });
/// Whoever closes waits for threads.
const LONGEST_PAUSE_OF_THREADS: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 1 });

/// How a task ended: by itself, and it is over; or it broke off, and why: each task in its own way.
pub type Ended = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs what `start` gives, each in a task of its own, until one is over, or it is told to stop.
pub async fn keep<Fut>(name: &'static str, stop: &CancellationToken, mut start: impl FnMut() -> Fut)
where
    Fut: Future<Output = Ended> + Send + 'static,
{
    let (mut watched, mut pauses) = (Watched::new(name), Pauses::new(LONGEST_PAUSE));
    loop {
        // A task of its own, so that a panic ends the attempt only.
        let (reason, by_panic) = match tokio::spawn(start()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => (error.to_string(), false),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => (said(panic.as_ref()), true),
                // The runtime ends.
                Err(_) => return,
            },
        };
        if stop.is_cancelled() {
            return;
        }
        let pause = pauses.next(watched.ran());
        if !watched.broke_off(&reason, by_panic, pause) {
            return;
        }
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        watched.restarted();
    }
}

/// The same until one is over: of what ends by itself.
pub async fn keep_on<Fut>(name: &'static str, start: impl FnMut() -> Fut)
where
    Fut: Future<Output = Ended> + Send + 'static,
{
    keep(name, &CancellationToken::new(), start).await;
}

/// Starts a thread that works until it is done, again after each panic; what it had in hands is lost.
///
/// # Errors
/// There is no thread to be had.
pub fn thread(name: &'static str, mut work: impl FnMut() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    let work = move || {
        let (mut watched, mut pauses) = (Watched::new(name), Pauses::new(LONGEST_PAUSE_OF_THREADS));
        // What it has in hands is its own, and it begins anew with it.
        while let Err(panic) = catch_unwind(AssertUnwindSafe(&mut work)) {
            let pause = pauses.next(watched.ran());
            if !watched.broke_off(&said(panic.as_ref()), true, pause) {
                return;
            }
            std::thread::sleep(pause);
            watched.restarted();
        }
    };
    std::thread::Builder::new().name(name.replace(' ', "-")).spawn(work)
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("it panicked: {}", text.as_deref().unwrap_or("it says nothing"))
}

/// Growing while it keeps failing.
struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    fn new(longest: Duration) -> Self {
        Self { next: FIRST_PAUSE, longest }
    }

    /// After it ran for so long.
    fn next(&mut self, ran: Duration) -> Duration {
        let pause = if ran >= RECOVERED { FIRST_PAUSE } else { self.next };
        self.next = (pause * 2).min(self.longest);
        // So that what broke off together does not come back together. The standard library seeds its hash maps from the system.
        #[expect(clippy::disallowed_methods, reason = "chance in a pause alone")]
        let drawn = RandomState::new().hash_one(0_u8) % 1_000;
        pause.mul_f64(0.75 + drawn as f64 / 2_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TaskState, all, death};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_task_that_fails_or_panics_is_started_again_until_it_is_over() {
        let (stop, starts) = (CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        keep("test", &stop, || {
            let start = starts.fetch_add(1, Ordering::SeqCst);
            async move {
                match start {
                    0 => Err("no luck".into()),
                    1 => panic!("bad luck"),
                    _ => {
                        let known = all().into_iter().find(|task| task.name == "test").expect("it is in the list");
                        assert_eq!((known.state, known.restarts), (TaskState::Running, 2));
                        assert_eq!(known.last_reason.as_deref(), Some("it panicked: bad luck"));
                        assert!(!known.is_well(), "it has not recovered yet");
                        Ok(())
                    }
                }
            }
        })
        .await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
        assert!(all().iter().all(|task| task.name != "test"), "what is over is not in the list");
    }

    #[tokio::test]
    async fn a_thread_goes_on_with_what_is_left_and_is_dead_when_it_panics_for_ever() {
        let (told, numbers) = std::sync::mpsc::channel();
        (0..3).for_each(|number| told.send(number).expect("it is taken"));
        drop(told);
        let (seen, taken) = std::sync::mpsc::channel();
        let working = thread("numbers", move || {
            while let Ok(number) = numbers.recv() {
                assert_ne!(number, 1, "one is no number");
                seen.send(number).expect("it is taken");
            }
        });
        working.expect("a thread").join().expect("it ends well");
        assert_eq!(taken.iter().collect::<Vec<_>>(), [0, 2]);

        let hopeless = thread("hopeless", || panic!("as ever"));
        hopeless.expect("a thread").join().expect("it ends");
        assert_eq!(death().await, "'hopeless' broke off 10 times in a row (it panicked: as ever)");
        let dead = all().into_iter().find(|task| task.name == "hopeless").expect("it stays in the list");
        assert_eq!((dead.state, dead.is_well()), (TaskState::Dead, false));
    }
}
