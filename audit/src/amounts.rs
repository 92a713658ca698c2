//! Amounts as people read them: in units of their currency.

use domain::{Cents, Currency};

/// How amounts of one history are written: in its currency, or as minor units where it has none (a product's price, which is
/// each customer's currency).
#[derive(Clone, Copy, Debug, Default)]
pub struct Amounts {
    currency: Option<Currency>,
}

impl Amounts {
    pub fn of(currency: Option<Currency>) -> Self {
        Self { currency }
    }

    /// `12.34 EUR`, `1234 JPY`; `1234 cents` without a currency.
    pub fn show(self, cents: Cents) -> String {
        match self.currency {
            Some(currency) => format!("{} {currency}", currency.decimal(cents.get())),
            None => format!("{} cents", cents.get()),
        }
    }
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
    }

    /// How many decimals they have is not known then.
    #[test]
    fn without_a_currency_amounts_are_in_minor_units() {
        assert_eq!(Amounts::default().show(Cents::new(70).unwrap()), "70 cents");
    }
}
