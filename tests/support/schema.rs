//! The published contract: every answer in tests is checked against what `/openapi.json` says of it.

use super::{Answer, promises};
use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// `/openapi.json`, with a validator per operation and status, made when first needed.
pub struct Contract {
    pub document: Value,
    /// Its paths, with parameters, answers and headers in the place of references to them.
    paths: Value,
    validators: Mutex<HashMap<(String, u16), Arc<Validator>>>,
}

/// One operation of the document.
#[derive(Clone, Copy)]
pub struct Operation<'c> {
    /// In upper case.
    pub method: &'static str,
    /// The template.
    pub path: &'c str,
    /// What the document says of it.
    pub spec: &'c Value,
}

const PROBLEM: &str = "application/problem+json";
const METHODS: [(&str, &str); 4] = [("GET", "get"), ("POST", "post"), ("PUT", "put"), ("DELETE", "delete")];

/// What may stand for what as the first part of a path.
const ALIASES: [(&str, &str); 4] =
    [("customers", "customer"), ("products", "product"), ("orders", "order"), ("invoices", "invoice")];

impl std::fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Operation<'_> {
    /// Works without credentials: none are named, or it may be none (OpenAPI writes that as an empty requirement).
    pub fn is_open(&self) -> bool {
        let ways = self.spec["security"].as_array();
        ways.is_some_and(|ways| ways.is_empty() || ways.contains(&json!({})))
    }

    /// Belongs to no store.
    pub fn is_service(&self) -> bool {
        self.spec["tags"] == json!(["Service"])
    }

    /// The error codes that it can answer with: each has its example.
    pub fn errors(&self) -> Vec<&str> {
        let answers = self.spec["responses"].as_object().into_iter().flat_map(|answers| answers.values());
        let examples = answers.filter_map(|answer| answer["content"][PROBLEM]["examples"].as_object());
        examples.flat_map(|examples| examples.keys().map(String::as_str)).collect()
    }
}

