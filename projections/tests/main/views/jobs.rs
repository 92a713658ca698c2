//! Batch credits (api.md §9).

use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::Jobs;
use domain::credit::{CreditEvent, CreditIssued, CreditSource};
use domain::store::{BatchCreditCompleted, BatchCreditStarted, StoreEvent, StoreRenamed};
use domain::*;
use serde_json::json;

const JOB: JobId = JobId(id(10));

fn started(job_id: JobId) -> StoreEvent {
    BatchCreditStarted { job_id, amount_in_cents: Cents::new(500).expect("cents") }.into()
}

fn completed(job_id: JobId, issued: u64) -> StoreEvent {
    BatchCreditCompleted { job_id, issued }.into()
}

fn issued(credit_id: CreditId, store_id: StoreId, customer_id: CustomerId, source: CreditSource) -> CreditEvent {
    let currency = "USD".parse().expect("a currency");
    CreditIssued { credit_id, store_id, customer_id, currency, amount_in_cents: Cents::ZERO, source }.into()
}

#[test]
fn a_job_counts_the_credits_that_were_issued_for_it() {
    let job = CreditSource::Batch { job_id: JOB };
    let issued = |source| issued(CreditId(id(20)), STORE, CustomerId(id(30)), source);
    let refund = CreditSource::Refund { invoice_id: InvoiceId(id(1)), refund_id: RefundId(id(2)) };
    Story::<Jobs, Event>::of(JOB.0, "store-1")
        .unfit(completed(JOB, 0))
        .unfit(issued(job))
        .then(
            started(JOB),
            json!({
                "job_id": JOB, "store_id": STORE, "amount_in_cents": 500, "started_position": 3, "created_at": at(2),
                "issued": 0, "completed_at": null,
            }),
        )
        .passing_by(StoreEvent::from(StoreRenamed { name: "Shop".to_owned() }))
        .in_stream("credit-20")
        .then(issued(job), json!({"issued": 1}))
        .in_stream("credit-21")
        .passing_by(issued(CreditSource::Issued))
        .passing_by(issued(refund))
        .passing_by(issued(CreditSource::Batch { job_id: JobId(id(11)) }))
        .then(issued(job), json!({"issued": 2}))
        .in_stream("store-1")
        .then(completed(JOB, 2), json!({"completed_at": at(9)}))
        .unfit(started(JOB));
}

/// Its customers are those that existed when it was started: not the deleted, not the late.
#[tokio::test(flavor = "multi_thread")]
async fn progress_is_of_the_customers_that_existed_at_the_start() {
    let mut world = World::default();
    let store = world.store().await;
    let stream = format!("store-{store}");
    let mut customers = Vec::new();
    for number in 0..3 {
        customers.push(world.customer(store, &format!("c{number}@example.com")).await);
    }
    world.delete_customer(store, customers[0]).await;
    world.append(store, stream.clone(), started(JOB)).await;
    world.delete_customer(store, customers[1]).await;
    world.customer(store, "late@example.com").await;
    let (projections, views) = world.views().await;
    let source = CreditSource::Batch { job_id: JOB };
    for (issued_by_now, customer) in [(1, customers[1]), (2, customers[2])] {
        let credit = CreditId::of_job(JOB, customer);
        world.append(store, format!("credit-{credit}"), issued(credit, store, customer, source)).await;
        let progress = world.caught_up(&views).await.job_progress(store, JOB).await.expect("a query").expect("a job");
        assert_eq!((progress.issued, progress.total, progress.complete), (issued_by_now, 2, false));
    }
    world.append(store, stream, completed(JOB, 2)).await;
    let progress = world.caught_up(&views).await.job_progress(store, JOB).await.expect("a query").expect("a job");
    assert_eq!((progress.issued, progress.total, progress.complete), (2, 2, true));
    projections.stop().await;
}
