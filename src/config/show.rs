//! The effective configuration for people and machines, without secrets.

use super::keys::KEYS;
use super::layers::{Setting, Values, variable};
use serde_json::{Value, json};
use std::fmt::Write;

/// As TOML that can be saved as a configuration file; each line says where its value came from.
pub fn to_toml(values: &Values) -> String {
    let mut text = String::new();
    for key in &KEYS {
        let line = match values.get(key.name) {
            None => format!("# {} is not set", key.name),
            Some(setting) if key.secret => {
                format!("# {} = {} (hidden: keep it in {})", key.name, shown(setting, true), variable(key.name))
            }
            Some(setting) => format!("{} = {}", key.name, literal(&setting.value)),
        };
        let source = values.get(key.name).map_or(String::new(), |setting| format!("  # {}", setting.source));
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}", format!("{line:<40}{source}").trim_end());
    }
    text
}

/// As one object: key → value and source, null where nothing is set.
pub fn to_json(values: &Values) -> Value {
    let entry = |key: &super::keys::Key| {
        let value = values
            .get(key.name)
            .map(|setting| json!({ "value": as_json(shown(setting, key.secret)), "source": setting.source }));
        (key.name.to_owned(), value.unwrap_or(Value::Null))
    };
    Value::Object(KEYS.iter().map(entry).collect())
}

/// Numbers are numbers, as in TOML.
fn as_json(value: String) -> Value {
    value.parse::<i64>().map_or(Value::String(value), Value::from)
}

fn literal(value: &str) -> String {
    match value.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => format!("{value:?}"),
    }
}

/// The value; of a secret URL only its scheme.
fn shown(setting: &Setting, secret: bool) -> String {
    if !secret {
        return setting.value.clone();
    }
    // Any other part of a URL can hold a password, also one with '@' or '/' in it.
    match setting.value.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…"),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret_url(value: &str) -> String {
        shown(&Setting { value: value.to_owned(), source: String::new() }, true)
    }

    #[test]
    fn no_part_of_a_url_that_can_hold_a_secret_is_shown() {
        assert_eq!(secret_url("smtps://me:p@ss@mail.example:465/x?auth=hidden"), "smtps://…");
        assert_eq!(secret_url("redis://localhost"), "redis://…");
        assert_eq!(secret_url("hunter2"), "…");
    }

    #[test]
    fn text_is_quoted_as_toml_reads_it() {
        assert_eq!([literal("8"), literal("a\"b")], ["8", "\"a\\\"b\""]);
    }
}
