//! How strictly requests are read (api.md §1, Requests): driven from the document, field by field.

use super::table::{Case, World};
use crate::support::{Contract, Operation, TestShop, new_customer, new_product, new_store};
use serde_json::{Map, Value, json};

/// Operations that read a JSON object or a list of them, with a call of each that succeeds.
async fn with_bodies(world: &World) -> Vec<(Operation<'static>, Case)> {
    let contract = world.shop.contract();
    let mut found = Vec::new();
    for operation in contract.operations() {
        if contract.request_body(&operation).is_some() {
            let case = world.case(&operation).await.expect("the table has every operation");
            found.push((operation, case));
        }
    }
    assert!(found.len() >= 20, "{} operations with a body", found.len());
    found
}

/// The schema of an object in the body: of the body itself, or of each item.
fn object_schema<'c>(contract: &'c Contract, operation: &Operation<'_>) -> &'c Value {
    let (schema, _) = contract.request_body(operation).expect("a body");
    let choices = contract.choices(schema.get("items").unwrap_or(schema));
    choices.into_iter().find(|choice| choice["type"] == "object").expect("an object")
}

/// The body with one field of its object, or of its first item, set.
fn with_field(body: &Value, name: &str, value: Value) -> Value {
    let mut changed = body.clone();
    match changed.get_mut(0) {
        Some(first) => first[name] = value,
        None => changed[name] = value,
    }
    changed
}

/// Where that field is.
fn pointer(body: &Value, name: &str) -> String {
    if body.is_array() { format!("#/0/{name}") } else { format!("#/{name}") }
}

