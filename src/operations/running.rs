//! What only a running server knows.

use crate::engines::kafka::Forwarder;
use crate::kafka::topics::Topics;
use crate::wiring::Leading;
use crate::wiring::views::ViewsKeeper;
use commands::{Reactions, ReactionsStatus};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// What only a running server knows.
pub struct Running {
    pub url: String,
    pub since: Instant,
    pub reactions: CurrentReactions,
    /// What one of several nodes does for all.
    pub works: Vec<(&'static str, Arc<Leading>)>,
    /// Where it forwards to.
    pub topics: Topics,
    /// What forwards, where this node does.
    pub forwarder: Option<Forwarder>,
}

impl Running {
    /// By work that one node does for all, whether this one does it.
    pub fn leads(&self, views: &ViewsKeeper) -> Vec<(String, bool)> {
        let leads = self.works.iter().filter_map(|(work, leading)| Some(((*work).to_owned(), leading.leads()?)));
        let leads = leads.chain(views.leads().map(|leads| ("views".to_owned(), leads)));
        leads.chain(self.forwarder.iter().map(|forwarder| ("kafka".to_owned(), forwarder.leads()))).collect()
    }
}

/// How the reactions are that run now: another worker after each restart of the task. Cheap to clone.
#[derive(Clone)]
pub struct CurrentReactions(watch::Sender<Arc<Mutex<ReactionsStatus>>>);

impl CurrentReactions {
    /// Before any runs.
    pub fn none() -> Self {
        Self(watch::Sender::new(Arc::default()))
    }

    /// These run now.
    pub fn are(&self, reactions: &Reactions) {
        self.0.send_replace(reactions.status());
    }

    pub fn status(&self) -> ReactionsStatus {
        self.0.borrow().lock().clone()
    }
}
