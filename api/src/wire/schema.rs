//! Request bodies are checked by the very schema that is published, so that every bad field is listed, and only then read
//! into their types.

use crate::codes::Code;
use crate::problem::{FieldError, MAX_ERRORS, Problem, escape};
use crate::wire::json;
use domain::{Cents, Currency};
use http::{HeaderMap, header};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A string format: its name in schemas, and what checks it.
type Format = (&'static str, fn(&str) -> bool);

/// The string formats that the published schemas use and that are checked here.
const FORMATS: [Format; 3] = [
    ("iso-4217", |text| text.parse::<Currency>().is_ok()),
    ("iana-time-zone", |text| text.parse::<chrono_tz::Tz>().is_ok()),
    ("date-or-time", |text| crate::wire::dates::Named::parse(text).is_ok()),
];

/// The body of a request.
pub trait Body: DeserializeOwned + ToSchema + 'static {
    /// No field is required: the body may be missing, and is the default then.
    const OPTIONAL: bool;
    /// The body is a list.
    const LIST: bool;

    /// What a missing body stands for.
    fn missing() -> Value {
        if Self::LIST { Value::Array(Vec::new()) } else { Value::Object(serde_json::Map::new()) }
    }

    /// What checks it, made once.
    fn validator() -> &'static Validator;
}

/// Declares the body of a request: `body!(NewStore)`, `body!(BillCart, optional)` where no field is required,
/// `body!(CartItems, list)`, `body!(RefundLines, optional list)`.
macro_rules! body {
    ($name:ty) => { $crate::wire::schema::body!(@ $name, false, false); };
    ($name:ty, optional) => { $crate::wire::schema::body!(@ $name, true, false); };
    ($name:ty, list) => { $crate::wire::schema::body!(@ $name, false, true); };
    ($name:ty, optional list) => { $crate::wire::schema::body!(@ $name, true, true); };
    (@ $name:ty, $optional:literal, $list:literal) => {
        impl $crate::wire::schema::Body for $name {
            const OPTIONAL: bool = $optional;
            const LIST: bool = $list;
            fn validator() -> &'static jsonschema::Validator {
                static VALIDATOR: std::sync::LazyLock<jsonschema::Validator> =
                    std::sync::LazyLock::new($crate::wire::schema::compile::<$name>);
                &VALIDATOR
            }
        }
    };
}
pub(crate) use body;

/// The validator of a type's published schema.
///
/// # Panics
/// When the schema is not valid: each is compiled by a test.
pub fn compile<T: ToSchema>() -> Validator {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    let schemas: serde_json::Map<_, _> =
        schemas.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default())).collect();
    let mut root = serde_json::to_value(T::schema()).unwrap_or_default();
    if let Some(root) = root.as_object_mut() {
        root.insert("components".to_owned(), json!({ "schemas": schemas }));
    }
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    let options = FORMATS.into_iter().fold(options, |options, (name, check)| options.with_format(name, check));
    match options.build(&root) {
        Ok(validator) => validator,
        Err(error) => panic!("the schema of {} is not valid: {error}", T::name()),
    }
}

/// What may stand for a missing body where no field is required (api.md §1, Requests).
pub fn counts_as_missing(body: &[u8]) -> bool {
    matches!(body.trim_ascii(), b"" | b"null" | b"{}" | b"[]" | b"\"{}\"") || is_blank(body)
}

/// The same with white space inside, as in `{ }`.
fn is_blank(body: &[u8]) -> bool {
    /// Longer ones have something in them.
    const LONGEST: usize = 64;
    body.len() <= LONGEST
        && match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => fields.is_empty(),
            Ok(Value::Array(items)) => items.is_empty(),
            Ok(Value::String(text)) => text == "{}",
            Ok(Value::Null) => true,
            Ok(Value::Bool(_) | Value::Number(_)) | Err(_) => false,
        }
}

