//! What stands in several places stands once: parameters, headers and answers as components. A third of the document is left.

use super::METHODS;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Answers with more codes than these have no name that anybody would read.
const MOST_CODES_IN_A_NAME: usize = 4;

/// Moves what is repeated into `components`, and leaves references.
pub fn share(document: &mut Value) {
    let mut headers = Shelf::new("headers");
    each_answer(document, |_, answer| {
        each_header(answer, |name, header| headers.see(name_of_header(name, header), header))
    });
    each_answer(document, |_, answer| each_header(answer, |_, header| headers.replace(header)));
    let mut answers = Shelf::new("responses");
    each_answer(document, |status, answer| answers.see(name_of_answer(status, answer), answer));
    each_answer(document, |_, answer| answers.replace(answer));
    let mut parameters = Shelf::new("parameters");
    each_parameter(document, |parameter| parameters.see(name_of_parameter(parameter), parameter));
    each_parameter(document, |parameter| parameters.replace(parameter));
    for shelf in [headers, answers, parameters] {
        document["components"][shelf.kind] = Value::Object(shelf.shared);
    }
}

/// One kind of component.
struct Shelf {
    kind: &'static str,
    /// How often each was seen, by its text, and the name that it can have.
    seen: HashMap<String, (usize, Option<String>)>,
    shared: Map<String, Value>,
}

impl Shelf {
    fn new(kind: &'static str) -> Self {
        Self { kind, seen: HashMap::new(), shared: Map::new() }
    }

    /// Counts it. Whoever comes first has the name: another one of that name stays where it is.
    fn see(&mut self, name: Option<String>, value: &Value) {
        let free = name.filter(|name| self.seen.values().all(|(_, taken)| taken.as_ref() != Some(name)));
        self.seen.entry(value.to_string()).or_insert((0, free)).0 += 1;
    }

    /// A reference in the place of what is shared.
    fn replace(&mut self, value: &mut Value) {
        let Some((2.., Some(name))) = self.seen.get(&value.to_string()) else { return };
        let reference = json!({ "$ref": format!("#/components/{}/{name}", self.kind) });
        self.shared.insert(name.clone(), std::mem::replace(value, reference));
    }
}

fn each_operation(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let methods = items.filter_map(Value::as_object_mut).flat_map(Map::iter_mut);
    methods.filter(|(method, _)| METHODS.contains(&method.as_str())).map(|(_, operation)| operation)
}

fn each_answer(document: &mut Value, mut each: impl FnMut(&str, &mut Value)) {
    for operation in each_operation(document) {
        let answers = operation["responses"].as_object_mut().into_iter().flatten();
        answers.for_each(|(status, answer)| each(status, answer));
    }
}

fn each_header(answer: &mut Value, mut each: impl FnMut(&str, &mut Value)) {
    let headers = answer.get_mut("headers").and_then(Value::as_object_mut).into_iter().flatten();
    headers.for_each(|(name, header)| each(name, header));
}

fn each_parameter(document: &mut Value, each: impl FnMut(&mut Value)) {
    each_operation(document)
        .flat_map(|operation| operation["parameters"].as_array_mut().into_iter().flatten())
        .for_each(each);
}

/// `ETag`, or `ETagIfAny` where it is not always there.
fn name_of_header(name: &str, header: &Value) -> Option<String> {
    let always = if header["required"] == json!(true) { "" } else { "IfAny" };
    Some(format!("{}{always}", pascal(name)))
}

/// `CustomerIdPath`: where it stands keeps it apart from schemas, which generators put beside it.
fn name_of_parameter(parameter: &Value) -> Option<String> {
    Some(format!("{}{}", pascal(parameter["name"].as_str()?), pascal(parameter["in"].as_str()?)))
}

/// `CartDone201`; `CustomerNotFoundOrNoCartIsOpen` for errors; `ItIsDeleted204` for what has no body.
fn name_of_answer(status: &str, answer: &Value) -> Option<String> {
    let Some(content) = answer["content"].as_object() else {
        let said = answer["description"].as_str()?.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        return Some(format!("{}{status}", pascal(&said)));
    };
    if let Some(problem) = content.get("application/problem+json") {
        let codes: Vec<_> = problem["examples"].as_object()?.keys().map(|code| pascal(&code.to_lowercase())).collect();
        return (codes.len() <= MOST_CODES_IN_A_NAME).then(|| codes.join("Or"));
    }
    let (_, schema) = content.get("application/json")?["schema"]["$ref"].as_str()?.rsplit_once('/')?;
    Some(format!("{schema}{status}"))
}

/// `CartlogMinPosition` of `Cartlog-Min-Position`.
fn pascal(name: &str) -> String {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    words.map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect()
}
