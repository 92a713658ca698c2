//! What generators of clients, linters and browsers need of the OpenAPI document. `tests/clients/run` tries the generators
//! themselves; these are the rules that they taught.

use crate::support::{Contract, TestShop};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn contract() -> &'static Contract {
    TestShop::unchanged().await.contract()
}

/// Calls with every object of the document, and where it stands.
fn each<'d>(value: &'d Value, at: &str, see: &mut impl FnMut(&str, &'d Value)) {
    if value.is_object() {
        see(at, value);
    }
    value.as_object().into_iter().flatten().for_each(|(name, part)| each(part, &format!("{at}/{name}"), see));
    value.as_array().into_iter().flatten().for_each(|part| each(part, at, see));
}

/// Every schema that says what type it is; examples are none.
fn each_schema<'d>(document: &'d Value, mut see: impl FnMut(&str, &'d Value)) {
    each(document, "", &mut |at, value| {
        let is_type = value["type"].is_array() || value["type"].as_str().is_some_and(|kind| kind != "apiKey");
        if is_type && !at.contains("/example") {
            see(at, value);
        }
    });
}

#[tokio::test]
async fn the_document_says_who_made_it_where_it_is_served_and_by_what_license() {
    let document = &contract().await.document;
    assert_eq!(document["info"]["license"]["identifier"], "MIT OR Apache-2.0");
    assert!(document["info"]["contact"]["url"].is_string());
    assert_eq!(document["servers"][0]["url"], "/");
}

#[tokio::test]
async fn a_value_has_one_type_or_null_and_formats_are_those_that_tools_know() {
    each_schema(&contract().await.document, |at, schema| {
        if let Some(types) = schema["type"].as_array() {
            assert!(types.len() == 2 && types[1] == "null", "{at}: {schema}");
        }
        let format = schema["format"].as_str();
        assert!(matches!(format, None | Some("int32" | "int64" | "date-time" | "idn-email")), "{at}: {schema}");
        let is_integer = schema["type"] == "integer" || schema["type"] == json!(["integer", "null"]);
        assert!(!is_integer || format.is_some_and(|format| format.starts_with("int")), "{at}: {schema}");
        for bound in ["minimum", "maximum"] {
            let fits =
                schema[bound].as_i64().is_none_or(|bound| format != Some("int32") || i32::try_from(bound).is_ok());
            assert!(fits, "{at}: {schema}");
        }
    });
}

#[tokio::test]
async fn names_are_verbs_and_collide_with_nothing_that_generators_make() {
    let contract = contract().await;
    let verbs = [
        "add", "bill", "cancel", "change", "check", "close", "collect", "confirm", "count", "create", "delete",
        "deliver", "explain", "fail", "get", "issue", "list", "log", "make", "open", "refund", "remove", "revoke",
        "search", "send", "set", "ship", "show", "void",
    ];
    for operation in contract.operations() {
        let id = operation.spec["operationId"].as_str().expect("an id");
        let verb: String = id.chars().take_while(char::is_ascii_lowercase).collect();
        assert!(verbs.contains(&&*verb) && id.chars().all(|c| c.is_ascii_alphanumeric()), "{operation}: {id}");
        assert!(id.len() <= 24, "{operation}: {id}");
    }
    let components = &contract.document["components"];
    let names = |kind: &str| components[kind].as_object().expect("components").keys().cloned().collect::<BTreeSet<_>>();
    let schemas = names("schemas");
    assert!(schemas.iter().all(|name| !name.starts_with("New")), "in Go `NewX` makes an `X`");
    for kind in ["parameters", "responses", "headers"] {
        let both: Vec<_> = names(kind).intersection(&schemas).cloned().collect();
        assert!(both.iter().all(|name| kind == "headers" && name == "Link"), "{kind}: {both:?}");
    }
}

#[tokio::test]
async fn an_operation_has_one_schema_of_success_and_errors_are_plain_problems_with_an_example_of_each_code() {
    let contract = contract().await;
    for operation in contract.operations() {
        let mut successes = BTreeSet::new();
        let mut met = BTreeSet::new();
        for (status, answer) in operation.spec["responses"].as_object().expect("answers") {
            if status.starts_with('2') {
                let schema = &answer["content"]["application/json"]["schema"];
                successes.extend((!schema.is_null()).then(|| schema.to_string()));
            }
            let Some(problem) = answer["content"].get("application/problem+json") else { continue };
            assert_eq!(problem["schema"], json!({ "$ref": "#/components/schemas/Problem" }), "{operation} {status}");
            for (code, example) in problem["examples"].as_object().expect("examples") {
                let example = &contract.resolve(example)["value"];
                assert_eq!((&example["error"], example["status"].to_string()), (&json!(code), status.clone()));
                met.insert(code.as_str());
            }
        }
        assert!(successes.len() <= 1, "{operation}: {successes:?}");
        assert_eq!(met, operation.errors().into_iter().collect(), "{operation}");
    }
}

