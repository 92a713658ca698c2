//! Parameters that no handler names itself: those of paths, and the headers that the contract gives a meaning to.

use super::schemas::NO_CONTROL_CHARACTERS;
use crate::codes::Code;
use serde_json::{Value, json};

/// Every path segment that is a parameter: what it is, and what it is called when there is no such thing.
const PATH_PARAMETERS: [(&str, &str, Option<Code>); 19] = [
    ("product_id", "A product's id", Some(Code::ProductNotFound)),
    ("customer_id", "A customer's id", Some(Code::CustomerNotFound)),
    ("address_id", "The id of one of the customer's addresses", Some(Code::AddressNotFound)),
    ("invoice_id", "An invoice's id", Some(Code::InvoiceNotFound)),
    ("order_id", "An order's id", Some(Code::OrderNotFound)),
    ("gift_card_id", "A gift card's id", Some(Code::GiftCardNotFound)),
    ("credit_id_or_amount", "The id of one of the customer's credits", None),
    ("job_id", "A job's id", Some(Code::JobNotFound)),
    ("actor_id", "The id of a person at the store's desk, from an audit", Some(Code::ActorNotFound)),
    ("code", "A coupon code, in any case of its letters", None),
    ("email", "An email address, in any case of its letters", None),
    ("tag", "A tag: 1 to 1,000 characters", None),
    ("query", "Words to look for, 1 to 1,000 characters; `_` stands for a space", None),
    (
        "kind",
        "What kind of object it is: `store`, `product`, `customer`, `cart`, `invoice`, `order`, `credit`, `gift_card` or `coupon`",
        Some(Code::NotFound),
    ),
    ("object_id", "The object's id; of a cart also its customer's, of a coupon also its code", None),
    ("token", "The token of a confirmation link", Some(Code::ConfirmationNotFound)),
    ("amount", AMOUNT, None),
    ("n", "How many: 1 to 100", None),
    ("slug", "An error's code in lower case, with hyphens: `insufficient-inventory`", Some(Code::NotFound)),
];

const AMOUNT: &str = "The amount in minor units, 1 to 10^13";

/// The names of the parameters in a path.
pub fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// What is answered where the path names what is not there.
pub fn not_found(path: &str) -> impl Iterator<Item = Code> {
    segments(path).filter_map(|name| PATH_PARAMETERS.iter().find(|(known, _, _)| *known == name)?.2)
}

/// Those of a path.
pub fn of_path(method: &str, path: &str) -> Vec<Value> {
    segments(path).map(|name| of_segment(method, name)).collect()
}

fn of_segment(method: &str, name: &str) -> Value {
    let known = PATH_PARAMETERS.iter().find(|(known, _, _)| *known == name);
    let description = known.map_or("", |(_, description, _)| *description);
    let integer = |maximum: i64| json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": maximum });
    let words = || json!({ "type": "string", "minLength": 1, "maxLength": 1000, "pattern": NO_CONTROL_CHARACTERS });
    let (description, schema) = match (name, method) {
        ("amount", _) | ("credit_id_or_amount", "post") => (AMOUNT, integer(domain::Cents::MAX.get())),
        ("n", _) => (description, json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 100 })),
        ("tag" | "query", _) => (description, words()),
        _ => (description, json!({ "type": "string", "minLength": 1 })),
    };
    parameter(name, "path", description, schema)
}

/// Makes work that is repeated be done once.
pub fn idempotency_key() -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" });
    parameter("Idempotency-Key", "header", "The same request with the same key does its work once", schema)
}

/// Changes only what the client has seen.
pub fn if_match() -> Value {
    parameter("If-Match", "header", "The revision that the resource must have, from an `ETag`", text())
}

/// Reads what the client has written elsewhere.
pub fn min_position() -> Value {
    let schema = json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX });
    parameter("Cartlog-Min-Position", "header", "The answer reflects the log at least up to this position", schema)
}

/// Reads without waiting.
pub fn consistency() -> Value {
    let schema = json!({ "type": "string", "enum": ["own-writes", "eventual"], "default": "own-writes" });
    let description = "`eventual`: the answer does not wait for what the store itself did last; `Cartlog-Position` says what it reflects";
    parameter("Cartlog-Consistency", "header", description, schema)
}

/// Reads only what the client doesn't have.
pub fn if_none_match() -> Value {
    parameter("If-None-Match", "header", "304 when the client has this representation", text())
}

fn parameter(name: &str, place: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "required": place == "path", "description": description, "schema": schema })
}

pub fn text() -> Value {
    json!({ "type": "string" })
}
