//! What clients send about invoices and refunds (api.md §6).

use super::dates::DateParam;
use super::named::{Fields, named};
use crate::wire::query::{Params, Query};
use crate::wire::schema::body;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Filters of lists of invoices.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InvoiceParams {
    /// The one that has this number, as it is shown.
    #[param(min_length = 1, max_length = 1000)]
    pub invoice_number: Option<String>,
    /// Adds those that are not open any more. Default: false.
    #[param(default = false)]
    pub closed: Option<bool>,
    /// Of `created_at`.
    #[param(inline)]
    pub startdate: Option<DateParam>,
    /// Of `created_at`.
    #[param(inline)]
    pub enddate: Option<DateParam>,
}

impl Params for InvoiceParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self {
            invoice_number: query.text("invoice_number"),
            closed: query.flag("closed"),
            startdate: DateParam::read(query, "startdate"),
            enddate: DateParam::read(query, "enddate"),
        }
    }
}

/// Filters of an invoice's list of refunds.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefundListParams {
    /// The one that has this number, as it is shown.
    #[param(min_length = 1, max_length = 1000)]
    pub credit_note_number: Option<String>,
}

impl Params for RefundListParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { credit_note_number: query.text("credit_note_number") }
    }
}

/// What to refund, unless the body lists lines.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefundParams {
    /// All that is left.
    #[param(default = false)]
    pub full: Option<bool>,
    /// The customer gets a credit for all of it.
    #[param(default = false)]
    pub credit: Option<bool>,
    /// Minor units, spread over the lines; 0 counts as not given.
    #[param(default = 0, minimum = 0, maximum = 10000000000000i64)]
    pub amount: Option<i64>,
}

impl Params for RefundParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { full: query.flag("full"), credit: query.flag("credit"), amount: query.amount("amount") }
    }
}

/// Lines to refund; none twice.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(max_items = 100)]
pub struct RefundLines(pub Vec<RefundLine>);

body!(RefundLines, optional list);

/// A line to refund.
pub struct RefundLine {
    pub invoice_line_item_id: String,
    /// Minor units, above 0; `None`: all that is left of the line.
    pub amount: Option<i64>,
}

impl Fields for RefundLine {
    const ID: &'static str = "invoice_line_item_id";
    const AMOUNT: Option<&'static str> = Some("amount");
    fn new(invoice_line_item_id: String, amount: Option<i64>) -> Self {
        Self { invoice_line_item_id, amount }
    }
}

named!(RefundLine, "A line to refund");