#[tokio::test]
async fn every_body_has_an_example_that_it_takes() {
    let contract = contract().await;
    for operation in contract.operations() {
        let Some((schema, required)) = contract.request_body(&operation) else { continue };
        let media = &operation.spec["requestBody"]["content"]["application/json"];
        assert!(media["schema"]["$ref"].is_string(), "{operation}: {media}");
        assert_eq!(operation.spec["requestBody"]["required"], required, "{operation}");
        let whole = json!({ "allOf": [schema], "components": contract.document["components"] });
        let validator =
            jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&whole).expect("a schema");
        let example = &media["example"];
        assert!(!example.is_null() && validator.is_valid(example), "{operation}: {example}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_of_texts_the_document_refuses_too() {
    let contract = contract().await;
    let schemas = contract.document["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas.iter().filter(|(_, schema)| schema["additionalProperties"] == json!(false)) {
        for (field, text) in schema["properties"].as_object().into_iter().flatten() {
            let is_text = text["type"] == "string" || text["type"] == json!(["string", "null"]);
            assert!(!is_text || text["pattern"].is_string() || text["enum"].is_array(), "{name}.{field}: {text}");
        }
    }
    let ids = ["giftercustomerid", "recipientcustomerid"];
    for operation in contract.operations() {
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            let (name, schema) = (parameter["name"].as_str().expect("a name"), contract.resolve(&parameter["schema"]));
            if parameter["in"] == "query"
                && schema["type"] == "string"
                && schema["enum"].is_null()
                && !ids.contains(&name)
            {
                let bounded = schema["pattern"].is_string() && schema["pattern"] != "";
                assert!(bounded, "{operation} {name}: {schema}");
            }
            if schema["type"] == "integer" {
                assert!(schema["minimum"].is_i64() && schema["maximum"].is_i64(), "{operation} {name}: {schema}");
            }
            assert_ne!(name, "x-request-id", "{operation}: noise in every signature");
        }
    }
}

#[tokio::test]
async fn defaults_are_said_to_tools() {
    let document = &contract().await.document;
    for (pointer, default) in [
        ("schemas/StoreInput/properties/timezone", json!("UTC")),
        ("schemas/StoreInput/properties/cart_expires_after_minutes", json!(20_160)),
        ("schemas/StoreInput/properties/tax_rate_in_basis_points", json!(0)),
        ("schemas/StoreInput/properties/credit_order_preference", json!("gift-card")),
        ("schemas/ProductInput/properties/inventory", json!(0)),
        ("schemas/AddQuantity/properties/quantity", json!(1)),
        ("schemas/CouponInput/properties/style", json!("dollars_off")),
        ("parameters/LimitQuery/schema", json!(10)),
        ("parameters/ClosedQuery/schema", json!(false)),
    ] {
        let field = document.pointer(&format!("/components/{pointer}"));
        assert_eq!(field.map(|field| &field["default"]), Some(&default), "{pointer}");
    }
    // A client that sends every default would send it beside a cursor.
    assert!(document.pointer("/components/parameters/PageQuery/schema/default").is_none());
}

#[tokio::test]
async fn what_is_repeated_stands_once_and_links_lead_to_operations() {
    let contract = contract().await;
    let size = contract.document.to_string().len();
    // Half of that are schemas and examples.
    let most = 3_000 * contract.operations().len();
    assert!(size < most, "{size} bytes, of {most}");
    let ids: BTreeSet<_> =
        contract.operations().iter().filter_map(|known| known.spec["operationId"].as_str()).collect();
    let mut links = 0;
    for operation in contract.operations() {
        for (_, answer) in operation.spec["responses"].as_object().into_iter().flatten() {
            for (_, link) in answer["links"].as_object().into_iter().flatten() {
                links += 1;
                assert!(link["operationId"].as_str().is_some_and(|id| ids.contains(id)), "{operation}: {link}");
            }
        }
    }
    assert!(links > 20, "{links} links");
}
