//! Shoppers at work, wherever a server answers.

use crate::endurance::load::Shopper;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Of the nodes that answer.
pub type Urls = Arc<Mutex<Vec<String>>>;

pub struct Crowd {
    at_work: JoinSet<Shopper>,
    done: watch::Receiver<usize>,
    home: CancellationToken,
}

impl Crowd {
    pub fn begin(shoppers: Vec<Shopper>, urls: &Urls) -> Self {
        let (counting, done) = watch::channel(0);
        let (counting, home, mut at_work) = (Arc::new(counting), CancellationToken::new(), JoinSet::new());
        for mut shopper in shoppers {
            let (counting, home, urls) = (Arc::clone(&counting), home.clone(), Arc::clone(urls));
            at_work.spawn(async move {
                while !home.is_cancelled() {
                    shopper.shop_at_any(|| urls.lock().clone()).await;
                    counting.send_modify(|done| *done += 1);
                }
                shopper
            });
        }
        Self { at_work, done, home }
    }

    /// Commands that are done.
    pub fn count(&self) -> usize {
        *self.done.borrow()
    }

    /// Waits until so many more are.
    pub async fn have_done(&mut self, more: usize) {
        let enough = self.count() + more;
        let shopping = self.done.wait_for(|done| *done >= enough);
        tokio::select! {
            enough = shopping => drop(enough.expect("they are shopping")),
            Some(ended) = self.at_work.join_next() => drop(ended.expect("a shopper failed")),
        }
    }

    pub async fn end(self) -> Vec<Shopper> {
        self.home.cancel();
        self.at_work.join_all().await
    }
}