/// What no field of this schema takes.
fn wrong_values(contract: &Contract, field: &Value) -> Vec<Value> {
    let types = contract.choices(field).into_iter().flat_map(|choice| match &choice["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    });
    let types: Vec<_> = types.collect();
    let has = |name: &str| types.contains(&name);
    let mut wrong = vec![json!({}), json!([[]])];
    wrong.extend((!has("integer")).then(|| json!(1)));
    wrong.extend((!has("boolean")).then_some(json!(true)));
    wrong.extend((!has("null")).then_some(Value::Null));
    wrong.extend((!has("string")).then(|| json!("1")));
    if has("integer") {
        wrong.extend([json!(1.5), json!(1.0), json!(1e2), json!(u64::MAX), json!(i64::MIN)]);
    }
    if has("string") {
        wrong.extend(["", "\u{0}", "a\u{7}b", "a\u{85}b", "\u{1b}[0m"].map(|text| json!(text)));
    }
    wrong
}

#[tokio::test]
async fn every_field_of_every_body_takes_its_own_type_and_nothing_else() {
    let world = World::new().await;
    let contract = world.shop.contract();
    for (operation, Case { shop, path, body, .. }) in with_bodies(&world).await {
        let fields = object_schema(contract, &operation)["properties"].as_object().expect("fields");
        for (name, field) in fields {
            for wrong in wrong_values(contract, field) {
                // Ids and names of what exists are any text: what is not there is not found.
                let named = matches!(
                    name.as_str(),
                    "product_id" | "invoice_line_item_id" | "gifter_customer_id" | "recipient_customer_id"
                );
                if named && wrong.is_string() && !wrong.as_str().is_some_and(|text| text.contains(char::is_control)) {
                    continue;
                }
                let answer = shop.send(operation.method, &path, with_field(&body, name, wrong.clone())).await;
                let answer = answer.expect(400);
                let at = pointer(&body, name);
                assert!(
                    answer.pointers().iter().any(|found| found.starts_with(&at)),
                    "{operation} {name}: {wrong}: {:#}",
                    answer.body
                );
            }
        }
    }
}

#[tokio::test]
async fn every_amount_of_every_body_is_at_most_10_to_the_13th() {
    let world = World::new().await;
    let contract = world.shop.contract();
    let most = 10_000_000_000_000_i64;
    let mut amounts = 0;
    for (operation, Case { shop, path, body, .. }) in with_bodies(&world).await {
        let fields = object_schema(contract, &operation)["properties"].as_object().expect("fields");
        for (name, _) in fields.iter().filter(|(_, field)| field["maximum"] == most) {
            amounts += 1;
            for beyond in [json!(most + 1), json!(i64::MAX), json!(u64::MAX)] {
                let refused = shop.send(operation.method, &path, with_field(&body, name, beyond)).await;
                let refused = refused.problem(400, "AMOUNT_OUT_OF_RANGE");
                assert_eq!(refused.pointers(), [pointer(&body, name)], "{operation}");
            }
            let digits = with_field(&body, name, json!("?")).to_string().replace("\"?\"", &"9".repeat(60));
            let json = shop.with("Content-Type", "application/json");
            let refused = json.send_bytes(operation.method, &path, digits.into_bytes()).await;
            refused.problem(400, "AMOUNT_OUT_OF_RANGE");
            let below = shop.send(operation.method, &path, with_field(&body, name, json!(-1))).await;
            below.refuses(&[&pointer(&body, name)]);
        }
    }
    assert_eq!(amounts, 7, "prices, shipping, gift cards, refunds, coupons and their minimum");
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name_and_a_field_given_twice_too() {
    let world = World::new().await;
    for (operation, Case { shop, path, body, .. }) in with_bodies(&world).await {
        for name in ["nonsense", "Title", "a/b~c", "ünknown"] {
            let refused = shop
                .send(operation.method, &path, with_field(&body, name, json!(1)))
                .await
                .problem(400, "VALIDATION_FAILED");
            let escaped = name.replace('~', "~0").replace('/', "~1");
            assert!(refused.pointers().contains(&pointer(&body, &escaped).as_str()), "{:#}", refused.body);
            assert!(refused.text("/detail").contains(&format!("'{name}' is not a known field")), "{:#}", refused.body);
        }
        let object = body.get(0).unwrap_or(&body).as_object().expect("an object");
        let (name, value) = object.iter().next().expect("a field");
        let twice = object.iter().chain([(name, value)]).map(|(name, value)| format!("{}:{value}", json!(name)));
        let twice = format!("{{{}}}", twice.collect::<Vec<_>>().join(","));
        let twice = if body.is_array() { format!("[{twice}]") } else { twice };
        let json = shop.with("Content-Type", "application/json");
        let refused = json.send_bytes(operation.method, &path, twice.into_bytes()).await;
        refused.refuses(&[&pointer(&body, name)]);
    }
}

#[tokio::test]
async fn a_missing_field_is_named_as_a_required_property() {
    let world = World::new().await;
    let contract = world.shop.contract();
    for (operation, Case { shop, path, body, .. }) in with_bodies(&world).await {
        let required = object_schema(contract, &operation)["required"].as_array().cloned().unwrap_or_default();
        for name in required.iter().filter_map(Value::as_str) {
            let mut without = body.clone();
            let object = if body.is_array() { &mut without[0] } else { &mut without };
            object.as_object_mut().expect("an object").remove(name);
            let refused = shop.send(operation.method, &path, without).await.refuses(&[&pointer(&body, name)]);
            let line = format!("'{name}' is a required property");
            assert_eq!(refused.text("/errors/0/detail"), line, "{operation}");
            assert!(refused.text("/detail").contains(&line), "{operation}");
        }
        if !required.is_empty() && body.is_object() {
            for missing in [Value::Null, json!({})] {
                let refused = shop.send(operation.method, &path, missing).await.problem(400, "VALIDATION_FAILED");
                assert_eq!(refused.pointers().len(), required.len(), "{operation}: every one is listed");
            }
        }
    }
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let world = World::new().await;
    for (operation, Case { shop, path, body, status }) in with_bodies(&world).await {
        let bytes = body.to_string().into_bytes();
        let send = async |kind: &str, bytes: Vec<u8>| {
            let shop = if kind.is_empty() { shop.clone() } else { shop.with("Content-Type", kind) };
            shop.send_bytes(operation.method, &path, bytes).await
        };
        for wrong in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "text/json",
            "application/jsonx",
            "multipart/form-data; boundary=x",
        ] {
            send(wrong, bytes.clone()).await.problem(415, "UNSUPPORTED_MEDIA_TYPE");
        }
        let compressed = shop.with("Content-Encoding", "gzip").with("Content-Type", "application/json");
        compressed.send_bytes(operation.method, &path, bytes.clone()).await.problem(415, "UNSUPPORTED_MEDIA_TYPE");
        let broken: [&[u8]; 9] = [
            b"{",
            b"nonsense",
            b"{\"a\":}",
            b"\xff\xfe",
            b"{\"a\":\"\xff\"}",
            b"{} {}",
            b"\xef\xbb\xbf{}",
            b"NaN",
            b"{\"a\":1,}",
        ];
        for broken in broken {
            send("application/json", broken.to_vec()).await.refuses(&["#"]);
        }
        for wrong in [json!(1), json!(true), json!("text"), json!("\"\\\"\\\\\\\"{}\\\\\\\"\\\"\"")] {
            send("application/json", wrong.to_string().into_bytes()).await.refuses(&["#"]);
        }
        send("Application/JSON; charset=utf-8", bytes).await.expect(status);
    }
}

#[tokio::test]
async fn where_no_field_is_required_the_body_may_be_missing_in_many_ways() {
    let world = World::new().await;
    let contract = world.shop.contract();
    let mut optional = 0;
    for operation in contract.operations() {
        let Some((_, false)) = contract.request_body(&operation) else { continue };
        optional += 1;
        let path = match operation.path {
            // What else they need is in the query.
            "/coupon_code" => "/coupon_code?amount=1&code=",
            "/invoice/{invoice_id}/refund" => "?amount=1",
            _ => "",
        };
        // The last ones are what `json=json.dumps({})` and more of that makes of it.
        let once = |text: &str| json!(text).to_string();
        let strings = [once("{}"), once("[]"), once("null"), once(""), once(&once("{}")), once(&once(&once(" {} ")))];
        let plain = ["", "null", "{}", "[]", " { } ", "\n[\n]"].map(str::to_owned);
        for body in plain.into_iter().chain(strings) {
            let case = world.case(&operation).await.expect("the table has every operation");
            let path = match operation.path {
                "/coupon_code" => format!("{path}missing-{}", crate::support::number()),
                _ => format!("{}{path}", case.path),
            };
            // None of these needs a content type.
            case.shop.send_bytes(operation.method, &path, body.as_bytes().to_vec()).await.expect(case.status);
        }
    }
    assert_eq!(optional, 4, "items, billing, refunds and coupons");
}

#[tokio::test]
async fn a_put_that_changes_fields_and_names_none_is_refused() {
    let world = World::new().await;
    let World { shop, customer, address, product, .. } = &world;
    for path in [
        "/store".to_owned(),
        format!("/product/{product}"),
        format!("/product/{product}/inventory"),
        format!("/customer/{customer}"),
        format!("/customer/{customer}/address/{address}"),
    ] {
        for none in ["", "null", "{}", "[]", "\"{}\""] {
            let json = shop.with("Content-Type", "application/json");
            json.send_bytes("PUT", &path, none.as_bytes().to_vec()).await.refuses(&["#"]);
        }
    }
}

#[tokio::test]
async fn a_body_where_none_is_defined_is_ignored() {
    let world = World::new().await;
    let contract = world.shop.contract();
    for operation in contract.operations() {
        if contract.request_body(&operation).is_some() || operation.to_string().starts_with("DELETE /store") {
            continue;
        }
        let Case { shop, path, status, .. } = world.case(&operation).await.expect("the table has every operation");
        shop.send_bytes(operation.method, &path, b"\xff no JSON { at all".to_vec()).await.expect(status);
    }
}

#[tokio::test]
async fn what_may_be_null_is_what_may_be_nothing() {
    let shop = TestShop::start_with(json!({ "tagline": null })).await;
    shop.put("/store", json!({ "tagline": "x" })).await.expect(200);
    assert_eq!(shop.put("/store", json!({ "tagline": null })).await.expect(200)["store"]["tagline"], Value::Null);
    let product = shop.product_with(json!({ "description": "x" })).await;
    let cleared = shop.put(&format!("/product/{product}"), json!({ "description": null })).await.expect(200);
    assert_eq!(cleared["product"]["description"], Value::Null);
    let contract = shop.contract();
    let schemas = contract.document["components"]["schemas"].as_object().expect("schemas");
    let requests = schemas.iter().filter(|(_, schema)| schema["additionalProperties"] == json!(false));
    let nullable =
        requests.flat_map(|(_, schema)| schema["properties"].as_object().into_iter().flatten()).filter(|(_, field)| {
            let types = [&field["type"]]
                .into_iter()
                .chain(field["oneOf"].as_array().into_iter().flatten().map(|part| &part["type"]));
            types
                .into_iter()
                .any(|kind| kind == "null" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("null"))))
        });
    let mut names: Vec<_> = nullable.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, ["credit_note_number_format", "description", "tagline"]);
}

