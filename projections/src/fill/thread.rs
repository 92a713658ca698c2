//! Folding and writing block: they happen on threads of their own, never on those that serve requests.

use std::future::Future;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// No thread can be started, or it panicked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the thread '{name}' broke off")]
pub struct BrokeOff {
    pub name: &'static str,
}

/// Runs the future on a thread of its own, to its end, also when nobody waits for it any more.
pub(super) fn spawn<T: Send + 'static>(
    name: &'static str,
    future: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = Result<T, BrokeOff>> + Send + 'static {
    let (done, outcome) = oneshot::channel();
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(move || {
        // Nobody waits for it any more: then it is lost.
        let _ = done.send(runtime.block_on(future));
    });
    async move {
        match started {
            Ok(_) => outcome.await.map_err(|_| BrokeOff { name }),
            Err(_) => Err(BrokeOff { name }),
        }
    }
}