impl Contract {
    /// The contract of the server that tests share; the same binary gives the same document everywhere.
    pub async fn get(url: &str) -> &'static Contract {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        if let Some(contract) = CONTRACT.get() {
            return contract;
        }
        let document = reqwest::get(format!("{url}/openapi.json")).await.expect("the server answers");
        let document = document.json().await.expect("the document is JSON");
        CONTRACT.get_or_init(|| Contract::new(document))
    }

    fn new(document: Value) -> Self {
        let mut paths = document["paths"].clone();
        let operations = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
        for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
            parameters.for_each(|parameter| put_in_place(&document, parameter));
            let answers = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
            for (_, answer) in answers {
                put_in_place(&document, answer);
                let headers = answer.get_mut("headers").and_then(Value::as_object_mut).into_iter().flatten();
                headers.for_each(|(_, header)| put_in_place(&document, header));
            }
        }
        Self { document, paths, validators: Mutex::default() }
    }

    pub fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.paths.as_object().expect("paths").iter();
        let of_path = paths.flat_map(|(path, item)| METHODS.iter().map(move |method| (path, item, method)));
        let named = of_path.filter_map(|(path, item, (method, key))| Some((path, *method, item.get(*key)?)));
        named.map(|(path, method, spec)| Operation { method, path, spec }).collect()
    }

    /// The operation that a request belongs to; `None` for what the document doesn't have.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let method = if method == "HEAD" { "GET" } else { method };
        let path = canonical(path);
        let paths = self.document["paths"].as_object().expect("paths").keys();
        // `/customer/count` is not `/customer/{id}`: the template with the fewest parameters is meant.
        let template = paths.filter(|template| fits(template, &path)).min_by_key(|known| known.matches('{').count())?;
        self.operations().into_iter().find(|known| known.path == template && known.method == method)
    }

    /// Checks status, headers, content type and body of an answer to what the document says of it, and to what every answer
    /// promises.
    #[track_caller]
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        promises::check(method, answer);
        let Some(operation) = self.operation(method, path) else { return self.check_unknown(path, answer) };
        let response = self.resolve(&operation.spec["responses"][answer.status.to_string()]);
        assert!(!response.is_null(), "{}: status {} is not documented: {:#}", answer.asked, answer.status, answer.body);
        if method == "HEAD" {
            return;
        }
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            assert!(
                header["required"] != true || answer.header(name).is_some(),
                "{} ({}): no header {name}: {:?}",
                answer.asked,
                answer.status,
                answer.headers
            );
        }
        check_content(response, answer);
        let is_json = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
        if let (true, Some(schema)) = (is_json, json_schema(response)) {
            self.check_body(&operation, schema, answer);
        }
    }

    /// What is answered where the document has no operation: the path or the method is wrong, or the request names no host. Assets of `/docs` are its own.
    #[track_caller]
    fn check_unknown(&self, path: &str, answer: &Answer) {
        let is_asset = path.starts_with("/docs/") && answer.status < 400;
        assert!(is_asset || matches!(answer.status, 400 | 404 | 405), "{}: status {}", answer.asked, answer.status);
    }

    #[track_caller]
    fn check_body(&self, operation: &Operation<'_>, schema: &Value, answer: &Answer) {
        let validator = self.validator(operation, schema, answer.status);
        let errors = validator.iter_errors(&answer.body);
        let errors: Vec<_> = errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
        let Answer { asked, status, body, .. } = answer;
        assert!(errors.is_empty(), "{asked} ({status}) is not as documented: {errors:#?}\n{body:#}");
        let mut unknown = Vec::new();
        self.find_unknown(schema, &answer.body, "", &mut unknown);
        assert!(unknown.is_empty(), "{} ({}) has undocumented fields: {unknown:?}", answer.asked, answer.status);
    }

    fn validator(&self, operation: &Operation<'_>, schema: &Value, status: u16) -> Arc<Validator> {
        let name = (operation.to_string(), status);
        if let Some(known) = self.validators.lock().get(&name) {
            return Arc::clone(known);
        }
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        let validator = options.build(&whole).unwrap_or_else(|error| panic!("{operation} {status}: {error}"));
        let validator = Arc::new(validator);
        self.validators.lock().insert(name, Arc::clone(&validator));
        validator
    }

    /// Fields of the value that the schema doesn't know. An object without named fields may have any.
    fn find_unknown(&self, schema: &Value, value: &Value, at: &str, unknown: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                let mut known = HashMap::new();
                if !self.collect_fields(schema, &mut known) || known.is_empty() {
                    return;
                }
                for (name, value) in fields {
                    let at = format!("{at}/{name}");
                    match known.get(name.as_str()) {
                        Some(schema) => self.find_unknown(schema, value, &at, unknown),
                        None => unknown.push(at),
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = self.items(schema) {
                    items.iter().for_each(|item| self.find_unknown(schema, item, at, unknown));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The fields that a schema names, in all its parts; false where it leaves room for others.
    fn collect_fields<'c>(&'c self, schema: &'c Value, known: &mut HashMap<&'c str, &'c Value>) -> bool {
        let schema = self.resolve(schema);
        if schema["additionalProperties"].is_object() {
            return false;
        }
        known.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, part)| (name.as_str(), part)));
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
        // All are looked at, also behind one that leaves room.
        parts.filter(|part| !self.collect_fields(part, known)).count() == 0
    }

    fn items<'c>(&'c self, schema: &'c Value) -> Option<&'c Value> {
        let schema = self.resolve(schema);
        match schema.get("items") {
            Some(items) => Some(items),
            None => schema["oneOf"].as_array().into_iter().flatten().find_map(|part| self.items(part)),
        }
    }

    /// What a reference stands for.
    pub fn resolve<'c>(&'c self, value: &'c Value) -> &'c Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap_or(value),
            None => value,
        }
    }

    /// The schema of the operation's JSON body, and whether the body is required.
    pub fn request_body(&self, operation: &Operation<'_>) -> Option<(&Value, bool)> {
        let spec = self.paths.pointer(&format!(
            "/{}/{}/requestBody",
            operation.path.replace('/', "~1"),
            operation.method.to_lowercase()
        ))?;
        Some((self.resolve(&spec["content"]["application/json"]["schema"]), spec["required"] == true))
    }

    /// The schemas that a value may have: the one given, or each one of a choice.
    pub fn choices<'c>(&'c self, schema: &'c Value) -> Vec<&'c Value> {
        let schema = self.resolve(schema);
        match schema["oneOf"].as_array() {
            Some(parts) => parts.iter().map(|part| self.resolve(part)).collect(),
            None => vec![schema],
        }
    }
}

fn put_in_place(document: &Value, value: &mut Value) {
    if let Some(pointer) = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        *value = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")).clone();
    }
}

fn json_schema(response: &Value) -> Option<&Value> {
    let content = response["content"].as_object()?;
    content.iter().find(|(kind, _)| kind.contains("json")).map(|(_, media)| &media["schema"])
}

/// The content type must be a documented one; where none is documented there must be no body.
#[track_caller]
fn check_content(response: &Value, answer: &Answer) {
    let none = Map::new();
    let content = response["content"].as_object().unwrap_or(&none);
    let kind = answer.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default());
    match kind {
        None => assert!(content.is_empty() && answer.body.is_null(), "{}: no content type", answer.asked),
        Some(kind) => {
            let Answer { asked, status, .. } = answer;
            assert!(content.contains_key(kind), "{asked} ({status}): {kind} is not documented");
        }
    }
}

fn canonical(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path).trim_end_matches('/');
    // One slash begins a path; a second one is an empty segment, which no path has.
    let path = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let first = ALIASES.iter().find(|(alias, _)| *alias == first).map_or(first, |(_, name)| name);
    if rest.is_empty() { first.to_owned() } else { format!("{first}/{rest}") }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.trim_matches('/').split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name.starts_with('{') || name == part => {}
            _ => return false,
        }
    }
}
