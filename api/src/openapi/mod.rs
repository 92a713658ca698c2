//! The OpenAPI document: what the handlers say of themselves, and what the contract says of all of them alike (headers,
//! credentials, late answers, errors, what a field's name means), added by one pass over it.

mod fields;
mod operation;

use crate::codes::Code;
use crate::router;
use operation::Operation;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::LazyLock;

/// What the operations are grouped by, in the order in which they are shown.
const TAGS: [(&str, &str); 12] = [
    ("Store", "The store itself: who its clients are, and what holds for all of its sales."),
    ("Product", "What is sold, and how much of it there is."),
    ("Customer", "Who buys, with their addresses and emails."),
    ("Cart", "What a customer is about to buy. Items in a cart hold inventory. One open cart a customer."),
    ("Invoice", "Billed carts, and what became of them: collected, failed, refunded."),
    ("Order", "What was collected and is to be shipped."),
    ("Gift card", "Balances that one customer gives to another."),
    ("Credit", "Balances that the store gives to a customer."),
    ("Coupon code", "What takes something off an invoice."),
    ("Streaming metrics", "Figures in near real time: an event shows within 1 s of its command's answer."),
    ("History", "Every event of one thing, oldest first. What was deleted keeps its history."),
    ("Service", "The server itself. Needs no credentials."),
];

/// The OpenAPI 3.1 document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(build);
    &DOCUMENT
}

/// The same as it is served.
pub fn document_bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec(document()).unwrap_or_default());
    &BYTES
}

fn build() -> Value {
    let mut document = serde_json::to_value(router::documented()).unwrap_or_default();
    document["info"] = json!({
        "title": "cartlog",
        "version": env!("CARGO_PKG_VERSION"),
        "description": format!("{}\n{}", include_str!("about.md"), table_of_codes()),
        "license": { "name": "MIT OR Apache-2.0" },
    });
    let tags = TAGS.iter().map(|(name, description)| json!({ "name": name, "description": description }));
    document["tags"] = tags.collect();
    let components = &mut document["components"];
    require_what_is_always_there(&mut components["schemas"]);
    fields::describe(&mut components["schemas"]);
    components["securitySchemes"] = json!({
        "appId": { "type": "apiKey", "in": "header", "name": "APP-ID", "description": "The store's `app_id`" },
        "accessToken": { "type": "apiKey", "in": "header", "name": "ACCESS-TOKEN", "description": "From `POST /store/token`; lives 24 h" },
    });
    let schemas = components["schemas"].clone();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                Operation { path, method, schemas: &schemas, operation }.complete();
            }
        }
    }
    let problem = &mut document["components"]["schemas"]["Problem"];
    problem["required"] = json!(["type", "title", "status", "detail", "error"]);
    problem["properties"]["error"]["enum"] = Code::ALL.iter().map(|code| json!(code.as_str())).collect();
    document
}

/// Every error code, for people: also those that belong to no operation.
fn table_of_codes() -> String {
    let mut table = String::from("| error | status | when |\n|---|---|---|\n");
    for code in Code::ALL {
        // Writing to a string never fails.
        let _ = writeln!(table, "| `{}` | {} | {} |", code.as_str(), code.status_code(), code.meaning());
    }
    table
}

/// An answer's fields are always there, with a value or null. Requests are left alone: they refuse unknown fields.
fn require_what_is_always_there(schemas: &mut Value) {
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        let is_request = schema["additionalProperties"] == json!(false) || schema["type"] == json!("array");
        if is_request || matches!(name.as_str(), "Problem" | "FieldError" | "Accepted") {
            continue;
        }
        // Not by index: that would put a null where there is none.
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten();
        parts.for_each(require_all);
        require_all(schema);
    }
}

fn require_all(schema: &mut Value) {
    if let Some(properties) = schema["properties"].as_object() {
        let names: Vec<_> = properties.keys().cloned().collect();
        schema["required"] = json!(names);
    }
}
