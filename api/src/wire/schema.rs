//! Request bodies are checked by the very schema that is published, so that every bad field is listed, and only then read
//! into their types.

use crate::codes::Code;
use crate::problem::{FieldError, MAX_ERRORS, Problem, escape};
use crate::wire::{dates, json};
use boon::{Compiler, Draft, ErrorKind, SchemaIndex, Schemas, Types, ValidationError};
use commands::MailAddress;
use domain::numbers::NumberFormat;
use domain::{Cents, Currency};
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use utoipa::ToSchema;

/// What a text must be that stands for a boolean.
pub const TRUE_OR_FALSE: &str = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$";

/// The string formats that the published schemas use and that are checked here.
const FORMATS: [boon::Format; 5] = [
    boon::Format { name: "iso-4217", func: |value| text(value, |text| text.parse::<Currency>().is_ok()) },
    boon::Format { name: "iana-time-zone", func: |value| text(value, |text| text.parse::<chrono_tz::Tz>().is_ok()) },
    boon::Format { name: "number-format", func: |value| text(value, |text| text.parse::<NumberFormat>().is_ok()) },
    boon::Format { name: "idn-email", func: |value| text(value, |text| MailAddress::parse(text).is_ok()) },
    boon::Format { name: "date-or-time", func: |value| text(value, |text| dates::Named::parse(text).is_ok()) },
];

/// A format says nothing of what isn't a string.
fn text(value: &Value, fits: impl FnOnce(&str) -> bool) -> Result<(), Box<dyn std::error::Error>> {
    // The words are `describe`'s.
    value.as_str().is_none_or(fits).then_some(()).ok_or_else(|| "another format".into())
}

/// A compiled schema.
pub struct Validator {
    schemas: Schemas,
    root: SchemaIndex,
    /// As it is published.
    document: Value,
}

impl Validator {
    /// The pattern that the schema at the place asks for, as it is published: the compiler's own is translated, and reads badly.
    fn pattern(&self, schema_url: &str) -> Option<&str> {
        let (_, pointer) = schema_url.split_once('#')?;
        self.document.pointer(pointer)?.get("pattern")?.as_str()
    }
}

/// What a pattern asks for, in words.
fn in_words(pattern: &str) -> String {
    match pattern {
        r"^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$" => "must be an email address".to_owned(),
        r"^[^\s](?:[^\r\n\t]*[^\s])?$" => {
            "must begin and end with a visible character, and be one line without tabs".to_owned()
        }
        TRUE_OR_FALSE => "must be a boolean, or \"true\" or \"false\"".to_owned(),
        "^[A-Za-z0-9_-]+$" => "must consist of letters, digits, '-' and '_'".to_owned(),
        other => format!("must match {other}"),
    }
}

/// The body of a request.
pub trait Body: DeserializeOwned + ToSchema + 'static {
    /// No field is required: the body may be missing, and is the default then.
    const OPTIONAL: bool;
    /// The body is a list.
    const LIST: bool;

    /// Fields of the resource that can't be set: a client may send what it was answered, and they are ignored.
    const IGNORED: &'static [&'static str];
    /// Fields of the resource that may only be named as they are: [`Self::keep`] is given those that were named.
    const KEPT: &'static [&'static str];

    fn keep(&mut self, given: Map<String, Value>);

    /// What a missing body stands for.
    fn missing() -> Value {
        if Self::LIST { Value::Array(Vec::new()) } else { Value::Object(serde_json::Map::new()) }
    }

    /// What checks it, made once.
    fn validator() -> &'static Validator;
}

/// Declares the body of a request: `body!(NewStore)`, `body!(BillCart, optional)` where no field is required,
/// `body!(CartItems, list)`, `body!(RefundLines, optional list)`; `body!(StoreChange, ignores ["store_id"])` where what was
/// answered may be sent back, and `keeps ["tags"]`, into its field `given`, where some of that must be as it is.
macro_rules! body {
    ($name:ty) => { $crate::wire::schema::body!(@ $name, false, false, [], [], |_, _| {}); };
    ($name:ty, optional) => { $crate::wire::schema::body!(@ $name, true, false, [], [], |_, _| {}); };
    ($name:ty, list) => { $crate::wire::schema::body!(@ $name, false, true, [], [], |_, _| {}); };
    ($name:ty, optional list) => { $crate::wire::schema::body!(@ $name, true, true, [], [], |_, _| {}); };
    ($name:ty, ignores $ignored:tt) => {
        $crate::wire::schema::body!(@ $name, false, false, $ignored, [], |_, _| {});
    };
    ($name:ty, ignores $ignored:tt, keeps $kept:tt) => {
        $crate::wire::schema::body!(@ $name, false, false, $ignored, $kept, |body: &mut $name, given| body.given = given);
    };
    (@ $name:ty, $optional:literal, $list:literal, $ignored:tt, $kept:tt, $keep:expr) => {
        impl $crate::wire::schema::Body for $name {
            const OPTIONAL: bool = $optional;
            const LIST: bool = $list;
            const IGNORED: &'static [&'static str] = &$ignored;
            const KEPT: &'static [&'static str] = &$kept;
            fn keep(&mut self, given: serde_json::Map<String, serde_json::Value>) {
                let keep: fn(&mut Self, _) = $keep;
                keep(self, given);
            }
            fn validator() -> &'static $crate::wire::schema::Validator {
                static VALIDATOR: std::sync::LazyLock<$crate::wire::schema::Validator> =
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
    match compiled(root) {
        Ok(validator) => validator,
        Err(error) => panic!("the schema of {} is not valid: {error}", T::name()),
    }
}