#[tokio::test]
async fn every_bad_field_is_listed_wherever_it_is() {
    let shop = TestShop::unchanged().await;
    let bad = json!({ "title": "", "product_type": 5, "inventory": -1, "tags": ["ok", "", 7], "nonsense": true, "sale_price_in_cents": 1.5 });
    let refused = shop.post("/product?verbose=1", bad).await.problem(400, "VALIDATION_FAILED");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    let wanted = [
        "#/inventory",
        "#/nonsense",
        "#/product_type",
        "#/sale_price_in_cents",
        "#/tags/1",
        "#/tags/2",
        "#/title",
        "#/vendor",
        "#/verbose",
    ];
    assert_eq!(pointers, wanted);
    let deep = "[".repeat(100_000);
    let json = shop.with("Content-Type", "application/json");
    json.send_bytes("POST", "/product", deep.into_bytes()).await.refuses(&["#"]);
    let many: Map<String, Value> = (0..5_000).map(|number| (format!("field {number}"), json!(number))).collect();
    let refused = shop.post("/product", Value::Object(many)).await.problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.pointers().len(), 100, "a hundred are enough to begin with");
}

#[tokio::test]
async fn line_breaks_and_tabs_are_text_and_other_control_characters_are_not() {
    let shop = TestShop::start().await;
    let made = shop.post("/product", new_product(json!({ "title": "a\nb\r\nc\td" }))).await.expect(201);
    assert_eq!(made.text("/product/title"), "a\nb\r\nc\td");
    let product = made.text("/product/product_id");
    for bad in ["%00", "a%07", "%1B", "%7F", "%C2%85"] {
        shop.post(&format!("/product/{product}/tag/{bad}"), Value::Null).await.refuses(&["#/tag"]);
        shop.delete(&format!("/product/{product}/tag?tag={bad}")).await.refuses(&["#/tag"]);
        shop.get(&format!("/product?vendor={bad}")).await.refuses(&["#/vendor"]);
        shop.get(&format!("/product/search/{bad}")).await.refuses(&["#/query"]);
    }
    shop.post(&format!("/product/{product}/tag/a%0Ab%09c"), Value::Null).await.expect(201);
    let odd = "ﷺ \u{202e}abc e\u{301} 𝕏 \u{feff} 👩‍👩‍👧 ''\"\\</script>";
    let made = shop.post("/product", new_product(json!({ "title": odd, "tags": [odd] }))).await.expect(201);
    assert_eq!((made.text("/product/title"), made.text("/product/tags/0/tag")), (odd.to_owned(), odd.to_owned()));
}

