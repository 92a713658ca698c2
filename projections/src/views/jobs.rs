//! Batch credits: how far each is.

use super::{CREATED, STORE};
use crate::at::ViewsAt;
use crate::store::{KeyKind, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, ReadError, RowKey, Source, View, Views};
use domain::credit::{CreditEvent, CreditSource};
use domain::store::StoreEvent;
use domain::{Category, Cents, Event, JobId, StoreId, Timestamp};
use eventlog::Position;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A batch credit (api.md §9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRow {
    pub job_id: JobId,
    pub store_id: StoreId,
    pub amount_in_cents: Cents,
    /// Its customers are those that existed here.
    pub started_position: Position,
    pub created_at: Timestamp,
    /// Credits that were issued.
    pub issued: u64,
    pub completed_at: Option<Timestamp>,
}

/// How far a batch credit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobProgress {
    pub issued: u64,
    /// Customers that get one.
    pub total: u64,
    pub complete: bool,
}

pub struct Jobs;

impl View for Jobs {
    type Row = JobRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "jobs",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE, CREATED],
        indexes: &[],
        labels: None,
        search: None,
    };
    /// Begun and completed in the store's stream; each credit counts in its own.
    const SOURCE: Source = Source::Streams(&[Category::Store, Category::Credit]);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        job_of(&envelope.event).map(|job| job.0).into()
    }

    fn begins(envelope: &Envelope) -> bool {
        matches!(&envelope.event, Event::Store(StoreEvent::BatchCreditStarted(_)))
    }

    fn apply(row: &mut Option<JobRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        match &envelope.event {
            Event::Store(StoreEvent::BatchCreditStarted(event)) => create(
                row,
                JobRow {
                    job_id: event.job_id,
                    store_id: envelope.metadata.store_id,
                    amount_in_cents: event.amount_in_cents,
                    started_position: envelope.position,
                    created_at: envelope.metadata.occurred_at,
                    issued: 0,
                    completed_at: None,
                },
            ),
            Event::Store(StoreEvent::BatchCreditCompleted(_)) => {
                existing(row)?.completed_at = Some(envelope.metadata.occurred_at);
                Ok(())
            }
            Event::Credit(CreditEvent::CreditIssued(_)) => {
                existing(row)?.issued += 1;
                Ok(())
            }
            _ => Err(Misfit("the event is not a batch credit's")),
        }
    }

    fn columns(row: &JobRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.created_at.into()]
    }
}

/// The batch credit that the event is about.
fn job_of(event: &Event) -> Option<JobId> {
    match event {
        Event::Store(StoreEvent::BatchCreditStarted(event)) => Some(event.job_id),
        Event::Store(StoreEvent::BatchCreditCompleted(event)) => Some(event.job_id),
        Event::Credit(CreditEvent::CreditIssued(event)) => match event.source {
            CreditSource::Batch { job_id } => Some(job_id),
            CreditSource::Issued | CreditSource::Refund { .. } => None,
        },
        _ => None,
    }
}

impl Views {
    pub async fn job(&self, store: StoreId, job: JobId) -> Result<Option<Arc<JobRow>>, ReadError> {
        let row = self.of::<Jobs>()?.get(job.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// How far the batch credit is.
    pub async fn job_progress(&self, store: StoreId, job: JobId) -> Result<Option<JobProgress>, ReadError> {
        let Some(job) = self.job(store, job).await? else {
            return Ok(None);
        };
        self.progress_of(&job).await.map(Some)
    }

    async fn progress_of(&self, job: &JobRow) -> Result<JobProgress, ReadError> {
        Ok(JobProgress {
            issued: job.issued,
            total: self.count_customers_at(job.store_id, job.started_position).await?,
            complete: job.completed_at.is_some(),
        })
    }
}

impl ViewsAt {
    /// As [`Views::job_progress`].
    pub async fn job_progress(&self, store: StoreId, job: JobId) -> Result<Option<JobProgress>, ReadError> {
        let row = self.row_by_history::<Jobs>(job.0.into()).await?;
        let Some(job) = row.filter(|row| row.store_id == store) else { return Ok(None) };
        self.views.progress_of(&job).await.map(Some)
    }
}
