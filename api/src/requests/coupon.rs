//! What clients send about coupon codes (api.md §10): parameters, a body, or some of each.

use super::dates::DateParam;
use crate::answers::coupon::Style;
use crate::problem::{FieldError, Problem};
use crate::wire::dates::Named;
use crate::wire::json;
use crate::wire::query::{Params, Query, parse_integer};
use crate::wire::request_parts::RequestParts;
use crate::wire::schema::{self, body};
use chrono_tz::Tz;
use domain::coupon::CouponStyle;
use domain::{Cents, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// A coupon code to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouponInput)]
pub struct NewCoupon {
    /// Letters, digits, `-` and `_`; kept as given, compared without regard to case.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$", example = "SUMMER-10")]
    pub code: String,
    /// Default: `dollars_off`.
    #[schema(nullable = false)]
    pub style: Option<Style>,
    /// Minor units, or 0–100 percent.
    #[schema(minimum = 0, maximum = 10000000000000i64)]
    pub amount: i64,
    /// The first instant at which it can't be used any more: the first one of the day, hour or minute named; after
    /// `starts_at`. Default: 30 days after the start, or from now where there is none or it has passed.
    #[schema(nullable = false, format = "date-or-time")]
    pub expires_at: Option<String>,
    /// The first instant at which it can be used: the first one of the day, hour or minute named. Default: now.
    #[schema(nullable = false, format = "date-or-time")]
    pub starts_at: Option<String>,
    /// Uses in all. Default: no limit.
    #[schema(nullable = false, minimum = 1, maximum = 1000000000)]
    pub usage_limit: Option<i64>,
    /// Uses by one customer. Default: no limit.
    #[schema(nullable = false, minimum = 1, maximum = 1000000000)]
    pub usage_limit_per_customer: Option<i64>,
    /// What the items must cost at least, in minor units. Default: nothing.
    #[schema(nullable = false, minimum = 0, maximum = 10000000000000i64)]
    pub minimum_amount_in_cents: Option<i64>,
}

body!(NewCoupon);

/// The same as parameters. A field in both is refused.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // Published; what is read is the body that the parameters become.
pub struct CouponFields {
    /// Letters, digits, `-` and `_`; kept as given, compared without regard to case.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    code: Option<String>,
    /// Default: `dollars_off`.
    style: Option<Style>,
    /// Minor units, or 0–100 percent.
    #[param(minimum = 0, maximum = 10000000000000i64)]
    amount: Option<i64>,
    /// The first instant at which it can't be used any more: the first one of the day, hour or minute named; after
    /// `starts_at`. Default: 30 days after the start, or from now where there is none or it has passed.
    #[param(inline)]
    expires_at: Option<DateParam>,
    /// The first instant at which it can be used: the first one of the day, hour or minute named. Default: now.
    #[param(inline)]
    starts_at: Option<DateParam>,
    /// Uses in all. Default: no limit.
    #[param(minimum = 1, maximum = 1000000000)]
    usage_limit: Option<i64>,
    /// Uses by one customer. Default: no limit.
    #[param(minimum = 1, maximum = 1000000000)]
    usage_limit_per_customer: Option<i64>,
    /// What the items must cost at least, in minor units. Default: nothing.
    #[param(minimum = 0, maximum = 10000000000000i64)]
    minimum_amount_in_cents: Option<i64>,
}

const TEXTS: [&str; 4] = ["code", "style", "expires_at", "starts_at"];
const INTEGERS: [&str; 4] = ["amount", "usage_limit", "usage_limit_per_customer", "minimum_amount_in_cents"];

/// The parameters as fields of the body.
struct AsFields(Map<String, Value>);

impl Params for AsFields {
    fn read(query: &mut Query<'_>) -> Self {
        let mut fields = Map::new();
        for name in TEXTS {
            fields.extend(query.text(name).map(|text| (name.to_owned(), text.into())));
        }
        for name in INTEGERS {
            let integer = query.read_with(name, "must be an integer", parse_integer);
            fields.extend(integer.map(|integer| (name.to_owned(), integer.into())));
        }
        Self(fields)
    }
}

impl NewCoupon {
    /// From parameters and body together.
    pub fn read(request: &RequestParts) -> Result<Self, Problem> {
        let AsFields(mut fields) = request.params()?;
        let mut errors = Vec::new();
        if let Some(bytes) = request.bytes(true)? {
            schema::check_content_type(&request.headers)?;
            let (body, bad) = json::parse(bytes).map_err(Problem::field)?;
            errors = bad;
            let Value::Object(body) = body else { return schema::read_value(body, errors) };
            for (name, value) in body {
                if fields.contains_key(&name) {
                    errors.push(FieldError::body(
                        &format!("/{name}"),
                        format!("'{name}' is given in both query and body"),
                    ));
                }
                fields.insert(name, value);
            }
        }
        let new: Self = schema::read_value(Value::Object(fields), errors)?;
        match new.style {
            Some(Style::PercentOff) if new.amount > 100 => {
                Err(Problem::field(FieldError::body("/amount", "must be within 0 to 100 percent")))
            }
            Some(Style::PercentOff | Style::DollarsOff) | None => Ok(new),
        }
    }

    /// As the command wants it; dates without an offset are in the store's time zone.
    ///
    /// # Errors
    /// An end at or before the start, or an amount that can't be.
    pub fn resolve(self, timezone: Tz) -> Result<commands::NewCoupon, Problem> {
        // The schema has checked the form of both.
        let instant =
            |text: Option<String>| text.and_then(|text| Named::parse(&text).ok()).map(|date| date.first(timezone));
        let (starts_at, expires_at) = (instant(self.starts_at), instant(self.expires_at));
        check_times(starts_at, expires_at)?;
        Ok(commands::NewCoupon {
            code: self.code,
            style: match self.style {
                Some(Style::PercentOff) => CouponStyle::PercentOff,
                Some(Style::DollarsOff) | None => CouponStyle::DollarsOff,
            },
            amount: self.amount,
            starts_at,
            expires_at,
            usage_limit: self.usage_limit.map(i64::unsigned_abs),
            usage_limit_per_customer: self.usage_limit_per_customer.map(i64::unsigned_abs),
            minimum_amount_in_cents: self.minimum_amount_in_cents.map(Cents::new).transpose()?,
        })
    }

    /// Whether a date needs the store's time zone.
    pub fn has_dates(&self) -> bool {
        self.expires_at.is_some() || self.starts_at.is_some()
    }
}

/// Judged here already: a coupon that will be refused must not take its code.
fn check_times(starts_at: Option<Timestamp>, expires_at: Option<Timestamp>) -> Result<(), Problem> {
    match (starts_at, expires_at) {
        (Some(starts_at), Some(expires_at)) if expires_at <= starts_at => {
            Err(Problem::field(FieldError::body("/expires_at", "must be after 'starts_at'")))
        }
        (Some(starts_at), None) if starts_at >= Timestamp::LAST => {
            Err(Problem::field(FieldError::body("/starts_at", "leaves no moment at which it could end")))
        }
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
