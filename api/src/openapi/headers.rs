//! Headers of answers, as the document describes them.

use super::parameters::text;
use serde_json::{Value, json};

/// What every answer carries.
pub fn request_id() -> (String, Value) {
    ("x-request-id".to_owned(), header(true, "The request's id: the client's own, or a new one", text()))
}

pub fn header(required: bool, description: &str, schema: Value) -> Value {
    json!({ "required": required, "description": description, "schema": schema })
}
