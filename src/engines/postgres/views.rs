//! The views in PostgreSQL: every node reads them, one that has the role `views` fills them.

use super::databases::Databases;
use crate::wiring::views::upkeep::{Report, Upkeep, tell};
use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use journal::Journal;
use parking_lot::Mutex;
use postgres::{Database, LeadershipStatus};
use projections::store::ReadStore;
use projections::{PostgresReadStore, ProjectionSettings, SharedViews, Views};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether the views have come so far.
const LOOKED_EVERY: Duration = Duration::from_millis(20);
/// How long a node that fills nothing waits for the first look, before it serves what needs no views.
const FIRST_LOOK_WITHIN: Duration = Duration::from_secs(10);
/// How long a command waits for the lead: longer than a node that was killed keeps it.
const LEADS_WITHIN: Duration = Duration::from_secs(10);

pub struct PostgresViews {
    databases: Databases,
    database: Database,
    store: PostgresReadStore,
    /// Whether this node may fill them.
    fills: bool,
    settings: ProjectionSettings,
    views: Mutex<Option<SharedViews>>,
}

impl PostgresViews {
    pub async fn open(
        databases: &Databases,
        database: &Database,
        fills: bool,
        settings: ProjectionSettings,
    ) -> Result<Self> {
        let store = PostgresReadStore::open(database).await.context("PostgreSQL (views_url)")?;
        let (databases, database) = (databases.clone(), database.clone());
        Ok(Self { databases, database, store, fills, settings, views: Mutex::default() })
    }

    fn views(&self) -> Option<SharedViews> {
        self.views.lock().clone()
    }

    fn begin(&self, journal: &Journal, settings: ProjectionSettings, progress: Report) -> SharedViews {
        let shared = SharedViews::new(self.database.clone(), self.store.clone(), journal.clone(), settings);
        shared.start(self.databases.candidate(shared.roles()).filter(|_| self.fills), tell(progress));
        *self.views.lock() = Some(shared.clone());
        shared
    }
}

#[async_trait]
impl Upkeep for PostgresViews {
    async fn catch_up(&self, journal: &Journal, progress: Report) -> Result<Views> {
        let head = journal.head().await?;
        let shared = self.begin(journal, self.settings, progress);
        let (views, began) = (shared.views(), Instant::now());
        loop {
            let reached = views.position();
            let (has_looked, waits) = (views.status().views.len() == projections::view_names().count(), !self.fills);
            let another_leads = matches!(shared.standing(), Some(LeadershipStatus::Waiting { .. }));
            if has_looked && (reached >= head || another_leads || waits) {
                return Ok(views);
            }
            if waits && began.elapsed() > FIRST_LOOK_WITHIN {
                tracing::warn!("the views do not answer yet; what needs none is served");
                return Ok(views);
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }

    fn start(&self) {}

    async fn stop(&self) {
        if let Some(shared) = self.views() {
            shared.stop().await;
        }
    }

    async fn rebuild(&self, journal: &Journal, views: &[String], progress: Report) -> Result<()> {
        let shared = match self.views() {
            Some(shared) => shared,
            // Nobody is served meanwhile.
            None => {
                let settings = ProjectionSettings { fill_beside: false, ..self.settings };
                self.begin(journal, settings, Box::new(|_, _| {}))
            }
        };
        let began = Instant::now();
        let projections = loop {
            match (shared.leading(), shared.standing()) {
                (Some(projections), _) => break projections,
                (None, None) => bail!("this node does not fill the views; ask one that has the role 'views'"),
                (None, Some(LeadershipStatus::Waiting { leader })) if began.elapsed() > LEADS_WITHIN => {
                    let leader = leader.unwrap_or_else(|| "unknown".to_owned());
                    bail!("another node fills the views ({leader}); run the command there")
                }
                (None, Some(LeadershipStatus::Hindered(error))) if began.elapsed() > LEADS_WITHIN => {
                    bail!("PostgreSQL: {error}")
                }
                // Leading, and still opening what it fills: however long that takes.
                (None, Some(_)) => tokio::time::sleep(LOOKED_EVERY).await,
            }
        };
        projections.rebuild(Some(views), tell(progress)).await?;
        Ok(())
    }

    fn queries(&self) -> Option<Views> {
        self.views().map(|shared| shared.views())
    }

    fn store(&self) -> &dyn ReadStore {
        &self.store
    }

    fn leads(&self) -> Option<bool> {
        Some(matches!(self.views()?.standing()?, LeadershipStatus::Leading { .. }))
    }

    fn others_answer(&self) -> bool {
        let standing = self.views().and_then(|shared| shared.standing());
        matches!(standing, Some(LeadershipStatus::Waiting { .. } | LeadershipStatus::Leading { others: 1.., .. }))
    }

    fn led_by(&self, view: &str) -> Option<String> {
        let shared = self.views()?;
        Some(match shared.standing()? {
            LeadershipStatus::New => "well".to_owned(),
            LeadershipStatus::Waiting { leader } => {
                format!("filled by {}", leader.unwrap_or_else(|| "another node".to_owned()))
            }
            LeadershipStatus::Leading { held, .. } => {
                let role = shared.role(view);
                match held.into_iter().find(|held| role.as_ref() == Some(&held.role)) {
                    Some(held) => format!("filled here (epoch {})", held.epoch),
                    None => "filled by another node".to_owned(),
                }
            }
            LeadershipStatus::Hindered(error) => format!("waits: {error}"),
        })
    }
}
