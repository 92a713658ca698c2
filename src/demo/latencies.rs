//! How long answers took, by kind of request.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Collects durations; bounded by the number of requests of a demo.
#[derive(Default)]
pub struct Latencies {
    micros: Mutex<BTreeMap<&'static str, Vec<u32>>>,
}

/// The figures of one kind of request.
pub struct Summary {
    pub kind: &'static str,
    pub count: usize,
    pub median: Duration,
    pub p90: Duration,
    pub p99: Duration,
    pub longest: Duration,
}

impl Latencies {
    pub fn note(&self, kind: &'static str, latency: Duration) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        self.lock().entry(kind).or_default().push(micros);
    }

    /// Forgets what was noted so far.
    pub fn reset(&self) {
        self.lock().clear();
    }

    /// One summary a kind, the most frequent first.
    pub fn summaries(&self) -> Vec<Summary> {
        let mut noted = std::mem::take(&mut *self.lock());
        let mut summaries: Vec<_> = noted.iter_mut().map(|(kind, micros)| summary(kind, micros)).collect();
        summaries.sort_by_key(|summary| std::cmp::Reverse(summary.count));
        summaries
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Vec<u32>>> {
        // What a panicking task noted is as good as any.
        self.micros.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn summary(kind: &'static str, micros: &mut [u32]) -> Summary {
    micros.sort_unstable();
    let at = |percent: usize| {
        let index = (micros.len() * percent).div_ceil(100).saturating_sub(1);
        Duration::from_micros(micros.get(index).copied().unwrap_or_default().into())
    };
    Summary { kind, count: micros.len(), median: at(50), p90: at(90), p99: at(99), longest: at(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_durations() {
        let latencies = Latencies::default();
        (1..=100u64).rev().for_each(|millis| latencies.note("x", Duration::from_millis(millis)));
        let [summary] = &latencies.summaries()[..] else { panic!("one kind was noted") };
        let figures = [summary.median, summary.p90, summary.p99, summary.longest].map(|figure| figure.as_millis());
        assert_eq!((summary.count, figures), (100, [50, 90, 99, 100]));
    }
}
