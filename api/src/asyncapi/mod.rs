//! The AsyncAPI document: what is forwarded to Kafka. Topics and headers are `streaming::record`'s, types and schemas the domain's own.

use crate::openapi;
use domain::{Category, Event};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use streaming::record::{self, header};

/// The version of the bindings to Kafka.
const BINDING_VERSION: &str = "0.5.0";

/// The AsyncAPI 3.0 document as it is served.
pub fn document_bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec(&build()).unwrap_or_default());
    &BYTES
}

fn build() -> Value {
    let mut schemas = serde_json::to_value(Event::schemas()).unwrap_or_default();
    without_links(&mut schemas);
    schemas["EventHeaders"] = headers();
    let own = Event::TYPES.iter().flat_map(|(category, types)| types.iter().map(|named| (Some(*category), *named)));
    let common = Event::COMMON_TYPES.iter().map(|named| (None, *named));
    let messages: Map<_, _> = own
        .chain(common)
        .map(|(category, (name, version))| (name.to_owned(), message(category, name, version, &schemas[name])))
        .collect();
    let tags: Vec<_> = Event::TYPES.iter().map(|(category, _)| tag(*category)).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "cartlog events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("about.md"),
            "license": { "name": openapi::LICENSE },
            "contact": openapi::contact(),
            "tags": tags,
        },
        "servers": { "kafka": {
            "host": "{broker}",
            "protocol": "kafka",
            "description": "The brokers that the server's `--kafka-brokers` names",
            "variables": { "broker": { "default": "localhost:9092", "description": "One of them" } },
        } },
        "defaultContentType": record::CONTENT_TYPE,
        "channels": per_category(|category, types| (category.to_string(), channel(category, types))),
        "operations": per_category(|category, _| (format!("forward_{category}"), operation(category))),
        "components": {
            "messages": messages,
            "schemas": schemas,
            "parameters": {
                "namespace": { "default": "cartlog", "description": "The server's `--namespace`" },
            },
        },
    })
}

fn per_category(make: impl Fn(Category, &[(&str, u32)]) -> (String, Value)) -> Map<String, Value> {
    Event::TYPES.iter().map(|(category, types)| make(*category, types)).collect()
}

fn tag(category: Category) -> Value {
    json!({ "name": category.to_string(), "description": description(category) })
}

/// The topic of one kind of aggregate.
fn channel(category: Category, types: &[(&str, u32)]) -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/messages/{name}") });
    let types = types.iter().chain(Event::COMMON_TYPES);
    let messages: Map<_, _> = types.map(|(name, _)| ((*name).to_owned(), reference(name))).collect();
    json!({
        "address": record::topic("{namespace}", category),
        "description": description(category),
        "parameters": { "namespace": { "$ref": "#/components/parameters/namespace" } },
        "messages": messages,
        "bindings": { "kafka": {
            "bindingVersion": BINDING_VERSION,
            "partitions": record::PARTITIONS,
            "topicConfiguration": { "cleanup.policy": ["delete"], "retention.ms": -1, "retention.bytes": -1 },
        } },
    })
}

fn description(category: Category) -> String {
    let whose = match category {
        Category::Cart => "of all carts of one customer, by the customer's id",
        Category::Claim => "of one unique name (app_id, email, coupon code), by a keyed hash of it",
        Category::Store
        | Category::Product
        | Category::Customer
        | Category::Invoice
        | Category::Order
        | Category::GiftCard
        | Category::Credit
        | Category::Coupon => "of one of its kind, by its id",
    };
    format!("A stream `{category}-<id>` has the events {whose}. It is in one partition, in order.")
}

/// What the server does with the topic.
fn operation(category: Category) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{category}") },
        "summary": format!("Forwards every event of the {category} streams"),
        "description": "Each exactly once for consumers that read committed records only, and in the order of its stream. Consumers receive \
                        what is sent here.",
        "tags": [tag(category)],
    })
}

/// `category`: of the streams that have it; `None`: all have.
fn message(category: Option<Category>, name: &str, version: u32, schema: &Value) -> Value {
    let stream = category.map_or("^[a-z_]+-".to_owned(), |category| format!("^{category}-"));
    let own = json!({ "properties": {
        header::TYPE: { "const": format!("{}{name}", record::TYPE_PREFIX) },
        header::SUBJECT: { "pattern": stream },
    } });
    let mut message = json!({
        "name": name,
        "title": name,
        "contentType": record::CONTENT_TYPE,
        // Tools want the type said here, too.
        "headers": { "type": "object", "allOf": [{ "$ref": "#/components/schemas/EventHeaders" }, own] },
        "payload": { "$ref": format!("#/components/schemas/{name}") },
        "bindings": { "kafka": {
            "bindingVersion": BINDING_VERSION,
            "key": { "type": "string", "pattern": stream, "description": "The event's stream" },
        } },
        "x-schema-version": version,
    });
    // Where the name says all, nothing more is said.
    if let Some(description) = schema["description"].as_str() {
        message["description"] = json!(description);
    }
    message
}

/// Descriptions are the types' own, and there link to one another as Rust's documentation does.
fn without_links(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, part) in fields {
                match part {
                    Value::String(text) if name == "description" => *text = text.replace("[`", "`").replace("`]", "`"),
                    part => without_links(part),
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_links),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Those of every record. In Kafka all of them are bytes, here as UTF-8.
fn headers() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let with = |mut schema: Value, key: &str, value: Value| {
        schema[key] = value;
        schema
    };
    let properties = json!({
        header::SPEC_VERSION: with(text("Of CloudEvents"), "const", json!(record::SPEC_VERSION)),
        header::ID: with(text("The event's id, the same each time it is seen"), "format", json!("uuid")),
        header::SOURCE: with(text("Of all events"), "const", json!(record::SOURCE)),
        header::TYPE: text("The event's type, as a reverse domain name"),
        header::SUBJECT: text("The event's stream: `<category>-<id>`"),
        header::TIME: with(text("When the log recorded the event, in UTC with milliseconds"), "format", json!("date-time")),
        header::PARTITION_KEY: text("The event's stream, as the record's key"),
        header::REVISION: with(text("The event's number in its stream, from 0, without a gap"), "pattern", json!("^[0-9]+$")),
        header::CONTENT_TYPE: with(text("Of the value"), "const", json!(record::CONTENT_TYPE)),
        header::METADATA: text(
            "The event's metadata as it is stored, a JSON object: schema version `v`, store, time, actor, in `by` whom it was done for (names \
             sealed), request, causation, and in `prev` the hash of the stream's event before: each event vouches for the one before it, none for the last",
        ),
    });
    let required: Vec<_> = properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    json!({
        "type": "object",
        "description": "The headers of every record: CloudEvents 1.0 in binary mode, and the stored metadata",
        "properties": properties,
        "required": required,
    })
}
