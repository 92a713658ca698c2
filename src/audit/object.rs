//! What can be asked for: `invoice/ID` and its like, and the stream that holds its history.

use anyhow::{Result, bail};
use domain::Category;
use eventlog::StreamName;

/// What people call each kind of object, and whose stream it is. A cart is asked for by its customer.
const KINDS: [(&str, Category); 9] = [
    ("invoice", Category::Invoice),
    ("cart", Category::Cart),
    ("order", Category::Order),
    ("credit", Category::Credit),
    ("giftcard", Category::GiftCard),
    ("customer", Category::Customer),
    ("product", Category::Product),
    ("coupon", Category::Coupon),
    ("store", Category::Store),
];

/// The names that the API has for some of them.
const ALIASES: [(&str, &str); 2] = [("coupon_code", "coupon"), ("gift_card", "giftcard")];

/// The stream of an object.
///
/// # Errors
/// The text is no object; says how one is written.
pub fn stream_of(object: &str) -> Result<StreamName> {
    let known = || KINDS.map(|(kind, _)| kind).join(", ");
    let Some((kind, id)) = object.split_once('/').filter(|(_, id)| !id.is_empty() && !id.contains('/')) else {
        bail!("'{object}' names no object; write KIND/ID, as in invoice/0193…, with one of {}", known());
    };
    let kind = ALIASES.iter().find(|(alias, _)| *alias == kind).map_or(kind, |(_, name)| *name);
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, category)) => Ok(StreamName::new(category.stream(id.to_ascii_lowercase()))),
        None => bail!("there is no kind of object '{kind}'; there are {} (a cart by its customer's id)", known()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

    use super::*;

    #[test]
    fn an_object_is_a_kind_and_an_id() {
        assert_eq!(stream_of("giftcard/0193AB").unwrap().as_str(), "gift_card-0193ab");
        assert_eq!(stream_of("coupon_code/0193ab").unwrap(), stream_of("coupon/0193ab").unwrap());
        for wrong in ["invoice", "invoice/", "claim/1", "invoice/1/2", ""] {
            assert!(stream_of(wrong).is_err(), "{wrong} was taken");
        }
    }
}
