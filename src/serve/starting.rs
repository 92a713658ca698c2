//! What clients are answered while the server starts.

use crate::config::Config;
use crate::http;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Connections that are served while the server starts.
const FEW_CONNECTIONS: usize = 100;

/// Answers that the server is starting, for as long as it is.
pub struct Starting {
    serving: tokio::task::JoinHandle<()>,
    ready: CancellationToken,
}

impl Starting {
    pub fn begin(listener: &Arc<TcpListener>, config: &Config) -> Self {
        let ready = CancellationToken::new();
        let answers = http::starting(&config.cors_origins.0);
        let serving = http::serve(Arc::clone(listener), answers, FEW_CONNECTIONS, ready.clone());
        Self { serving: tokio::spawn(serving), ready }
    }

    pub async fn end(self) {
        self.ready.cancel();
        // Its answers take no time.
        let _ = self.serving.await;
    }
}
