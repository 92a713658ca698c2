//! Carts (api.md §5): what is added leaves the shelf, what is taken out goes back.

use super::shop::{Cart, Refusal, Shop};

const NO_CART: Refusal = (404, "NO_CART_IS_OPEN");
const NOT_IN_CART: Refusal = (404, "PRODUCT_NOT_IN_CART");
const MALFORMED: Refusal = (400, "VALIDATION_FAILED");
const TOO_FEW: Refusal = (409, "INSUFFICIENT_INVENTORY");
const LARGEST_LINE: i64 = 10_000;

fn is_quantity(quantity: i64) -> bool {
    (1..=LARGEST_LINE).contains(&quantity)
}

impl Shop {
    pub fn open_cart(&mut self, customer: usize) -> Result<(), Refusal> {
        self.buyer(customer)?;
        if let Some(replaced) = self.customers[customer].cart.take() {
            self.empty(&replaced);
        }
        self.customers[customer].cart = Some(Cart::default());
        Ok(())
    }

    pub fn close_cart(&mut self, customer: usize) -> Result<Cart, Refusal> {
        let closed = self.buyer(customer)?.cart.take().ok_or(NO_CART)?;
        self.empty(&closed);
        Ok(closed)
    }

    pub fn empty(&mut self, cart: &Cart) {
        for (product, quantity) in &cart.lines {
            self.products[*product].inventory += quantity;
        }
    }

    /// All or none; a product named twice adds up.
    pub fn add(&mut self, customer: usize, items: &[(usize, i64)]) -> Result<(), Refusal> {
        if !items.iter().all(|(_, quantity)| is_quantity(*quantity)) {
            return Err(MALFORMED);
        }
        let has = self.buyer(customer)?.cart.clone().unwrap_or_default();
        let mut wanted: Vec<(usize, i64)> = Vec::new();
        for (product, quantity) in items {
            match wanted.iter_mut().find(|(known, _)| known == product) {
                Some((_, sum)) => *sum += quantity,
                None => wanted.push((*product, *quantity)),
            }
        }
        if !wanted.iter().all(|(product, quantity)| is_quantity(has.quantity(*product) + quantity)) {
            return Err(MALFORMED);
        }
        for (product, quantity) in &wanted {
            if self.product(*product)?.inventory < *quantity {
                return Err(TOO_FEW);
            }
        }
        let cart = self.customers[customer].cart.get_or_insert_default();
        for (product, quantity) in &wanted {
            self.products[*product].inventory -= quantity;
            self.products[*product].added_to_carts += quantity;
            cart.set(*product, has.quantity(*product) + quantity);
        }
        Ok(())
    }

    pub fn set(&mut self, customer: usize, product: usize, quantity: i64) -> Result<(), Refusal> {
        if !is_quantity(quantity) {
            return Err(MALFORMED);
        }
        let has = self.buyer(customer)?.cart.as_ref().ok_or(NO_CART)?.quantity(product);
        if has == 0 {
            return Err(NOT_IN_CART);
        }
        if quantity > has && self.product(product)?.inventory < quantity - has {
            return Err(TOO_FEW);
        }
        self.products[product].inventory -= quantity - has;
        self.customers[customer].cart.get_or_insert_default().set(product, quantity);
        Ok(())
    }

    /// All or none; a product named twice counts once.
    pub fn remove(&mut self, customer: usize, products: &[usize]) -> Result<(), Refusal> {
        let has = self.buyer(customer)?.cart.clone().ok_or(NO_CART)?;
        if products.iter().any(|product| has.quantity(*product) == 0) {
            return Err(NOT_IN_CART);
        }
        let (gone, kept) = has.lines.iter().partition(|(product, _)| products.contains(product));
        self.empty(&Cart { lines: gone, ..Cart::default() });
        self.customers[customer].cart = Some(Cart { lines: kept, ..has });
        Ok(())
    }

    pub fn delete_customer(&mut self, customer: usize) -> Result<(), Refusal> {
        self.customer(customer)?;
        self.customers[customer].deleted = true;
        if let Some(closed) = self.customers[customer].cart.take() {
            self.empty(&closed);
        }
        Ok(())
    }
}

impl Cart {
    pub fn quantity(&self, product: usize) -> i64 {
        self.lines.iter().find(|(known, _)| *known == product).map_or(0, |(_, quantity)| *quantity)
    }

    fn set(&mut self, product: usize, quantity: i64) {
        match self.lines.iter_mut().find(|(known, _)| *known == product) {
            Some((_, has)) => *has = quantity,
            None => self.lines.push((product, quantity)),
        }
    }
}
