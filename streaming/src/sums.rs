//! Sums of what was counted, whoever keeps them: they stay at `i64::MAX` instead of passing it.

use std::cmp::Reverse;
use std::collections::HashMap;
use uuid::Uuid;

/// The `n` largest, among equals the smaller id first. Ids compare as their bytes do.
pub(crate) fn largest(sums: HashMap<Uuid, i64>, n: usize) -> Vec<(Uuid, u64)> {
    let mut all: Vec<(Reverse<i64>, Uuid)> = sums.into_iter().map(|(key, sum)| (Reverse(sum), key)).collect();
    if n < all.len() {
        all.select_nth_unstable(n);
        all.truncate(n);
    }
    all.sort_unstable();
    all.into_iter().map(|(Reverse(sum), key)| (key, sum.unsigned_abs())).collect()
}

pub(crate) fn total(sums: &HashMap<Uuid, i64>) -> u64 {
    sums.values().fold(0i64, |total, sum| total.saturating_add(*sum)).unsigned_abs()
}

/// One more amount of the thing.
pub(crate) fn add(sums: &mut HashMap<Uuid, i64>, key: Uuid, amount: i64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(amount);
}
