//! What can be asked for: `invoice/ID` and its like, and the stream that holds its history.

use ::audit::Kind;
use anyhow::{Result, bail};
use eventlog::StreamName;

/// The stream of an object.
///
/// # Errors
/// The text is no object; says how one is written.
pub fn stream_of(object: &str) -> Result<StreamName> {
    let known = || Kind::ALL.map(Kind::as_str).join(", ");
    let Some((kind, id)) = object.split_once('/').filter(|(_, id)| !id.is_empty() && !id.contains('/')) else {
        bail!("'{object}' names no object; write KIND/ID, as in invoice/0193…, with one of {}", known());
    };
    match Kind::parse(kind) {
        Some(kind) => Ok(StreamName::new(kind.category().stream(id.to_ascii_lowercase()))),
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
