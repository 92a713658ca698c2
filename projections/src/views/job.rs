//! Batch credit jobs: how far each has come.

use crate::reader::{ReadError, Views};
use crate::store::{Column, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::credit::{CreditEvent, CreditSource};
use domain::store::StoreEvent;
use domain::{Category, Cents, Event, JobId, StoreId, Timestamp};
use eventlog::Position;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    pub job_id: JobId,
    pub store_id: StoreId,
    pub amount_in_cents: Cents,
    /// The job covers the customers that existed at this position.
    pub position: Position,
    pub issued: u64,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

/// Jobs by id: started and completed in the store's stream, counted from the credits'.
pub struct Jobs;

impl View for Jobs {
    type Row = JobRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "jobs",
        version: 1,
        columns: &[Column::id("store_id")],
        indexes: &[],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::Streams(&[Category::Store, Category::Credit]);

    fn keys(envelope: &Envelope) -> Keys {
        match &envelope.event {
            Event::Store(StoreEvent::BatchCreditStarted(started)) => Keys::One(started.job_id.0),
            Event::Store(StoreEvent::BatchCreditCompleted(completed)) => Keys::One(completed.job_id.0),
            Event::Credit(CreditEvent::CreditIssued(issued)) => match issued.source {
                CreditSource::Batch { job_id } => Keys::One(job_id.0),
                CreditSource::Issued | CreditSource::Refund { .. } => Keys::None,
            },
            _ => Keys::None,
        }
    }

    fn begins(envelope: &Envelope) -> bool {
        matches!(envelope.event, Event::Store(StoreEvent::BatchCreditStarted(_)))
    }

    fn apply(row: &mut Option<JobRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let at = envelope.metadata.occurred_at;
        match &envelope.event {
            Event::Store(StoreEvent::BatchCreditStarted(started)) => create(
                row,
                JobRow {
                    job_id: started.job_id,
                    store_id: envelope.metadata.store_id,
                    amount_in_cents: started.amount_in_cents,
                    position: envelope.position,
                    issued: 0,
                    started_at: at,
                    completed_at: None,
                },
            ),
            Event::Store(StoreEvent::BatchCreditCompleted(_)) => {
                existing(row)?.completed_at = Some(at);
                Ok(())
            }
            Event::Credit(CreditEvent::CreditIssued(_)) => {
                existing(row)?.issued += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn columns(row: &JobRow) -> Vec<Value> {
        vec![row.store_id.0.into()]
    }
}

impl Views {
    /// The job, and how many customers it covers.
    pub async fn job(&self, store: StoreId, job: JobId) -> Result<Option<(JobRow, u64)>, ReadError> {
        let Some(row) = self.get::<Jobs>(job.0).await?.filter(|row| row.store_id == store) else { return Ok(None) };
        let total = match row.completed_at {
            Some(_) => row.issued,
            None => self.count_customers_at(store, row.position).await?,
        };
        Ok(Some((row, total)))
    }
}
