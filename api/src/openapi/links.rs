//! Where an answer leads to: the operations that take the id of what was made. Tools follow these links; people have `links` in
//! the bodies.

use super::METHODS;
use serde_json::{Map, Value, json};

/// The operation that makes something, where the answer has its id, the parameter that takes it, and what can be done next.
const LINKS: [(&str, &str, &str, &[&str]); 7] = [
    (
        "createProduct",
        "/product/product_id",
        "product_id",
        &["getProduct", "changeProduct", "changeInventory", "deleteProduct"],
    ),
    (
        "createCustomer",
        "/customer/customer_id",
        "customer_id",
        &[
            "getCustomer",
            "getCustomerSnapshot",
            "sendConfirmation",
            "openCart",
            "billCart",
            "addAddress",
            "listCredits",
        ],
    ),
    (
        "billCart",
        "/invoice/invoice_id",
        "invoice_id",
        &["getInvoice", "collectInvoice", "failInvoice", "refundInvoice"],
    ),
    ("collectInvoice", "/order/order_id", "order_id", &["getOrder", "shipOrder", "deliverOrder", "cancelOrder"]),
    ("issueGiftCard", "/gift_card/gift_card_id", "gift_card_id", &["getGiftCard", "voidGiftCard"]),
    ("createCoupon", "/coupon/code", "code", &["getCoupon", "checkCoupon", "voidCoupon"]),
    ("issueCreditToAll", "/job_id", "job_id", &["getCreditJob"]),
];

/// Adds the links to the answers of those operations.
pub fn add(document: &mut Value) {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let methods = items.filter_map(Value::as_object_mut).flat_map(Map::iter_mut);
    for (_, operation) in methods.filter(|(method, _)| METHODS.contains(&method.as_str())) {
        let Some((_, pointer, parameter, next)) = LINKS.iter().find(|(id, ..)| operation["operationId"] == *id) else {
            continue;
        };
        let links: Map<_, _> = next.iter().map(|id| ((*id).to_owned(), link(id, parameter, pointer))).collect();
        // Where the answer is late it has no resource, but for the job, which is told at once.
        let status = if operation["responses"]["201"].is_null() { "202" } else { "201" };
        operation["responses"][status]["links"] = Value::Object(links);
    }
}

fn link(operation: &str, parameter: &str, pointer: &str) -> Value {
    let mut parameters = Map::new();
    parameters.insert(parameter.to_owned(), json!(format!("$response.body#{pointer}")));
    json!({ "operationId": operation, "parameters": parameters })
}
