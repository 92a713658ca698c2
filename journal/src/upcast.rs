//! Upcasting: data of an older schema version becomes data of today's, on reading. Stored bytes never change.
//!
//! A change of an event's shape raises its version in the domain's `events!` and adds a step here, from the old
//! version to the next. The samples in `domain/samples` keep every version readable for ever.

use domain::{Category, UnreadableEvent};
use std::borrow::Cow;

/// One step: the data of `event_type` in `from_version` becomes that of `from_version + 1`.
struct Step {
    category: Category,
    event_type: &'static str,
    from_version: u32,
    apply: fn(&mut serde_json::Value),
}

/// Every step, oldest first.
const STEPS: &[Step] = &[Step {
    category: Category::Store,
    event_type: "StoreTokenIssued",
    from_version: 1,
    // There were no roles: whoever had a token could do everything.
    apply: |data| data["role"] = "admin".into(),
}];

/// The data in today's schema version.
pub fn upcast<'a>(
    category: Category,
    event_type: &str,
    version: u32,
    data: &'a [u8],
) -> Result<Cow<'a, [u8]>, UnreadableEvent> {
    upcast_with(STEPS, category, event_type, version, data)
}

fn upcast_with<'a>(
    steps: &[Step],
    category: Category,
    event_type: &str,
    version: u32,
    data: &'a [u8],
) -> Result<Cow<'a, [u8]>, UnreadableEvent> {
    let mut steps = steps
        .iter()
        .filter(|step| step.category == category && step.event_type == event_type && step.from_version >= version)
        .peekable();
    if steps.peek().is_none() {
        return Ok(Cow::Borrowed(data));
    }
    let bad = |source| UnreadableEvent::BadData { event_type: event_type.to_owned(), source };
    let mut value = serde_json::from_slice(data).map_err(bad)?;
    steps.for_each(|step| (step.apply)(&mut value));
    serde_json::to_vec(&value).map(Cow::Owned).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TWO_STEPS: &[Step] = &[
        Step {
            category: Category::Cart,
            event_type: "CartOpened",
            from_version: 1,
            apply: |data| {
                let old = data["customer"].take();
                data["customer_id"] = old;
            },
        },
        Step {
            category: Category::Cart,
            event_type: "CartOpened",
            from_version: 2,
            apply: |data| data["store_id"] = json!("s"),
        },
    ];

    fn upcast_json(version: u32, data: serde_json::Value) -> serde_json::Value {
        let data = data.to_string();
        let read = upcast_with(TWO_STEPS, Category::Cart, "CartOpened", version, data.as_bytes());
        serde_json::from_slice(&read.expect("readable")).expect("JSON")
    }

    #[test]
    fn each_version_takes_the_steps_it_lacks() {
        assert_eq!(
            upcast_json(1, json!({"customer": "c"})),
            json!({"customer": null, "customer_id": "c", "store_id": "s"})
        );
        assert_eq!(upcast_json(2, json!({"customer_id": "c"})), json!({"customer_id": "c", "store_id": "s"}));
        assert_eq!(upcast_json(3, json!({"customer_id": "c"})), json!({"customer_id": "c"}));
    }

    #[test]
    fn data_of_another_type_is_untouched() {
        let data = br#"{"customer":"c"}"#;
        let read = upcast_with(TWO_STEPS, Category::Cart, "CartClosed", 1, data);
        assert_eq!(read.expect("readable").as_ref(), data);
    }
}
