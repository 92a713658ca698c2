//! Gift cards, from one customer to another.

use super::customers;
use crate::session::refused;
use crate::{Commands, Request, UnderWay};
use domain::gift_card::{GiftCard, GiftCardCommand, GiftCardIssued, GiftCardSource};
use domain::{Cents, CustomerId, GiftCardId};

#[derive(Clone, Debug)]
pub struct NewGiftCard {
    pub gifter_customer_id: CustomerId,
    pub recipient_customer_id: CustomerId,
    /// Above 0.
    pub original_amount: Cents,
    /// Whether the gifter pays for it.
    pub source: GiftCardSource,
}

impl NewGiftCard {
    /// What is not given is left out; it is sold.
    pub fn new(gifter: CustomerId, recipient: CustomerId, original_amount: Cents) -> Self {
        let source = GiftCardSource::Sold;
        Self { gifter_customer_id: gifter, recipient_customer_id: recipient, original_amount, source }
    }
}

impl Commands {
    /// Issues a gift card in the currency that both customers pay in.
    pub fn issue_gift_card(&self, request: &Request, new: NewGiftCard) -> UnderWay<GiftCardId> {
        self.run("issue_gift_card", request, move |session| async move {
            let gift_card_id = GiftCardId(session.new_id("gift card"));
            // Asked first: either customer may be gone by now, which does not undo the card.
            if session.recall::<GiftCard>(&gift_card_id).await?.is_some() {
                return Ok(session.done(gift_card_id, true));
            }
            let gifter_currency = customers::currency(&session, new.gifter_customer_id).await?;
            let issued = GiftCardIssued {
                gift_card_id,
                store_id: session.store_id(),
                gifter_customer_id: new.gifter_customer_id,
                recipient_customer_id: new.recipient_customer_id,
                currency: customers::currency(&session, new.recipient_customer_id).await?,
                amount_in_cents: new.original_amount,
                source: new.source,
            };
            let issue = GiftCardCommand::Issue { issued, gifter_currency };
            let executed = session.decide::<GiftCard>(&gift_card_id, issue).await;
            let executed = executed.map_err(refused::<GiftCard>)?;
            Ok(session.done(gift_card_id, executed.replayed))
        })
    }

    /// Voids it: its balance is 0. Voided already: nothing changes.
    pub fn void_gift_card(&self, request: &Request, gift_card: GiftCardId) -> UnderWay<GiftCardId> {
        self.run("void_gift_card", request, move |session| async move {
            let executed = session.decide::<GiftCard>(&gift_card, GiftCardCommand::Void).await;
            let executed = executed.map_err(refused::<GiftCard>)?;
            Ok(session.done(gift_card, executed.replayed))
        })
    }
}
