//! The AsyncAPI document says what is forwarded to Kafka: every topic, every event type, and data as it is stored.

use crate::support::TestShop;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CATEGORIES: [&str; 10] =
    ["store", "product", "customer", "cart", "invoice", "order", "gift_card", "credit", "coupon", "claim"];

async fn document() -> Value {
    TestShop::unchanged().await.anonymous().get("/asyncapi.json").await.expect(200).body
}

/// The samples of the newest version of each type: topic, type and data.
fn samples() -> Vec<(&'static str, String, Value)> {
    let mut newest: BTreeMap<String, (u64, &'static str, Value)> = BTreeMap::new();
    for category in CATEGORIES {
        let path = format!("{}/domain/samples/{category}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("samples");
        let samples: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        for sample in samples {
            let (event_type, version) = (sample["type"].as_str().expect("a type"), sample["metadata"]["v"].as_u64());
            let known = newest.get(event_type).map(|(version, _, _)| *version);
            if known.is_none_or(|known| version >= Some(known)) {
                let data = sample["data"].clone();
                newest.insert(event_type.to_owned(), (version.expect("a version"), category, data));
            }
        }
    }
    newest.into_iter().map(|(event_type, (_, category, data))| (category, event_type, data)).collect()
}

/// What the reference leads to.
#[track_caller]
fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    let pointer = reference.strip_prefix('#').expect("a reference within");
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    options.build(&whole).expect("a schema")
}

fn message_of<'d>(document: &'d Value, category: &str, event_type: &str) -> &'d Value {
    let message = &document["channels"][category]["messages"][event_type];
    assert!(!message.is_null(), "{category} has no {event_type}");
    resolve(document, message)
}

#[tokio::test]
async fn every_event_type_has_a_message_in_its_topic_and_no_other() {
    let document = document().await;
    assert_eq!(document["asyncapi"], "3.0.0");
    let channels: BTreeSet<_> = document["channels"].as_object().expect("channels").keys().cloned().collect();
    assert_eq!(channels, CATEGORIES.map(str::to_owned).into());
    let mut documented = BTreeSet::new();
    for (category, channel) in document["channels"].as_object().into_iter().flatten() {
        assert_eq!(channel["address"], format!("{{namespace}}.{category}"));
        documented.extend(channel["messages"].as_object().expect("messages").keys().cloned());
    }
    let samples = samples();
    // There is a sample of every type that is written: `journal` sees to it.
    assert_eq!(documented, samples.iter().map(|(_, event_type, _)| event_type.clone()).collect());
    for (category, event_type, _) in &samples {
        let message = message_of(&document, category, event_type);
        assert_eq!((&message["name"], &message["contentType"]), (&json!(event_type), &json!("application/json")));
        assert_eq!(message["payload"], json!({ "$ref": format!("#/components/schemas/{event_type}") }));
        assert_eq!(message["bindings"]["kafka"]["key"]["type"], "string");
    }
    let operations = document["operations"].as_object().expect("operations");
    let sent = operations.values().map(|operation| resolve(&document, &operation["channel"])["address"].to_string());
    assert_eq!(sent.collect::<BTreeSet<_>>().len(), CATEGORIES.len());
}

#[tokio::test]
async fn stored_data_is_as_documented() {
    let document = document().await;
    for (category, event_type, data) in samples() {
        let validator = validator(&document, &message_of(&document, category, &event_type)["payload"]);
        let errors: Vec<_> =
            validator.iter_errors(&data).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{event_type}: {errors:#?}\n{data:#}");
    }
}

#[tokio::test]
async fn data_that_lacks_a_field_or_has_another_type_is_not() {
    let document = document().await;
    for (category, event_type, data) in samples() {
        let payload = &message_of(&document, category, &event_type)["payload"];
        let validator = validator(&document, payload);
        let fields = data.as_object().expect("an object");
        let mut mutated = 0;
        for required in required_of(&document, payload) {
            let mut less = data.clone();
            less.as_object_mut().expect("an object").remove(&required);
            assert!(!validator.is_valid(&less), "{event_type} without {required}");
            mutated += 1;
        }
        for field in fields.keys() {
            let mut other = data.clone();
            // Nothing in an event is a list of lists.
            other[field] = json!([[true]]);
            assert!(!validator.is_valid(&other), "{event_type} with another {field}");
        }
        let can_be_left_out = ["ProductDescribed"];
        assert!(mutated > 0 || fields.is_empty() || can_be_left_out.contains(&event_type.as_str()), "{event_type}");
    }
}

/// Of a schema and what it takes in whole.
fn required_of(document: &Value, schema: &Value) -> Vec<String> {
    let schema = resolve(document, schema);
    let own = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    own.chain(parts.flat_map(|part| required_of(document, part))).collect()
}

#[tokio::test]
async fn a_person_is_documented_sealed() {
    let document = document().await;
    let created = &document["components"]["schemas"]["CustomerCreated"];
    let personal = validator(&document, &created["properties"]["personal"]);
    assert!(personal.is_valid(&json!({ "sealed": "e+OlUtp/kNNM" })));
    assert!(!personal.is_valid(&json!({ "email": "ada@example.com" })));
    let text = document.to_string();
    for open in ["first_name", "last_name", "PersonalData"] {
        assert!(!text.contains(open), "{open} is documented in the clear");
    }
}

#[tokio::test]
async fn headers_are_those_of_cloud_events() {
    let document = document().await;
    let headers = validator(&document, &message_of(&document, "cart", "CartOpened")["headers"]);
    let good = json!({
        "ce_specversion": "1.0",
        "ce_id": "0193a5c0-0000-7000-8000-00000000001f",
        "ce_source": "/cartlog",
        "ce_type": "dev.cartlog.CartOpened",
        "ce_subject": "cart-0193a5c0-0000-7000-8000-000000000101",
        "ce_time": "2026-11-23T10:00:00.123Z",
        "ce_partitionkey": "cart-0193a5c0-0000-7000-8000-000000000101",
        "ce_revision": "0",
        "content-type": "application/json",
        "cartlog_metadata": "{}",
    });
    assert!(headers.is_valid(&good));
    for name in good.as_object().into_iter().flatten().map(|(name, _)| name) {
        let mut less = good.clone();
        less.as_object_mut().expect("an object").remove(name);
        assert!(!headers.is_valid(&less), "{name} can be left out");
    }
    for (name, wrong) in [("ce_type", "dev.cartlog.CartClosed"), ("ce_subject", "order-1"), ("ce_id", "1")] {
        let mut other = good.clone();
        other[name] = json!(wrong);
        assert!(!headers.is_valid(&other), "{name} = {wrong}");
    }
}

#[tokio::test]
async fn references_lead_somewhere_and_what_events_are_made_of_is_explained() {
    let document = document().await;
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        resolve(&document, value);
        let is_text = |text: &Value| text.as_str().is_some_and(|text| !text.is_empty() && !text.contains("[`"));
        let described = value.get("description").filter(|description| !description.is_object());
        assert!(described.is_none_or(is_text), "{value:#}");
        waiting.extend(value.as_object().into_iter().flatten().map(|(_, part)| part));
        waiting.extend(value.as_array().into_iter().flatten());
    }
    let about = document["info"]["description"].as_str().expect("a description");
    for said in ["{namespace}.cart", "read_committed", "ce_revision", "sealed", "murmur2"] {
        assert!(about.contains(said), "nothing about {said}");
    }
}
