//! What each step does to the model, what the server must answer, and what is learned from its answer.

use super::shop::{Coupon, Product, Shop};
use super::step::{Expected, Step};
use crate::support::Answer;
use serde_json::{Value, json};

const GONE: (u16, Value) = (204, Value::Null);

impl Shop {
    /// Does the step, or says why not.
    pub fn take(&mut self, step: &Step) -> Expected {
        match step {
            Step::SetStore { tax_rate, gift_cards_first } => {
                (self.tax_rate_in_basis_points, self.gift_cards_first) = (*tax_rate, *gift_cards_first);
                Ok((200, json!({ "store": { "tax_rate_in_basis_points": tax_rate } })))
            }
            Step::NewProduct { inventory, price } => {
                self.products.push(Product { inventory: *inventory, price: *price, ..Product::default() });
                self.product_shown(201, self.products.len() - 1)
            }
            Step::SetPrice { product, price } => {
                self.product(*product)?.price = *price;
                self.product_shown(200, *product)
            }
            Step::AddStock { product, amount } => self.stock(*product, |inventory| inventory + amount),
            Step::SetStock { product, to } => self.stock(*product, |_| *to),
            Step::DeleteProduct { product } => {
                self.product(*product)?.deleted = true;
                Ok(GONE)
            }
            Step::DeleteCustomer { customer } => self.delete_customer(*customer).map(|()| GONE),
            _ => self.take_of_cart(step),
        }
    }

    fn take_of_cart(&mut self, step: &Step) -> Expected {
        match step {
            Step::OpenCart { customer } => {
                self.open_cart(*customer)?;
                self.cart_shown(201, *customer)
            }
            Step::Add { customer, product, quantity } => {
                self.add(*customer, &[(*product, *quantity)])?;
                self.cart_shown(201, *customer)
            }
            Step::AddBatch { customer, items } => {
                self.add(*customer, items)?;
                self.cart_shown(201, *customer)
            }
            Step::Set { customer, product, quantity } => {
                self.set(*customer, *product, *quantity)?;
                self.cart_shown(200, *customer)
            }
            Step::Remove { customer, product } => {
                self.remove(*customer, &[*product])?;
                self.cart_shown(200, *customer)
            }
            Step::RemoveBatch { customer, products } => {
                self.remove(*customer, products)?;
                self.cart_shown(200, *customer)
            }
            Step::CloseCart { customer } => {
                let closed = self.close_cart(*customer)?;
                Ok((200, json!({ "cart": self.show_cart(*customer, &closed, "closed") })))
            }
            _ => self.take_of_invoice(step),
        }
    }

    fn take_of_invoice(&mut self, step: &Step) -> Expected {
        match step {
            Step::Bill { customer, coupon, shipping } => {
                self.bill(*customer, *coupon, *shipping)?;
                Ok((201, json!({ "invoice": self.show_invoice(self.invoices.len() - 1) })))
            }
            Step::Collect { invoice } => {
                self.collect(*invoice)?;
                Ok((201, json!({ "order": self.show_order(self.orders.len() - 1) })))
            }
            Step::Fail { invoice } => {
                self.fail(*invoice)?;
                Ok((200, json!({ "invoice": self.show_invoice(*invoice) })))
            }
            Step::Refund { invoice, what, credit } => {
                self.refund(*invoice, what, *credit)?;
                let known = &self.invoices[*invoice];
                let refund = known.refunds.last().map(|refund| self.show_refund(known, refund));
                Ok((201, json!({ "refund": refund, "invoice": self.show_invoice(*invoice) })))
            }
            Step::CloseRefunds { invoice } => {
                self.close_refunds(*invoice)?;
                Ok((200, json!({ "invoice": self.show_invoice(*invoice) })))
            }
            Step::MoveOrder { order, to } => {
                self.step_order(*order, to)?;
                Ok((200, json!({ "order": self.show_order(*order) })))
            }
            _ => self.take_of_balance(step),
        }
    }

