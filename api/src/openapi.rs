//! The OpenAPI document: what the handlers say of themselves, and what the contract says of all of them alike (headers,
//! credentials, late answers, errors), added by one pass over it.

use crate::codes::Code;
use crate::router;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Every path segment that is a parameter: what it is, and what it is called when there is no such thing.
const PATH_PARAMETERS: [(&str, &str, Option<Code>); 15] = [
    ("product_id", "A product's id", Some(Code::ProductNotFound)),
    ("customer_id", "A customer's id", Some(Code::CustomerNotFound)),
    ("address_id", "The id of one of the customer's addresses", Some(Code::AddressNotFound)),
    ("invoice_id", "An invoice's id", Some(Code::InvoiceNotFound)),
    ("order_id", "An order's id", Some(Code::OrderNotFound)),
    ("gift_card_id", "A gift card's id", Some(Code::GiftCardNotFound)),
    ("credit_id", "The id of one of the customer's credits; for POST the amount in minor units, above 0", None),
    ("job_id", "A job's id", Some(Code::JobNotFound)),
    ("code", "A coupon code, in any case of its letters", None),
    ("email", "An email address", None),
    ("tag", "A tag", None),
    ("query", "Words to look for; `_` stands for a space", None),
    ("token", "The token of a confirmation link", Some(Code::ConfirmationNotFound)),
    ("amount", "Minor units, above 0", None),
    ("n", "How many: 1 to 100", None),
];

/// Commands that ignore `Idempotency-Key` (api.md §1).
const NOT_IDEMPOTENT: [&str; 2] = ["/store/token", "/customer/{customer_id}/send_confirmation"];

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
        "description": include_str!("openapi.md"),
        "license": { "name": "MIT OR Apache-2.0" },
    });
    let components = &mut document["components"];
    require_what_is_always_there(&mut components["schemas"]);
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
    document["components"]["schemas"]["Problem"]["required"] = json!(["type", "title", "status", "detail", "error"]);
    document
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

struct Operation<'o> {
    path: &'o str,
    method: &'o str,
    schemas: &'o Value,
    operation: &'o mut Value,
}

