//! One operation of the document: what all of its kind share, added to what its handler says.

use super::headers::{header, request_id};
use super::parameters::{self, text};
use super::{errors, examples, late, schemas};
use crate::codes::Code;
use crate::wire::access::{Access, Window};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Commands that ignore `Idempotency-Key` (api.md §1).
const NOT_IDEMPOTENT: [&str; 2] = ["/store/token", "/customer/{customer_id}/send_confirmation"];

/// Commands that have no use for a revision: what they change is no representation that a client edits.
const NOT_CONDITIONAL: [&str; 6] = [
    "/store/token",
    "/store/actor/{actor_id}",
    "/customer/login",
    "/customer/logout",
    "/customer/confirm/{token}",
    "/customer/{customer_id}/send_confirmation",
];

pub struct Operation<'o> {
    pub path: &'o str,
    pub method: &'o str,
    pub schemas: &'o Value,
    /// Who may ask for it.
    pub access: Access,
    pub operation: &'o mut Value,
}

impl Operation<'_> {
    pub fn complete(&mut self) {
        self.add_parameters();
        self.complete_body();
        self.add_answers();
        self.add_errors();
        match self.is_open() {
            // None is needed, or an operator's: what holds, the server's setting says.
            true if self.signs_up() => self.operation["security"] = json!([{}, { "operatorToken": [] }]),
            true => self.operation["security"] = json!([]),
            false => self.operation["x-roles"] = json!(self.access.roles()),
        }
        if self.access.storefront == Window::OwnCustomer {
            let of_store = json!({ "appId": [], "accessToken": [] });
            let of_customer = json!({ "appId": [], "accessToken": [], "customerToken": [] });
            self.operation["security"] = json!([of_store, of_customer]);
        }
        for hint in ["x-errors", "x-unversioned", "x-versioned"] {
            self.operation.as_object_mut().and_then(|operation| operation.remove(hint));
        }
    }

    fn is_service(&self) -> bool {
        self.operation["tags"] == json!(["Service"])
    }

    /// Works without credentials of a store.
    fn is_open(&self) -> bool {
        self.is_service()
            || self.confirms()
            || self.signs_up()
            || (self.method == "post" && self.path == "/store/token")
    }

    /// Makes a store: whether that needs a token, the server's setting says.
    fn signs_up(&self) -> bool {
        self.method == "post" && self.path == "/store"
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
        matches!(self.method, "put" | "delete") && !NOT_CONDITIONAL.contains(&self.path)
    }

    /// The name of the schema of what is answered when all is done.
    fn answer_name(&self) -> &str {
        let answers = self.operation["responses"].as_object();
        let body = answers.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
        let reference = body.and_then(|(_, answer)| answer["content"]["application/json"]["schema"]["$ref"].as_str());
        reference.and_then(|reference| reference.rsplit('/').next()).unwrap_or_default()
    }

    fn answer_schema(&self) -> &Value {
        &self.schemas[self.answer_name()]
    }

    fn is_list(&self) -> bool {
        !self.is_service()
            && self.answer_schema()["required"].as_array().is_some_and(|names| names.contains(&json!("links")))
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
        let mut parameters = parameters::of_path(self.method, self.path);
        parameters.extend(self.takes_key().then(parameters::idempotency_key));
        parameters.extend(self.compares_revision().then(parameters::if_match));
        if !self.is_command() && !self.is_open() {
            parameters.extend([parameters::min_position(), parameters::consistency()]);
        }
        let asks = !self.is_command() && self.may_be_versioned() && !self.confirms();
        parameters.extend(asks.then(parameters::if_none_match));
        let mut own = self.operation["parameters"].as_array().cloned().unwrap_or_default();
        own.iter_mut().for_each(schemas::complete_parameter);
        parameters.append(&mut own);
        self.operation["parameters"] = json!(parameters);
    }

    /// A body that may be missing is one that is not required, and no choice between it and null.
    fn complete_body(&mut self) {
        let Some(body) = self.operation.get_mut("requestBody") else { return };
        let json = &mut body["content"]["application/json"];
        let choices = json["schema"]["oneOf"].as_array().into_iter().flatten();
        if let Some(given) = choices.into_iter().find(|choice| choice["$ref"].is_string()).cloned() {
            json["schema"] = json!({ "$ref": given["$ref"] });
            body["required"] = json!(false);
        }
        let json = &mut body["content"]["application/json"];
        let name = json["schema"]["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        if let Some(example) = name.and_then(examples::of_body) {
            json["example"] = example;
        }
    }

    fn add_answers(&mut self) {
        let (command, confirms) = (self.is_command(), self.confirms());
        let mut headers: Vec<_> = Vec::new();
        for status in ["200", "201", "202", "204", "304", "307"] {
            headers.push((status, self.answer_headers(status)));
        }
        if self.may_be_versioned() && !command && !confirms {
            self.operation["responses"]["304"] = json!({ "description": "The client has this representation" });
        }
        if command && !(self.path == "/store/token" && self.method == "post") {
            self.add_late_answer();
        }
        for (status, headers) in headers {
            if let Some(answer) = self.operation["responses"].get_mut(status) {
                answer["headers"] = Value::Object(headers);
            }
        }
    }

    /// 202, with the schema of the answer that is late.
    fn add_late_answer(&mut self) {
        let of_command = late::of_command(self.answer_name());
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let answers = &mut self.operation["responses"];
        if let Some(name) = &of_command {
            for (_, answer) in answers.as_object_mut().into_iter().flatten() {
                answer["content"]["application/json"]["schema"] = reference(name);
            }
        }
        if answers["202"].is_null() {
            answers["202"] = json!({
                "description": "Done, but follow-ups or the read model are late: the ids",
                "content": { "application/json": { "schema": reference(of_command.as_deref().unwrap_or(late::ACCEPTED)) } },
            });
        }
    }

    /// Whether it may be asked about the past.
    fn looks_back(&self) -> bool {
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["name"] == "as_of_position")
    }

    /// The headers of an answer that is no error. A required one is always there.
    fn answer_headers(&self, status: &str) -> Map<String, Value> {
        let mut headers = Map::new();
        let (name, request_id) = request_id();
        headers.insert(name, request_id);
        let mut add = |name: &str, required: bool, description: &str, schema: Value| {
            headers.insert(name.to_owned(), header(required, description, schema));
        };
        if self.is_command() {
            let position = json!({ "type": "integer", "format": "int64", "minimum": 1 });
            add("Cartlog-Position", true, "The log position that the command reached", position);
        } else if !self.is_open() {
            let position = json!({ "type": "integer", "format": "int64", "minimum": 0 });
            let description =
                "Up to where the answer reflects the log at least, where `Cartlog-Consistency` is `eventual`";
            add("Cartlog-Position", false, description, position);
        }
        if self.looks_back() {
            let position = json!({ "type": "integer", "format": "int64", "minimum": 0 });
            let description =
                "Where in the log it was as answered, where the query was about the past: then there is no `ETag`";
            add("Cartlog-As-Of-Position", false, description, position);
        }
        let is_job = self.path == "/customer/credit/{amount}" && status == "202";
        if (self.method == "post" && status == "201") || is_job {
            add("Location", true, "The path of what was created", text());
        }
        if self.takes_key() {
            let replayed = json!({ "type": "string", "enum": ["true"] });
            add("Idempotent-Replayed", false, "The key had been used for this request; nothing was done now", replayed);
        }
        if self.may_be_versioned() && matches!(status, "200" | "201" | "304") {
            // The page of a confirmation link has none.
            let always = (self.is_versioned() || self.is_service() || status == "304")
                && !(self.confirms() && self.method == "post")
                && !self.looks_back();
            add(
                "ETag",
                always,
                "Changes with the representation. Of a resource: `\"<revision>.<hash of the body>\"`",
                text(),
            );
        }
        if !self.is_service() && (self.is_list() || self.operation["x-versioned"] == json!(true)) {
            add("Link", self.is_list(), "The links of the body, as RFC 8288 has them", text());
        }
        if status == "307" {
            add("Location", true, "Where it is", text());
        }
        headers
    }

    /// Every code that the route can answer with.
    fn codes(&self) -> BTreeSet<Code> {
        let own = self.operation["x-errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut codes: BTreeSet<_> = own.filter_map(Code::named).collect();
        codes.insert(Code::ValidationFailed);
        codes.extend(parameters::not_found(self.path));
        if !self.is_service() {
            codes.extend([Code::RateLimited, Code::Busy, Code::Unavailable, Code::HistoryDamaged]);
        }
        if !self.is_open() {
            codes.extend([Code::Unauthorized, Code::TokenExpired, Code::Forbidden]);
        }
        if self.access.storefront == Window::OwnCustomer {
            codes.insert(Code::CustomerUnauthorized);
        }
        if !self.is_command() && !self.is_open() {
            codes.insert(Code::ReadModelBehind);
        }
        if self.is_command() && !self.is_service() {
            codes.extend([Code::OutcomeUnknown, Code::DiskFull]);
        }
        if self.takes_key() {
            codes.insert(Code::IdempotencyKeyReused);
        }
        if self.compares_revision() {
            codes.insert(Code::RevisionMismatch);
        }
        if self.is_command() {
            codes.insert(Code::TooLarge);
        }
        if !self.operation["requestBody"].is_null() {
            codes.extend([Code::RequestTimeout, Code::TooLarge, Code::UnsupportedMediaType]);
        }
        codes
    }

    fn add_errors(&mut self) {
        let codes = self.codes();
        let statuses: BTreeSet<u16> = codes.iter().map(|code| code.status_code()).collect();
        for status in statuses {
            let here: Vec<_> = codes.iter().copied().filter(|code| code.status_code() == status).collect();
            let page = self.confirms() && self.method != "put" && matches!(status, 404 | 503);
            self.operation["responses"][status.to_string()] = errors::answer(status, &here, page);
        }
    }
}
