//! Money: integer minor units, checked arithmetic only, and the two ways in which an amount is divided.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in minor units (cents) of one currency. Amounts of different currencies never meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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
    pub fn percent(self, percent: u32) -> Cents {
        Cents((i128::from(self.0) * i128::from(percent) / 100) as i64)
    }

    /// The tax on the amount at `basis_points` (1/100 %), rounded half up.
    pub fn tax(self, basis_points: u32) -> Cents {
        Cents(((i128::from(self.0) * i128::from(basis_points) + 5_000) / 10_000) as i64)
    }

    /// Spreads the amount over `weights` in proportion, largest remainder first; among equal remainders the
    /// earlier part. The parts always sum to the whole; no part exceeds its weight when the whole doesn't exceed
    /// their sum. Where all weights are zero, so are all parts.
    pub fn spread(self, weights: &[Cents]) -> Vec<Cents> {
        let whole: i128 = weights.iter().map(|weight| i128::from(weight.0)).sum();
        if whole == 0 {
            return vec![Cents::ZERO; weights.len()];
        }
        let exact = |weight: &Cents| i128::from(self.0) * i128::from(weight.0);
        let mut parts: Vec<Cents> = weights.iter().map(|weight| Cents((exact(weight) / whole) as i64)).collect();
        let mut left = self.0 - parts.iter().map(|part| part.0).sum::<i64>();
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_key(|&index| (std::cmp::Reverse(exact(&weights[index]) % whole), index));
        for index in by_remainder {
            if left == 0 {
                break;
            }
            parts[index].0 += 1;
            left -= 1;
        }
        parts
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
