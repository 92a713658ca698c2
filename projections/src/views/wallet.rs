//! A customer's wallet: what a billing may spend. No view of its own: it is asked of the gift cards and the credits.

use super::credits::{CreditRow, Credits, credits_in_wallet};
use super::gift_cards::{GiftCardRow, GiftCards, gift_cards_in_wallet};
use crate::{ReadError, Views};
use domain::billing::WalletRef;
use domain::{Cents, Currency, CustomerId, StoreId, Timestamp};
use uuid::Uuid;

/// A gift card that the customer received, or a credit, with a balance above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletEntry {
    pub balance: WalletRef,
    pub currency: Currency,
    pub balance_in_cents: Cents,
    pub created_at: Timestamp,
}

impl Views {
    /// What the customer can spend in the currency, the oldest first; of equally old ones the smaller id. Of gift cards and of credits
    /// each the first `most` alone: a customer may have got many more than a billing takes.
    pub async fn wallet(
        &self,
        store: StoreId,
        customer: CustomerId,
        currency: Currency,
        most: usize,
    ) -> Result<Vec<WalletEntry>, ReadError> {
        let spendable = |id: Uuid, entry: WalletEntry| {
            (entry.currency == currency && !entry.balance_in_cents.is_zero()).then_some((id, entry))
        };
        let gift_card = |card: &GiftCardRow| {
            let entry = WalletEntry {
                balance: WalletRef::GiftCard(card.gift_card_id),
                currency: card.currency,
                balance_in_cents: card.current_balance_in_cents,
                created_at: card.created_at,
            };
            spendable(card.gift_card_id.0, entry)
        };
        let credit = |credit: &CreditRow| {
            let entry = WalletEntry {
                balance: WalletRef::Credit(credit.credit_id),
                currency: credit.currency,
                balance_in_cents: credit.current_balance_in_cents,
                created_at: credit.created_at,
            };
            spendable(credit.credit_id.0, entry)
        };
        let gift_cards = gift_cards_in_wallet(store, customer);
        let mut entries = self.of::<GiftCards>()?.first(gift_cards, most, gift_card).await?;
        let credits = credits_in_wallet(store, customer);
        entries.extend(self.of::<Credits>()?.first(credits, most, credit).await?);
        entries.sort_unstable_by_key(|(id, entry)| (entry.created_at, *id));
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}
