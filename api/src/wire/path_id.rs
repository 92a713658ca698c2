//! Ids in paths.

use crate::codes::Code;
use crate::problem::Problem;
use std::str::FromStr;

/// An id in a path, and what its absence is called.
pub trait PathId: FromStr {
    const PARAMETER: &'static str;
    const NOT_FOUND: Code;
}

macro_rules! path_ids {
    ($($id:ident, $parameter:literal, $code:ident;)+) => {
        $(impl PathId for domain::$id {
            const PARAMETER: &'static str = $parameter;
            const NOT_FOUND: Code = Code::$code;
        })+
    };
}

path_ids! {
    ProductId, "product_id", ProductNotFound;
    CustomerId, "customer_id", CustomerNotFound;
    AddressId, "address_id", AddressNotFound;
    InvoiceId, "invoice_id", InvoiceNotFound;
    InvoiceLineItemId, "invoice_line_item_id", InvoiceLineItemNotFound;
    OrderId, "order_id", OrderNotFound;
    GiftCardId, "gift_card_id", GiftCardNotFound;
    CreditId, "credit_id_or_amount", CreditNotFound;
    JobId, "job_id", JobNotFound;
    ActorId, "actor_id", ActorNotFound;
}

/// An id as clients write it; any other text names nothing that exists (api.md §1, Ids).
pub fn parse_id<I: PathId>(text: &str) -> Result<I, Problem> {
    // Hyphenated only: what else a UUID can be written as is not what clients were given.
    let id = (text.len() == 36).then(|| text.parse().ok()).flatten();
    id.ok_or_else(|| Problem::of(I::NOT_FOUND))
}