/// The content type must be JSON.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    let is_json = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
            || (essence.len() > 17
                && essence.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("application/"))
                && essence.get(essence.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case("+json")))
    });
    match (encoded, is_json) {
        (false, true) => Ok(()),
        (true, _) => Err(Problem::new(Code::UnsupportedMediaType, "the body must not be compressed")),
        (false, false) => Err(Problem::of(Code::UnsupportedMediaType)),
    }
}

/// Reads a body that is there.
pub fn read<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let (value, errors) = json::parse(bytes).map_err(Problem::field)?;
    read_value(value, errors)
}

/// Checks a value against the type's schema and reads it; `errors` are known already, and so is what they are about.
pub fn read_value<T: Body>(value: Value, mut errors: Vec<FieldError>) -> Result<T, Problem> {
    let validator = T::validator();
    if !errors.is_empty() || !validator.is_valid(&value) {
        let known = errors.len();
        let mut beyond_amounts = true;
        for error in validator.iter_errors(&value).take(MAX_ERRORS) {
            beyond_amounts &= is_amount_beyond(&error);
            describe(&error, &mut errors);
        }
        let (first, later) = errors.split_at(known);
        let later: Vec<_> =
            later.iter().filter(|new| first.iter().all(|old| old.pointer != new.pointer)).cloned().collect();
        errors.truncate(known);
        errors.extend(later);
        let code = if beyond_amounts && known == 0 { Code::AmountOutOfRange } else { Code::ValidationFailed };
        return Err(Problem::coded_fields(code, errors));
    }
    // The schema is stricter than the type, so what is left is a limit that only the type knows.
    serde_json::from_value(value).map_err(|error| Problem::field(FieldError::body("", error.to_string())))
}

/// The amount itself is fine but for its size: the code of all overflows.
fn is_amount_beyond(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Maximum { limit } if limit.as_f64() == Some(Cents::MAX.get() as f64))
}

/// Says what is wrong in the words of the contract, one line for each bad field.
fn describe(error: &ValidationError<'_>, errors: &mut Vec<FieldError>) {
    let pointer = error.instance_path().as_str();
    let named = |name: &str| format!("{pointer}/{}", escape(name));
    use ValidationErrorKind as Kind;
    let detail = match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            errors.push(FieldError::body(&named(name), format!("'{name}' is a required property")));
            return;
        }
        Kind::AdditionalProperties { unexpected } => {
            let unknown = |name: &String| FieldError::body(&named(name), format!("'{name}' is not a known field"));
            errors.extend(unexpected.iter().map(unknown));
            return;
        }
        Kind::Type { kind } => match kind {
            TypeKind::Single(expected) => format!("must be {}", with_article(&expected.to_string())),
            TypeKind::Multiple(expected) => {
                let names: Vec<_> = expected.iter().map(|kind| with_article(&kind.to_string())).collect();
                format!("must be {}", names.join(" or "))
            }
        },
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::MinLength { limit } => format!("must have at least {limit} {}", plural(*limit, "character")),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} {}", plural(*limit, "item")),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { .. } => "must name at least one field".to_owned(),
        Kind::MaxProperties { limit } => format!("must name at most {limit} of its fields"),
        Kind::Enum { options } => format!("must be one of {options}"),
        Kind::Format { format } => format!("must be {}", format_name(format)),
        Kind::Pattern { pattern } => format!("must match {pattern}"),
        // The published schemas use none of the other keywords; should one do so, the library's words stand.
        _ => error.to_string(),
    };
    errors.push(FieldError::body(pointer, detail));
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "integer" | "object" | "array" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

fn format_name(format: &str) -> &str {
    match format {
        "iso-4217" => "an ISO 4217 currency code in capitals",
        "iana-time-zone" => "an IANA time zone, such as Europe/Berlin",
        "date-or-time" => "YYYYMMDD, YYYYMMDDHH, YYYYMMDDHHMM or an RFC 3339 time, within years 0001 to 9999",
        other => other,
    }
}
