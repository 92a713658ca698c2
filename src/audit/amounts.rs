//! Amounts as people read them: minor units with the currency's decimals.

use domain::{Cents, Currency};

/// Currencies of ISO 4217 whose minor unit is not a hundredth, with its decimals.
const OTHER_DECIMALS: [(&str, usize); 26] = [
    ("BHD", 3),
    ("BIF", 0),
    ("CLF", 4),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("UYI", 0),
    ("UYW", 4),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

/// How amounts of one history are written: in its currency, or bare where it has none (a product's price).
#[derive(Clone, Copy, Debug, Default)]
pub struct Amounts {
    currency: Option<Currency>,
}

impl Amounts {
    pub fn of(currency: Option<Currency>) -> Self {
        Self { currency }
    }

    /// `12.34 EUR`, `1234 JPY`, `12.34` without a currency.
    pub fn show(self, cents: Cents) -> String {
        let Some(currency) = self.currency else { return decimal(cents.get(), 2) };
        let code = currency.as_str();
        let decimals = OTHER_DECIMALS.iter().find(|(other, _)| *other == code).map_or(2, |(_, decimals)| *decimals);
        format!("{} {code}", decimal(cents.get(), decimals))
    }
}

fn decimal(minor_units: i64, decimals: usize) -> String {
    if decimals == 0 {
        return minor_units.to_string();
    }
    let sign = if minor_units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor_units.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

    use super::*;

    #[test]
    fn each_currency_has_its_own_decimals() {
        let show = |code: &str, cents| Amounts::of(Some(code.parse().unwrap())).show(Cents::new(cents).unwrap());
        assert_eq!([show("EUR", 5), show("EUR", 1_299), show("JPY", 1_299)], ["0.05 EUR", "12.99 EUR", "1299 JPY"]);
        assert_eq!(show("KWD", 1_299), "1.299 KWD");
        assert_eq!(Amounts::default().show(Cents::new(70).unwrap()), "0.70");
    }

    #[test]
    fn every_code_of_the_table_is_a_currency() {
        assert!(OTHER_DECIMALS.iter().all(|(code, _)| code.parse::<Currency>().is_ok()));
    }
}
