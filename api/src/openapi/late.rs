//! One schema of success an operation: where a command's answer may be late (202), it is the same schema with the resource left
//! out and ids in its place.

use serde_json::{Value, json};

/// The ids that stand in a late answer, by the answer that they stand for.
const IDS: [(&str, &[&str]); 14] = [
    ("StoreAnswer", &["store_id"]),
    ("ProductAnswer", &["product_id"]),
    ("CustomerAnswer", &["customer_id"]),
    ("WelcomeAnswer", &["customer_id"]),
    ("SentConfirmation", &["customer_id"]),
    ("AddressAnswer", &["customer_id", "address_id"]),
    ("CartAnswer", &["customer_id", "cart_id"]),
    ("InvoiceAnswer", &["invoice_id"]),
    ("ClosedRefunds", &["invoice_id"]),
    ("RefundAnswer", &["invoice_id", "refund_id"]),
    ("OrderAnswer", &["invoice_id", "order_id"]),
    ("GiftCardAnswer", &["gift_card_id"]),
    ("CreditAnswer", &["customer_id", "credit_id"]),
    ("CouponAnswer", &["coupon_code_id"]),
];

/// What is answered late where there is nothing to show but ids.
pub const ACCEPTED: &str = "Accepted";

/// Adds to the schemas what commands answer with: `CartDone` for `CartAnswer` and so on.
pub fn add(schemas: &mut Value) {
    for (name, ids) in IDS {
        let mut schema = schemas[name].clone();
        let said = schema["description"].as_str().unwrap_or_default();
        schema["description"] =
            json!(format!("{said} Where the answer is late (202) it is missing, and its ids stand here."));
        ids.iter().for_each(|id| schema["properties"][*id] = an_id(id));
        schema["required"] = json!(["result"]);
        schemas[done(name)] = schema;
    }
    let mut names: Vec<_> = IDS.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    names.sort_unstable();
    names.dedup();
    let mut accepted = json!({
        "type": "object",
        "description": "Done, but follow-ups are late: the ids of what was done.",
        "properties": { "result": { "$ref": "#/components/schemas/Done", "description": "That it was done." } },
        "required": ["result"],
    });
    names.into_iter().for_each(|name| accepted["properties"][name] = an_id(name));
    schemas[ACCEPTED] = accepted;
}

fn an_id(name: &str) -> Value {
    let what = name.trim_end_matches("_id").replace('_', " ");
    json!({ "type": "string", "description": format!("The {what}'s id, where the answer is late.") })
}

/// The schema of a command's answers that stands for this one.
pub fn of_command(answer: &str) -> Option<String> {
    IDS.iter().any(|(known, _)| *known == answer).then(|| done(answer))
}

fn done(answer: &str) -> String {
    format!("{}Done", answer.trim_end_matches("Answer"))
}
