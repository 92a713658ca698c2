//! What every success says.

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What every success says unless a route has something else to say.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Done)]
pub enum Success {
    #[serde(rename = "ok")]
    Ok,
}

/// Done, but the rest of the answer is late: the ids of what was done. Ask for it in a moment.
#[derive(Serialize)]
pub struct Accepted {
    result: Success,
    /// `customer_id`, `cart_id`, `invoice_id` and so on.
    #[serde(flatten)]
    ids: BTreeMap<&'static str, String>,
}

impl Accepted {
    pub fn new(ids: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { result: Success::Ok, ids: ids.into_iter().collect() }
    }
}
