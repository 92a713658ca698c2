//! A customer's wallet: what a billing may spend. No view of its own: it is asked of the gift cards and the credits.

use crate::{ReadError, Views};
use domain::billing::WalletRef;
use domain::{Cents, Currency, CustomerId, StoreId, Timestamp};

/// A gift card that the customer received, or a credit, with a balance above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletEntry {
    pub balance: WalletRef,
    pub currency: Currency,
    pub balance_in_cents: Cents,
    pub created_at: Timestamp,
}

impl Views {
    /// All that the customer can spend, the oldest first; of equally old ones the smaller id.
    pub async fn wallet(&self, store: StoreId, customer: CustomerId) -> Result<Vec<WalletEntry>, ReadError> {
        let gift_cards = self.gift_cards_in_wallet(store, customer).await?;
        let credits = self.credits_in_wallet(store, customer).await?;
        let gift_cards = gift_cards.iter().map(|card| {
            let entry = WalletEntry {
                balance: WalletRef::GiftCard(card.gift_card_id),
                currency: card.currency,
                balance_in_cents: card.current_balance_in_cents,
                created_at: card.created_at,
            };
            (card.gift_card_id.0, entry)
        });
        let credits = credits.iter().map(|credit| {
            let entry = WalletEntry {
                balance: WalletRef::Credit(credit.credit_id),
                currency: credit.currency,
                balance_in_cents: credit.current_balance_in_cents,
                created_at: credit.created_at,
            };
            (credit.credit_id.0, entry)
        });
        let mut entries: Vec<_> = gift_cards.chain(credits).collect();
        entries.retain(|(_, entry)| !entry.balance_in_cents.is_zero());
        entries.sort_unstable_by_key(|(id, entry)| (entry.created_at, *id));
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}
