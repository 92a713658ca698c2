//! What clients send about gift cards (api.md §8).

use crate::problem::Problem;
use crate::wire::path_id::parse_id;
use crate::wire::query::{Params, Query};
use crate::wire::schema::body;
use domain::Cents;
use domain::gift_card::GiftCardSource;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A gift card to issue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiftCardInput)]
pub struct NewGiftCard {
    pub gifter_customer_id: String,
    pub recipient_customer_id: String,
    /// Minor units of the recipient's currency.
    #[schema(minimum = 1, maximum = 10000000000000i64)]
    pub original_amount: i64,
    /// Whether the gifter pays for it. Default: `sold`.
    #[schema(nullable = false)]
    pub source: Option<NewSource>,
}

/// Whether the gifter pays for it, or the store gives it away.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GiftCardSourceInput)]
pub enum NewSource {
    Sold,
    Given,
}

body!(NewGiftCard);

impl TryFrom<NewGiftCard> for commands::NewGiftCard {
    type Error = Problem;

    fn try_from(new: NewGiftCard) -> Result<Self, Problem> {
        let (gifter, recipient) = (parse_id(&new.gifter_customer_id)?, parse_id(&new.recipient_customer_id)?);
        let source = match new.source {
            Some(NewSource::Given) => GiftCardSource::Given,
            Some(NewSource::Sold) | None => GiftCardSource::Sold,
        };
        Ok(Self { source, ..Self::new(gifter, recipient, Cents::new(new.original_amount)?) })
    }
}

/// Whose gift cards; one of the two ids is required.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GiftCardParams {
    /// The id of the customer who gave them.
    pub giftercustomerid: Option<String>,
    /// The id of the customer who received them.
    pub recipientcustomerid: Option<String>,
    /// Only those with a balance left.
    #[param(default = false)]
    pub active: Option<bool>,
}

impl Params for GiftCardParams {
    fn read(query: &mut Query<'_>) -> Self {
        let (gifter, recipient) = (query.raw("giftercustomerid"), query.raw("recipientcustomerid"));
        if gifter.is_none() && recipient.is_none() {
            query.refuse("giftercustomerid", "'giftercustomerid' or 'recipientcustomerid' is required");
        }
        Self { giftercustomerid: gifter, recipientcustomerid: recipient, active: query.flag("active") }
    }
}

/// Filters of balances.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActiveParams {
    /// Only those with a balance left.
    #[param(default = false)]
    pub active: Option<bool>,
}

impl Params for ActiveParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { active: query.flag("active") }
    }
}
