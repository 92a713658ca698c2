//! What clients send about credits (api.md §9): amounts in paths.

use crate::codes::Code;
use crate::problem::{FieldError, Problem};
use crate::wire::query::{AMOUNT_BEYOND, parse_integer};
use domain::Cents;

/// An amount in a path: above 0.
pub fn amount(segment: &str) -> Result<Cents, Problem> {
    let refuse = |code, detail: &str| Problem::coded_fields(code, vec![FieldError::path("amount", detail)]);
    match parse_integer(segment) {
        None => Err(refuse(Code::ValidationFailed, "must be an integer")),
        Some(..=0) => Err(refuse(Code::ValidationFailed, "must be at least 1")),
        Some(amount) => Cents::new(amount).map_err(|_| refuse(Code::AmountOutOfRange, AMOUNT_BEYOND)),
    }
}
