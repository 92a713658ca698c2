//! What clients send about orders (api.md §7).

use super::dates::DateParam;
use crate::answers::order::AnsweredStatus;
use crate::wire::query::{Params, Query};
use domain::order::OrderStatus;
use utoipa::IntoParams;

/// Filters of lists of orders.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrderParams {
    /// Only those that are so far.
    #[param(value_type = Option<AnsweredStatus>)]
    pub status: Option<OrderStatus>,
    #[param(inline)]
    pub created_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub created_at_enddate: Option<DateParam>,
    #[param(inline)]
    pub shipped_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub shipped_at_enddate: Option<DateParam>,
    #[param(inline)]
    pub delivered_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub delivered_at_enddate: Option<DateParam>,
    #[param(inline)]
    pub canceled_at_startdate: Option<DateParam>,
    #[param(inline)]
    pub canceled_at_enddate: Option<DateParam>,
}

impl Params for OrderParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self {
            status: query.read_with("status", "must be pending, shipped, delivered or canceled", status),
            created_at_startdate: DateParam::read(query, "created_at_startdate"),
            created_at_enddate: DateParam::read(query, "created_at_enddate"),
            shipped_at_startdate: DateParam::read(query, "shipped_at_startdate"),
            shipped_at_enddate: DateParam::read(query, "shipped_at_enddate"),
            delivered_at_startdate: DateParam::read(query, "delivered_at_startdate"),
            delivered_at_enddate: DateParam::read(query, "delivered_at_enddate"),
            canceled_at_startdate: DateParam::read(query, "canceled_at_startdate"),
            canceled_at_enddate: DateParam::read(query, "canceled_at_enddate"),
        }
    }
}

fn status(text: &str) -> Option<OrderStatus> {
    let all = [OrderStatus::Pending, OrderStatus::Shipped, OrderStatus::Delivered, OrderStatus::Canceled];
    all.into_iter().find(|status| status.to_string() == text)
}