impl Operation<'_> {
    fn complete(&mut self) {
        let segments = self.path.trim_start_matches('/').replace(['/', '.'], "_").replace(['{', '}'], "");
        self.operation["operationId"] = json!(format!("{}_{segments}", self.method));
        self.add_parameters();
        self.add_answers();
        self.add_errors();
        self.operation["security"] =
            if self.is_open() { json!([]) } else { json!([{ "appId": [], "accessToken": [] }]) };
    }

    fn is_service(&self) -> bool {
        self.operation["tags"] == json!(["Service"])
    }

    /// Works without credentials.
    fn is_open(&self) -> bool {
        self.is_service()
            || self.path.starts_with("/customer/confirm/")
            || (self.method == "post" && matches!(self.path, "/store" | "/store/token"))
    }

    fn is_command(&self) -> bool {
        self.method != "get"
    }

    fn takes_key(&self) -> bool {
        self.is_command() && !NOT_IDEMPOTENT.contains(&self.path) && !self.path.starts_with("/customer/confirm/")
    }

    fn compares_revision(&self) -> bool {
        matches!(self.method, "put" | "delete") && self.takes_key()
    }

    fn answer_schema(&self) -> &Value {
        let answers = self.operation["responses"].as_object();
        let body = answers.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
        let reference = body.and_then(|(_, answer)| answer["content"]["application/json"]["schema"]["$ref"].as_str());
        let name = reference.and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
        &self.schemas[name]
    }

    fn is_list(&self) -> bool {
        self.answer_schema()["properties"]["links"].is_object()
    }

    /// A single resource, with a version.
    fn is_versioned(&self) -> bool {
        let fields = self.answer_schema()["properties"].as_object().map_or(0, Map::len);
        !self.is_open() && !self.is_list() && fields == 2 && self.operation["x-unversioned"].is_null()
    }

    fn add_parameters(&mut self) {
        let mut parameters = self.operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut first = Vec::new();
        for segment in self.path.split('/') {
            let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { continue };
            let known = PATH_PARAMETERS.iter().find(|(known, _, _)| *known == name);
            let description = known.map_or("", |(_, description, _)| *description);
            first.push(parameter(name, "path", true, description, json!({ "type": "string" })));
        }
        if self.takes_key() {
            let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" });
            first.push(parameter(
                "Idempotency-Key",
                "header",
                false,
                "The same request with the same key does its work once",
                schema,
            ));
        }
        if self.compares_revision() {
            first.push(parameter(
                "If-Match",
                "header",
                false,
                "The revision that the resource must have, from an `ETag`",
                text(),
            ));
        }
        if !self.is_command() && !self.is_open() {
            let schema = json!({ "type": "integer", "minimum": 0 });
            let description = "The answer reflects the log at least up to this position";
            first.push(parameter("Cartlog-Min-Position", "header", false, description, schema));
            if self.is_versioned() {
                first.push(parameter(
                    "If-None-Match",
                    "header",
                    false,
                    "304 when the client has this representation",
                    text(),
                ));
            }
        }
        first.push(parameter("x-request-id", "header", false, "1 to 128 letters, digits and `._:-`; echoed", text()));
        first.append(&mut parameters);
        self.operation["parameters"] = json!(first);
    }

    fn add_answers(&mut self) {
        let (versioned, list) = (self.is_versioned(), self.is_list());
        let (command, open) = (self.is_command(), self.is_open());
        if command && !matches!(self.path, "/store/token") {
            let late = json!({
                "description": "Done, but follow-ups or the read model are late: the ids",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Accepted" } } },
            });
            let answers = &mut self.operation["responses"];
            if answers["202"].is_null() {
                answers["202"] = late;
            }
        }
        if versioned && !command {
            self.operation["responses"]["304"] = json!({ "description": "The client has this representation" });
        }
        for (status, answer) in self.operation["responses"].as_object_mut().into_iter().flatten() {
            let mut headers = Map::new();
            headers.insert("x-request-id".to_owned(), header("The request's id", text()));
            if command {
                headers.insert(
                    "Cartlog-Position".to_owned(),
                    header("The log position that the command reached", json!({ "type": "integer" })),
                );
                let replayed = header(
                    "The key had been used for this request; nothing was done now",
                    json!({ "type": "string", "enum": ["true"] }),
                );
                headers.insert("Idempotent-Replayed".to_owned(), replayed);
            }
            if versioned && matches!(status.as_str(), "200" | "201" | "304") {
                headers.insert("ETag".to_owned(), header("`\"<revision>.<hash of the body>\"`", text()));
            }
            if list {
                headers.insert("Link".to_owned(), header("The links of the body, as RFC 8288 has them", text()));
            }
            if !open {
                headers.insert("RateLimit".to_owned(), header("What is left to the store", text()));
                headers.insert("RateLimit-Policy".to_owned(), header("The store's limit", text()));
            }
            answer["headers"] = Value::Object(headers);
        }
    }

    /// Every code that the route can answer with.
    fn codes(&self) -> BTreeSet<Code> {
        let own = self.operation["x-errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut codes: BTreeSet<_> = own.filter_map(Code::named).collect();
        let segments = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        for segment in segments {
            let known = PATH_PARAMETERS.iter().find(|(name, _, _)| *name == segment);
            codes.extend(known.and_then(|(_, _, code)| *code));
        }
        if !self.is_service() {
            codes.extend([Code::ValidationFailed, Code::Busy, Code::Unavailable]);
        }
        if !self.is_open() {
            codes.extend([Code::Unauthorized, Code::TokenExpired, Code::RateLimited]);
        }
        if self.is_command() {
            codes.insert(Code::TooLarge);
        } else if !self.is_open() {
            codes.insert(Code::ReadModelBehind);
        }
        if self.takes_key() {
            codes.extend([Code::IdempotencyKeyReused, Code::IdempotencyKeyInUse]);
        }
        if self.compares_revision() {
            codes.insert(Code::RevisionMismatch);
        }
        if !self.operation["requestBody"].is_null() {
            codes.insert(Code::UnsupportedMediaType);
        }
        codes
    }

    fn add_errors(&mut self) {
        let codes = self.codes();
        let statuses: BTreeSet<u16> = codes.iter().map(|code| code.status_code()).collect();
        for status in statuses {
            let here: Vec<_> = codes.iter().filter(|code| code.status_code() == status).collect();
            let names: Vec<_> = here.iter().map(|code| code.as_str()).collect();
            let lines: Vec<_> = here.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
            let mut headers = json!({ "x-request-id": header("The request's id", text()) });
            if matches!(status, 429 | 503) {
                headers["Retry-After"] = header("Seconds to wait", json!({ "type": "integer" }));
            }
            self.operation["responses"][status.to_string()] = json!({
                "description": lines.join("\n\n"),
                "headers": headers,
                "content": { "application/problem+json": { "schema": { "allOf": [
                    { "$ref": "#/components/schemas/Problem" },
                    { "properties": { "error": { "enum": names }, "status": { "const": status } } },
                ] } } },
            });
        }
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        self.operation["x-errors"] = json!(names);
        self.operation.as_object_mut().and_then(|operation| operation.remove("x-unversioned"));
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn parameter(name: &str, place: &str, required: bool, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema })
}

fn header(description: &str, schema: Value) -> Value {
    json!({ "description": description, "schema": schema })
}
