//! Billing, and what becomes of an invoice (api.md §6).

use super::shop::{BalanceSpend, Invoice, Line, Order, Refusal, Shop, Spend, State};

const LARGEST_AMOUNT: i128 = 10_000_000_000_000;
const OUT_OF_RANGE: Refusal = (400, "AMOUNT_OUT_OF_RANGE");

/// Divides the amount in proportion to the weights: rounded down, and what is left over cent by cent to the largest remainders,
/// of equal ones to the first.
pub fn spread(amount: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let exact = |index: usize| i128::from(amount) * i128::from(weights[index]);
    let mut parts: Vec<i128> = (0..weights.len()).map(|index| exact(index) / whole).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(exact(*index) % whole));
    let left_over = i128::from(amount) - parts.iter().sum::<i128>();
    order.iter().take(left_over as usize).for_each(|index| parts[*index] += 1);
    parts.into_iter().map(|part| part as i64).collect()
}

impl Shop {
    pub fn bill(&mut self, customer: usize, coupon: Option<usize>, shipping: Option<i64>) -> Result<(), Refusal> {
        let cart = self.buyer(customer)?.cart.clone().ok_or((404, "NO_CART_IS_OPEN"))?;
        if cart.lines.is_empty() {
            return Err((409, "CART_IS_EMPTY"));
        }
        let totals = cart.lines.iter().map(|(product, quantity)| self.products[*product].price * quantity);
        let totals: Vec<i64> = totals.collect();
        let items: i128 = totals.iter().map(|total| i128::from(*total)).sum();
        if items > LARGEST_AMOUNT {
            return Err(OUT_OF_RANGE);
        }
        let discount = match coupon {
            Some(coupon) => self.redeemable(coupon, customer, items as i64)?,
            None => 0,
        };
        let mut lines: Vec<Line> = Vec::new();
        for (((product, quantity), total), discount) in cart.lines.iter().zip(&totals).zip(spread(discount, &totals)) {
            let taxed = i128::from(total - discount) * i128::from(self.tax_rate_in_basis_points);
            let (unit, tax) = (self.products[*product].price, ((taxed + 5_000) / 10_000) as i64);
            lines.push(Line::new(Some(*product), *quantity, unit, discount, tax));
        }
        lines.extend(shipping.map(|amount| Line::new(None, 1, amount, 0, 0)));
        if lines.iter().map(|line| i128::from(line.gross())).sum::<i128>() > LARGEST_AMOUNT {
            return Err(OUT_OF_RANGE);
        }
        if let Some(coupon) = coupon {
            self.coupons[coupon].uses.push(customer);
            self.coupons[coupon].used += 1;
        }
        self.customers[customer].cart = None;
        self.issue(customer, cart.id, lines, coupon);
        Ok(())
    }

    /// What the coupon takes off, if it may be used.
    fn redeemable(&self, coupon: usize, customer: usize, items: i64) -> Result<i64, Refusal> {
        let coupon = self.coupons.get(coupon).filter(|coupon| !coupon.voided && coupon.begun);
        let coupon = coupon.ok_or((404, "COUPON_NOT_FOUND"))?;
        if coupon.limit.is_some_and(|limit| coupon.uses.len() >= limit) {
            return Err((409, "COUPON_USED_UP"));
        }
        let own = coupon.uses.iter().filter(|user| **user == customer).count();
        if coupon.limit_per_customer.is_some_and(|limit| own >= limit) {
            return Err((409, "COUPON_ALREADY_USED"));
        }
        if coupon.minimum.is_some_and(|minimum| items < minimum) {
            return Err((409, "COUPON_MINIMUM_NOT_REACHED"));
        }
        let percent = i128::from(items) * i128::from(coupon.amount) / 100;
        Ok(if coupon.is_percent { percent as i64 } else { coupon.amount.min(items) })
    }

