//! The OpenAPI document: what the handlers say of themselves, and what the contract says of all of them alike (headers,
//! credentials, late answers, errors, what a field's name means), added by one pass over it.

mod components;
mod errors;
mod examples;
mod fields;
mod headers;
mod late;
mod links;
mod operation;
mod parameters;
mod schemas;

use crate::codes::Code;
use crate::wire::access::AccessTable;
use operation::Operation;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

/// Of the project, as SPDX writes it.
pub const LICENSE: &str = "MIT OR Apache-2.0";

/// What a path may have, as the document spells it.
const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

/// What the operations are grouped by, in the order in which they are shown.
const TAGS: [(&str, &str); 13] = [
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
    (
        "Audit",
        "What happened, in words, and what each event changed. What was deleted is told, and so is what can't be read.",
    ),
    ("Service", "The server itself. Needs no credentials."),
];

/// Where its makers are found.
pub fn contact() -> Value {
    json!({ "name": "cartlog", "url": env!("CARGO_PKG_REPOSITORY") })
}

/// The OpenAPI 3.1 document of what handlers say of themselves.
pub fn document_of(handlers: &OpenApi, access: &AccessTable) -> Value {
    let mut document = serde_json::to_value(handlers).unwrap_or_default();
    document["info"] = json!({
        "title": "cartlog",
        "version": env!("CARGO_PKG_VERSION"),
        "description": include_str!("about.md"),
        "contact": contact(),
        "license": { "name": LICENSE, "identifier": LICENSE },
    });
    // Of all that doesn't say otherwise.
    document["security"] = json!([{ "appId": [], "accessToken": [] }]);
    document["servers"] = json!([{ "url": "/", "description": "The server that this document comes from" }]);
    let tags = TAGS.iter().map(|(name, description)| json!({ "name": name, "description": description }));
    document["tags"] = tags.collect();
    complete_schemas(&mut document["components"]["schemas"]);
    document["components"]["examples"] = errors::examples();
    document["components"]["securitySchemes"] = json!({
        "appId": { "type": "apiKey", "in": "header", "name": "APP-ID", "description": "The store's `app_id`" },
        "accessToken": { "type": "apiKey", "in": "header", "name": "ACCESS-TOKEN", "description": "From `POST /store/token`; lives 24 h" },
        // No parameter of each operation: clients that pass those by place would have to be written anew.
        "customerToken": { "type": "apiKey", "in": "header", "name": "CUSTOMER-TOKEN", "description": "Beside a token of role `storefront`: the customer's own, from log-in or sign-up" },
        "operatorToken": { "type": "http", "scheme": "bearer", "description": "Of whoever operates the server, from `cartlog token create`" },
    });
    let schemas = document["components"]["schemas"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let access = access.named(method, path);
            Operation { path, method, schemas: &schemas, access, operation }.complete();
        }
    }
    links::add(&mut document);
    components::share(&mut document);
    without_what_nobody_refers_to(&mut document);
    document
}

fn complete_schemas(all: &mut Value) {
    schemas::complete(all);
    fields::describe(all);
    late::add(all);
    let problem = &mut all["Problem"];
    problem["required"] = json!(["type", "title", "status", "detail", "error"]);
    problem["properties"]["error"]["enum"] = Code::ALL.iter().map(|code| json!(code.as_str())).collect();
}

/// A schema that only stood for another one is none of the document's, nor is the example of what no operation answers.
fn without_what_nobody_refers_to(document: &mut Value) {
    loop {
        let text = document.to_string();
        let mut unused = 0;
        for kind in ["schemas", "examples"] {
            let Some(components) = document["components"][kind].as_object_mut() else { continue };
            let before = components.len();
            components.retain(|name, _| text.contains(&format!("\"#/components/{kind}/{name}\"")));
            unused += before - components.len();
        }
        if unused == 0 {
            return;
        }
    }
}
