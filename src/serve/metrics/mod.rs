//! The metrics of this process, for Prometheus.
//!
//! What lives here: the recorder of what is counted as it happens, the figures that are looked at when somebody asks, and what each
//! of them means ([`described`]). What doesn't: counting, which each room does itself. The guarantee: what is not known now is left
//! out, and no figure is one of an earlier look.

mod described;

use super::readiness::Readiness;
use crate::data_dir::DataDir;
use crate::operations::Operations;
use crate::supervise;
use crate::version::{COMMIT, VERSION};
use anyhow::{Context, Result};
use api::{PartState, Ready, RequestKind};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Of everything that is measured in seconds: from what SSDs take to what clients give up at.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Of what is counted by the piece.
const PIECES: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0];
/// How often what was recorded is folded into the histograms.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The process's recorder. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
    process: Collector,
    disk_reserve: u64,
    space: sqlite::Space,
}

impl Metrics {
    /// Starts recording, once a process.
    pub fn start(data: &DataDir, disk_reserve: u64) -> Result<Self> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_batch_events".to_owned()), &PIECES));
        let recorder = builder.and_then(PrometheusBuilder::install_recorder).context("metrics can't be recorded")?;
        described::all();
        let space = sqlite::Space::new(data.disks(), disk_reserve);
        Ok(Self { recorder, process: Collector::default(), disk_reserve, space })
    }

    /// All of them, in Prometheus' text format.
    pub async fn render(&self, operations: &Operations, readiness: &Readiness) -> String {
        let (status, parts) = tokio::join!(operations.status(), readiness.parts());
        // In a recorder of this look alone.
        let looked_at = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&looked_at, || {
            described::all();
            status.record();
            supervise::record();
            record_parts(&parts);
            metrics::gauge!("cartlog_build_info", "version" => VERSION, "commit" => COMMIT).set(1.0);
            metrics::gauge!("cartlog_disk_reserve_bytes").set(self.disk_reserve as f64);
            if let Some(free) = self.space.free() {
                metrics::gauge!("cartlog_disk_free_bytes").set(free as f64);
            }
            self.process.describe();
            self.process.collect();
        });
        self.recorder.render() + &looked_at.handle().render()
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

/// What `/readyz` says.
fn record_parts(parts: &[api::Part]) {
    let number = |is: bool| f64::from(u8::from(is));
    for part in parts {
        for (state, name) in [(PartState::Ok, "ok"), (PartState::Degraded, "degraded"), (PartState::Away, "away")] {
            metrics::gauge!("cartlog_part_state", "part" => part.name.clone(), "state" => name)
                .set(number(part.state == state));
        }
    }
    for (asked, name) in [(RequestKind::Commands, "commands"), (RequestKind::Queries, "queries")] {
        let stopped = parts.iter().any(|part| part.stops.contains(&asked));
        metrics::gauge!("cartlog_ready", "for" => name).set(number(!stopped));
    }
}
