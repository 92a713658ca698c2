//! One operation of the document: what all of its kind share, added to what its handler says.

use crate::codes::Code;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Every path segment that is a parameter: what it is, and what it is called when there is no such thing.
const PATH_PARAMETERS: [(&str, &str, Option<Code>); 15] = [
    ("product_id", "A product's id", Some(Code::ProductNotFound)),
    ("customer_id", "A customer's id", Some(Code::CustomerNotFound)),
    ("address_id", "The id of one of the customer's addresses", Some(Code::AddressNotFound)),
    ("invoice_id", "An invoice's id", Some(Code::InvoiceNotFound)),
    ("order_id", "An order's id", Some(Code::OrderNotFound)),
    ("gift_card_id", "A gift card's id", Some(Code::GiftCardNotFound)),
    ("credit_id", "The id of one of the customer's credits; for POST the amount in minor units, 1 to 10^13", None),
    ("job_id", "A job's id", Some(Code::JobNotFound)),
    ("code", "A coupon code, in any case of its letters", None),
    ("email", "An email address, in any case of its letters", None),
    ("tag", "A tag: 1 to 1,000 characters", None),
    ("query", "Words to look for, 1 to 1,000 characters; `_` stands for a space", None),
    ("token", "The token of a confirmation link", Some(Code::ConfirmationNotFound)),
    ("amount", "Minor units, 1 to 10^13", None),
    ("n", "How many: 1 to 100", None),
];

/// Commands that ignore `Idempotency-Key` (api.md §1).
const NOT_IDEMPOTENT: [&str; 2] = ["/store/token", "/customer/{customer_id}/send_confirmation"];

pub struct Operation<'o> {
    pub path: &'o str,
    pub method: &'o str,
    pub schemas: &'o Value,
    pub operation: &'o mut Value,
}

