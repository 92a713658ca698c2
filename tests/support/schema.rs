//! The published contract: every answer in tests is checked against the schema that `/openapi.json` gives for it.

use super::Answer;
use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// `/openapi.json`, with a validator per operation and status, made when first needed.
pub struct Contract {
    document: Value,
    validators: Mutex<HashMap<(String, String, u16), Option<Arc<Validator>>>>,
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
        CONTRACT.get_or_init(|| Contract { document, validators: Mutex::default() })
    }

    /// Every operation: method in upper case, and path template.
    pub fn operations(&self) -> Vec<(String, String)> {
        let paths = self.document["paths"].as_object().expect("paths");
        let methods = ["get", "post", "put", "delete"];
        let of_path = |(path, item): (&String, &Value)| {
            let path = path.clone();
            let named: Vec<_> = methods.iter().filter(|method| item.get(**method).is_some()).copied().collect();
            named.into_iter().map(move |method| (method.to_uppercase(), path.clone()))
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// The operation that a request belongs to; `None` for what the document doesn't have.
    pub fn operation(&self, method: &str, path: &str) -> Option<(String, String)> {
        let mut fitting: Vec<_> =
            self.operations().into_iter().filter(|(known, template)| known == method && fits(template, path)).collect();
        // `/customer/count` is not `/customer/{id}`: the template with the fewest parameters is meant.
        fitting.sort_by_key(|(_, template)| template.matches('{').count());
        fitting.into_iter().next()
    }

    /// Checks status, content type and body of an answer to what the document says of it.
    #[track_caller]
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap_or(path);
        let Some((method, template)) = self.operation(method, path) else { return };
        let operation = &self.document["paths"][&template][method.to_lowercase()];
        let response = &operation["responses"][answer.status.to_string()];
        assert!(!response.is_null(), "{}: status {} is not documented: {:#}", answer.asked, answer.status, answer.body);
        let Some(validator) = self.validator(&method, &template, answer.status) else { return };
        let errors: Vec<_> =
            validator.iter_errors(&answer.body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(
            errors.is_empty(),
            "{} ({}) is not as documented: {errors:#?}\n{:#}",
            answer.asked,
            answer.status,
            answer.body
        );
    }

    fn validator(&self, method: &str, template: &str, status: u16) -> Option<Arc<Validator>> {
        let name = (method.to_owned(), template.to_owned(), status);
        if let Some(known) = self.validators.lock().get(&name) {
            return known.clone();
        }
        let response =
            self.resolve(&self.document["paths"][template][method.to_lowercase()]["responses"][status.to_string()]);
        let content = response["content"].as_object();
        let schema = content.and_then(|content| {
            content.iter().find(|(kind, _)| kind.contains("json")).map(|(_, media)| media["schema"].clone())
        });
        let validator = schema.map(|schema| {
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            Arc::new(
                jsonschema::validator_for(&whole)
                    .unwrap_or_else(|error| panic!("{method} {template} {status}: {error}")),
            )
        });
        self.validators.lock().insert(name, validator.clone());
        validator
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap_or(value),
            None => value,
        }
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.trim_matches('/').split('/'), path.trim_matches('/').split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name.starts_with('{') || name == part => {}
            _ => return false,
        }
    }
}
