//! What happens in busy shops: visits of about twenty events, one after another, for as long as anybody asks.

use super::events::*;
use super::pen::{BEGINNING, Pen, to_append};
use crate::Journal;
use domain::billing::{BilledItem, BillingTerms};
use domain::cart::*;
use domain::coupon::{CouponEvent, CouponRedeemed};
use domain::credit::CreditEvent;
use domain::customer::{CustomerEvent, CustomerLoggedIn};
use domain::invoice::{InvoiceCollected, InvoiceEvent, InvoiceIssued};
use domain::order::{OrderEvent, OrderShipped};
use domain::product::*;
use domain::*;
use eventlog::testing::Chance;
use uuid::Uuid;

/// What a shop begins with.
const PRODUCTS: usize = 40;

/// One shop. Several of them append at once, and share no stream.
pub struct BusyShop {
    pen: Pen,
    store: StoreId,
    products: Vec<ProductId>,
    customers: Vec<CustomerId>,
    coupon: CouponId,
    chance: Chance,
    now: Timestamp,
    /// Events that it appended.
    pub events: usize,
}

/// What a cart has of a product.
#[derive(Clone, Copy)]
struct Line {
    cart_item_id: CartItemId,
    product_id: ProductId,
    quantity: u32,
}

impl BusyShop {
    /// A shop that is a store of its own.
    pub async fn new(journal: Journal, number: u64) -> Self {
        let mut shop = Self::in_store(journal, number, StoreId(Uuid::nil()));
        shop.store = StoreId(shop.id());
        shop.fit_out().await;
        shop
    }

    /// A shop of a store that is there, without anything in it yet.
    pub fn in_store(journal: Journal, number: u64, store: StoreId) -> Self {
        Self {
            pen: Pen::new(journal),
            store,
            products: Vec::new(),
            customers: Vec::new(),
            coupon: CouponId(Uuid::nil()),
            chance: Chance(number << 32),
            now: BEGINNING,
            events: 0,
        }
    }

    /// The least that a visit needs.
    pub async fn fit_out(&mut self) {
        for _ in 0..PRODUCTS {
            self.new_product().await;
        }
        self.new_customer().await;
        self.new_coupon().await;
    }

    fn after_ms(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(self.now.as_millis() + millis)
    }

    /// As the executor's: ordered by time.
    fn id(&mut self) -> Uuid {
        let random = self.chance.draw();
        let low = u128::from(random >> 2) | 0x8000_0000_0000_0000;
        Uuid::from_u128((self.now.as_millis() as u128) << 80 | 0x7000 << 64 | low)
    }

    fn pick<T: Copy>(&mut self, from: fn(&Self) -> &[T]) -> T {
        let random = self.chance.draw() as usize;
        let from = from(self);
        from[random % from.len()]
    }

    /// A product that is not in the cart yet.
    fn pick_but(&mut self, lines: &[Line]) -> ProductId {
        loop {
            let product_id = self.pick(|shop| &shop.products);
            if lines.iter().all(|line| line.product_id != product_id) {
                return product_id;
            }
        }
    }

    /// One event, in a request of its own.
    async fn append(&mut self, stream: String, event: impl Into<Event>) {
        self.now = self.after_ms(100);
        let id = self.id();
        let mut event = to_append(id, self.store, self.now, event);
        event.metadata.request_id = Some(format!("request-{id}"));
        self.events += 1;
        self.pen.append(stream, &[event]).await;
    }

    async fn product_event(&mut self, product: ProductId, event: impl Into<ProductEvent>) {
        self.append(format!("product-{product}"), event.into()).await;
    }

    pub async fn new_product(&mut self) {
        const WORDS: [&str; 8] = ["Red", "Round", "Old", "Wooden", "Steel", "Light", "Small", "Fine"];
        const THINGS: [&str; 8] = ["table", "chair", "lamp", "shoe", "shirt", "cup", "clock", "desk"];
        let (product_id, random) = (ProductId(self.id()), self.chance.draw() as usize);
        let (word, thing) = (WORDS[random % 8], THINGS[random / 8 % 8]);
        let created = ProductCreated {
            title: format!("{word} {thing} no. {}", self.products.len()),
            product_type: thing.to_owned(),
            vendor: format!("Vendor {}", random / 64 % 20),
            description: Some(format!("A {word} {thing}, made by hand and sent to you within a few days.")),
            inventory: 1_000_000,
            sale_price_in_cents: cents(1_000 + (random % 9_000) as i64),
            tags: vec!["new".to_owned(), word.to_lowercase()],
            ..product_created(self.store, product_id)
        };
        self.product_event(product_id, created).await;
        self.products.push(product_id);
    }

    pub async fn new_customer(&mut self) {
        let customer_id = CustomerId(self.id());
        let created = customer_created(self.store, customer_id, person(&format!("{customer_id}@example.com")));
        self.append(format!("customer-{customer_id}"), CustomerEvent::from(created)).await;
        self.customers.push(customer_id);
    }

    async fn new_coupon(&mut self) {
        self.coupon = CouponId(self.id());
        let created = coupon_created(self.store, self.coupon, "WELCOME");
        self.append(format!("coupon-{}", self.coupon), CouponEvent::from(created)).await;
    }

    /// A customer comes, fills a cart, and mostly buys it.
    pub async fn visit(&mut self) {
        match self.chance.below(8) {
            0 => self.new_product().await,
            1 | 2 => self.new_customer().await,
            _ => {}
        }
        let customer = self.pick(|shop| &shop.customers);
        let logged_in = CustomerLoggedIn { expires_at: self.after_ms(86_400_000), credential_id: None };
        self.append(format!("customer-{customer}"), CustomerEvent::from(logged_in)).await;
        let (cart_id, lines) = self.fill_cart(customer).await;
        if self.chance.below(4) == 0 {
            return self.leave(customer, cart_id, lines).await;
        }
        self.buy(customer, cart_id, lines).await;
    }

