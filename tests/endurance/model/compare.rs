//! Whether an answer shows what the model says.

use serde_json::Value;

/// Where the actual answer differs from what was expected of it; fields that nothing was expected of don't count.
pub fn difference(expected: &Value, actual: &Value) -> Option<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => expected.iter().find_map(|(field, expected)| {
            let found = difference(expected, actual.get(field).unwrap_or(&Value::Null));
            found.map(|found| format!("/{field}{found}"))
        }),
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            let mut pairs = expected.iter().zip(actual).enumerate();
            pairs.find_map(|(at, (expected, actual))| difference(expected, actual).map(|found| format!("/{at}{found}")))
        }
        (expected, actual) if expected == actual => None,
        (expected, actual) => Some(format!(": expected {expected}, found {actual}")),
    }
}
