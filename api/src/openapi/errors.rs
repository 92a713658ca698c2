//! Answers that are errors: one for each status, with all codes that it may have and an example of each.

use super::headers::{header, request_id};
use super::parameters::text;
use crate::codes::Code;
use serde_json::{Map, Value, json};

/// The answer with this status, and one of these codes. `page`: a person who follows a link gets a page.
pub fn answer(status: u16, codes: &[Code], page: bool) -> Value {
    let lines: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let examples: Map<_, _> = codes
        .iter()
        .map(|code| (code.as_str().to_owned(), json!({ "$ref": format!("#/components/examples/{}", code.as_str()) })))
        .collect();
    let mut content = json!({ "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" },
        "examples": examples,
    } });
    if page {
        content["text/html"] = json!({ "schema": text() });
    }
    json!({ "description": lines.join("\n\n"), "headers": headers(status), "content": content })
}

fn headers(status: u16) -> Value {
    let mut headers = Value::Object(Map::from_iter([request_id()]));
    if matches!(status, 429 | 503) {
        let seconds = json!({ "type": "integer", "format": "int32", "minimum": 1 });
        headers["Retry-After"] = header(true, "Seconds to wait", seconds);
    }
    if status == 429 {
        headers["RateLimit"] = header(false, "What is left to the store, where there is a limit", text());
        headers["RateLimit-Policy"] = header(false, "The store's limit, where there is one", text());
    }
    if status == 401 {
        headers["WWW-Authenticate"] = header(true, "The challenge that RFC 9110 wants with every 401", text());
    }
    headers
}

/// An example of each code, as a client meets it.
pub fn examples() -> Value {
    let example = |code: &Code| {
        let mut value = json!({
            "type": code.type_uri(),
            "title": code.title(),
            "status": code.status_code(),
            "detail": code.meaning(),
            "error": code.as_str(),
        });
        if *code == Code::ValidationFailed {
            value["detail"] = json!("'quantity' must be at least 1");
            value["errors"] = json!([{ "pointer": "#/quantity", "detail": "must be at least 1" }]);
        }
        (code.as_str().to_owned(), json!({ "summary": code.title(), "value": value }))
    };
    Value::Object(Code::ALL.iter().map(example).collect())
}
