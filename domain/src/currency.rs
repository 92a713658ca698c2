//! Currencies by their ISO 4217 code.

use serde::{Deserialize, Serialize, de};
use std::fmt;
use std::str::FromStr;

/// The active codes of ISO 4217 (list one, 2025), in alphabetical order.
#[rustfmt::skip]
const CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF",
    "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CLF",
    "CLP", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR",
    "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
    "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE",
    "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS",
    "UAH", "UGX", "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XAG", "XAU",
    "XBA", "XBB", "XBC", "XBD", "XCD", "XCG", "XDR", "XOF", "XPD", "XPF", "XPT", "XSU", "XTS", "XUA", "XXX", "YER",
    "ZAR", "ZMW", "ZWG",
];

/// The currencies whose minor unit is not a hundredth, with the decimals of their amounts, in alphabetical order. Those that have no
/// minor unit at all (ISO's 'N.A.': metals, funds' units, the codes for testing and for none) have no decimals.
#[rustfmt::skip]
const OTHER_DECIMALS: &[(&str, usize)] = &[
    ("BHD", 3), ("BIF", 0), ("CLF", 4), ("CLP", 0), ("DJF", 0), ("GNF", 0), ("IQD", 3), ("ISK", 0), ("JOD", 3), ("JPY", 0),
    ("KMF", 0), ("KRW", 0), ("KWD", 3), ("LYD", 3), ("OMR", 3), ("PYG", 0), ("RWF", 0), ("TND", 3), ("UGX", 0), ("UYI", 0),
    ("UYW", 4), ("VND", 0), ("VUV", 0), ("XAF", 0), ("XAG", 0), ("XAU", 0), ("XBA", 0), ("XBB", 0), ("XBC", 0), ("XBD", 0),
    ("XDR", 0), ("XOF", 0), ("XPD", 0), ("XPF", 0), ("XPT", 0), ("XSU", 0), ("XTS", 0), ("XUA", 0), ("XXX", 0),
];

/// A currency: an active three-letter code of ISO 4217, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency code")]
pub struct UnknownCurrency;

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        // Only ASCII codes of the list get in here.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals an amount of it has: the exponent of its minor unit.
    pub fn decimals(&self) -> usize {
        let found = OTHER_DECIMALS.binary_search_by_key(&self.as_str(), |(code, _)| code);
        found.map_or(2, |index| OTHER_DECIMALS[index].1)
    }

    /// Minor units as a decimal number of the currency's units: `12.34` of EUR, `1234` of JPY, `1.234` of KWD.
    pub fn decimal(&self, minor_units: i64) -> String {
        let decimals = self.decimals();
        let sign = if minor_units < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", minor_units.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        CODES.binary_search(&code).map(|_| Currency(bytes)).map_err(|_| UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Currency;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 4217 currency code")
            }
            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                code.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_list_is_found_and_nothing_else() {
        assert!(CODES.is_sorted(), "the search relies on it");
        for code in CODES {
            assert_eq!(code.parse::<Currency>().map(|currency| currency.to_string()), Ok((*code).to_owned()));
        }
        for code in ["", "eur", "EU", "EURO", "ABC", "E€"] {
            assert_eq!(code.parse::<Currency>(), Err(UnknownCurrency), "{code}");
        }
    }

    /// ISO 4217's list one says how many decimals each has.
    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        assert!(OTHER_DECIMALS.is_sorted(), "the search relies on it");
        assert!(OTHER_DECIMALS.iter().all(|(code, _)| CODES.contains(code)));
        let decimal = |code: &str, minor_units| code.parse::<Currency>().map(|currency| currency.decimal(minor_units));
        let cases = [
            ("EUR", 5, "0.05"),
            ("EUR", 1_299, "12.99"),
            ("EUR", -5, "-0.05"),
            ("EUR", 0, "0.00"),
            ("JPY", 1_000, "1000"),
            ("JPY", -1, "-1"),
            ("JPY", 0, "0"),
            ("KWD", 12_345, "12.345"),
            ("CLF", 12_345, "1.2345"),
            ("XAU", 7, "7"),
            ("USD", i64::MIN, "-92233720368547758.08"),
        ];
        for (code, minor_units, wanted) in cases {
            assert_eq!(decimal(code, minor_units).as_deref(), Ok(wanted), "{minor_units} of {code}");
        }
    }
}