    fn issue(&mut self, customer: usize, cart_id: String, lines: Vec<Line>, coupon: Option<usize>) {
        let invoice = self.invoices.len();
        let mut due: i64 = lines.iter().map(Line::gross).sum();
        let (mut gift_card_spends, mut credit_spends) = (Vec::new(), Vec::new());
        for cards in [self.gift_cards_first, !self.gift_cards_first] {
            let spends = self.spend(cards, customer, invoice, &mut due);
            if cards { gift_card_spends = spends } else { credit_spends = spends }
        }
        self.invoices.push(Invoice {
            id: String::new(),
            customer,
            cart_id,
            state: State::Open,
            lines,
            coupon,
            gift_card_spends,
            credit_spends,
            due,
            refunds: Vec::new(),
            order: None,
        });
    }

    /// Spends the balances of one kind, the oldest first, until nothing is due.
    fn spend(&mut self, cards: bool, customer: usize, invoice: usize, due: &mut i64) -> Vec<Spend> {
        let currency = self.customers[customer].currency;
        let balances = if cards { &mut self.gift_cards } else { &mut self.credits };
        let mut own: Vec<usize> = (0..balances.len()).collect();
        own.retain(|index| balances[*index].customer == customer && balances[*index].currency == currency);
        own.sort_by_key(|index| balances[*index].number);
        let mut spends = Vec::new();
        for index in own {
            let balance = &mut balances[index];
            let amount = balance.current.min(*due);
            if amount == 0 {
                continue;
            }
            balance.current -= amount;
            *due -= amount;
            let remaining = balance.current;
            balance.spends.push(BalanceSpend { invoice, amount, remaining, reversed: false });
            spends.push(Spend { balance: index, amount, remaining });
        }
        spends
    }

    pub fn collect(&mut self, invoice: usize) -> Result<(), Refusal> {
        let order = self.orders.len();
        let known = self.invoice(invoice)?;
        if known.state != State::Open {
            return Err((409, "INVOICE_IS_NOT_OPEN"));
        }
        known.state = State::Collected;
        known.order = Some(order);
        self.orders.push(Order { id: String::new(), invoice, status: "pending" });
        Ok(())
    }

    pub fn fail(&mut self, invoice: usize) -> Result<(), Refusal> {
        let known = self.invoice(invoice)?;
        match known.state {
            State::Failed => return Ok(()),
            State::Open => known.state = State::Failed,
            State::Collected | State::PartiallyRefunded | State::Refunded => return Err((409, "INVOICE_IS_NOT_OPEN")),
        }
        let (coupon, customer) = (known.coupon, known.customer);
        self.put_back(invoice);
        self.give_back(invoice);
        if let Some(coupon) = coupon {
            let uses = &mut self.coupons[coupon].uses;
            let own = uses.iter().position(|user| *user == customer);
            own.map(|position| uses.remove(position));
        }
        Ok(())
    }

    /// What the invoice spent goes back to its balances; a voided one stays empty.
    fn give_back(&mut self, invoice: usize) {
        for balance in self.gift_cards.iter_mut().chain(&mut self.credits) {
            for spend in balance.spends.iter_mut().filter(|spend| spend.invoice == invoice) {
                spend.reversed = true;
                balance.current += if balance.voided { 0 } else { spend.amount };
            }
        }
    }

    pub fn step_order(&mut self, order: usize, to: &'static str) -> Result<(), Refusal> {
        let known = self.orders.get_mut(order).ok_or((404, "ORDER_NOT_FOUND"))?;
        let invoice = known.invoice;
        match (known.status, to) {
            (now, to) if now == to => return Ok(()),
            ("pending", _) | ("shipped", "delivered") => known.status = to,
            ("shipped", _) => return Err((409, "ORDER_IS_SHIPPED")),
            ("delivered", _) => return Err((409, "ORDER_IS_DELIVERED")),
            _ => return Err((409, "ORDER_IS_CANCELED")),
        }
        if to == "canceled" {
            self.put_back(invoice);
        }
        Ok(())
    }
}

impl Line {
    fn new(product: Option<usize>, quantity: i64, unit: i64, discount: i64, tax: i64) -> Self {
        Self { id: String::new(), product, quantity, unit, total: unit * quantity, discount, tax, refunded: 0 }
    }
}