    async fn fill_cart(&mut self, customer_id: CustomerId) -> (CartId, Vec<Line>) {
        let (cart_id, stream, store_id) = (CartId(self.id()), format!("cart-{customer_id}"), self.store);
        let opened = CartOpened { cart_id, customer_id, store_id };
        self.append(stream.clone(), CartEvent::from(opened)).await;
        let mut lines: Vec<Line> = Vec::new();
        for _ in 0..3 {
            let line = Line {
                cart_item_id: CartItemId(self.id()),
                product_id: self.pick_but(&lines),
                quantity: 1 + self.chance.below(3) as u32,
            };
            let held =
                StockHeld { cart_id, customer_id, cart_revision: 1, quantity: line.quantity, previous_quantity: 0 };
            self.product_event(line.product_id, held).await;
            let added = cart_item_added(cart_id, line.cart_item_id, line.product_id, line.quantity);
            self.append(stream.clone(), CartEvent::from(added)).await;
            lines.push(line);
        }
        (cart_id, lines)
    }

    async fn leave(&mut self, customer_id: CustomerId, cart_id: CartId, lines: Vec<Line>) {
        let items = lines.iter().map(|&Line { product_id, quantity, .. }| ProductQuantity { product_id, quantity });
        let closed = CartClosed { cart_id, reason: CloseReason::Expired, items: items.collect() };
        self.append(format!("cart-{customer_id}"), CartEvent::from(closed)).await;
        for line in lines {
            let previous_quantity = line.quantity;
            let released = StockReleased { cart_id, customer_id, cart_revision: 6, quantity: 0, previous_quantity };
            self.product_event(line.product_id, released).await;
        }
    }

    async fn buy(&mut self, customer_id: CustomerId, cart_id: CartId, lines: Vec<Line>) {
        let (store_id, invoice_id) = (self.store, InvoiceId(self.id()));
        let billed = CartBilled { cart_id, invoice_id, customer_id, store_id, terms: terms(&lines), coupon: None };
        self.append(format!("cart-{customer_id}"), CartEvent::from(billed)).await;
        self.with_coupon_and_credit(customer_id, invoice_id).await;
        let invoice = self.invoice(customer_id, cart_id, invoice_id, &lines);
        let items: Vec<_> = lines.iter().map(|line| (line.product_id, line.quantity)).collect();
        let collected =
            InvoiceCollected { currency: None, ..invoice_collected(customer_id, cart_id, invoice_id, &items) };
        let stream = format!("invoice-{invoice_id}");
        self.append(stream.clone(), InvoiceEvent::from(invoice)).await;
        self.append(stream, InvoiceEvent::from(collected)).await;
        self.order(customer_id, cart_id, invoice_id, lines).await;
    }

    async fn with_coupon_and_credit(&mut self, customer_id: CustomerId, invoice_id: InvoiceId) {
        if self.chance.below(6) == 0 {
            let redemption_id = CouponRedemptionId(self.id());
            let redeemed = CouponRedeemed { redemption_id, invoice_id, customer_id, amount_in_cents: Cents::ZERO };
            self.append(format!("coupon-{}", self.coupon), CouponEvent::from(redeemed)).await;
        }
        if self.chance.below(6) == 0 {
            let credit_id = CreditId(self.id());
            let issued = credit_issued(self.store, credit_id, customer_id, 500);
            self.append(format!("credit-{credit_id}"), CreditEvent::from(issued)).await;
        }
    }

    fn invoice(
        &mut self,
        customer_id: CustomerId,
        cart_id: CartId,
        invoice_id: InvoiceId,
        lines: &[Line],
    ) -> InvoiceIssued {
        let mut invoice_lines = Vec::new();
        for line in lines {
            let id = InvoiceLineItemId(self.id());
            invoice_lines.push(invoice_line(id, line.cart_item_id, line.product_id, line.quantity));
        }
        invoice_issued(self.store, customer_id, cart_id, invoice_id, invoice_lines)
    }

    async fn order(&mut self, customer_id: CustomerId, cart_id: CartId, invoice_id: InvoiceId, lines: Vec<Line>) {
        let order_id = OrderId::of_invoice(invoice_id);
        let mut order_lines = Vec::new();
        for line in &lines {
            let (id, of) = (OrderLineItemId(self.id()), InvoiceLineItemId(self.id()));
            order_lines.push(order_line(id, of, line.product_id, line.quantity));
        }
        let placed = order_placed(self.store, customer_id, cart_id, invoice_id, order_lines);
        let stream = format!("order-{order_id}");
        self.append(stream.clone(), OrderEvent::from(placed)).await;
        self.append(stream, OrderEvent::from(OrderShipped {})).await;
        for line in lines {
            let consumed = StockConsumed { cart_id, order_id, quantity: line.quantity };
            self.product_event(line.product_id, consumed).await;
        }
    }

    pub fn store(&self) -> StoreId {
        self.store
    }

    pub fn customers(&self) -> &[CustomerId] {
        &self.customers
    }
}

fn terms(lines: &[Line]) -> BillingTerms {
    let item = |line: &Line| BilledItem {
        cart_item_id: line.cart_item_id,
        product_id: line.product_id,
        product_title: "A thing".to_owned(),
        quantity: line.quantity,
        unit_amount_in_cents: cents(1_000),
        invoice_line_item_id: InvoiceLineItemId(line.cart_item_id.0),
    };
    BillingTerms {
        currency: usd(),
        items: lines.iter().map(item).collect(),
        shipping: None,
        tax_rate_in_basis_points: 0,
        wallet: Vec::new(),
    }
}
