//! What clients send about credits (api.md §9): amounts in paths.

use crate::codes::Code;
use crate::problem::{FieldError, Problem};
use crate::wire::query::parse_integer;
use domain::Cents;

/// An amount in a path: above 0.
pub fn amount(segment: &str) -> Result<Cents, Problem> {
    let Some(amount) = parse_integer(segment) else {
        return Err(Problem::field(FieldError::path("amount", "must be an integer")));
    };
    if amount < 1 {
        return Err(Problem::field(FieldError::path("amount", "must be at least 1")));
    }
    let beyond = || {
        let detail = format!("must be at most {}", Cents::MAX.get());
        Problem::coded_fields(Code::AmountOutOfRange, vec![FieldError::path("amount", detail)])
    };
    Cents::new(amount).map_err(|_| beyond())
}