impl Operation<'_> {
    pub fn complete(&mut self) {
        let segments = self.path.trim_start_matches('/').replace(['/', '.'], "_").replace(['{', '}'], "");
        self.operation["operationId"] = json!(format!("{}_{segments}", self.method));
        self.add_parameters();
        self.add_answers();
        self.add_errors();
        self.operation["security"] =
            if self.is_open() { json!([]) } else { json!([{ "appId": [], "accessToken": [] }]) };
        for hint in ["x-unversioned", "x-versioned"] {
            self.operation.as_object_mut().and_then(|operation| operation.remove(hint));
        }
    }

    fn is_service(&self) -> bool {
        self.operation["tags"] == json!(["Service"])
    }

    /// Works without credentials.
    fn is_open(&self) -> bool {
        self.is_service()
            || self.confirms()
            || (self.method == "post" && matches!(self.path, "/store" | "/store/token"))
    }

    /// What a confirmation link does, with a page for a person who follows it.
    fn confirms(&self) -> bool {
        self.path.starts_with("/customer/confirm/")
    }

    fn is_command(&self) -> bool {
        self.method != "get"
    }

    fn takes_key(&self) -> bool {
        let ignored = NOT_IDEMPOTENT.contains(&self.path) && self.method != "delete";
        self.is_command() && !ignored
    }

    fn compares_revision(&self) -> bool {
        matches!(self.method, "put" | "delete")
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

    /// A single resource, with a version. A command's answer has the same form.
    fn is_versioned(&self) -> bool {
        let fields = self.answer_schema()["properties"].as_object().map_or(0, Map::len);
        !self.is_service() && !self.is_list() && fields == 2 && self.operation["x-unversioned"].is_null()
    }

    /// Has a version in some of its answers.
    fn may_be_versioned(&self) -> bool {
        self.is_versioned() || self.operation["x-versioned"] == json!(true)
    }

    fn add_parameters(&mut self) {
        let mut parameters = self.operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut first = Vec::new();
        for segment in self.path.split('/') {
            let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { continue };
            let known = PATH_PARAMETERS.iter().find(|(known, _, _)| *known == name);
            let description = known.map_or("", |(_, description, _)| *description);
            let schema = match name {
                "amount" => json!({ "type": "integer", "minimum": 1, "maximum": domain::Cents::MAX.get() }),
                "n" => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
                _ => text(),
            };
            first.push(parameter(name, "path", true, description, schema));
        }
        first.extend(
            self.headers()
                .into_iter()
                .map(|(name, description, schema)| parameter(name, "header", false, description, schema)),
        );
        first.append(&mut parameters);
        self.operation["parameters"] = json!(first);
    }

    /// The headers that the contract gives a meaning to, besides the credentials.
    fn headers(&self) -> Vec<(&'static str, &'static str, Value)> {
        let mut headers = Vec::new();
        if self.takes_key() {
            let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" });
            headers.push(("Idempotency-Key", "The same request with the same key does its work once", schema));
        }
        if self.compares_revision() {
            headers.push(("If-Match", "The revision that the resource must have, from an `ETag`", text()));
        }
        if !self.is_command() && !self.is_open() {
            let schema = json!({ "type": "integer", "minimum": 0 });
            headers.push(("Cartlog-Min-Position", "The answer reflects the log at least up to this position", schema));
        }
        if !self.is_command() && self.may_be_versioned() && !self.confirms() {
            headers.push(("If-None-Match", "304 when the client has this representation", text()));
        }
        headers.push(("x-request-id", "1 to 128 letters, digits and `._:-`; echoed", text()));
        headers
    }

    fn add_answers(&mut self) {
        let (command, confirms) = (self.is_command(), self.confirms());
        if command && !(self.path == "/store/token" && self.method == "post") {
            let late = json!({
                "description": "Done, but follow-ups or the read model are late: the ids",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Accepted" } } },
            });
            let answers = &mut self.operation["responses"];
            if answers["202"].is_null() {
                answers["202"] = late;
            }
        }
        if self.may_be_versioned() && !command && !confirms {
            self.operation["responses"]["304"] = json!({ "description": "The client has this representation" });
        }
        let headers: Vec<_> =
            ["200", "201", "202", "204", "304"].map(|status| (status, self.answer_headers(status))).into();
        for (status, headers) in headers {
            if let Some(answer) = self.operation["responses"].get_mut(status) {
                answer["headers"] = Value::Object(headers);
            }
        }
    }

    /// The headers of an answer that is no error. A required one is always there.
    fn answer_headers(&self, status: &str) -> Map<String, Value> {
        let mut headers = Map::new();
        let mut add = |name: &str, required: bool, description: &str, schema: Value| {
            headers.insert(name.to_owned(), header(required, description, schema));
        };
        add("x-request-id", true, "The request's id", text());
        if self.is_command() {
            let position = json!({ "type": "integer", "minimum": 1 });
            add("Cartlog-Position", true, "The log position that the command reached", position);
        }
        if self.takes_key() {
            let replayed = json!({ "type": "string", "enum": ["true"] });
            add("Idempotent-Replayed", false, "The key had been used for this request; nothing was done now", replayed);
        }
        if self.may_be_versioned() && matches!(status, "200" | "201" | "304") {
            // The page of a confirmation link has none.
            let always = (self.is_versioned() || status == "304") && !(self.confirms() && self.method == "post");
            add("ETag", always, "`\"<revision>.<hash of the body>\"`", text());
        }
        if self.is_list() || self.operation["x-versioned"] == json!(true) {
            add("Link", self.is_list(), "The links of the body, as RFC 8288 has them", text());
        }
        if !self.is_open() {
            add("RateLimit", false, "What is left to the store, where there is a limit", text());
            add("RateLimit-Policy", false, "The store's limit, where there is one", text());
        }
        headers
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
        if !self.is_command() && !self.is_open() {
            codes.insert(Code::ReadModelBehind);
        }
        if self.is_command() && !self.is_service() {
            codes.insert(Code::OutcomeUnknown);
        }
        if self.takes_key() {
            codes.extend([Code::IdempotencyKeyReused, Code::IdempotencyKeyInUse]);
        }
        if self.compares_revision() {
            codes.insert(Code::RevisionMismatch);
        }
        if !self.operation["requestBody"].is_null() {
            codes.extend([Code::TooLarge, Code::UnsupportedMediaType]);
        }
        codes
    }

    fn add_errors(&mut self) {
        let codes = self.codes();
        let statuses: BTreeSet<u16> = codes.iter().map(|code| code.status_code()).collect();
        for status in statuses {
            let here: Vec<_> = codes.iter().copied().filter(|code| code.status_code() == status).collect();
            self.operation["responses"][status.to_string()] = self.problem(status, &here);
        }
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        self.operation["x-errors"] = json!(names);
    }

    /// The answer with this status, and one of these codes.
    fn problem(&self, status: u16, codes: &[Code]) -> Value {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let lines: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
        let mut headers = json!({ "x-request-id": header(true, "The request's id", text()) });
        if matches!(status, 429 | 503) {
            headers["Retry-After"] = header(true, "Seconds to wait", json!({ "type": "integer", "minimum": 1 }));
        }
        if status == 429 {
            headers["RateLimit"] = header(false, "What is left to the store, where there is a limit", text());
            headers["RateLimit-Policy"] = header(false, "The store's limit, where there is one", text());
        }
        if status == 401 {
            headers["WWW-Authenticate"] = header(true, "The challenge that RFC 9110 wants with every 401", text());
        }
        let mut content = json!({ "application/problem+json": { "schema": { "allOf": [
            { "$ref": "#/components/schemas/Problem" },
            { "properties": { "error": { "enum": names }, "status": { "const": status } } },
        ] } } });
        if self.confirms() && self.method != "put" && matches!(status, 404 | 503) {
            content["text/html"] = json!({ "schema": text() });
        }
        json!({ "description": lines.join("\n\n"), "headers": headers, "content": content })
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn parameter(name: &str, place: &str, required: bool, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema })
}

fn header(required: bool, description: &str, schema: Value) -> Value {
    json!({ "required": required, "description": description, "schema": schema })
}
