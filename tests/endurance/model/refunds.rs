//! Refunds (api.md §6): all that is left, an amount spread over what is left of the lines, or lines.

use super::billing::spread;
use super::shop::{Balance, Line, Refund, Refusal, Shop, State};

/// What is to be refunded. Lines are named by their places; one past the end is nobody's.
#[derive(Clone, Debug)]
pub enum What {
    Full,
    Amount(i64),
    Lines(Vec<(usize, Option<i64>)>),
}

const TOO_MUCH: Refusal = (409, "REFUND_EXCEEDS_REMAINDER");

impl Shop {
    pub fn refund(&mut self, invoice: usize, what: &What, as_credit: bool) -> Result<(), Refusal> {
        let known = self.invoice(invoice)?;
        let lines_known = known.lines.len();
        if !matches!(known.state, State::Collected | State::PartiallyRefunded) {
            return Err((409, "INVOICE_IS_NOT_COLLECTED"));
        }
        if matches!(what, What::Lines(lines) if lines.iter().any(|(line, _)| *line >= lines_known)) {
            return Err((404, "INVOICE_LINE_ITEM_NOT_FOUND"));
        }
        let left: Vec<i64> = known.lines.iter().map(Line::left).collect();
        let parts = parts(&known.lines, &left, what)?;
        let (total, all): (i64, i64) = (parts.iter().sum(), left.iter().sum());
        if total == 0 {
            return Err(TOO_MUCH);
        }
        let in_money = |refund: &Refund| refund.total() - refund.credit_amount;
        let money_left = known.due - known.refunds.iter().map(in_money).sum::<i64>();
        let credit_amount = if as_credit { total } else { total - total.min(money_left) };
        known.lines.iter_mut().zip(&parts).for_each(|(line, part)| line.refunded += part);
        known.state = if total == all { State::Refunded } else { State::PartiallyRefunded };
        let (state, customer, order) = (known.state, known.customer, known.order);
        let credit = (credit_amount > 0).then(|| self.give_credit(customer, credit_amount, "refund"));
        self.invoices[invoice].refunds.push(Refund { id: String::new(), parts, credit, credit_amount, open: true });
        let order = order.filter(|order| self.orders[*order].status == "pending");
        match order {
            Some(order) if state == State::Refunded => self.step_order(order, "canceled"),
            Some(_) | None => Ok(()),
        }
    }

    pub fn close_refunds(&mut self, invoice: usize) -> Result<(), Refusal> {
        let refunds = &mut self.invoice(invoice)?.refunds;
        if !refunds.iter().any(|refund| refund.open) {
            return Err((404, "REFUND_NOT_FOUND"));
        }
        refunds.iter_mut().for_each(|refund| refund.open = false);
        Ok(())
    }

    pub fn give_credit(&mut self, customer: usize, amount: i64, source: &'static str) -> usize {
        let balance = self.balance(customer, amount, source);
        self.credits.push(balance);
        self.credits.len() - 1
    }

    pub fn balance(&mut self, customer: usize, amount: i64, source: &'static str) -> Balance {
        self.balances_made += 1;
        Balance {
            id: String::new(),
            customer,
            currency: self.customers[customer].currency,
            original: amount,
            current: amount,
            voided: false,
            source,
            number: self.balances_made,
            spends: Vec::new(),
        }
    }
}

/// What is given back of each line.
fn parts(lines: &[Line], left: &[i64], what: &What) -> Result<Vec<i64>, Refusal> {
    match what {
        What::Full => Ok(left.to_vec()),
        What::Amount(amount) if *amount > left.iter().sum() => Err(TOO_MUCH),
        What::Amount(amount) => Ok(spread(*amount, left)),
        What::Lines(asked) => {
            let mut parts = vec![0; lines.len()];
            for (line, amount) in asked {
                let amount = amount.unwrap_or(left[*line]);
                let is_gone = left[*line] == 0 && lines[*line].gross() > 0;
                if is_gone || amount > left[*line] {
                    return Err(TOO_MUCH);
                }
                parts[*line] = amount;
            }
            Ok(parts)
        }
    }
}
