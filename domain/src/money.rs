//! Money: integer minor units, checked arithmetic only, and the two ways in which an amount is divided.
//! Nothing here ever wraps or is a float: what leaves the range of amounts is [`AmountOutOfRange`].

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::fmt;

/// An amount in minor units (cents) of one currency. Amounts of different currencies never meet.
///
/// Always within 0 to [`Cents::MAX`], also when it was read from stored data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Cents(i64);

/// A result left the range of amounts: more than 10^13 cents, or below zero where that has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is outside 0 to 10000000000000 cents")]
pub struct AmountOutOfRange;

impl Cents {
    pub const ZERO: Cents = Cents(0);
    /// The largest amount (api.md §1, Money).
    pub const MAX: Cents = Cents(10_000_000_000_000);

    /// An amount of 0 to [`Cents::MAX`].
    pub fn new(cents: i64) -> Result<Self, AmountOutOfRange> {
        if (0..=Self::MAX.0).contains(&cents) { Ok(Self(cents)) } else { Err(AmountOutOfRange) }
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn plus(self, other: Cents) -> Result<Cents, AmountOutOfRange> {
        self.0.checked_add(other.0).ok_or(AmountOutOfRange).and_then(Self::new)
    }

    pub fn minus(self, other: Cents) -> Result<Cents, AmountOutOfRange> {
        self.0.checked_sub(other.0).ok_or(AmountOutOfRange).and_then(Self::new)
    }

    pub fn times(self, quantity: u32) -> Result<Cents, AmountOutOfRange> {
        self.0.checked_mul(i64::from(quantity)).ok_or(AmountOutOfRange).and_then(Self::new)
    }

    /// The sum of all; out of range when it passes [`Cents::MAX`].
    pub fn sum(amounts: impl IntoIterator<Item = Cents>) -> Result<Cents, AmountOutOfRange> {
        amounts.into_iter().try_fold(Cents::ZERO, Cents::plus)
    }

    /// `percent` % of the amount, rounded down.
    pub fn percent(self, percent: u32) -> Result<Cents, AmountOutOfRange> {
        Self::of_wide(i128::from(self.0) * i128::from(percent) / 100)
    }

    /// The tax on the amount at `basis_points` (1/100 %), rounded half up.
    pub fn tax(self, basis_points: u32) -> Result<Cents, AmountOutOfRange> {
        Self::of_wide((i128::from(self.0) * i128::from(basis_points) + 5_000) / 10_000)
    }

    /// The share of the amount that falls to `part` of `whole`, rounded half up; nothing where `whole` is zero.
    ///
    /// Rises with `part` and is all of the amount once `part` is the whole, so that the differences between the shares
    /// of a growing part always sum to the amount.
    pub fn share(self, part: Cents, whole: Cents) -> Result<Cents, AmountOutOfRange> {
        if whole.is_zero() {
            return Ok(Cents::ZERO);
        }
        let (part, whole) = (i128::from(part.0), i128::from(whole.0));
        Self::of_wide((i128::from(self.0) * part * 2 + whole) / (whole * 2))
    }

    /// Spreads the amount over `weights` in proportion, largest remainder first; among equal remainders the
    /// earlier part. The parts always sum to the whole; no part exceeds its weight when the whole doesn't exceed
    /// their sum. Where all weights are zero, so are all parts.
    pub fn spread(self, weights: &[Cents]) -> Vec<Cents> {
        let whole: i128 = weights.iter().map(|weight| i128::from(weight.0)).sum();
        if whole == 0 {
            return vec![Cents::ZERO; weights.len()];
        }
        // Both factors are at most 10^13, and a weight is at most the whole: no product leaves i128, no quotient the amount.
        let exact = |weight: &Cents| i128::from(self.0) * i128::from(weight.0);
        let mut parts: Vec<Cents> = weights.iter().map(|weight| Cents((exact(weight) / whole) as i64)).collect();
        let left = self.0 - parts.iter().map(|part| part.0).sum::<i64>();
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_cached_key(|&index| (Reverse(exact(&weights[index]) % whole), index));
        // Each part lacks less than a cent, so fewer cents are left than there are parts with a remainder.
        for &index in by_remainder.iter().take(left as usize) {
            parts[index].0 += 1;
        }
        parts
    }

    /// A result that was computed without the risk of a wrap.
    fn of_wide(cents: i128) -> Result<Cents, AmountOutOfRange> {
        i64::try_from(cents).map_err(|_| AmountOutOfRange).and_then(Self::new)
    }
}

impl TryFrom<i64> for Cents {
    type Error = AmountOutOfRange;
    fn try_from(cents: i64) -> Result<Self, AmountOutOfRange> {
        Self::new(cents)
    }
}

impl From<Cents> for i64 {
    fn from(cents: Cents) -> i64 {
        cents.0
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn cents(cents: i64) -> Cents {
        Cents::new(cents).expect("an amount of the test is in range")
    }

    fn any_cents() -> impl Strategy<Value = Cents> {
        prop_oneof![Just(0i64), 0..10i64, 0..1_000_000i64, 0..=Cents::MAX.get(), Just(Cents::MAX.get())].prop_map(cents)
    }

    fn sum(parts: &[Cents]) -> i64 {
        parts.iter().map(|part| part.get()).sum()
    }

    proptest! {
        #[test]
        fn spread_parts_sum_to_the_whole(amount in any_cents(), weights in vec(any_cents(), 1..40)) {
            let parts = amount.spread(&weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(sum(&parts), if sum(&weights) == 0 { 0 } else { amount.get() });
            prop_assert_eq!(&parts, &amount.spread(&weights));
        }

        #[test]
        fn spread_parts_are_within_a_cent_of_their_proportion(amount in any_cents(), weights in vec(any_cents(), 1..40)) {
            let whole = weights.iter().map(|weight| i128::from(weight.get())).sum::<i128>();
            for (part, weight) in amount.spread(&weights).iter().zip(&weights) {
                let exact = i128::from(amount.get()) * i128::from(weight.get());
                prop_assert!((i128::from(part.get()) * whole - exact).abs() < whole.max(1));
                prop_assert!(part.get() >= 0 && (weight.get() > 0 || part.is_zero()));
            }
        }

        #[test]
        fn no_part_exceeds_its_weight_when_the_whole_fits(weights in vec(0..1_000i64, 1..40), share in 0.0..=1.0f64) {
            let weights: Vec<Cents> = weights.into_iter().map(cents).collect();
            let amount = cents((sum(&weights) as f64 * share) as i64);
            for (part, weight) in amount.spread(&weights).iter().zip(&weights) {
                prop_assert!(part <= weight);
            }
        }

        #[test]
        fn the_odd_cents_go_to_the_largest_remainders_and_of_equals_to_the_first(
            amount in any_cents(),
            weights in vec(any_cents(), 1..20),
        ) {
            let whole = weights.iter().map(|weight| i128::from(weight.get())).sum::<i128>().max(1);
            let exact = |index: usize| i128::from(amount.get()) * i128::from(weights[index].get());
            let parts = amount.spread(&weights);
            let rounded_up = |index: usize| i128::from(parts[index].get()) > exact(index) / whole;
            let (up, down): (Vec<usize>, Vec<usize>) = (0..weights.len()).partition(|index| rounded_up(*index));
            for (up, down) in up.iter().flat_map(|up| down.iter().map(move |down| (*up, *down))) {
                let (of_up, of_down) = (exact(up) % whole, exact(down) % whole);
                prop_assert!(of_up > of_down || (of_up == of_down && up < down));
            }
        }

        #[test]
        fn tax_is_rounded_half_up(amount in any_cents(), rate in 0..=10_000u32) {
            let tax = i128::from(amount.tax(rate).unwrap().get());
            let exact = i128::from(amount.get()) * i128::from(rate);
            prop_assert!(tax * 10_000 - exact <= 5_000 && exact - tax * 10_000 < 5_000);
        }

        #[test]
        fn percent_is_rounded_down_and_never_more_than_the_amount(amount in any_cents(), percent in 0..=100u32) {
            let part = i128::from(amount.percent(percent).unwrap().get());
            let exact = i128::from(amount.get()) * i128::from(percent);
            prop_assert!(part * 100 <= exact && exact < (part + 1) * 100 && part <= i128::from(amount.get()));
        }

        #[test]
        fn the_shares_of_a_growing_part_sum_to_the_amount(tax in 0..500i64, whole in 500..5_000i64, steps in vec(0..5_000i64, 0..10)) {
            let mut steps: Vec<i64> = steps.into_iter().map(|step| step.min(whole)).chain([0, whole]).collect();
            steps.sort();
            let shares: Vec<i64> = steps.iter().map(|part| cents(tax).share(cents(*part), cents(whole)).unwrap().get()).collect();
            for (shares, parts) in shares.windows(2).zip(steps.windows(2)) {
                // A part's share is neither negative nor more than the part itself.
                prop_assert!((0..=parts[1] - parts[0]).contains(&(shares[1] - shares[0])));
            }
            prop_assert_eq!((shares.first(), shares.last()), (Some(&0), Some(&tax)));
        }

        #[test]
        fn arithmetic_is_exact_or_out_of_range(left in any_cents(), right in any_cents(), quantity: u32, points: u32) {
            let (a, b) = (i128::from(left.get()), i128::from(right.get()));
            let checked = |exact: i128| (0..=i128::from(Cents::MAX.get())).contains(&exact).then_some(exact);
            let got = |result: Result<Cents, AmountOutOfRange>| result.ok().map(|cents| i128::from(cents.get()));
            prop_assert_eq!(got(left.plus(right)), checked(a + b));
            prop_assert_eq!(got(left.minus(right)), checked(a - b));
            prop_assert_eq!(got(left.times(quantity)), checked(a * i128::from(quantity)));
            prop_assert_eq!(got(left.percent(points)), checked(a * i128::from(points) / 100));
            prop_assert_eq!(got(left.tax(points)), checked((a * i128::from(points) + 5_000) / 10_000));
        }
    }

    #[test]
    fn the_largest_remainder_gets_the_odd_cent_and_the_earlier_of_equals_first() {
        assert_eq!(cents(100).spread(&[cents(1), cents(1), cents(1)]), [cents(34), cents(33), cents(33)]);
        assert_eq!(cents(10).spread(&[cents(14), cents(25), cents(61)]), [cents(1), cents(3), cents(6)]);
        assert_eq!(cents(1).spread(&[cents(0), cents(5), cents(5)]), [cents(0), cents(1), cents(0)]);
        assert_eq!(cents(7).spread(&[]), []);
    }

    #[test]
    fn a_share_is_rounded_half_up_and_nothing_of_nothing() {
        let share = |amount, part, whole| cents(amount).share(cents(part), cents(whole)).unwrap().get();
        assert_eq!((share(5, 1, 10), share(5, 3, 10), share(4, 1, 10), share(6, 1, 10)), (1, 2, 0, 1));
        assert_eq!((share(7, 0, 0), share(Cents::MAX.get(), 1, 1)), (0, Cents::MAX.get()));
    }

    #[test]
    fn an_amount_outside_the_range_is_not_read() {
        for text in ["-1", "10000000000001", "1.5", "\"1\"", "9223372036854775808"] {
            assert!(serde_json::from_str::<Cents>(text).is_err(), "{text} was read");
        }
        assert_eq!(serde_json::from_str::<Cents>("10000000000000").unwrap(), Cents::MAX);
        assert_eq!(serde_json::to_string(&Cents::MAX).unwrap(), "10000000000000");
    }
}
