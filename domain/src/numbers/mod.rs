//! The numbers of documents: an invoice's, and that of a refund's credit note.
//!
//! A number is a document's rank: the how manieth of its kind the store issued, in the log's order, in all or within the year. So
//! the numbers have no gap and follow from the log alone. What lives here: how a number is written ([`NumberFormat`]), which
//! settings never give one number twice ([`NumberSettings`]), and the fold that counts ([`Numbering`]). What doesn't: which
//! events are of which store, and where counts are kept.

mod counts;
mod format;
mod numbering;
mod overlap;
mod settings;

pub use counts::Counts;
pub use format::{BadNumberFormat, NumberFormat};
pub use numbering::{Number, Numbering, NumberingEvent};
pub use settings::{NumberRestart, NumberSettings, NumbersCouldRepeat, SettingsHistory};

use serde::{Deserialize, Serialize};

/// What is numbered. Each kind has numbers of its own: those of one may be those of the other as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    Invoice,
    /// Of a refund.
    CreditNote,
}

#[cfg(test)]
mod tests;
