//! What the server must show of the model: as much of each resource as the model knows, ids only once they are known.

use super::shop::{Balance, BalanceSpend, Cart, Coupon, Invoice, Line, Refund, Shop, Spend, State};
use serde_json::{Value, json};

/// The resource with the id, once it is known.
fn with_id(name: &str, id: &str, mut resource: Value) -> Value {
    if !id.is_empty() {
        resource[name] = id.into();
    }
    resource
}

impl Shop {
    pub fn show_product(&self, product: usize) -> Value {
        let known = &self.products[product];
        let shown = json!({
            "inventory": known.inventory, "reserved": self.reserved(product), "sale_price_in_cents": known.price,
        });
        with_id("product_id", &known.id, shown)
    }

    pub fn show_cart(&self, customer: usize, cart: &Cart, state: &str) -> Value {
        let item = |(product, quantity): &(usize, i64)| {
            let known = &self.products[*product];
            json!({ "product_id": known.id, "quantity": quantity, "unit_amount_in_cents": known.price })
        };
        let items: Vec<Value> = cart.lines.iter().map(item).collect();
        let shown = json!({ "state": state, "customer_id": self.customers[customer].id, "items": items });
        with_id("cart_id", &cart.id, shown)
    }

    pub fn show_invoice(&self, invoice: usize) -> Value {
        let known = &self.invoices[invoice];
        let state = match known.state {
            State::Open => "open",
            State::Collected => "collected",
            State::Failed => "failed",
            State::PartiallyRefunded => "partially refunded",
            State::Refunded => "refunded",
        };
        let lines: Vec<Value> = known.lines.iter().map(|line| self.show_line(line)).collect();
        let mut shown = json!({
            "state": state,
            "customer_id": self.customers[known.customer].id,
            "currency": self.customers[known.customer].currency,
            "total_amount_in_cents": known.sum(|line| line.total),
            "discount_amount_in_cents": known.sum(|line| line.discount),
            "tax_amount_in_cents": known.sum(|line| line.tax),
            "refunded_amount_in_cents": known.sum(|line| line.refunded),
            "subtotal_amount_in_cents": known.due,
            "amount_due_in_cents": known.due,
            "coupon_code": known.coupon.map(|coupon| self.coupons[coupon].code.clone()),
            "invoice_line_items": lines,
            "refunds": known.refunds[known.refunds.len().saturating_sub(10)..].iter().map(|refund| self.show_refund(known, refund)).collect::<Vec<_>>(),
        });
        self.show_spends(known, &mut shown);
        with_id("invoice_id", &known.id, with_id("cart_id", &known.cart_id, shown))
    }

    fn show_line(&self, line: &Line) -> Value {
        let shown = json!({
            "type": if line.product.is_some() { "item" } else { "shipping" },
            "product_id": line.product.map(|product| self.products[product].id.clone()),
            "quantity": line.quantity,
            "unit_amount_in_cents": line.unit,
            "total_amount_in_cents": line.total,
            "discount_amount_in_cents": line.discount,
            "tax_amount_in_cents": line.tax,
            "refunded_amount_in_cents": line.refunded,
        });
        with_id("invoice_line_item_id", &line.id, shown)
    }

    fn show_spends(&self, invoice: &Invoice, shown: &mut Value) {
        let spends = |spends: &[Spend], balances: &[Balance], id: &str| {
            let spend = |spend: &Spend| {
                json!({
                    id: balances[spend.balance].id, "amount_in_cents": spend.amount,
                    "remaining_balance_in_cents": spend.remaining,
                })
            };
            spends.iter().map(spend).collect::<Vec<_>>()
        };
        let sum = |spends: &[Spend]| spends.iter().map(|spend| spend.amount).sum::<i64>();
        shown["gift_card_used_amount_in_cents"] = sum(&invoice.gift_card_spends).into();
        shown["credit_used_amount_in_cents"] = sum(&invoice.credit_spends).into();
        shown["gift_card_spends"] = spends(&invoice.gift_card_spends, &self.gift_cards, "gift_card_id").into();
        shown["credit_redemptions"] = spends(&invoice.credit_spends, &self.credits, "credit_id").into();
    }

    pub fn show_refund(&self, invoice: &Invoice, refund: &Refund) -> Value {
        let touched = invoice.lines.iter().zip(&refund.parts).filter(|(_, part)| **part > 0);
        let line =
            |(line, part): (&Line, &i64)| json!({ "invoice_line_item_id": line.id, "total_amount_in_cents": part });
        let mut shown = json!({
            "state": if refund.open { "open" } else { "closed" },
            "total_amount_in_cents": refund.total(),
            "credit_amount_in_cents": refund.credit_amount,
            "refund_line_items": touched.map(line).collect::<Vec<_>>(),
        });
        let credit = refund.credit.map(|credit| self.credits[credit].id.as_str());
        if credit != Some("") {
            shown["credit_id"] = credit.into();
        }
        with_id("refund_id", &refund.id, shown)
    }

    pub fn show_order(&self, order: usize) -> Value {
        let known = &self.orders[order];
        let invoice = &self.invoices[known.invoice];
        let line = |line: &Line| {
            let product = self.products[line.product?].id.as_str();
            Some(json!({ "product_id": product, "quantity": line.quantity, "invoice_line_item_id": line.id }))
        };
        let lines: Vec<Value> = invoice.lines.iter().filter_map(line).collect();
        let shown = json!({ "status": known.status, "invoice_id": invoice.id, "order_line_items": lines });
        with_id("order_id", &known.id, shown)
    }

    pub fn show_balance(&self, balance: &Balance) -> Value {
        let spend = |spend: &BalanceSpend| {
            let mut shown = json!({
                "invoice_id": self.invoices[spend.invoice].id, "amount_in_cents": spend.amount,
                "remaining_balance_in_cents": spend.remaining,
            });
            if !spend.reversed {
                shown["reversed_at"] = Value::Null;
            }
            shown
        };
        let is_card = balance.source == "gift";
        let spends: Vec<Value> = balance.spends.iter().map(spend).collect();
        let mut shown = json!({
            "currency": balance.currency,
            "original_balance_in_cents": balance.original,
            "current_balance_in_cents": balance.current,
        });
        shown[if is_card { "spends" } else { "redemptions" }] = spends.into();
        let customer = if is_card { "recipient_customer_id" } else { "customer_id" };
        shown[customer] = self.customers[balance.customer].id.as_str().into();
        if !is_card {
            shown["source"] = balance.source.into();
        }
        if !balance.voided {
            shown["voided_at"] = Value::Null;
        }
        with_id(if is_card { "gift_card_id" } else { "credit_id" }, &balance.id, shown)
    }

    pub fn show_coupon(&self, coupon: &Coupon) -> Value {
        let shown = json!({
            "code": coupon.code,
            "style": if coupon.is_percent { "percent_off" } else { "dollars_off" },
            "amount": coupon.amount,
            "redemption_count": coupon.uses.len(),
            "usage_limit": coupon.limit,
        });
        with_id("coupon_code_id", &coupon.id, shown)
    }
}
