//! The one event that any stream may have: a request was accepted and changed nothing.

use crate::Category;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request with an `Idempotency-Key` was accepted and found nothing to change. Its metadata names the key, so that a repeat
/// changes nothing either, whatever has changed since. No state, view or metric takes notice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestRemembered {
    /// Of the stream that it stands in: known from the stream's name, so not stored.
    #[serde(skip, default = "nowhere")]
    pub(crate) category: Category,
}

impl RequestRemembered {
    /// The stable name under which it is stored.
    pub const TYPE: &'static str = "RequestRemembered";
    /// The schema version that is written today.
    pub const VERSION: u32 = 1;

    pub fn of(category: Category) -> Self {
        Self { category }
    }

    /// Reads the stored data of one in a stream of the category.
    pub(crate) fn decode(category: Category, data: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Self>(data).map(|_| Self::of(category))
    }
}

/// What stands for the category until the stream's name has been looked at.
fn nowhere() -> Category {
    Category::Claim
}
