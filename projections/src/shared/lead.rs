//! Filling views while this node leads in them.

use super::Node;
use crate::fill::{FillContext, FillError, Projections, Report};
use crate::store::ViewDeclaration;
use ::postgres::{Candidate, HeldRole, Lease};
use std::sync::Arc;
use std::time::Duration;

/// How long it is waited after something went wrong, before this node asks for the lead again: another may do better.
const PAUSE: Duration = Duration::from_secs(1);

/// Why this node fills no more what it filled.
enum Left {
    /// The lead is lost, trying again does not help, or it was stopped.
    Ended,
    /// It leads in more.
    ForMore,
}

/// Asks for the lead, and fills while it has it, until it is stopped.
pub(super) async fn campaign(
    node: Arc<Node>,
    candidate: Arc<tokio::sync::Mutex<Candidate>>,
    report: Report,
) -> tasks::Ended {
    let mut candidate = candidate.lock().await;
    // One that broke off before may have left this node as the one that knows.
    node.fills(Vec::new()).await;
    while let Some(lease) = node.stop.run_until_cancelled(candidate.lead()).await {
        let lost = lease.lost();
        if let Err(error) = lead(&node, lease, &report).await {
            tracing::error!(%error, "the views can't be filled; asking for the lead again");
            node.views.inner.watched.store_trouble(error.to_string(), false);
        }
        if !lost.is_cancelled() {
            // It went wrong while this node led.
            node.stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
        }
    }
    Ok(())
}

/// Fills until the lead is lost, trying again does not help, or it is stopped. The lead is given back once nothing is written
/// any more.
async fn lead(node: &Arc<Node>, lease: Lease, report: &Report) -> Result<(), FillError> {
    let mut held = lease.held();
    let outcome = loop {
        let now = held.borrow_and_update().clone();
        let more = async {
            // Nobody tells of more once the lead is lost.
            if held.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // From now on the fill says what answers.
        let views = node.led(&now);
        node.fills(views.iter().map(|view| view.name).collect()).await;
        let outcome = fill(node, &lease, &now, views, more, report).await;
        // What is in memory is no longer kept up to date: everything is learned from the store again, once it answers.
        node.views.inner.slots.forget_rows();
        node.fills(Vec::new()).await;
        match outcome {
            Ok(Left::ForMore) => {}
            Ok(Left::Ended) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(lease);
    outcome
}

async fn fill(
    node: &Arc<Node>,
    lease: &Lease,
    held: &[HeldRole],
    filled: Vec<&'static ViewDeclaration>,
    more: impl Future<Output = ()>,
    report: &Report,
) -> Result<Left, FillError> {
    let stop = node.stop.child_token();
    let store = node.store.leading(held);
    let context = FillContext {
        journal: node.journal.clone(),
        store: Arc::new(store.clone()),
        views: node.views.clone(),
        filled,
        is_shared: true,
        settings: node.settings,
        stop: stop.clone(),
    };
    let lost = lease.lost();
    // To its end, also when the lead is lost meanwhile: nothing must be published later than this returns.
    let opening = Projections::with(context, Arc::clone(report));
    tokio::pin!(opening);
    let opened = tokio::select! {
        opened = &mut opening => opened,
        () = lost.cancelled() => {
            stop.cancel();
            opening.await
        }
    };
    let projections = match opened {
        Ok(projections) => projections,
        Err(FillError::Stopped) => return Ok(Left::Ended),
        Err(error) => return Err(error),
    };
    // Whatever was amiss while it only read along.
    node.views.inner.watched.store_is_well();
    node.views.inner.watched.log_is_well();
    *node.leading.lock() = Some(projections.clone());
    projections.start();
    let left = tokio::select! {
        () = lost.cancelled() => Left::Ended,
        () = projections.ended() => Left::Ended,
        view = projections.lost() => {
            tracing::error!(view, "a table of the view is gone; the views are opened anew");
            node.views.inner.watched.store_trouble(format!("a table of the view '{view}' is gone"), false);
            Left::Ended
        }
        () = more => Left::ForMore,
        // Never ends.
        () = super::outlived::drop_outlived(node, &store) => Left::Ended,
    };
    *node.leading.lock() = None;
    projections.stop().await;
    Ok(left)
}
