//! When a query is about (api.md §1, As of).

use super::dates::DateParam;
use crate::wire::query::{Params, Query};
use utoipa::IntoParams;

/// The moment, or the place in the log, as of which a query is answered.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AsOf {
    /// Answers what would have been answered then. A day, an hour or a minute means its end. Not with a token of role `storefront`.
    #[param(inline)]
    pub as_of: Option<DateParam>,
    /// Answers what would have been answered at that position of the log.
    #[param(minimum = 0, maximum = 9223372036854775807i64)]
    pub as_of_position: Option<i64>,
}

impl Params for AsOf {
    fn read(query: &mut Query<'_>) -> Self {
        let asked = Self {
            as_of: DateParam::read(query, "as_of"),
            as_of_position: query.integer("as_of_position", 0..=i64::MAX),
        };
        if asked.as_of.is_some() && asked.as_of_position.is_some() {
            query.refuse("as_of_position", "can't stand beside 'as_of'");
        }
        asked
    }
}
