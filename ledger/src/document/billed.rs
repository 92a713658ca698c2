//! A cart that was billed: its terms say what its invoice's lines are taxed at, where they don't say it themselves.

use super::{Document, Misfit};
use domain::cart::CartBilled;
use serde::{Deserialize, Serialize};

/// What its invoice must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billed {
    /// In 1/100 %, of the items.
    pub tax_rate_in_basis_points: u32,
}

pub(super) fn billed(before: Option<&Document>, event: &CartBilled) -> Result<Document, Misfit> {
    match before {
        None => Ok(Document::Billed(Billed { tax_rate_in_basis_points: event.terms.tax_rate_in_basis_points })),
        Some(Document::Billed(_) | Document::Invoice(_)) => Err(Misfit::IssuedAlready { event: "CartBilled" }),
        Some(Document::GiftCard(_) | Document::Credit(_)) => Err(Misfit::OtherKind { event: "CartBilled" }),
    }
}
