//! A worker: what it is called, which role has it, what it does, and how it is started.

use crate::config::{Role, Roles};
use crate::supervise::keep_running;
use anyhow::Result;
use std::pin::Pin;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type Doing = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Something that is done for as long as the server runs.
pub struct Worker {
    name: &'static str,
    /// Which nodes have it; `None`: all.
    role: Option<Role>,
    /// What is done before it is started. Where that fails, the server does not start.
    before: Option<Doing>,
    run: Run,
}

enum Run {
    /// It is started again when it breaks off, and ends once it is told to stop.
    Kept(Box<dyn Fn(CancellationToken) -> Doing + Send>),
    /// It keeps itself running, and has a stop of its own.
    ByItself(Box<dyn FnOnce() + Send>),
}

impl Worker {
    /// One that runs until it is told to stop; each time it is started it gets another copy of what it works with.
    pub fn kept<T, Fut>(
        name: &'static str,
        role: Option<Role>,
        with: T,
        run: impl Fn(T, CancellationToken) -> Fut + Send + 'static,
    ) -> Self
    where
        T: Clone + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let run = Box::new(move |stop| Box::pin(run(with.clone(), stop)) as Doing);
        Self { name, role, before: None, run: Run::Kept(run) }
    }

    /// One that its own crate keeps running.
    pub fn by_itself(name: &'static str, role: Option<Role>, start: impl FnOnce() + Send + 'static) -> Self {
        Self { name, role, before: None, run: Run::ByItself(Box::new(start)) }
    }

    /// With what is done before.
    pub fn after(self, before: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self { before: Some(Box::pin(before)), ..self }
    }

    /// Starts it in the tracker.
    ///
    /// # Errors
    /// What is done before it fails.
    async fn start(self, tasks: &TaskTracker, working: &CancellationToken) -> Result<()> {
        if let Some(before) = self.before {
            before.await?;
        }
        match self.run {
            Run::Kept(run) => keep_running(self.name, tasks, working, run),
            Run::ByItself(start) => start(),
        }
        Ok(())
    }
}

/// Starts those that the roles ask for, one after another.
///
/// # Errors
/// What is done before one of them fails: those after it are not started.
pub async fn start(
    workers: impl IntoIterator<Item = Worker>,
    roles: &Roles,
    tasks: &TaskTracker,
    working: &CancellationToken,
) -> Result<()> {
    for worker in workers.into_iter().filter(|worker| worker.role.is_none_or(|role| roles.has(role))) {
        worker.start(tasks, working).await?;
    }
    Ok(())
}
