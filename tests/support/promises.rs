//! What every answer promises, whatever its route (api.md §1).

use super::Answer;
use serde_json::Value;

#[track_caller]
pub fn check(method: &str, answer: &Answer) {
    answer.must_have("x-request-id");
    let is_json = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
    if is_json {
        no_floats(&answer.body, &answer.asked);
    }
    if answer.status >= 400 && method != "HEAD" {
        is_a_problem(answer);
    }
    match answer.status {
        401 => drop(answer.must_have("www-authenticate")),
        405 => drop(answer.must_have("allow")),
        429 | 503 => assert!(answer.must_have("retry-after").parse::<u32>().is_ok(), "{}", answer.asked),
        200..300 if method != "GET" && method != "HEAD" => {
            assert!(answer.position() > 0, "{}", answer.asked);
        }
        _ => {}
    }
}

/// RFC 9457, with the machine code; a page where a person follows a link.
#[track_caller]
fn is_a_problem(answer: &Answer) {
    let Answer { asked, status, body, .. } = answer;
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        // Or presses the page's button.
        let is_persons = ["GET", "POST"].iter().any(|method| asked.starts_with(&format!("{method} /customer")));
        assert!(is_persons, "{asked}: a page");
        return;
    }
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{asked} ({status}): {body:#}\n{:?}",
        answer.headers
    );
    let text = |field: &str| body[field].as_str().filter(|text| !text.is_empty());
    let code = text("error").unwrap_or_else(|| panic!("{asked}: no code: {body:#}"));
    let slug = code.to_lowercase().replace('_', "-");
    assert_eq!(text("type"), Some(&*format!("/errors/{slug}")), "{asked}");
    assert!(text("title").is_some() && text("detail").is_some(), "{asked}: {body:#}");
    assert_eq!(body["status"], *status, "{asked}: {body:#}");
    if code == "VALIDATION_FAILED" {
        names_its_fields(answer);
    }
}

/// Each bad field has a pointer and a line, and the detail of the whole tells them all.
#[track_caller]
fn names_its_fields(answer: &Answer) {
    let Answer { asked, body, .. } = answer;
    let errors = body["errors"].as_array().filter(|errors| !errors.is_empty());
    for error in errors.unwrap_or_else(|| panic!("{asked}: no errors: {body:#}")) {
        let (pointer, detail) = (error["pointer"].as_str(), error["detail"].as_str());
        assert!(pointer.is_some_and(|pointer| pointer == "#" || pointer.starts_with("#/")), "{asked}: {error}");
        let told = body["detail"].as_str().zip(detail).is_some_and(|(whole, line)| whole.contains(line));
        assert!(told, "{asked}: {body:#}");
    }
}

/// Nothing is ever a float.
#[track_caller]
fn no_floats(value: &Value, asked: &str) {
    match value {
        Value::Number(number) => assert!(!number.is_f64(), "{asked}: {number}"),
        Value::Array(items) => items.iter().for_each(|item| no_floats(item, asked)),
        Value::Object(fields) => fields.values().for_each(|field| no_floats(field, asked)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
