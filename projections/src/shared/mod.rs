//! Views that several nodes share: all read them, one at a time fills them. Each version of a view is led by itself, so that nodes of two
//! versions of the program live beside each other: what both know is filled by one of them, and each fills what only it knows.
//!
//! What lives here: learning what answers, and up to where, from the store itself ([`follow`]), and filling while this node
//! leads ([`lead`]), and clearing away what no version of the program fills any more ([`outlived`]). What doesn't: who leads (the crate `postgres`) and how views are filled ([`crate::fill`]). The guarantee is
//! that of [`Views`], on every node: a query sees at least all events up to the position that the node gives.

mod follow;
mod lead;
mod outlived;

use crate::any_view;
use crate::fill::{ProjectionSettings, Projections, Report};
use crate::status::Progress;
use crate::store::ViewDeclaration;
use crate::{PostgresReadStore, Views};
use ::postgres::{Candidate, Database, HeldRole, LeadershipStatus, Role};
use eventlog::LogId;
use follow::FollowedViews;
use journal::Journal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the tables of a view that answers no more are kept: every node has looked again by then.
const KEPT_FOR: Duration = Duration::from_secs(3);

/// The views of a node among several. Cheap to clone.
#[derive(Clone)]
pub struct SharedViews {
    node: Arc<Node>,
    tasks: TaskTracker,
}

struct Node {
    database: Database,
    store: PostgresReadStore,
    journal: Journal,
    settings: ProjectionSettings,
    views: Views,
    log_id: OnceCell<LogId>,
    /// What this node has learned from the store of the views that it does not fill.
    known: tokio::sync::Mutex<FollowedViews>,
    leading: parking_lot::Mutex<Option<Projections>>,
    standing: parking_lot::Mutex<Option<watch::Receiver<LeadershipStatus>>>,
    stop: CancellationToken,
}

impl SharedViews {
    /// Nothing answers before [`Self::start`].
    pub fn new(database: Database, store: PostgresReadStore, journal: Journal, settings: ProjectionSettings) -> Self {
        let node = Node {
            database,
            views: Views::new(Arc::new(store.clone()), any_view::slots(settings.declared)),
            store,
            journal,
            settings: ProjectionSettings { kept_for: KEPT_FOR, ..settings },
            log_id: OnceCell::new(),
            known: tokio::sync::Mutex::default(),
            leading: parking_lot::Mutex::default(),
            standing: parking_lot::Mutex::default(),
            stop: CancellationToken::new(),
        };
        Self { node: Arc::new(node), tasks: TaskTracker::new() }
    }

    /// All views, to read: the same handle whoever leads.
    pub fn views(&self) -> Views {
        self.node.views.clone()
    }

    /// What a candidate asks for that fills them.
    pub fn roles(&self) -> Vec<Role> {
        self.node.settings.declarations().map(role).collect()
    }

    /// What whoever leads in fills the view.
    pub fn role(&self, view: &str) -> Option<Role> {
        self.node.settings.declarations().find(|declared| declared.name == view).map(role)
    }

    /// Reads along from now on; fills whenever the candidate leads. `progress` as in [`Projections::open`], of a catch-up before
    /// this node fills. Once; ends with [`Self::stop`].
    pub fn start(&self, candidate: Option<Candidate>, progress: impl Fn(Progress) + Send + Sync + 'static) {
        let node = Arc::clone(&self.node);
        self.tasks.spawn(async move {
            tasks::keep("views of others", &node.stop, || follow::follow(Arc::clone(&node))).await;
        });
        if let Some(candidate) = candidate {
            *self.node.standing.lock() = Some(candidate.standing());
            let (node, progress): (_, Report) = (Arc::clone(&self.node), Arc::new(progress));
            let candidate = Arc::new(tokio::sync::Mutex::new(candidate));
            self.tasks.spawn(async move {
                let campaign = || lead::campaign(Arc::clone(&node), Arc::clone(&candidate), Arc::clone(&progress));
                tasks::keep("leading the views", &node.stop, campaign).await;
            });
        }
    }

    /// Gives the lead back, between two batches, and reads along no more. Views can still be read.
    pub async fn stop(&self) {
        self.node.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// What fills the views, while this node leads.
    pub fn leading(&self) -> Option<Projections> {
        self.node.leading.lock().clone()
    }

    /// How this node stands; `None` where it is no candidate.
    pub fn standing(&self) -> Option<LeadershipStatus> {
        self.node.standing.lock().as_ref().map(|standing| standing.borrow().clone())
    }
}

impl Node {
    /// What it leads in.
    fn led(&self, held: &[HeldRole]) -> Vec<&'static ViewDeclaration> {
        let is_led = |view: &&'static ViewDeclaration| held.iter().any(|held| held.role == role(view));
        self.settings.declarations().filter(is_led).collect()
    }
}

/// Who has it fills the view, in this version.
fn role(view: &ViewDeclaration) -> Role {
    Role::View { name: view.name.into(), version: view.version }
}
