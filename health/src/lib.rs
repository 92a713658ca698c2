//! How the last tries went of what is done again and again: appends, folds, queries, sends.
//!
//! What lives here: [`Outcomes`], which whoever tries notes what comes of it in, and whoever is asked how a part is reads. What
//! doesn't: what is tried, and what follows for the whole (`src/serve/readiness`). The guarantee: a part that fails is known by
//! what it was last asked for, not by a look at something else that still goes.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// What came of the last tries of one thing. Noting takes a lock that nobody holds for long.
#[derive(Debug, Default)]
pub struct Outcomes(Mutex<LatestOutcomes>);

#[derive(Debug, Default)]
struct LatestOutcomes {
    succeeded_at: Option<Instant>,
    failing: Option<Failing>,
}

/// The last try failed, and those before it back to `since`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    pub since: Instant,
    /// When the last failed, and why.
    pub latest: Instant,
    pub reason: String,
}

impl Outcomes {
    pub fn succeeded(&self) {
        *self.0.lock() = LatestOutcomes { succeeded_at: Some(Instant::now()), failing: None };
    }

    pub fn failed(&self, reason: impl Into<String>) {
        let mut seen = self.0.lock();
        let latest = Instant::now();
        let since = seen.failing.as_ref().map_or(latest, |failing| failing.since);
        seen.failing = Some(Failing { since, latest, reason: reason.into() });
    }

    /// `None`: the last try succeeded, or there was none.
    pub fn failing(&self) -> Option<Failing> {
        self.0.lock().failing.clone()
    }

    /// Whether a try would tell something new: the last failed, or none succeeded for so long.
    pub fn is_due(&self, after: Duration) -> bool {
        let seen = self.0.lock();
        seen.failing.is_some() || seen.succeeded_at.is_none_or(|at| at.elapsed() >= after)
    }

    /// Notes what comes of `trying`: `fault` says which errors are its own. If whoever waits for it gives up after `patience` or
    /// more, that it takes so long is noted; before that, nothing.
    pub async fn watch<T, E>(
        &self,
        patience: Duration,
        trying: impl Future<Output = Result<T, E>>,
        fault: impl Fn(&E) -> Option<String>,
    ) -> Result<T, E> {
        let waiting = UnfinishedTry { outcomes: self, began: Instant::now(), patience, is_over: false };
        let outcome = trying.await;
        waiting.over();
        match outcome.as_ref().map_err(fault) {
            Ok(_) => self.succeeded(),
            Err(Some(reason)) => self.failed(reason),
            // It was answered; what was asked for can't be had.
            Err(None) => {}
        }
        outcome
    }
}

/// A try whose outcome is not there yet.
struct UnfinishedTry<'a> {
    outcomes: &'a Outcomes,
    began: Instant,
    patience: Duration,
    is_over: bool,
}

impl UnfinishedTry<'_> {
    fn over(mut self) {
        self.is_over = true;
    }
}

impl Drop for UnfinishedTry<'_> {
    fn drop(&mut self) {
        let waited = self.began.elapsed();
        if !self.is_over && waited >= self.patience {
            self.outcomes.failed(format!("it did not answer within {} s", waited.as_secs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn it_fails_since_the_first_of_the_failures_in_a_row_and_tells_the_last_reason() {
        let outcomes = Outcomes::default();
        assert_eq!(outcomes.failing(), None);
        outcomes.failed("a");
        tokio::time::advance(PATIENCE).await;
        outcomes.failed("b");
        let (since, latest) = (Instant::now() - PATIENCE, Instant::now());
        assert_eq!(outcomes.failing(), Some(Failing { since, latest, reason: "b".to_owned() }));
        outcomes.succeeded();
        assert_eq!(outcomes.failing(), None);
        outcomes.failed("c");
        assert_eq!(outcomes.failing().map(|failing| failing.since), Some(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_is_due_unless_one_has_succeeded_lately() {
        let outcomes = Outcomes::default();
        assert!(outcomes.is_due(PATIENCE), "there was none");
        outcomes.succeeded();
        assert!(!outcomes.is_due(PATIENCE));
        tokio::time::advance(PATIENCE).await;
        assert!(outcomes.is_due(PATIENCE));
        outcomes.succeeded();
        outcomes.failed("a");
        assert!(outcomes.is_due(PATIENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_says_so_only_after_some_patience() {
        let outcomes = Outcomes::default();
        let silent = std::future::pending::<Result<(), String>>;
        let asked = outcomes.watch(PATIENCE, silent(), |reason| Some(reason.clone()));
        assert!(tokio::time::timeout(PATIENCE / 2, asked).await.is_err());
        assert_eq!(outcomes.failing(), None);
        let asked = outcomes.watch(PATIENCE, silent(), |reason| Some(reason.clone()));
        assert!(tokio::time::timeout(PATIENCE, asked).await.is_err());
        assert_eq!(outcomes.failing().map(|failing| failing.reason).as_deref(), Some("it did not answer within 2 s"));
    }

    #[tokio::test]
    async fn errors_of_whoever_asked_say_nothing() {
        let outcomes = Outcomes::default();
        let answered = async |answer: Result<(), &'static str>| {
            let fault = |reason: &&str| (*reason != "not found").then(|| (*reason).to_owned());
            let _ = outcomes.watch(PATIENCE, async { answer }, fault).await;
            outcomes.failing().map(|failing| failing.reason)
        };
        assert_eq!(answered(Err("not found")).await, None);
        assert_eq!(answered(Err("away")).await.as_deref(), Some("away"));
        assert_eq!(answered(Err("not found")).await.as_deref(), Some("away"));
        assert_eq!(answered(Ok(())).await, None);
    }
}
