//! The choice of the next step: mostly one that can be done, now and then one that can't.

use super::refunds::What;
use super::shop::{Shop, State};
use super::step::Step;
use rand::RngExt;
use rand::rngs::StdRng;

pub struct Chooser<'s> {
    shop: &'s Shop,
    rng: &'s mut StdRng,
}

impl<'s> Chooser<'s> {
    pub fn new(shop: &'s Shop, rng: &'s mut StdRng) -> Self {
        Self { shop, rng }
    }

    pub fn next(&mut self) -> Step {
        match self.below(100) {
            0..22 => self.add(),
            22..31 => self.change_cart(),
            31..46 => self.bill(),
            46..60 => self.settle(),
            60..70 => self.refund(),
            70..77 => self.step_order(),
            77..90 => self.balance(),
            90..98 => self.product_step(),
            98 if self.live_customers() > 4 => Step::DeleteCustomer { customer: self.customer() },
            _ => Step::SetStore { tax_rate: [0, 700, 1_900, 825][self.below(4)], gift_cards_first: self.chance(2) },
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.rng.random_range(0..bound)
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        self.rng.random_range(least..=most)
    }

    /// One time in so many.
    fn chance(&mut self, in_so_many: usize) -> bool {
        self.below(in_so_many) == 0
    }

    /// A place in a list that long; now and then, or where it is empty, one past its end.
    fn place(&mut self, length: usize) -> usize {
        if length == 0 || self.chance(30) { length } else { self.below(length) }
    }

    /// One of those for which `wanted` holds, mostly.
    fn preferring(&mut self, length: usize, wanted: impl Fn(usize) -> bool) -> usize {
        let fitting: Vec<usize> = (0..length).filter(|place| wanted(*place)).collect();
        if fitting.is_empty() || self.chance(8) { self.place(length) } else { fitting[self.below(fitting.len())] }
    }

    fn live_customers(&self) -> usize {
        self.shop.customers.iter().filter(|customer| !customer.deleted).count()
    }

    fn customer(&mut self) -> usize {
        self.place(self.shop.customers.len())
    }

    fn product(&mut self) -> usize {
        self.place(self.shop.products.len())
    }

    /// A product in the customer's cart, mostly.
    fn product_in_cart(&mut self, customer: usize) -> usize {
        let cart = self.shop.customers.get(customer).and_then(|known| known.cart.as_ref());
        match cart.filter(|cart| !cart.lines.is_empty()) {
            Some(cart) if !self.chance(6) => cart.lines[self.below(cart.lines.len())].0,
            _ => self.product(),
        }
    }

    fn quantity(&mut self) -> i64 {
        match self.below(30) {
            0 => 0,
            1 => 10_001,
            2 => self.between(5_000, 10_000),
            _ => self.between(1, 6),
        }
    }

    fn add(&mut self) -> Step {
        let customer = self.customer();
        if self.chance(3) {
            let items = (0..self.between(1, 4)).map(|_| (self.product(), self.quantity())).collect();
            return Step::AddBatch { customer, items };
        }
        Step::Add { customer, product: self.product(), quantity: self.quantity() }
    }

    fn change_cart(&mut self) -> Step {
        let customers = &self.shop.customers;
        let customer = self.preferring(customers.len(), |place| customers[place].cart.is_some());
        match self.below(10) {
            0..5 => Step::Set { customer, product: self.product_in_cart(customer), quantity: self.quantity() },
            5..7 => Step::Remove { customer, product: self.product_in_cart(customer) },
            7 => {
                let products = (0..self.between(1, 3)).map(|_| self.product_in_cart(customer)).collect();
                Step::RemoveBatch { customer, products }
            }
            8 => Step::CloseCart { customer },
            _ => Step::OpenCart { customer },
        }
    }

    fn bill(&mut self) -> Step {
        let customers = &self.shop.customers;
        let filled = |place: usize| customers[place].cart.as_ref().is_some_and(|cart| !cart.lines.is_empty());
        let customer = self.preferring(customers.len(), filled);
        let coupon = self.chance(2).then(|| self.place(self.shop.coupons.len()));
        let shipping = self.chance(2).then(|| self.between(0, 900));
        Step::Bill { customer, coupon, shipping }
    }

    fn settle(&mut self) -> Step {
        let invoices = &self.shop.invoices;
        let invoice = self.preferring(invoices.len(), |place| invoices[place].state == State::Open);
        if self.chance(4) { Step::Fail { invoice } } else { Step::Collect { invoice } }
    }

    fn refund(&mut self) -> Step {
        let invoices = &self.shop.invoices;
        let refundable = |place: usize| matches!(invoices[place].state, State::Collected | State::PartiallyRefunded);
        let invoice = self.preferring(invoices.len(), refundable);
        if self.chance(5) {
            return Step::CloseRefunds { invoice };
        }
        let left = invoices.get(invoice).map_or(1, |known| known.sum(|line| line.left())).max(1);
        let most = if self.chance(5) { left + 1 } else { (left + 1) / 2 };
        let lines = invoices.get(invoice).map_or(0, |known| known.lines.len());
        let what = match self.below(6) {
            0 => What::Full,
            1..4 => What::Amount(self.between(1, most)),
            _ => What::Lines(self.lines(lines)),
        };
        Step::Refund { invoice, what, credit: self.chance(2) }
    }

    /// Different lines, some by an amount.
    fn lines(&mut self, length: usize) -> Vec<(usize, Option<i64>)> {
        let mut places: Vec<usize> = (0..length).filter(|_| self.chance(2)).collect();
        if places.is_empty() {
            places.push(self.place(length));
        }
        places.into_iter().map(|place| (place, self.chance(2).then(|| self.between(1, 400)))).collect()
    }

    fn step_order(&mut self) -> Step {
        let orders = &self.shop.orders;
        let order = self.preferring(orders.len(), |place| orders[place].status == "pending");
        Step::MoveOrder { order, to: ["shipped", "delivered", "canceled"][self.below(3)] }
    }

    fn balance(&mut self) -> Step {
        let amount = self.between(1, 3_000);
        match self.below(20) {
            0..7 => Step::GiveCard { from: self.customer(), to: self.customer(), amount },
            7..13 => Step::Credit { customer: self.customer(), amount },
            13 => Step::CreditAll { amount },
            14 => Step::VoidCard { card: self.place(self.shop.gift_cards.len()) },
            15 => {
                let credits = &self.shop.credits;
                let of_someone = |place: usize| !self.shop.customers[credits[place].customer].deleted;
                // The credits of a customer who is gone are gone with the customer.
                let there: Vec<usize> = (0..credits.len()).filter(|place| of_someone(*place)).collect();
                let credit = if there.is_empty() { credits.len() } else { there[self.below(there.len())] };
                Step::VoidCredit { credit }
            }
            16 => Step::VoidCoupon { coupon: self.place(self.shop.coupons.len()) },
            _ => self.coupon(),
        }
    }

    fn coupon(&mut self) -> Step {
        let percent = self.chance(2);
        let some = |chooser: &mut Self, least: i64, most: i64| chooser.chance(3).then(|| chooser.between(least, most));
        Step::NewCoupon {
            code: format!("Code-{}", self.below(12)),
            percent,
            amount: if percent { self.between(0, 100) } else { self.between(0, 4_000) },
            limit: some(self, 1, 4).map(|limit| limit as usize),
            each: some(self, 1, 2).map(|each| each as usize),
            minimum: some(self, 1, 9_000),
        }
    }

    fn product_step(&mut self) -> Step {
        let product = self.product();
        match self.below(20) {
            0..5 => Step::NewProduct { inventory: self.between(0, 60), price: self.price() },
            5..10 => Step::SetPrice { product, price: self.price() },
            10..17 => Step::AddStock { product, amount: self.between(-20, 40) },
            17..19 => Step::SetStock { product, to: self.between(0, 12_000) },
            _ => Step::DeleteProduct { product },
        }
    }

    /// Now and then so high that a few pieces are more than any amount may be.
    fn price(&mut self) -> i64 {
        if self.chance(25) { 9_000_000_000_000 } else { self.between(0, 9_999) }
    }
}