#[tokio::test]
async fn a_query_is_as_strict_as_a_body() {
    let shop = TestShop::unchanged().await;
    for (query, pointer) in [
        ("vendor=a&vendor=b", "#/vendor"),
        ("vendor=%ff", "#/vendor"),
        ("vendor=", "#/vendor"),
        ("vendor", "#/vendor"),
        ("Vendor=a", "#/Vendor"),
        ("=a", "#/"),
        ("a%2Fb=1", "#/a~1b"),
    ] {
        shop.get(&format!("/product?{query}")).await.refuses(&[pointer]);
    }
    for fine in ["", "&", "vendor=a%", "vendor=%zz", "vendor=a=b", "vendor=a+b&&producttype=c"] {
        shop.get(&format!("/product?{fine}")).await.expect(200);
    }
}

#[tokio::test]
async fn what_a_text_must_look_like_is_said_in_words() {
    let shop = TestShop::unchanged().await;
    for (path, body, pointer, detail) in [
        ("/customer", new_customer(json!({ "email": "nobody" })), "#/email", "must be an email address"),
        ("/store", new_store(" x", json!({})), "#/app_id", "must begin and end with a visible character"),
        ("/coupon_code", json!({ "code": "a b", "amount": 5 }), "#/code", "must consist of letters"),
    ] {
        let refused = shop.post(path, body).await.refuses(&[pointer]);
        assert!(refused.text("/errors/0/detail").starts_with(detail), "{:#}", refused.body);
    }
}
