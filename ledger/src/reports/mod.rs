//! Reports over a period, each fed with all dated entries of a store in the order of the log.
//!
//! What lives here: a file for each report, which adds up what entries say and holds the sums against the accounts
//! ([`Control`]). What doesn't: which entries a store has, and JSON, which is a `Serialize` away. The guarantee: what is
//! kept in memory is bounded by what is open and by how many currencies and rates there are, never by how many entries are
//! added. An entry of after the period changes nothing; one of before it counts into what the period begins with.

mod control;
mod credits;
mod gift_cards;
mod period;
mod receivables;
mod refunds;
mod rollforward;
mod sales;
mod tax;

pub use control::Control;
pub use credits::{CreditReport, CreditRow, Credits};
pub use gift_cards::{GiftCardBreakage, GiftCardReport, GiftCardRow, GiftCards};
pub use period::{BackwardPeriod, Period};
pub use receivables::{AgeBucket, Aging, OpenInvoice, ReceivableReport, Receivables};
pub use refunds::{RefundReport, RefundRow, Refunds};
pub use sales::{Sales, SalesAmounts, SalesReport, SalesRow};
pub use tax::{Tax, TaxAmounts, TaxReport, TaxRow};
