//! The chart of accounts: one for every store, the same for ever.
//!
//! Names are a storage format: they stand in rows, files and mappings, and are never renamed.

use domain::gift_card::GiftCardSource;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// An account. In the order in which a chart lists them; as text by a name of its own: `gift-cards:sold`, `tax-payable:1900`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What customers owe on open invoices.
    Receivable,
    /// What was collected, less what was paid back.
    Cash,
    /// What gifters owe for gift cards that were sold. Nothing in the log says when they pay: whoever keeps the books sets
    /// this off against what came in.
    ClearingGiftCardSales,
    /// What was spent of gift cards, until its invoice is issued. Nothing while no billing is under way.
    ClearingGiftCards,
    /// The same of credits.
    ClearingCredits,
    /// What refunds give as credits, until the credit is issued. Nothing while no refund is under way.
    ClearingRefundCredits,
    /// What is left on gift cards, by how they came to be: goods owed.
    GiftCards(GiftCardSource),
    /// What is left of credits.
    Credits,
    /// What refunds promised to pay back, until they are closed.
    RefundsPayable,
    /// Tax owed, by the rate that it was taken at.
    TaxPayable(TaxRate),
    /// The other side of gift cards of which the log does not say how they came to be.
    Unstated,
    /// What items cost, before discounts and without tax.
    Sales,
    /// What coupons took off. An income that is below zero.
    Discounts,
    /// What shipping cost.
    Shipping,
    /// What was left of gift cards and credits that were voided.
    Breakage,
    /// Gift cards and credits that the store gave away.
    Goodwill,
}

/// What sort of account it is, as a balance sheet or an income statement has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Owned, or owed to the store.
    Asset,
    /// Owed by the store.
    Liability,
    /// What neither is.
    Equity,
    /// Earned.
    Income,
    /// Used up.
    Expense,
}

/// The rate that something was taxed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxRate {
    /// In 1/100 %: 1900 is 19 %.
    BasisPoints(u32),
    /// Neither the invoice's line nor its billing says.
    Unknown,
}

impl Account {
    /// All but those of [`Self::TaxPayable`], of which there are as many as rates, in the order of the chart.
    pub const FIXED: [Account; 17] = [
        Account::Receivable,
        Account::Cash,
        Account::ClearingGiftCardSales,
        Account::ClearingGiftCards,
        Account::ClearingCredits,
        Account::ClearingRefundCredits,
        Account::GiftCards(GiftCardSource::Sold),
        Account::GiftCards(GiftCardSource::Given),
        Account::GiftCards(GiftCardSource::Unstated),
        Account::Credits,
        Account::RefundsPayable,
        Account::Unstated,
        Account::Sales,
        Account::Discounts,
        Account::Shipping,
        Account::Breakage,
        Account::Goodwill,
    ];

    /// What sort of account it is.
    pub fn kind(self) -> Kind {
        match self {
            Self::Receivable | Self::Cash | Self::ClearingGiftCardSales => Kind::Asset,
            Self::ClearingGiftCards
            | Self::ClearingCredits
            | Self::ClearingRefundCredits
            | Self::GiftCards(_)
            | Self::Credits
            | Self::RefundsPayable
            | Self::TaxPayable(_) => Kind::Liability,
            Self::Unstated => Kind::Equity,
            Self::Sales | Self::Discounts | Self::Shipping | Self::Breakage => Kind::Income,
            Self::Goodwill => Kind::Expense,
        }
    }

    /// The name of one that has a single one.
    fn fixed_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Receivable => "receivable",
            Self::Cash => "cash",
            Self::ClearingGiftCardSales => "clearing:gift-card-sales",
            Self::ClearingGiftCards => "clearing:gift-cards",
            Self::ClearingCredits => "clearing:credits",
            Self::ClearingRefundCredits => "clearing:refund-credits",
            Self::GiftCards(GiftCardSource::Sold) => "gift-cards:sold",
            Self::GiftCards(GiftCardSource::Given) => "gift-cards:given",
            Self::GiftCards(GiftCardSource::Unstated) => "gift-cards:unstated",
            Self::Credits => "credits",
            Self::RefundsPayable => "refunds-payable",
            Self::TaxPayable(_) => return None,
            Self::Unstated => "unstated",
            Self::Sales => "sales",
            Self::Discounts => "discounts",
            Self::Shipping => "shipping",
            Self::Breakage => "breakage",
            Self::Goodwill => "goodwill",
        })
    }
}

const TAX_PAYABLE: &str = "tax-payable:";
const UNKNOWN: &str = "unknown";

impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BasisPoints(points) => points.fmt(f),
            Self::Unknown => f.write_str(UNKNOWN),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.fixed_name()) {
            (Self::TaxPayable(rate), _) => write!(f, "{TAX_PAYABLE}{rate}"),
            (_, name) => f.write_str(name.unwrap_or_default()),
        }
    }
}

/// No account has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no account '{0}'")]
pub struct UnknownAccount(pub String);

impl FromStr for Account {
    type Err = UnknownAccount;

    fn from_str(name: &str) -> Result<Self, UnknownAccount> {
        let unknown = || UnknownAccount(name.to_owned());
        if let Some(rate) = name.strip_prefix(TAX_PAYABLE) {
            return rate.parse().map(Account::TaxPayable).map_err(|UnknownRate| unknown());
        }
        Account::FIXED.into_iter().find(|account| account.fixed_name() == Some(name)).ok_or_else(unknown)
    }
}

/// It is neither a number of basis points, written without leading zeros or a sign, nor `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rate in basis points, nor 'unknown'")]
pub struct UnknownRate;

impl FromStr for TaxRate {
    type Err = UnknownRate;

    fn from_str(text: &str) -> Result<Self, UnknownRate> {
        if text == UNKNOWN {
            return Ok(Self::Unknown);
        }
        // No two names for one account: what is read must be what would be written.
        let points: u32 = text.parse().map_err(|_| UnknownRate)?;
        if points.to_string() == text { Ok(Self::BasisPoints(points)) } else { Err(UnknownRate) }
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

/// As the basis points, or null where it is unknown.
impl Serialize for TaxRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let points = match self {
            Self::BasisPoints(points) => Some(points),
            Self::Unknown => None,
        };
        points.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TaxRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let points = Option::<u32>::deserialize(deserializer)?;
        Ok(points.map_or(Self::Unknown, Self::BasisPoints))
    }
}