    fn take_of_balance(&mut self, step: &Step) -> Expected {
        match step {
            Step::GiveCard { from, to, amount } => {
                self.give_card(*from, *to, *amount)?;
                Ok((201, json!({ "gift_card": self.gift_cards.last().map(|card| self.show_balance(card)) })))
            }
            Step::VoidCard { card } => self.void_card(*card).map(|()| GONE),
            Step::Credit { customer, amount } => {
                self.credit(*customer, *amount)?;
                Ok((201, json!({ "credit": self.credits.last().map(|credit| self.show_balance(credit)) })))
            }
            Step::CreditAll { amount } => {
                self.credit_all(*amount);
                Ok((202, json!({ "result": "ok" })))
            }
            Step::VoidCredit { credit } => self.void_credit(*credit).map(|()| GONE),
            Step::NewCoupon { code, percent, amount, limit, each, minimum } => {
                self.create_coupon(Coupon {
                    code: code.clone(),
                    is_percent: *percent,
                    amount: *amount,
                    limit: *limit,
                    limit_per_customer: *each,
                    minimum: *minimum,
                    begun: true,
                    ..Coupon::default()
                })?;
                Ok((201, json!({ "coupon": self.coupons.last().map(|coupon| self.show_coupon(coupon)) })))
            }
            Step::VoidCoupon { coupon } => self.void_coupon(*coupon).map(|()| GONE),
            other => unreachable!("{other:?} was taken before"),
        }
    }

    fn stock(&mut self, product: usize, new: impl Fn(i64) -> i64) -> Expected {
        let known = self.product(product)?;
        if new(known.inventory) < 0 {
            return Err((409, "INSUFFICIENT_INVENTORY"));
        }
        known.inventory = new(known.inventory);
        self.product_shown(200, product)
    }

    fn product_shown(&self, status: u16, product: usize) -> Expected {
        Ok((status, json!({ "product": self.show_product(product) })))
    }

    fn cart_shown(&self, status: u16, customer: usize) -> Expected {
        let cart = self.customers[customer].cart.as_ref().map(|cart| self.show_cart(customer, cart, "open"));
        Ok((status, json!({ "cart": cart })))
    }

    /// Takes the ids of what the step made.
    pub fn learn(&mut self, step: &Step, answer: &Answer) {
        let learn = |id: &mut String, pointer: &str| {
            if id.is_empty() {
                *id = answer.text(pointer);
            }
        };
        match step {
            Step::NewProduct { .. } => {
                self.products.last_mut().iter_mut().for_each(|product| learn(&mut product.id, "/product/product_id"));
            }
            Step::OpenCart { customer } | Step::Add { customer, .. } | Step::AddBatch { customer, .. } => {
                self.customers[*customer].cart.iter_mut().for_each(|cart| learn(&mut cart.id, "/cart/cart_id"));
            }
            Step::Bill { .. } => {
                let Some(invoice) = self.invoices.last_mut() else { return };
                learn(&mut invoice.id, "/invoice/invoice_id");
                for (at, line) in invoice.lines.iter_mut().enumerate() {
                    learn(&mut line.id, &format!("/invoice/invoice_line_items/{at}/invoice_line_item_id"));
                }
            }
            Step::Collect { .. } => {
                self.orders.last_mut().iter_mut().for_each(|order| learn(&mut order.id, "/order/order_id"));
            }
            Step::Refund { invoice, .. } => {
                let Some(refund) = self.invoices[*invoice].refunds.last_mut() else { return };
                learn(&mut refund.id, "/refund/refund_id");
                if let Some(credit) = refund.credit {
                    learn(&mut self.credits[credit].id, "/refund/credit_id");
                }
            }
            Step::GiveCard { .. } => {
                self.gift_cards.last_mut().iter_mut().for_each(|card| learn(&mut card.id, "/gift_card/gift_card_id"));
            }
            Step::Credit { .. } => {
                self.credits.last_mut().iter_mut().for_each(|credit| learn(&mut credit.id, "/credit/credit_id"));
            }
            Step::NewCoupon { .. } => {
                self.coupons.last_mut().iter_mut().for_each(|coupon| learn(&mut coupon.id, "/coupon/coupon_code_id"));
            }
            _ => {}
        }
    }
}
