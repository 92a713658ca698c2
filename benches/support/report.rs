//! What a scenario came to: a line for people, an object for machines.

use hdrhistogram::Histogram;
use std::time::Duration;

/// One scenario's outcome.
pub struct Outcome {
    pub name: &'static str,
    pub unit: &'static str,
    pub seconds: f64,
    pub done: u64,
    /// Answers other than 2xx.
    pub refused: u64,
    /// In microseconds, of one request each; empty where there are no requests.
    pub latency: Histogram<u64>,
    pub target: Option<f64>,
    /// What the server used of the processor meanwhile, where that was measured.
    pub cpu: Option<Duration>,
}

/// Latencies of up to a minute, three digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are constants")
}

pub fn record(histogram: &mut Histogram<u64>, took: Duration) {
    histogram.saturating_record((took.as_micros() as u64).max(1));
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    fn millis(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// Microseconds of the server's processor time for one.
    fn cpu_micros(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.done.max(1) as f64)
    }

    pub fn line(&self) -> String {
        let target = self.target.map_or(String::new(), |target| format!("  (aim {target:.0})"));
        let latency = match self.latency.is_empty() {
            true => String::new(),
            false => format!(
                "  p50 {:.1} ms  p99 {:.1} ms  p99.9 {:.1} ms",
                self.millis(0.5),
                self.millis(0.99),
                self.millis(0.999)
            ),
        };
        let cpu = self.cpu_micros().map_or(String::new(), |micros| format!("  cpu {micros:.0} µs each"));
        let refused = if self.refused > 0 { format!("  {} refused", self.refused) } else { String::new() };
        format!("{:<34}{:>10.0} {}/s{latency}{cpu}{refused}{target}", self.name, self.per_second(), self.unit)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name,
            "unit": self.unit,
            "seconds": self.seconds,
            "done": self.done,
            "refused": self.refused,
            "per_second": self.per_second(),
            "cpu_us": self.cpu_micros(),
            "p50_ms": self.millis(0.5),
            "p99_ms": self.millis(0.99),
            "p999_ms": self.millis(0.999),
        })
    }
}
