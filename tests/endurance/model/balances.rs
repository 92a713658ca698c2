//! Gift cards, credits and coupons (api.md §8–10).

use super::shop::{Coupon, Refusal, Shop};

impl Shop {
    pub fn give_card(&mut self, from: usize, to: usize, amount: i64) -> Result<(), Refusal> {
        if self.customer(from)?.currency != self.customer(to)?.currency {
            return Err((409, "CURRENCY_MISMATCH"));
        }
        let card = self.balance(to, amount, "gift");
        self.gift_cards.push(card);
        Ok(())
    }

    pub fn void_card(&mut self, card: usize) -> Result<(), Refusal> {
        let card = self.gift_cards.get_mut(card).ok_or((404, "GIFT_CARD_NOT_FOUND"))?;
        (card.voided, card.current) = (true, 0);
        Ok(())
    }

    pub fn credit(&mut self, customer: usize, amount: i64) -> Result<(), Refusal> {
        self.customer(customer)?;
        self.give_credit(customer, amount, "issued");
        Ok(())
    }

    /// To everybody who is there. Gives the new credits.
    pub fn credit_all(&mut self, amount: i64) -> Vec<usize> {
        let there: Vec<usize> =
            (0..self.customers.len()).filter(|customer| !self.customers[*customer].deleted).collect();
        there.into_iter().map(|customer| self.give_credit(customer, amount, "batch")).collect()
    }

    pub fn void_credit(&mut self, credit: usize) -> Result<(), Refusal> {
        let credit = self.credits.get_mut(credit).ok_or((404, "CREDIT_NOT_FOUND"))?;
        (credit.voided, credit.current) = (true, 0);
        Ok(())
    }

    /// Codes differ by more than case, and voiding frees none.
    pub fn create_coupon(&mut self, coupon: Coupon) -> Result<(), Refusal> {
        if self.coupons.iter().any(|known| known.code.eq_ignore_ascii_case(&coupon.code)) {
            return Err((409, "COUPON_ALREADY_EXISTS"));
        }
        self.coupons.push(coupon);
        Ok(())
    }

    pub fn void_coupon(&mut self, coupon: usize) -> Result<(), Refusal> {
        self.coupons.get_mut(coupon).ok_or((404, "COUPON_NOT_FOUND"))?.voided = true;
        Ok(())
    }
}
