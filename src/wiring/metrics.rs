//! The metrics of this process, for Prometheus.
//!
//! What lives here: the recorder, and the figures that are looked at only when somebody asks. What doesn't: the figures that
//! each room counts itself.

use crate::data_dir::DataDir;
use crate::operations::Operations;
use crate::supervise;
use crate::version::{COMMIT, VERSION};
use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Of everything that is measured in seconds: from what SSDs take to what clients give up at.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How long it may take to find out how far everything is.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);
/// How often what was recorded is folded into the histograms.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The process's recorder. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
    data: DataDir,
    space: sqlite::Space,
}

impl Metrics {
    /// Starts recording, once a process.
    pub fn start(data: DataDir, disk_reserve: u64) -> Result<Self> {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let recorder = builder.and_then(PrometheusBuilder::install_recorder).context("metrics can't be recorded")?;
        metrics::gauge!("cartlog_build_info", "version" => VERSION, "commit" => COMMIT).set(1.0);
        metrics::describe_gauge!(
            "cartlog_disk_free_bytes",
            metrics::Unit::Bytes,
            "Free bytes on the disk of the data directory's files, where least is free."
        );
        metrics::describe_gauge!(
            "cartlog_disk_reserve_bytes",
            metrics::Unit::Bytes,
            "Bytes that are to stay free there: with less, commands are refused."
        );
        metrics::gauge!("cartlog_disk_reserve_bytes").set(disk_reserve as f64);
        let space = sqlite::Space::new(data.disks(), disk_reserve);
        Ok(Self { recorder, data, space })
    }

    /// All of them, in Prometheus' text format. How far everything is, is left out where that can't be found out in time.
    pub async fn render(&self, operations: &Operations) -> String {
        match tokio::time::timeout(KNOWN_WITHIN, operations.status()).await {
            Ok(Ok(status)) => status.record(),
            Ok(Err(error)) => tracing::debug!(error = format!("{error:#}"), "metrics without how far everything is"),
            Err(_) => tracing::debug!("metrics without how far everything is: it takes too long"),
        }
        supervise::record();
        if let Some(free) = self.space.free() {
            metrics::gauge!("cartlog_disk_free_bytes").set(free as f64);
        }
        for (name, bytes) in self.data.sizes() {
            metrics::gauge!("cartlog_file_bytes", "file" => name).set(bytes as f64);
        }
        self.recorder.render()
    }

    /// Keeps the histograms small, until told to stop.
    pub async fn upkeep(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(UPKEEP_EVERY) => self.recorder.run_upkeep(),
            }
        }
    }
}
