//! A credit for every customer of a store, in the background.

use crate::executor::Refused;
use crate::session::{Session, refused};
use crate::snapshots::Snapshot;
use crate::{CommandError, Commands, Request, UnderWay};
use domain::credit::{Credit, CreditCommand, CreditIssued, CreditRejection, CreditSource};
use domain::customer::Customer;
use domain::store::{Store, StoreCommand, StoreEvent, StoreRejection};
use domain::{Cents, CreditId, CustomerId, JobId};
use eventlog::{Checkpoint, Position, StreamName};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

/// Customers that are looked up at once, and after which the progress is saved.
const PAGE: usize = 500;
/// Credits that are issued at the same time: enough for the log to commit them in groups.
const AT_ONCE: usize = 64;
/// Customers that a job may leave out for the time being; with more, it goes no further.
const MOST_LEFT_OUT: usize = 1_000;
/// The shape of a saved [`Progress`], and the one before it, which left nobody out.
const PROGRESS_FORMAT: u32 = 3;
const PROGRESS_FORMAT_BEFORE: u32 = 2;

impl Commands {
    /// Starts the job (answered with 202); it covers the customers that exist at its start event's position.
    pub fn start_batch_credit(&self, request: &Request, amount: Cents) -> UnderWay<JobId> {
        self.run("start_batch_credit", request, move |session| async move {
            let job_id = JobId(session.new_id("job"));
            let store = session.store_id();
            let start = StoreCommand::StartBatchCredit { job_id, amount_in_cents: amount };
            let executed = session.decide::<Store>(&store, start).await.map_err(refused::<Store>)?;
            let started = |event: &StoreEvent| match event {
                StoreEvent::BatchCreditStarted(started) => Some(started.job_id),
                _ => None,
            };
            Ok(session.done(executed.events.iter().find_map(started).unwrap_or(job_id), executed.replayed))
        })
    }
}

/// How far a job has come. Losing it costs time: each credit's id follows from job and customer.
#[derive(Default, Serialize, Deserialize)]
struct Progress {
    after: Option<CustomerId>,
    issued: u64,
    /// Up to `after`, those whose credit could not be issued.
    #[serde(default)]
    left_out: Vec<CustomerId>,
}

/// [`Progress`] with the last of its credits: without that one, in a log that was restored from an earlier day, it is no progress.
#[derive(Serialize, Deserialize)]
struct Saved<P> {
    progress: P,
    reached: Checkpoint,
}

/// Issues the job's credits and completes it: the reaction to `BatchCreditStarted`, which stands at `position`. Goes on
/// where it was; complete already, or its store deleted: nothing happens any more.
pub(crate) async fn run_job(
    session: &Session,
    job_id: JobId,
    amount: Cents,
    position: Position,
) -> Result<(), CommandError> {
    let store = session.store_id();
    if !is_running(session, job_id).await? {
        return Ok(());
    }
    let mut progress = load(session, job_id).await;
    let mut stuck = None;
    let left_out = std::mem::take(&mut progress.left_out);
    issue_all(session, job_id, amount, &left_out, &mut progress, &mut stuck).await?;
    loop {
        let lookups = &session.node.parts.lookups;
        let customers = lookups.customers_at(position, store, progress.after, PAGE).await?;
        issue_all(session, job_id, amount, &customers, &mut progress, &mut stuck).await?;
        progress.after = customers.last().copied().or(progress.after);
        if customers.len() < PAGE {
            break;
        }
        save(session, job_id, &progress).await;
        if !is_running(session, job_id).await? {
            return Ok(());
        }
    }
    if let Some(error) = stuck {
        save(session, job_id, &progress).await;
        return Err(error);
    }
    let complete = StoreCommand::CompleteBatchCredit { job_id, issued: progress.issued };
    match session.execute::<Store>(&store, complete).await {
        // The store was deleted meanwhile, or another node completed the job: it is over either way.
        Ok(_) | Err(Refused::Rejected(StoreRejection::StoreNotFound | StoreRejection::JobNotFound)) => Ok(()),
        Err(other) => Err(refused::<Store>(other)),
    }
}

/// Issues the credits of these customers. Who can't have one until somebody has looked is left out for now and keeps nobody else from
/// theirs; the first reason is `stuck`.
async fn issue_all(
    session: &Session,
    job_id: JobId,
    amount: Cents,
    customers: &[CustomerId],
    progress: &mut Progress,
    stuck: &mut Option<CommandError>,
) -> Result<(), CommandError> {
    let issue = |customer: CustomerId| async move { (customer, issue(session, job_id, customer, amount).await) };
    let mut outcomes = futures::stream::iter(customers.iter().copied().map(issue)).buffer_unordered(AT_ONCE);
    while let Some((customer, outcome)) = outcomes.next().await {
        match outcome {
            Ok(()) => progress.issued += 1,
            Err(error) if error.will_pass() || progress.left_out.len() >= MOST_LEFT_OUT => return Err(error),
            Err(error) => {
                progress.left_out.push(customer);
                stuck.get_or_insert(error);
            }
        }
    }
    Ok(())
}

/// Whether the job is still to be done: its store lives and has not completed it.
async fn is_running(session: &Session, job_id: JobId) -> Result<bool, CommandError> {
    let has = move |store: &Store| store.live().is_some_and(|live| live.jobs.contains_key(&job_id));
    Ok(session.look(&session.store_id(), has).await? == Some(true))
}

/// Issues one customer's credit; issued already: nothing happens. A customer who was deleted since gets it all the same: the job
/// covers whom it found.
async fn issue(session: &Session, job_id: JobId, customer: CustomerId, amount: Cents) -> Result<(), CommandError> {
    let Some(currency) = session.look(&customer, Customer::currency).await?.flatten() else { return Ok(()) };
    let credit_id = CreditId::of_job(job_id, customer);
    let issue = CreditIssued {
        credit_id,
        store_id: session.store_id(),
        customer_id: customer,
        currency,
        amount_in_cents: amount,
        source: CreditSource::Batch { job_id },
    };
    match session.execute::<Credit>(&credit_id, CreditCommand::Issue(issue)).await {
        // Issued before with another currency: the customer changed it since, the credit stays as it was.
        Ok(_) | Err(Refused::Rejected(CreditRejection::CreditExists)) => Ok(()),
        Err(other) => Err(refused::<Credit>(other)),
    }
}

/// Where a job's progress is saved.
fn place(job_id: JobId) -> StreamName {
    StreamName::new(format!("$job-{job_id}"))
}

async fn load(session: &Session, job_id: JobId) -> Progress {
    let parts = &session.node.parts;
    let saved = parts.progress.load(&place(job_id)).await.ok().flatten();
    let saved = saved
        .filter(|saved| matches!(saved.format, PROGRESS_FORMAT | PROGRESS_FORMAT_BEFORE))
        .and_then(|saved| serde_json::from_slice::<Saved<Progress>>(&saved.state).ok());
    match saved {
        Some(saved) if parts.journal.verify(&saved.reached).await.is_ok() => saved.progress,
        Some(_) | None => Progress::default(),
    }
}

async fn save(session: &Session, job_id: JobId, progress: &Progress) {
    let parts = &session.node.parts;
    let Ok(reached) = parts.journal.checkpoint(session.reached()).await else { return };
    let Ok(state) = serde_json::to_vec(&Saved { progress, reached }) else { return };
    let snapshot = Snapshot { log_id: reached.log_id, format: PROGRESS_FORMAT, state };
    if let Err(error) = parts.progress.save(&place(job_id), snapshot).await {
        tracing::warn!(%job_id, %error, "a job's progress can't be saved");
    }
}
