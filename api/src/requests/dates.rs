//! Dates as parameters (api.md §1, Times).

use crate::wire::dates::Named;
use crate::wire::query::Query;
use chrono_tz::Tz;
use projections::TimeRange;
use std::borrow::Cow;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};
use utoipa::{PartialSchema, ToSchema};

/// A date, hour, minute or moment, as a parameter names it.
#[derive(Clone, Copy, Debug)]
pub struct DateParam(Named);

impl DateParam {
    pub fn read(query: &mut Query<'_>, name: &str) -> Option<Self> {
        query.date(name).map(Self)
    }

    /// From the first instant of the one to the last of the other.
    pub fn range(start: Option<Self>, end: Option<Self>, timezone: Tz) -> TimeRange {
        TimeRange { from: start.map(|date| date.0.first(timezone)), until: end.map(|date| date.0.end(timezone)) }
    }
}

impl PartialSchema for DateParam {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("date-or-time".to_owned())))
            .description(Some(
                "`YYYYMMDD`, `YYYYMMDDHH`, `YYYYMMDDHHMM` or RFC 3339; without an offset in the store's time zone. An end \
                 includes all of the day, hour or minute named.",
            ))
            .examples(["20261123"]);
        object.into()
    }
}

impl ToSchema for DateParam {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("DateParam")
    }
}
