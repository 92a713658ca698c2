//! What an event changed of an object, field by field.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One field, before the event and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where it stands in the object, as in `inventory` or `items[01a2…].quantity`: what stands in a list is named by its id.
    pub field: String,
    /// Null where there was nothing.
    pub before: Value,
    /// Null where there is nothing any more.
    pub after: Value,
}

/// What changes with every event, and what the event itself says.
const NOT_SHOWN: [&str; 5] = ["revision", "updated_at", "created_position", "deleted_position", "store_id"];

/// What differs between the two, which are objects or null, in the order of the fields' names.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let (mut changes, nothing) = (Vec::new(), Map::new());
    let fields = |value| Value::as_object(value).unwrap_or(&nothing);
    of_fields("", fields(before), fields(after), &mut changes);
    changes
}

fn of_fields(place: &str, before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<Change>) {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    for name in after.keys().chain(gone) {
        if NOT_SHOWN.contains(&name.as_str()) {
            continue;
        }
        let field = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        let value = |side: &Map<String, Value>| side.get(name).cloned().unwrap_or(Value::Null);
        of_value(field, value(before), value(after), changes);
    }
}

fn of_value(field: String, before: Value, after: Value, changes: &mut Vec<Change>) {
    if before == after || is_nothing(&before) && is_nothing(&after) {
        return;
    }
    match (&before, &after) {
        (Value::Object(before), Value::Object(after)) => of_fields(&field, before, after, changes),
        (Value::Array(before_items), Value::Array(after_items)) => match (by_id(before_items), by_id(after_items)) {
            (Some(before), Some(after)) => of_items(&field, &before, &after, changes),
            _ => changes.push(Change { field, before, after }),
        },
        _ => changes.push(Change { field, before, after }),
    }
}

/// An empty list is as good as none.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Items of two lists that are told apart by their ids; one that came or went is shown whole.
fn of_items(field: &str, before: &[(&str, &Value)], after: &[(&str, &Value)], changes: &mut Vec<Change>) {
    let item = |items: &[(&str, &Value)], id: &str| {
        let found = items.iter().find(|(other, _)| *other == id);
        found.map_or(Value::Null, |(_, item)| (*item).clone())
    };
    let gone = before.iter().filter(|(id, _)| after.iter().all(|(other, _)| other != id));
    for (id, _) in after.iter().chain(gone) {
        of_value(format!("{field}[{id}]"), item(before, id), item(after, id), changes);
    }
}

/// The items with their ids; `None` where they have none.
fn by_id(items: &[Value]) -> Option<Vec<(&str, &Value)>> {
    items.iter().map(|item| Some((own_id(item)?, item))).collect()
}

/// An item's own id, and not that of what it is about: the first of these that it has.
fn own_id(item: &Value) -> Option<&str> {
    const OWN: [&str; 10] = [
        "address_id",
        "cart_item_id",
        "credit_redemption_id",
        "email_id",
        "gift_card_spend_id",
        "order_line_item_id",
        "refund_line_item_id",
        "invoice_line_item_id",
        "refund_id",
        "tag",
    ];
    let fields = item.as_object()?;
    OWN.into_iter().find_map(|name| fields.get(name)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
        changes(before, after).into_iter().map(|change| (change.field, change.before, change.after)).collect()
    }

    #[test]
    fn a_field_is_told_with_what_it_was_and_is() {
        let before = json!({ "inventory": 10, "title": "Tea", "revision": 3, "tags": [] });
        let after = json!({ "inventory": 8, "title": "Tea", "revision": 4, "tags": [] });
        assert_eq!(told(&before, &after), [("inventory".to_owned(), json!(10), json!(8))]);
    }

    #[test]
    fn what_is_new_is_told_whole_but_for_what_is_empty() {
        let after = json!({ "title": "Tea", "tags": [], "deleted_at": null, "store_id": "s" });
        assert_eq!(told(&Value::Null, &after), [("title".to_owned(), Value::Null, json!("Tea"))]);
        assert_eq!(told(&after, &Value::Null), [("title".to_owned(), json!("Tea"), Value::Null)]);
    }

    #[test]
    fn items_are_told_apart_by_their_ids_whatever_their_order() {
        let item = |id: &str, quantity: u32| json!({ "cart_item_id": id, "product_id": "p", "quantity": quantity });
        let before = json!({ "items": [item("a", 1), item("b", 2)] });
        let after = json!({ "items": [item("c", 5), item("b", 3)] });
        let wanted = [
            ("items[c]".to_owned(), Value::Null, item("c", 5)),
            ("items[b].quantity".to_owned(), json!(2), json!(3)),
            ("items[a]".to_owned(), item("a", 1), Value::Null),
        ];
        assert_eq!(told(&before, &after), wanted);
    }

    #[test]
    fn an_item_is_named_by_its_own_id_and_not_by_that_of_what_it_is_about() {
        let line = |amount: i64| json!({ "invoice_line_item_id": "i", "refund_line_item_id": "r", "total": amount });
        let told = told(&json!({ "lines": [line(1)] }), &json!({ "lines": [line(2)] }));
        assert_eq!(told[0].0, "lines[r].total");
    }
}
