//! What is said of all schemas alike: which fields are always there, what texts and ids may be.

use serde_json::{Map, Value, json};

/// What every text keeps to: no control characters but line breaks and tabs.
pub const NO_CONTROL_CHARACTERS: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

/// Formats that are checked here and known to no tool: what a tool can check of them.
const FORMATS: [(&str, &str); 4] = [
    ("iso-4217", "^[A-Z]{3}$"),
    ("iana-time-zone", "^[A-Za-z0-9+_/-]+$"),
    ("number-format", r"^([A-Za-z0-9_/.#-]|\{year\}|\{n(:0([1-9]|1[0-2]))?\})+$"),
    (
        "date-or-time",
        "^([0-9]{8}|[0-9]{10}|[0-9]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{8,}([Zz]|[+ -][0-9:]{5})?)$",
    ),
];

/// Defaults of fields that refer to a schema: the reference itself can't say them.
const DEFAULTS: [(&str, &str, &str); 4] = [
    ("StoreInput", "credit_order_preference", "gift-card"),
    ("StoreInput", "number_restart", "never"),
    ("CouponInput", "style", "dollars_off"),
    ("GiftCardInput", "source", "sold"),
];

/// All that is said of schemas.
pub fn complete(schemas: &mut Value) {
    require_what_is_always_there(schemas);
    for (schema, field, default) in DEFAULTS {
        schemas[schema]["properties"][field]["default"] = json!(default);
    }
    for schema in schemas.as_object_mut().into_iter().flatten().map(|(_, schema)| schema) {
        let is_request = is_request(schema);
        walk(schema, &mut |part| {
            ids_are_opaque(part);
            known_formats_only(part);
            if is_request {
                texts_have_no_control_characters(part);
            }
        });
    }
}

/// The same of a parameter's schema.
pub fn complete_parameter(parameter: &mut Value) {
    let schema = &mut parameter["schema"];
    // Ids have no bounds on their length: what is no id is not found.
    let is_text = schema["maxLength"].is_number();
    walk(schema, &mut |part| {
        known_formats_only(part);
        if is_text {
            texts_have_no_control_characters(part);
        }
    });
}

/// A request refuses unknown fields; a list of them or a text in them is a schema of its own.
fn is_request(schema: &Value) -> bool {
    schema["additionalProperties"] == json!(false)
        || schema["type"] == json!("array")
        || (schema["type"] == json!("string") && schema["minLength"].is_number())
}

/// An answer's fields are always there, with a value or null. Requests are left alone: they refuse unknown fields.
fn require_what_is_always_there(schemas: &mut Value) {
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        if is_request(schema) || matches!(name.as_str(), "Problem" | "FieldError" | "AddressesAnswer") {
            continue;
        }
        // Not by index: that would put a null where there is none.
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten();
        parts.for_each(require_all);
        require_all(schema);
    }
}

/// Fields that are there only where the request asks for them.
const ON_DEMAND: [&str; 1] = ["missed_words"];

fn require_all(schema: &mut Value) {
    if let Some(properties) = schema["properties"].as_object() {
        let names: Vec<_> = properties.keys().filter(|name| !ON_DEMAND.contains(&name.as_str())).cloned().collect();
        schema["required"] = json!(names);
    }
}

/// Every part of a value that is an object.
fn walk(value: &mut Value, each: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            each(fields);
            fields.values_mut().for_each(|part| walk(part, each));
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| walk(part, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// In requests ids are any text; so they are in answers, and clients hand them on without converting them.
fn ids_are_opaque(schema: &mut Map<String, Value>) {
    if schema.get("format") == Some(&json!("uuid")) {
        schema.remove("format");
    }
}

/// A pattern in place of a format that is this server's own.
fn known_formats_only(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str);
    if let Some((_, pattern)) = FORMATS.iter().find(|(own, _)| Some(*own) == format) {
        schema.remove("format");
        schema.insert("pattern".to_owned(), json!(pattern));
    }
}

fn texts_have_no_control_characters(schema: &mut Map<String, Value>) {
    let is_text = schema.get("type").is_some_and(|kind| kind == "string" || kind == &json!(["string", "null"]));
    if is_text && !schema.contains_key("pattern") && !schema.contains_key("enum") {
        schema.insert("pattern".to_owned(), json!(NO_CONTROL_CHARACTERS));
    }
}
