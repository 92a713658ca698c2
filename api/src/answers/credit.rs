//! A credit as clients see it (api.md §9). Amounts are in minor units of its currency.

use super::{Time, list, one};
use crate::wire::list::Link;
use domain::credit::CreditSource;
use projections::views::{CreditRow, JobProgress};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A store credit of a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Credit {
    pub credit_id: Uuid,
    pub store_id: Uuid,
    pub customer_id: Uuid,
    /// ISO 4217: the customer's at issue.
    #[schema(example = "EUR")]
    pub currency: String,
    pub original_balance_in_cents: i64,
    /// What is left, in minor units; 0 once voided.
    pub current_balance_in_cents: i64,
    pub redemptions: Vec<CreditRedemption>,
    pub source: Source,
    pub created_at: Time,
    pub updated_at: Time,
    pub voided_at: Option<Time>,
    pub links: Vec<Link>,
}

/// Where it comes from: a client issued it, a refund or a batch did.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CreditSource)]
pub enum Source {
    Issued,
    Refund,
    Batch,
}

/// What an invoice spent of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditRedemption {
    pub credit_redemption_id: Uuid,
    pub credit_id: Uuid,
    pub invoice_id: Uuid,
    pub amount_in_cents: i64,
    /// What was left of the credit afterwards, in minor units.
    pub remaining_balance_in_cents: i64,
    pub created_at: Time,
    /// When it went back, because the invoice failed.
    pub reversed_at: Option<Time>,
}

one! {
    /// The credit.
    CreditAnswer { credit: Credit }
}
list! {
    /// One page of credits, newest first.
    CreditList { credits: Credit }
}

one! {
    /// A job that was started.
    JobAnswer { job_id: Uuid }
}

/// How far a batch credit is.
#[derive(Serialize, ToSchema)]
pub struct JobStatus {
    /// Whether somebody is still to get a credit.
    pub result: JobState,
    /// Customers who have their credit.
    pub issued: u64,
    /// Customers who get one.
    pub total: u64,
}

/// Whether somebody is still to get a credit.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    Running,
    Complete,
}

/// The links of a credit.
pub fn links(credit_id: Uuid, customer_id: Uuid) -> Vec<Link> {
    vec![
        Link::new("self", format!("/customer/{customer_id}/credit/{credit_id}")),
        Link::new("customer", format!("/customer/{customer_id}")),
        Link::new("history", format!("/customer/{customer_id}/credit/{credit_id}/history")),
    ]
}

impl From<&CreditRow> for Credit {
    fn from(row: &CreditRow) -> Self {
        let redemptions = row.redemptions.iter().map(|redemption| CreditRedemption {
            credit_redemption_id: redemption.credit_redemption_id.0,
            credit_id: row.credit_id.0,
            invoice_id: redemption.invoice_id.0,
            amount_in_cents: redemption.amount_in_cents.get(),
            remaining_balance_in_cents: redemption.remaining_balance_in_cents.get(),
            created_at: redemption.created_at.into(),
            reversed_at: redemption.reversed_at.map(Time::from),
        });
        Self {
            credit_id: row.credit_id.0,
            store_id: row.store_id.0,
            customer_id: row.customer_id.0,
            currency: row.currency.to_string(),
            original_balance_in_cents: row.original_balance_in_cents.get(),
            current_balance_in_cents: row.current_balance_in_cents.get(),
            redemptions: redemptions.collect(),
            source: match row.source {
                CreditSource::Issued => Source::Issued,
                CreditSource::Refund { .. } => Source::Refund,
                CreditSource::Batch { .. } => Source::Batch,
            },
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            voided_at: row.voided_at.map(Time::from),
            links: links(row.credit_id.0, row.customer_id.0),
        }
    }
}

impl From<JobProgress> for JobStatus {
    fn from(progress: JobProgress) -> Self {
        let result = if progress.complete { JobState::Complete } else { JobState::Running };
        Self { result, issued: progress.issued, total: progress.total }
    }
}
