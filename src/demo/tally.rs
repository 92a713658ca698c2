//! The demo's own count of what the server said it did: what the server's figures are compared with.

use std::collections::{BTreeMap, BTreeSet};

/// What shoppers did, by the answers they got.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Added to carts, by product: only POSTs of items count, as in the metric.
    pub cart_adds: BTreeMap<String, u64>,
    /// Adds that the stock did not allow.
    pub sold_out: u64,
    pub carts_closed: u64,
    pub invoices: u64,
    /// Σ of the invoices' totals.
    pub invoiced_in_cents: i64,
    pub collected: u64,
    pub failed: u64,
    pub coupons_used: BTreeMap<String, u64>,
    pub refunds: u64,
    pub refunded_in_cents: i64,
    /// Units that left the house, by product.
    pub shipped_units: BTreeMap<String, i64>,
    pub gift_cards_in_cents: i64,
    pub credits_in_cents: i64,
    pub logged_in: BTreeSet<String>,
}

impl Tally {
    /// Adds what another shopper counted.
    pub fn add(&mut self, other: Tally) {
        sum(&mut self.cart_adds, other.cart_adds);
        sum(&mut self.coupons_used, other.coupons_used);
        sum(&mut self.shipped_units, other.shipped_units);
        self.sold_out += other.sold_out;
        self.carts_closed += other.carts_closed;
        self.invoices += other.invoices;
        self.invoiced_in_cents += other.invoiced_in_cents;
        self.collected += other.collected;
        self.failed += other.failed;
        self.refunds += other.refunds;
        self.refunded_in_cents += other.refunded_in_cents;
        self.gift_cards_in_cents += other.gift_cards_in_cents;
        self.credits_in_cents += other.credits_in_cents;
        self.logged_in.extend(other.logged_in);
    }

    /// The products most added to carts, most first; among equals the smaller id.
    pub fn top(&self, most: usize) -> Vec<(String, u64)> {
        let mut adds: Vec<_> = self.cart_adds.iter().map(|(product, adds)| (product.clone(), *adds)).collect();
        adds.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        adds.truncate(most);
        adds
    }
}

fn sum<V: std::ops::AddAssign + Default>(into: &mut BTreeMap<String, V>, from: BTreeMap<String, V>) {
    for (key, value) in from {
        *into.entry(key).or_default() += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_by_count_and_then_by_the_smaller_id() {
        let adds = [("c", 1), ("b", 5), ("a", 5), ("d", 9)].map(|(product, adds)| (product.to_owned(), adds));
        let tally = Tally { cart_adds: adds.into(), ..Tally::default() };
        assert_eq!(tally.top(3), [("d", 9), ("a", 5), ("b", 5)].map(|(product, adds)| (product.to_owned(), adds)));
    }
}
