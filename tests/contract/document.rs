//! The OpenAPI document is complete (api.md §12): every path, field and error code, and a word on each.

use crate::support::{Contract, TestShop};
use serde_json::Value;
use std::collections::BTreeSet;

async fn contract() -> &'static Contract {
    TestShop::unchanged().await.contract()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

/// The fields that a schema names itself, and those of what it takes in whole.
fn fields<'c>(contract: &'c Contract, schema: &'c Value) -> BTreeSet<&'c str> {
    let schema = contract.resolve(schema);
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let parts = schema["allOf"].as_array().into_iter().flatten();
    own.chain(parts.flat_map(|part| fields(contract, part))).collect()
}

#[tokio::test]
async fn every_operation_of_the_contract_is_there_and_no_other() {
    let wanted = [
        ("/store", "POST GET PUT DELETE"),
        ("/store/token", "POST DELETE"),
        ("/store/actor/{actor_id}", "DELETE"),
        ("/store/secret", "PUT"),
        ("/store/history", "GET"),
        ("/product", "GET POST"),
        ("/product/count", "GET"),
        ("/product/search/{query}", "GET"),
        ("/product/{product_id}", "GET PUT DELETE"),
        ("/admin/products/{product_id}", "DELETE"),
        ("/product/{product_id}/inventory", "PUT"),
        ("/product/{product_id}/tag/{tag}", "POST"),
        ("/product/{product_id}/tag", "DELETE"),
        ("/product/{product_id}/history", "GET"),
        ("/customer", "GET POST"),
        ("/customer/count", "GET"),
        ("/customer/login", "PUT"),
        ("/customer/logout", "PUT"),
        ("/customer/confirm/{token}", "GET POST PUT"),
        ("/customer/{customer_id}", "GET PUT DELETE"),
        ("/customer/{customer_id}/snapshot", "GET"),
        ("/customer/{customer_id}/history", "GET"),
        ("/customer/{customer_id}/send_confirmation", "PUT"),
        ("/customer/{customer_id}/address", "GET POST"),
        ("/customer/{customer_id}/address/{address_id}", "PUT DELETE"),
        ("/customer/{customer_id}/address/{address_id}/make_primary", "PUT"),
        ("/customer/{customer_id}/email", "POST DELETE"),
        ("/customer/{customer_id}/email/{email}", "POST DELETE"),
        ("/customer/{customer_id}/email/{email}/make_primary", "PUT"),
        ("/customer/{customer_id}/email/make_primary", "PUT"),
        ("/customer/{customer_id}/cart", "GET POST DELETE"),
        ("/customer/{customer_id}/carts", "GET"),
        ("/customer/{customer_id}/cart/item", "POST DELETE"),
        ("/customer/{customer_id}/cart/item/{product_id}", "POST PUT DELETE"),
        ("/customer/{customer_id}/cart/billcart", "POST"),
        ("/customer/{customer_id}/cart/history", "GET"),
        ("/customer/{customer_id}/invoices", "GET"),
        ("/customer/{customer_id}/orders", "GET"),
        ("/customer/{customer_id}/giftcards", "GET"),
        ("/customer/{customer_id}/credit", "GET"),
        ("/customer/{customer_id}/credit/{credit_id_or_amount}", "GET POST DELETE"),
        ("/customer/{customer_id}/credit/{credit_id_or_amount}/history", "GET"),
        ("/customer/credit/{amount}", "POST"),
        ("/customer/credit/status/{job_id}", "GET"),
        ("/invoice", "GET"),
        ("/invoice/{invoice_id}", "GET"),
        ("/invoice/{invoice_id}/collected", "POST"),
        ("/invoice/{invoice_id}/failed", "PUT"),
        ("/invoice/{invoice_id}/refund", "GET POST"),
        ("/invoice/{invoice_id}/refund/close", "PUT"),
        ("/invoice/{invoice_id}/history", "GET"),
        ("/order", "GET"),
        ("/order/{order_id}", "GET"),
        ("/order/{order_id}/shipped", "PUT"),
        ("/order/{order_id}/delivered", "PUT"),
        ("/order/{order_id}/canceled", "PUT"),
        ("/order/{order_id}/history", "GET"),
        ("/giftcard", "GET POST"),
        ("/giftcard/{gift_card_id}", "GET DELETE"),
        ("/giftcard/{gift_card_id}/history", "GET"),
        ("/coupon_code", "GET POST"),
        ("/coupon_code/{code}", "GET DELETE"),
        ("/coupon_code/{code}/is_valid", "GET"),
        ("/coupon_code/{code}/history", "GET"),
        ("/streaming/toptencartitems/{n}", "GET"),
        ("/streaming/invoiceamount", "GET"),
        ("/streaming/topcoupon", "GET"),
        ("/streaming/newcustomers", "GET"),
        ("/streaming/customerlogin", "GET"),
        ("/audit/find", "GET"),
        ("/audit/{kind}/{object_id}", "GET"),
        ("/", "GET"),
        ("/errors", "GET"),
        ("/errors/{slug}", "GET"),
        ("/healthz", "GET"),
        ("/readyz", "GET"),
        ("/metrics", "GET"),
        ("/openapi.json", "GET"),
        ("/asyncapi.json", "GET"),
        ("/docs", "GET"),
    ];
    let wanted: BTreeSet<_> = wanted
        .iter()
        .flat_map(|(path, methods)| methods.split(' ').map(move |method| format!("{method} {path}")))
        .collect();
    let found: BTreeSet<_> = contract().await.operations().iter().map(ToString::to_string).collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn every_resource_has_the_fields_of_the_contract_and_no_other() {
    let contract = contract().await;
    let resources = [
        (
            "Store",
            "store_id name tagline app_id credit_order_preference tax_rate_in_basis_points timezone cart_expires_after_minutes invoice_number_format credit_note_number_format number_restart created_at updated_at deleted_at",
        ),
        (
            "Product",
            "product_id id title product_type description vendor store_id inventory reserved sale_price_in_cents tags created_at updated_at deleted_at links",
        ),
        ("Tag", "tag created_at"),
        (
            "Customer",
            "customer_id store_id currency email first_name last_name total_spent total_spent_in_cents total_spent_by_currency last_order_date last_cart_activity_at last_cart_created_at last_seen_at logged_in log_out_expires_at confirmed_at emails addresses created_at updated_at deleted_at links",
        ),
        ("Email", "email_id email is_primary created_at updated_at deleted_at"),
        ("Address", "address_id street city zip state country is_primary created_at updated_at deleted_at"),
        (
            "Cart",
            "cart_id customer_id store_id state items created_at last_item_added_at invoice_created_at closed_at close_reason deleted_at links",
        ),
        (
            "CartItem",
            "cart_item_id cart_id product_id product_title product_vendor product_type quantity unit_amount_in_cents added_at links",
        ),
        (
            "Invoice",
            "invoice_id invoice_number customer_id store_id cart_id currency state total_amount_in_cents discount_amount_in_cents tax_amount_in_cents gift_card_used_amount_in_cents credit_used_amount_in_cents subtotal_amount_in_cents amount_due_in_cents refunded_amount_in_cents coupon_code coupon_redemption invoice_line_items gift_card_spends credit_redemptions refunds order_id created_at closed_at links",
        ),
        ("CouponRedemption", "coupon_code_redemption_id coupon_code_id invoice_id amount_in_cents created_at"),
        (
            "InvoiceLineItem",
            "invoice_line_item_id invoice_id cart_item_id product_id product_title quantity unit_amount_in_cents total_amount_in_cents discount_amount_in_cents tax_amount_in_cents tax_rate_in_basis_points refunded_amount_in_cents type",
        ),
        (
            "Refund",
            "refund_id credit_note_number state refund_line_items credit_id credit_amount_in_cents total_amount_in_cents created_at closed_at",
        ),
        ("RefundLineItem", "refund_line_item_id invoice_line_item_id total_amount_in_cents tax_amount_in_cents"),
        (
            "Order",
            "order_id store_id customer_id invoice_id status order_line_items created_at shipped_at delivered_at canceled_at links",
        ),
        ("OrderLineItem", "order_line_item_id order_id invoice_line_item_id product_id product_title quantity"),
        (
            "GiftCard",
            "gift_card_id store_id gifter_customer_id recipient_customer_id currency original_balance_in_cents current_balance_in_cents source spends created_at updated_at voided_at links",
        ),
        (
            "GiftCardSpend",
            "gift_card_spend_id gift_card_id invoice_id amount_in_cents remaining_balance_in_cents created_at reversed_at",
        ),
        (
            "Credit",
            "credit_id store_id customer_id currency original_balance_in_cents current_balance_in_cents redemptions source created_at updated_at voided_at links",
        ),
        (
            "CreditRedemption",
            "credit_redemption_id credit_id invoice_id amount_in_cents remaining_balance_in_cents created_at reversed_at",
        ),
        (
            "Coupon",
            "coupon_code_id store_id code style amount redemption_count last_redemption_at starts_at usage_limit usage_limit_per_customer minimum_amount_in_cents created_at updated_at expires_at voided_at",
        ),
        ("HistoryEvent", "event_id type revision position occurred_at recorded_at actor request_id causation_id data"),
        ("JobStatus", "result issued total"),
        ("JobAnswer", "result job_id"),
        ("TokenAnswer", "result token expires_at token_id role"),
        ("WelcomeDone", "result customer customer_token customer_token_expires_at customer_id"),
        ("CouponValidity", "result coupon"),
        (
            "AuditEvent",
            "event_id type revision position occurred_at recorded_at actor by request_id causation_id hash happened changes data",
        ),
        ("AuditBy", "token_id token_name actor_id actor_name"),
        ("AuditFindings", "result objects events position complete"),
        ("FoundObject", "kind id href"),
        ("FoundEvent", "event_id type revision position occurred_at request_id causation_id object"),
        ("Change", "field before after"),
        ("Link", "rel href"),
        ("Problem", "type title status detail error errors parts"),
        (
            "StoreInput",
            "name app_id app_secret tagline credit_order_preference tax_rate_in_basis_points timezone cart_expires_after_minutes invoice_number_format credit_note_number_format number_restart",
        ),
        (
            "StoreChange",
            "name tagline credit_order_preference tax_rate_in_basis_points timezone cart_expires_after_minutes invoice_number_format credit_note_number_format number_restart",
        ),
        ("ProductInput", "title product_type vendor description inventory sale_price_in_cents tags"),
        ("ProductChange", "title product_type vendor description sale_price_in_cents"),
        ("InventoryChange", "amount set"),
        ("CustomerInput", "currency email first_name last_name password addresses"),
        ("CustomerChange", "currency email first_name last_name password"),
        ("AddressInput", "street city zip state country is_primary"),
        ("GiftCardInput", "gifter_customer_id recipient_customer_id original_amount source"),
        (
            "CouponInput",
            "code style amount expires_at starts_at usage_limit usage_limit_per_customer minimum_amount_in_cents",
        ),
    ];
    for (name, wanted) in resources {
        let schema = &contract.document["components"]["schemas"][name];
        assert_eq!(fields(contract, schema), words(wanted), "{name}");
    }
    let snapshot = fields(contract, &contract.document["components"]["schemas"]["Snapshot"]);
    let customer = fields(contract, &contract.document["components"]["schemas"]["Customer"]);
    let six = words("cart last_10_invoices last_10_orders active_giftcards active_credits top_10_ordered_products");
    assert_eq!(snapshot.difference(&customer).copied().collect::<BTreeSet<_>>(), six);
    let extra = |name: &str, of: &str| {
        let schemas = &contract.document["components"]["schemas"];
        fields(contract, &schemas[name])
            .difference(&fields(contract, &schemas[of]))
            .map(|field| (*field).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(extra("FoundProduct", "Product"), ["missed_words", "search_score"]);
    assert_eq!(extra("OrderedProduct", "Product"), ["num_ordered"]);
    assert_eq!(extra("AddedProduct", "Product"), ["number_of_cart_adds"]);
    assert_eq!(extra("UsedCoupon", "Coupon"), ["redemptions"]);
}

#[tokio::test]
async fn words_that_a_field_may_hold_are_listed() {
    let contract = contract().await;
    for (pointer, wanted) in [
        ("Store/properties/credit_order_preference", "gift-card credit"),
        ("Cart/properties/state", "open closed billed"),
        ("Cart/properties/close_reason", "replaced closed expired customer_deleted"),
        ("Invoice/properties/state", "open collected failed refunded partially_refunded"),
        ("InvoiceLineItem/properties/type", "item shipping"),
        ("Refund/properties/state", "open closed"),
        ("Order/properties/status", "pending shipped delivered canceled"),
        ("GiftCard/properties/source", "sold given unstated"),
        ("GiftCardInput/properties/source", "sold given"),
        ("Credit/properties/source", "issued refund batch"),
        ("Coupon/properties/style", "dollars_off percent_off"),
        ("JobStatus/properties/result", "running complete"),
    ] {
        let field = contract.document.pointer(&format!("/components/schemas/{pointer}")).expect("a field");
        let found = contract.choices(field).into_iter().find_map(|choice| choice["enum"].as_array());
        let found = found.unwrap_or_else(|| panic!("{pointer} lists no words"));
        let found: Vec<_> = found.iter().filter_map(Value::as_str).map(|word| word.replace(' ', "_")).collect();
        // A word of the contract that has a space in it stands here with an underscore; those of styles have their own.
        assert_eq!(found.join(" "), wanted, "{pointer}");
    }
}

/// Says whether it is described, by itself or in one of its parts.
fn is_described(value: &Value) -> bool {
    let parts = value["oneOf"].as_array().into_iter().flatten();
    [value, &value["schema"]]
        .into_iter()
        .chain(parts)
        .any(|part| part["description"].as_str().is_some_and(|text| !text.is_empty()))
}

#[tokio::test]
async fn every_schema_field_operation_parameter_answer_and_header_is_described() {
    let contract = contract().await;
    for (name, schema) in contract.document["components"]["schemas"].as_object().expect("schemas") {
        assert!(is_described(schema), "{name}");
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for (field, described) in
            [schema].into_iter().chain(parts).flat_map(|part| part["properties"].as_object().into_iter().flatten())
        {
            assert!(is_described(described), "{name}.{field}");
            // What a generator makes of a description beside a type is not to be seen.
            assert!(described["allOf"].is_null(), "{name}.{field}: {described}");
        }
    }
    for operation in contract.operations() {
        for text in ["summary", "description", "operationId"] {
            assert!(operation.spec[text].as_str().is_some_and(|text| !text.is_empty()), "{operation}: no {text}");
        }
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            assert!(is_described(parameter), "{operation}: {parameter}");
        }
        for (status, answer) in operation.spec["responses"].as_object().expect("responses") {
            assert!(is_described(answer), "{operation} {status}");
            let headers = answer["headers"].as_object().into_iter().flatten();
            headers.for_each(|(name, header)| assert!(is_described(header), "{operation} {status} {name}"));
            let has_body = !matches!(status.as_str(), "204" | "304" | "307");
            assert_eq!(answer["content"].is_object(), has_body, "{operation} {status}");
        }
    }
}

#[tokio::test]
async fn every_amount_names_its_unit() {
    let contract = contract().await;
    for (name, schema) in contract.document["components"]["schemas"].as_object().expect("schemas") {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for (field, described) in
            [schema].into_iter().chain(parts).flat_map(|part| part["properties"].as_object().into_iter().flatten())
        {
            let is_amount = field.ends_with("_in_cents") || field == "original_amount";
            let text = [described].into_iter().chain(described["oneOf"].as_array().into_iter().flatten());
            let text: String = text.filter_map(|part| part["description"].as_str()).collect();
            assert!(
                !is_amount || text.to_lowercase().contains("minor units") || text.contains("_in_cents"),
                "{name}.{field}: {text}"
            );
            assert!(
                !is_amount || text.contains("_in_cents") || described.to_string().contains("integer"),
                "{name}.{field}"
            );
        }
    }
}

#[tokio::test]
async fn every_integer_of_a_request_has_its_bounds() {
    let contract = contract().await;
    let schemas = contract.document["components"]["schemas"].as_object().expect("schemas");
    let requests = schemas.iter().filter(|(_, schema)| schema["additionalProperties"] == Value::Bool(false));
    let mut found = 0;
    for (name, field, schema) in requests.flat_map(|(name, schema)| {
        schema["properties"].as_object().into_iter().flatten().map(move |(field, schema)| (name, field, schema))
    }) {
        if schema["type"] == "integer" {
            found += 1;
            assert!(schema["minimum"].is_i64() && schema["maximum"].is_i64(), "{name}.{field}: {schema}");
        }
    }
    assert!(found > 10, "{found} integers");
}

#[tokio::test]
async fn the_errors_of_the_contract_stand_where_they_can_be_met() {
    let contract = contract().await;
    let on_carts = "CUSTOMER_NOT_FOUND CUSTOMER_IS_NOT_CONFIRMED";
    let cases = [
        ("POST /store", "APP_ID_ALREADY_EXISTS".to_owned()),
        ("POST /store/token", "INVALID_CREDENTIALS".to_owned()),
        ("PUT /product/{product_id}", "PRODUCT_NOT_FOUND AMOUNT_OUT_OF_RANGE REVISION_MISMATCH".to_owned()),
        ("PUT /product/{product_id}/inventory", "INSUFFICIENT_INVENTORY PRODUCT_NOT_FOUND".to_owned()),
        ("POST /product/{product_id}/tag/{tag}", "TAG_ALREADY_EXISTS PRODUCT_NOT_FOUND".to_owned()),
        ("DELETE /product/{product_id}/tag", "TAG_NOT_FOUND PRODUCT_NOT_FOUND".to_owned()),
        ("POST /customer", "CUSTOMER_ALREADY_EXISTS MULTIPLE_PRIMARY_ADDRESSES_SUPPLIED".to_owned()),
        ("PUT /customer/{customer_id}", "CUSTOMER_ALREADY_EXISTS CUSTOMER_NOT_FOUND".to_owned()),
        ("GET /customer/{customer_id}/address", "ADDRESS_NOT_FOUND".to_owned()),
        ("PUT /customer/login", "INVALID_CREDENTIALS".to_owned()),
        ("POST /customer/{customer_id}/email", "EMAIL_ALREADY_EXISTS".to_owned()),
        ("POST /customer/{customer_id}/email/{email}", "EMAIL_ALREADY_EXISTS".to_owned()),
        ("DELETE /customer/{customer_id}/email", "PRIMARY_EMAIL EMAIL_NOT_FOUND".to_owned()),
        ("PUT /customer/{customer_id}/email/make_primary", "EMAIL_NOT_FOUND".to_owned()),
        ("GET /customer/{customer_id}/cart", "NO_CART_IS_OPEN".to_owned()),
        ("POST /customer/{customer_id}/cart", on_carts.to_owned()),
        (
            "POST /customer/{customer_id}/cart/item/{product_id}",
            format!("{on_carts} PRODUCT_NOT_FOUND INSUFFICIENT_INVENTORY"),
        ),
        ("POST /customer/{customer_id}/cart/item", format!("{on_carts} PRODUCT_NOT_FOUND INSUFFICIENT_INVENTORY")),
        (
            "PUT /customer/{customer_id}/cart/item/{product_id}",
            format!("{on_carts} PRODUCT_NOT_IN_CART NO_CART_IS_OPEN INSUFFICIENT_INVENTORY"),
        ),
        ("DELETE /customer/{customer_id}/cart/item", format!("{on_carts} PRODUCT_NOT_IN_CART NO_CART_IS_OPEN")),
        ("DELETE /customer/{customer_id}/cart", format!("{on_carts} NO_CART_IS_OPEN")),
        (
            "POST /customer/{customer_id}/cart/billcart",
            format!(
                "{on_carts} NO_CART_IS_OPEN CART_IS_EMPTY CART_TOO_LARGE COUPON_NOT_FOUND COUPON_USED_UP COUPON_ALREADY_USED COUPON_MINIMUM_NOT_REACHED AMOUNT_OUT_OF_RANGE"
            ),
        ),
        ("POST /invoice/{invoice_id}/collected", "INVOICE_IS_NOT_OPEN INVOICE_NOT_FOUND".to_owned()),
        ("PUT /invoice/{invoice_id}/failed", "INVOICE_IS_NOT_OPEN INVOICE_NOT_FOUND".to_owned()),
        (
            "POST /invoice/{invoice_id}/refund",
            "INVOICE_IS_NOT_COLLECTED REFUND_EXCEEDS_REMAINDER TOO_MANY_OPEN_REFUNDS".to_owned(),
        ),
        ("PUT /invoice/{invoice_id}/refund/close", "REFUND_NOT_FOUND".to_owned()),
        ("PUT /order/{order_id}/shipped", "ORDER_IS_DELIVERED ORDER_IS_CANCELED".to_owned()),
        ("PUT /order/{order_id}/delivered", "ORDER_IS_CANCELED".to_owned()),
        ("PUT /order/{order_id}/canceled", "ORDER_IS_SHIPPED ORDER_IS_DELIVERED".to_owned()),
        ("POST /giftcard", "CURRENCY_MISMATCH CUSTOMER_NOT_FOUND".to_owned()),
        ("GET /customer/credit/status/{job_id}", "JOB_NOT_FOUND".to_owned()),
        ("POST /coupon_code", "COUPON_ALREADY_EXISTS".to_owned()),
        ("GET /coupon_code/{code}/is_valid", "COUPON_NOT_FOUND".to_owned()),
        ("GET /streaming/topcoupon", "COUPON_NOT_FOUND".to_owned()),
    ];
    for (wanted, errors) in cases {
        let operations = contract.operations();
        let operation =
            operations.iter().find(|known| known.to_string() == wanted).unwrap_or_else(|| panic!("no {wanted}"));
        let documented: BTreeSet<_> = operation.errors().into_iter().collect();
        assert!(documented.is_superset(&words(&errors)), "{wanted}: {:?}", words(&errors).difference(&documented));
    }
    for operation in contract.operations().iter().filter(|operation| !operation.is_open()) {
        let documented: BTreeSet<_> = operation.errors().into_iter().collect();
        let all = words("VALIDATION_FAILED UNAUTHORIZED TOKEN_EXPIRED RATE_LIMITED BUSY UNAVAILABLE");
        assert!(documented.is_superset(&all), "{operation}: {:?}", all.difference(&documented));
        let of_queries = ["READ_MODEL_BEHIND"].into_iter().all(|code| documented.contains(code));
        assert!(operation.method != "GET" || of_queries, "{operation}");
    }
}

#[tokio::test]
async fn only_who_names_a_secret_can_be_told_that_it_is_wrong() {
    let operations = contract().await.operations();
    let can = |operation: &&crate::support::Operation<'_>| operation.errors().contains(&"INVALID_CREDENTIALS");
    let names: Vec<_> = operations.iter().filter(can).map(ToString::to_string).collect();
    assert_eq!(names, ["PUT /customer/login", "POST /store/token"]);
}

#[tokio::test]
async fn every_error_code_stands_in_the_table_of_all_and_says_when_it_is_met() {
    let contract = contract().await;
    let told = TestShop::unchanged().await.get("/errors").await.expect(200);
    let codes = contract
        .document
        .pointer("/components/schemas/Problem/properties/error/enum")
        .and_then(Value::as_array)
        .expect("codes");
    assert!(codes.len() > 50, "{} codes", codes.len());
    for code in codes.iter().filter_map(Value::as_str) {
        let told = told["errors"].as_array().expect("errors").iter().find(|told| told["error"] == code);
        let long = |field: &str| told.is_some_and(|told| told[field].as_str().is_some_and(|text| text.len() > 10));
        assert!(long("meaning") && long("advice"), "{code} is not explained");
    }
    let general = "NOT_FOUND METHOD_NOT_ALLOWED ORDER_IS_PENDING";
    let mut met = words(general);
    let operations = contract.operations();
    operations.iter().for_each(|operation| met.extend(operation.errors()));
    let all: BTreeSet<_> = codes.iter().filter_map(Value::as_str).collect();
    assert_eq!(met, all, "a code that no operation answers with, or one that is not explained");
}

#[tokio::test]
async fn references_lead_somewhere_and_operations_have_names_of_their_own() {
    let contract = contract().await;
    assert!(contract.document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut waiting = vec![&contract.document];
    while let Some(value) = waiting.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("a reference within");
            assert!(contract.document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        waiting.extend(value.as_object().into_iter().flatten().map(|(_, part)| part));
        waiting.extend(value.as_array().into_iter().flatten());
    }
    let operations = contract.operations();
    let ids: BTreeSet<_> = operations.iter().filter_map(|operation| operation.spec["operationId"].as_str()).collect();
    assert_eq!(ids.len(), operations.len());
    let known: BTreeSet<_> =
        contract.document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str()).collect();
    let used: BTreeSet<_> = operations
        .iter()
        .flat_map(|operation| operation.spec["tags"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(known, used);
}
