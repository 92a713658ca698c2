//! Carts that are billed: terms, a wallet that is asked, one balance after another, and the invoice.

use super::{CUSTOMERS, Pending, RATES, STORE, Shop, cents, currency_of, customer};
use domain::billing::{BilledItem, BilledShipping, BillingTerms, CouponUse, Totals, WalletRef};
use domain::cart::{CartBilled, CartEvent};
use domain::credit::{Credit, CreditCommand, CreditEvent};
use domain::gift_card::{GiftCard, GiftCardCommand, GiftCardEvent};
use domain::invoice::{CreditRedemption, GiftCardSpend, InvoiceCommand, IssueInvoice};
use domain::*;

pub(super) struct Billing {
    pub issue: IssueInvoice,
    /// Not asked yet.
    wallet: Vec<WalletRef>,
    due: Cents,
}

impl Shop {
    pub(super) fn terms(&mut self, number: usize) -> BillingTerms {
        let mut items = Vec::new();
        for _ in 0..1 + self.chance.below(4) {
            items.push(BilledItem {
                invoice_line_item_id: InvoiceLineItemId(self.id()),
                cart_item_id: CartItemId(self.id()),
                product_id: ProductId(self.id()),
                product_title: "\" ; # a thing, 2,00".to_owned(),
                quantity: 1 + self.chance.below(3) as u32,
                unit_amount_in_cents: if self.chance.percent(10) { Cents::ZERO } else { self.amount() },
            });
        }
        let shipping = self.chance.percent(50).then(|| BilledShipping {
            invoice_line_item_id: InvoiceLineItemId(self.ids.next()),
            amount_in_cents: cents(490),
        });
        BillingTerms {
            currency: currency_of(number),
            items,
            shipping,
            tax_rate_in_basis_points: *self.chance.of(&RATES),
            wallet: self.wallet(number),
        }
    }

    /// The customer's balances with anything on them, some of them.
    pub(super) fn wallet(&mut self, number: usize) -> Vec<WalletRef> {
        let (owner, currency) = (customer(number), currency_of(number));
        let cards = self.cards.values().filter_map(GiftCard::known).filter(|card| {
            card.issued.recipient_customer_id == owner
                && card.issued.currency == currency
                && !card.balance.current.is_zero()
        });
        let credits = self.credits.values().filter_map(Credit::known).filter(|credit| {
            credit.issued.customer_id == owner
                && credit.issued.currency == currency
                && !credit.balance.current.is_zero()
        });
        let cards = cards.map(|card| WalletRef::GiftCard(card.issued.gift_card_id));
        let wallet: Vec<WalletRef> =
            cards.chain(credits.map(|credit| WalletRef::Credit(credit.issued.credit_id))).collect();
        wallet.into_iter().filter(|_| self.chance.percent(60)).collect()
    }

    pub(super) fn bill(&mut self) {
        let number = self.chance.below(CUSTOMERS);
        let terms = self.terms(number);
        let items = terms.items_total().unwrap();
        let discount = match self.chance.below(4) {
            0 => items,
            1 => cents(self.chance.below(items.get() as usize + 1) as i64),
            _ => Cents::ZERO,
        };
        let coupon = (!discount.is_zero()).then(|| CouponUse {
            coupon_id: CouponId(self.ids.next()),
            code: "CODE".to_owned(),
            redemption_id: CouponRedemptionId(self.ids.next()),
            amount_in_cents: discount,
        });
        let issue = IssueInvoice {
            invoice_id: InvoiceId(self.id()),
            store_id: STORE,
            customer_id: customer(number),
            cart_id: CartId(self.id()),
            terms,
            coupon,
            gift_card_spends: Vec::new(),
            credit_redemptions: Vec::new(),
            issued_on: self.today(),
        };
        self.rates.insert(issue.invoice_id, issue.terms.tax_rate_in_basis_points);
        let billed = CartBilled {
            cart_id: issue.cart_id,
            invoice_id: issue.invoice_id,
            customer_id: issue.customer_id,
            store_id: STORE,
            terms: issue.terms.clone(),
            coupon: issue.coupon.clone(),
        };
        self.push(issue.customer_id.0, CartEvent::from(billed));
        let due = Totals::of(&issue.terms.lines(discount).unwrap()).unwrap().due;
        let wallet = issue.terms.wallet.clone();
        self.pending.push(Pending::Billing(Box::new(Billing { issue, wallet, due })));
    }

    pub(super) fn go_on_billing(&mut self, mut billing: Billing) {
        let (invoice_id, due) = (billing.issue.invoice_id, billing.due);
        if billing.wallet.is_empty() {
            return self.decide_invoice(invoice_id, &InvoiceCommand::Issue(Box::new(billing.issue)));
        }
        match billing.wallet.remove(0) {
            WalletRef::GiftCard(card) => {
                let answer = self.on_card(card, &GiftCardCommand::Spend { invoice_id, due });
                if let Some(GiftCardEvent::GiftCardSpent(spent)) = answer {
                    billing.due = due.minus(spent.amount_in_cents).unwrap();
                    billing.issue.gift_card_spends.push(GiftCardSpend {
                        gift_card_spend_id: spent.gift_card_spend_id,
                        gift_card_id: card,
                        amount_in_cents: spent.amount_in_cents,
                        remaining_balance_in_cents: spent.remaining_balance_in_cents,
                    });
                }
            }
            WalletRef::Credit(credit) => {
                let answer = self.on_credit(credit, &CreditCommand::Spend { invoice_id, due });
                if let Some(CreditEvent::CreditSpent(spent)) = answer {
                    billing.due = due.minus(spent.amount_in_cents).unwrap();
                    billing.issue.credit_redemptions.push(CreditRedemption {
                        credit_redemption_id: spent.credit_redemption_id,
                        credit_id: credit,
                        amount_in_cents: spent.amount_in_cents,
                        remaining_balance_in_cents: spent.remaining_balance_in_cents,
                    });
                }
            }
        }
        self.pending.push(Pending::Billing(Box::new(billing)));
    }
}