fn compiled(root: Value) -> Result<Validator, Box<boon::CompileError>> {
    /// Names the document to the compiler; nothing is fetched.
    const PLACE: &str = "cartlog:/body";
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    FORMATS.into_iter().for_each(|format| compiler.register_format(format));
    compiler.add_resource(PLACE, root.clone()).map_err(Box::new)?;
    let mut schemas = Schemas::new();
    let compiled = compiler.compile(PLACE, &mut schemas).map_err(Box::new)?;
    Ok(Validator { schemas, root: compiled, document: root })
}

/// What may stand for a missing body where no field is required (api.md §1, Requests): nothing, or JSON that says nothing, also
/// where it was made JSON of once too often, as by `json=json.dumps({})`.
pub fn counts_as_missing(body: &[u8]) -> bool {
    says_nothing(body, 3)
}

/// `depth`: how often it may have been made a string of.
fn says_nothing(json: &[u8], depth: u32) -> bool {
    /// Longer strings have something in them.
    const LONGEST: usize = 128;
    match json.trim_ascii() {
        b"" | b"null" => true,
        [b'{', inside @ .., b'}'] | [b'[', inside @ .., b']'] => inside.trim_ascii().is_empty(),
        string @ [b'"', ..] if depth > 0 && string.len() <= LONGEST => {
            serde_json::from_slice::<String>(string).is_ok_and(|text| says_nothing(text.as_bytes(), depth - 1))
        }
        _ => false,
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
    let (mut value, mut errors) = json::parse(bytes).map_err(Problem::field)?;
    let mut given = Map::new();
    if let (Value::Object(fields), false) = (&mut value, T::IGNORED.is_empty()) {
        T::IGNORED.iter().for_each(|name| drop(fields.remove(*name)));
        errors.retain(|error| !T::IGNORED.iter().any(|name| is_within(&error.pointer, name)));
        given.extend(T::KEPT.iter().filter_map(|name| fields.remove_entry(*name)));
    }
    let mut body = read_value::<T>(value, errors)?;
    body.keep(given);
    Ok(body)
}

/// Whether the pointer is to the field, or to a part of it.
fn is_within(pointer: &str, field: &str) -> bool {
    let rest = pointer.strip_prefix("#/").and_then(|pointer| pointer.strip_prefix(field));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Checks a value against the type's schema and reads it; `errors` are known already, and so is what they are about.
pub fn read_value<T: Body>(value: Value, mut errors: Vec<FieldError>) -> Result<T, Problem> {
    let validator = T::validator();
    let outcome = validator.schemas.validate(&value, validator.root);
    if !errors.is_empty() || outcome.is_err() {
        let known = errors.len();
        let mut found = Vec::new();
        if let Err(error) = &outcome {
            leaves(error, &mut found);
        }
        found.truncate(MAX_ERRORS);
        let beyond_amounts = found.iter().all(|error| is_amount_beyond(error));
        found.iter().for_each(|error| describe(validator, error, &mut errors));
        let (first, later) = errors.split_at(known);
        let later: Vec<_> =
            later.iter().filter(|new| first.iter().all(|old| old.pointer != new.pointer)).cloned().collect();
        errors.truncate(known);
        errors.extend(later);
        let code = if beyond_amounts && known == 0 { Code::AmountOutOfRange } else { Code::ValidationFailed };
        return Err(Problem::coded_fields(code, errors));
    }
    drop(outcome);
    // The schema is stricter than the type, so what is left is a limit that only the type knows.
    serde_json::from_value(value).map_err(|error| Problem::field(FieldError::body("", error.to_string())))
}

/// What is wrong with single values, out of the tree of what is wrong with all that they are in.
fn leaves<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>, found: &mut Vec<&'e ValidationError<'s, 'v>>) {
    if error.causes.is_empty() {
        found.push(error);
        return;
    }
    // Of a choice only the branch is told whose type it is; where it is none of them, all types are told as one.
    let is_choice = matches!(error.kind, ErrorKind::OneOf(_) | ErrorKind::AnyOf);
    let mut told = error.causes.iter().filter(|cause| !is_choice || wanted(error, cause).is_none()).peekable();
    if told.peek().is_none() {
        found.push(error);
    }
    told.for_each(|cause| leaves(cause, found));
}

/// The types that a branch of a choice asks for, where the value is of another one.
fn wanted(choice: &ValidationError<'_, '_>, branch: &ValidationError<'_, '_>) -> Option<Types> {
    match (&branch.kind, branch.causes.as_slice()) {
        // What a reference leads to.
        (_, [only]) => wanted(choice, only),
        (ErrorKind::Type { want, .. }, []) => {
            let is_here = branch.instance_location.to_string() == choice.instance_location.to_string();
            is_here.then_some(*want)
        }
        _ => None,
    }
}

/// The amount itself is fine but for its size: the code of all overflows.
fn is_amount_beyond(error: &ValidationError<'_, '_>) -> bool {
    matches!(error.kind, ErrorKind::Maximum { want, .. } if want.as_f64() == Some(Cents::MAX.get() as f64))
}

/// Says what is wrong in the words of the contract, one line for each bad field.
fn describe(validator: &Validator, error: &ValidationError<'_, '_>, errors: &mut Vec<FieldError>) {
    let pointer = error.instance_location.to_string();
    let named = |name: &str| format!("{pointer}/{}", escape(name));
    use ErrorKind as Kind;
    let detail = match &error.kind {
        Kind::Required { want } => {
            let missing = |name: &&str| FieldError::body(&named(name), format!("'{name}' is a required property"));
            errors.extend(want.iter().map(missing));
            return;
        }
        Kind::AdditionalProperties { got } => {
            let unknown =
                |name: &Cow<'_, str>| FieldError::body(&named(name), format!("'{name}' is not a known field"));
            errors.extend(got.iter().map(unknown));
            return;
        }
        Kind::Type { want, .. } => format!("must be {}", names(*want)),
        Kind::OneOf(_) | Kind::AnyOf => {
            let types = error.causes.iter().filter_map(|branch| wanted(error, branch)).map(names);
            format!("must be {}", types.collect::<Vec<_>>().join(" or "))
        }
        Kind::Minimum { want, .. } => format!("must be at least {want}"),
        Kind::Maximum { want, .. } => format!("must be at most {want}"),
        Kind::MinLength { want, .. } => format!("must have at least {want} {}", plural(*want, "character")),
        Kind::MaxLength { want, .. } => format!("must have at most {want} characters"),
        Kind::MinItems { want, .. } => format!("must have at least {want} {}", plural(*want, "item")),
        Kind::MaxItems { want, .. } => format!("must have at most {want} items"),
        Kind::MinProperties { .. } => "must name at least one field".to_owned(),
        Kind::MaxProperties { want, .. } => format!("must name at most {want} of its fields"),
        Kind::Enum { want } => format!("must be one of {}", Value::Array(want.to_vec())),
        Kind::Format { want, .. } => format!("must be {}", format_name(want)),
        Kind::Pattern { want, .. } => in_words(validator.pattern(error.schema_url).unwrap_or(want)),
        // The published schemas use none of the other keywords; should one do so, the library's words stand.
        other => other.to_string(),
    };
    let error = FieldError::body(&pointer, detail);
    // A pattern and a format may say the same.
    if !errors.contains(&error) {
        errors.push(error);
    }
}

fn names(types: Types) -> String {
    types.iter().map(|kind| with_article(&kind.to_string())).collect::<Vec<_>>().join(" or ")
}

fn with_article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "integer" | "object" | "array" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

fn format_name(format: &str) -> &str {
    match format {
        "iso-4217" => "an ISO 4217 currency code in capitals",
        "idn-email" => "an email address",
        "iana-time-zone" => "an IANA time zone, such as Europe/Berlin",
        "number-format" => {
            "a format for numbers, such as R-{year}-{n:06}: with {n} once, letters a to z, digits and -_/.#, and something that is no digit between {year} and {n}"
        }
        "date-or-time" => "YYYYMMDD, YYYYMMDDHH, YYYYMMDDHHMM or an RFC 3339 time, within years 0001 to 9999",
        other => other,
    }
}
