//! Asking for the head once for all who ask at the same time.

use crate::event::Position;
use crate::port::LogError;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;

type HeadAnswer = Result<Position, LogError>;

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the look for its head broke off")]
struct LookBrokeOff;

/// Who asks gets an answer that was looked for after they asked, so that what they know to stand in the log is in it. A
/// failure is shared as well: else, with a server that keeps silent, each would wait in turn.
///
/// A task of its own looks: nobody waits for somebody who asked, and then does not go on.
#[derive(Default)]
pub(super) struct Heads(Arc<Mutex<HeadQuestion>>);

#[derive(Default)]
struct HeadQuestion {
    /// The task is there.
    looking: bool,
    /// The answer to all who asked since the last look began.
    due: Option<watch::Sender<Option<HeadAnswer>>>,
}

impl Heads {
    pub async fn ask<L, F>(&self, look: L) -> HeadAnswer
    where
        L: Fn() -> F + Send + 'static,
        F: Future<Output = HeadAnswer> + Send + 'static,
    {
        let mut answer = {
            let mut state = self.0.lock();
            let answer = state.due.get_or_insert_with(|| watch::Sender::new(None)).subscribe();
            if !std::mem::replace(&mut state.looking, true) {
                tokio::spawn(look_while_asked(Looking(Arc::clone(&self.0)), look));
            }
            answer
        };
        let broke_off = || Err(LogError::Unavailable(LookBrokeOff.into()));
        match answer.wait_for(Option::is_some).await {
            Ok(found) => found.clone().unwrap_or_else(broke_off),
            Err(_) => broke_off(),
        }
    }
}

async fn look_while_asked<L, F>(looking: Looking, look: L)
where
    L: Fn() -> F,
    F: Future<Output = HeadAnswer>,
{
    loop {
        let due = {
            let mut state = looking.0.lock();
            let Some(due) = state.due.take() else {
                state.looking = false;
                return;
            };
            due
        };
        due.send_replace(Some(look().await));
    }
}

/// Lets another one look after one that broke off.
struct Looking(Arc<Mutex<HeadQuestion>>);

impl Drop for Looking {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.lock() = HeadQuestion::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::poll;
    use std::pin::pin;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Each look finds one more.
    fn rising() -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = HeadAnswer> + Send>> + Clone + Send + 'static {
        let looks = Arc::new(AtomicU64::new(0));
        move || {
            let found = looks.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move {
                tokio::task::yield_now().await;
                Ok(Position(found))
            })
        }
    }

    #[tokio::test]
    async fn who_asked_and_does_not_go_on_holds_nobody_up() {
        let (heads, look) = (Heads::default(), rising());
        let mut left_alone = pin!(heads.ask(look.clone()));
        assert!(poll!(&mut left_alone).is_pending());
        tokio::task::yield_now().await;
        // It is looking by now: whoever asks gets the next look's answer.
        assert_eq!(heads.ask(look.clone()).await.ok(), Some(Position(2)));
        assert_eq!(left_alone.await.ok(), Some(Position(1)));
    }

    #[tokio::test]
    async fn those_who_ask_together_share_one_look() {
        let (heads, look) = (Heads::default(), rising());
        let all = futures::future::join_all((0..10).map(|_| heads.ask(look.clone()))).await;
        assert!(all.into_iter().all(|head| head.ok() == Some(Position(1))));
    }

    #[tokio::test]
    async fn after_a_look_that_broke_off_another_one_looks() {
        let heads = Heads::default();
        let broke_off = heads.ask(|| async { panic!("as a defect would") }).await;
        assert!(matches!(broke_off, Err(LogError::Unavailable(_))), "{broke_off:?}");
        assert_eq!(heads.ask(rising()).await.ok(), Some(Position(1)));
    }
}
