//! What is answered over HTTP, and by what.

use super::metrics::Metrics;
use super::readiness::Readiness;
use crate::config::{Config, Role, SignUp};
use crate::http;
use crate::operations::Operations;
use crate::wiring::Backend;
use axum::Router;
use std::sync::Arc;
use std::time::Duration;

/// How long a query may take once the views are where it needs them.
const QUERY_WITHIN: Duration = Duration::from_secs(8);

/// The API, or what a node without the role `api` answers.
pub fn router(
    config: &Config,
    backend: &Backend,
    readiness: &Arc<Readiness>,
    metrics: Metrics,
    operations: Arc<Operations>,
) -> Router {
    let router = api::router(api::ApiParts {
        commands: backend.commands.clone(),
        views: backend.queries.clone(),
        windows: backend.windows.windows(),
        index: Arc::new(backend.tree.clone()),
        journal: backend.journal.clone(),
        clock: Arc::new(commands::SystemClock),
        readiness: Arc::clone(readiness) as Arc<dyn api::Ready>,
        metrics: {
            let readiness = Arc::clone(readiness);
            Arc::new(move || {
                let (metrics, operations, readiness) =
                    (metrics.clone(), Arc::clone(&operations), Arc::clone(&readiness));
                Box::pin(async move { metrics.render(&operations, &readiness).await })
            })
        },
        settings: api::ApiSettings {
            anonymous_rate_limit: config.anonymous_rate_limit,
            body_budget: config.body_memory.bytes(),
            trusted_proxies: config.trust_proxy.0.clone(),
            cors_origins: config.cors_origins.0.clone(),
            open_sign_up: config.sign_up == SignUp::Open,
            view_timeout: config.view_wait.0,
            // A query that waits for its views as long as it may still has the time of one that need not.
            query_timeout: QUERY_WITHIN + config.view_wait.0,
            ..api::ApiSettings::with_rate_limit(config.rate_limit)
        },
    });
    match config.role.has(Role::Api) {
        true => router,
        false => http::service_only(router),
    }
}
