//! What happens in busy shops: visits of about twenty events, one after another, for as long as anybody asks.

use domain::billing::{BilledItem, BillingTerms, InvoiceLine, LineKind};
use domain::cart::*;
use domain::coupon::{CouponCreated, CouponEvent, CouponRedeemed, CouponStyle};
use domain::credit::{CreditEvent, CreditIssued, CreditSource};
use domain::customer::{CustomerCreated, CustomerEvent, CustomerLoggedIn};
use domain::invoice::{InvoiceCollected, InvoiceEvent, InvoiceIssued};
use domain::order::{OrderEvent, OrderLine, OrderPlaced, OrderShipped};
use domain::product::*;
use domain::*;
use eventlog::StreamName;
use journal::{Actor, Journal, Metadata, Tail, ToAppend};
use std::collections::HashMap;
use uuid::Uuid;

const PRODUCTS: usize = 40;
/// 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 1_767_225_600_000;

/// One shop. Several of them append at once, and share no stream.
pub struct Shop {
    journal: Journal,
    store: StoreId,
    products: Vec<ProductId>,
    customers: Vec<CustomerId>,
    coupon: CouponId,
    tails: HashMap<String, Tail>,
    random: u64,
    now: i64,
    /// Events that it appended.
    pub events: usize,
}

fn cents(amount: i64) -> Cents {
    Cents::new(amount).unwrap()
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

/// What a cart has of a product.
#[derive(Clone, Copy)]
struct Line {
    cart_item_id: CartItemId,
    product_id: ProductId,
    quantity: u32,
}

impl Shop {
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
            journal,
            store,
            products: Vec::new(),
            customers: Vec::new(),
            coupon: CouponId(Uuid::nil()),
            tails: HashMap::new(),
            random: number << 32,
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

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// As the executor's: ordered by time.
    fn id(&mut self) -> Uuid {
        let random = self.next();
        let low = u128::from(random >> 2) | 0x8000_0000_0000_0000;
        Uuid::from_u128((self.now as u128) << 80 | 0x7000 << 64 | low)
    }

    fn pick<T: Copy>(&mut self, from: fn(&Self) -> &[T]) -> T {
        let random = self.next() as usize;
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

    async fn append(&mut self, stream: String, events: Vec<Event>) {
        self.now += 100;
        let occurred_at = Timestamp::from_millis(self.now);
        let mut to_append = Vec::with_capacity(events.len());
        for event in events {
            let id = self.id();
            let metadata = Metadata {
                schema_version: 0,
                store_id: self.store,
                occurred_at,
                actor: Actor::System,
                request_id: Some(format!("request-{id}")),
                idempotency: None,
                causation_id: None,
                correlation_id: id,
                prev: None,
            };
            to_append.push(ToAppend { id, event, metadata });
        }
        self.events += to_append.len();
        let tail = self.tails.get(&stream).copied().unwrap_or_default();
        let written = self.journal.append(&StreamName::new(stream.as_str()), tail, &to_append).await.unwrap();
        self.tails.insert(stream, written.tail);
    }

    async fn product_event(&mut self, product: ProductId, event: impl Into<ProductEvent>) {
        self.append(format!("product-{product}"), vec![Event::Product(event.into())]).await;
    }

    pub async fn new_product(&mut self) {
        const WORDS: [&str; 8] = ["Red", "Round", "Old", "Wooden", "Steel", "Light", "Small", "Fine"];
        const THINGS: [&str; 8] = ["table", "chair", "lamp", "shoe", "shirt", "cup", "clock", "desk"];
        let (product_id, random) = (ProductId(self.id()), self.next() as usize);
        let (word, thing) = (WORDS[random % 8], THINGS[random / 8 % 8]);
        let created = ProductCreated {
            product_id,
            store_id: self.store,
            title: format!("{word} {thing} no. {}", self.products.len()),
            product_type: thing.to_owned(),
            vendor: format!("Vendor {}", random / 64 % 20),
            description: Some(format!("A {word} {thing}, made by hand and sent to you within a few days.")),
            inventory: 1_000_000,
            sale_price_in_cents: cents(1_000 + (random % 9_000) as i64),
            tags: vec!["new".to_owned(), word.to_lowercase()],
        };
        self.product_event(product_id, created).await;
        self.products.push(product_id);
    }

    pub async fn new_customer(&mut self) {
        let customer_id = CustomerId(self.id());
        let personal = PersonalData {
            email: Some(format!("{customer_id}@example.com")),
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            addresses: Vec::new(),
        };
        let created = CustomerCreated {
            customer_id,
            store_id: self.store,
            currency: usd(),
            email_id: EmailId(self.id()),
            claim_id: ClaimId(self.id()),
            credential_id: CredentialId(self.id()),
            addresses: Vec::new(),
            personal: personal.into(),
        };
        let created = CustomerEvent::from(created);
        self.append(format!("customer-{customer_id}"), vec![Event::Customer(created)]).await;
        self.customers.push(customer_id);
    }

    async fn new_coupon(&mut self) {
        self.coupon = CouponId(self.id());
        let created = CouponCreated {
            coupon_id: self.coupon,
            store_id: self.store,
            claim_id: ClaimId(self.id()),
            code: "WELCOME".to_owned(),
            style: CouponStyle::PercentOff,
            amount: 0,
            starts_at: None,
            expires_at: Timestamp::from_millis(BEGINNING * 2),
            usage_limit: None,
            usage_limit_per_customer: None,
            minimum_amount_in_cents: None,
        };
        self.append(format!("coupon-{}", self.coupon), vec![Event::Coupon(CouponEvent::from(created))]).await;
    }

    /// A customer comes, fills a cart, and mostly buys it.
    pub async fn visit(&mut self) {
        match self.next() % 8 {
            0 => self.new_product().await,
            1 | 2 => self.new_customer().await,
            _ => {}
        }
        let customer = self.pick(|shop| &shop.customers);
        let logged_in =
            CustomerLoggedIn { expires_at: Timestamp::from_millis(self.now + 86_400_000), credential_id: None };
        let logged_in = CustomerEvent::from(logged_in);
        self.append(format!("customer-{customer}"), vec![Event::Customer(logged_in)]).await;
        let (cart_id, lines) = self.fill_cart(customer).await;
        if self.next().is_multiple_of(4) {
            return self.leave(customer, cart_id, lines).await;
        }
        self.buy(customer, cart_id, lines).await;
    }

    async fn fill_cart(&mut self, customer_id: CustomerId) -> (CartId, Vec<Line>) {
        let (cart_id, stream, store_id) = (CartId(self.id()), format!("cart-{customer_id}"), self.store);
        let opened = CartEvent::from(CartOpened { cart_id, customer_id, store_id });
        self.append(stream.clone(), vec![Event::Cart(opened)]).await;
        let mut lines: Vec<Line> = Vec::new();
        for _ in 0..3 {
            let line = Line {
                cart_item_id: CartItemId(self.id()),
                product_id: self.pick_but(&lines),
                quantity: 1 + (self.next() % 3) as u32,
            };
            let held =
                StockHeld { cart_id, customer_id, cart_revision: 1, quantity: line.quantity, previous_quantity: 0 };
            self.product_event(line.product_id, held).await;
            let added = CartItemAdded {
                cart_id,
                cart_item_id: line.cart_item_id,
                product_id: line.product_id,
                product_title: "A fine table".to_owned(),
                product_vendor: "Vendor 7".to_owned(),
                product_type: "table".to_owned(),
                unit_amount_in_cents: cents(1_000),
                quantity: line.quantity,
                line_quantity: line.quantity,
            };
            self.append(stream.clone(), vec![Event::Cart(added.into())]).await;
            lines.push(line);
        }
        (cart_id, lines)
    }

    async fn leave(&mut self, customer_id: CustomerId, cart_id: CartId, lines: Vec<Line>) {
        let items = lines.iter().map(|&Line { product_id, quantity, .. }| ProductQuantity { product_id, quantity });
        let closed = CartClosed { cart_id, reason: CloseReason::Expired, items: items.collect() };
        self.append(format!("cart-{customer_id}"), vec![Event::Cart(closed.into())]).await;
        for line in lines {
            let previous_quantity = line.quantity;
            let released = StockReleased { cart_id, customer_id, cart_revision: 6, quantity: 0, previous_quantity };
            self.product_event(line.product_id, released).await;
        }
    }

    async fn buy(&mut self, customer_id: CustomerId, cart_id: CartId, lines: Vec<Line>) {
        let (store_id, invoice_id) = (self.store, InvoiceId(self.id()));
        let billed = CartBilled { cart_id, invoice_id, customer_id, store_id, terms: terms(&lines), coupon: None };
        self.append(format!("cart-{customer_id}"), vec![Event::Cart(billed.into())]).await;
        self.with_coupon_and_credit(customer_id, invoice_id).await;
        let invoice = self.invoice(customer_id, cart_id, invoice_id, &lines);
        let amount_in_cents = invoice.amount_due_in_cents;
        let order_id = OrderId::of_invoice(invoice_id);
        let items = lines.iter().map(|&Line { product_id, quantity, .. }| ProductQuantity { product_id, quantity });
        let collected = InvoiceCollected {
            order_id,
            customer_id,
            cart_id,
            amount_in_cents,
            currency: None,
            items: items.collect(),
        };
        let stream = format!("invoice-{invoice_id}");
        self.append(stream.clone(), vec![Event::Invoice(InvoiceEvent::from(invoice))]).await;
        self.append(stream, vec![Event::Invoice(InvoiceEvent::from(collected))]).await;
        self.order(customer_id, cart_id, invoice_id, lines).await;
    }

    async fn with_coupon_and_credit(&mut self, customer_id: CustomerId, invoice_id: InvoiceId) {
        if self.next().is_multiple_of(6) {
            let redemption_id = CouponRedemptionId(self.id());
            let redeemed = CouponRedeemed { redemption_id, invoice_id, customer_id, amount_in_cents: Cents::ZERO };
            self.append(format!("coupon-{}", self.coupon), vec![Event::Coupon(CouponEvent::from(redeemed))]).await;
        }
        if self.next().is_multiple_of(6) {
            let credit_id = CreditId(self.id());
            let issued = CreditIssued {
                credit_id,
                store_id: self.store,
                customer_id,
                currency: usd(),
                amount_in_cents: cents(500),
                source: CreditSource::Issued,
            };
            self.append(format!("credit-{credit_id}"), vec![Event::Credit(CreditEvent::from(issued))]).await;
        }
    }

    fn invoice(
        &mut self,
        customer_id: CustomerId,
        cart_id: CartId,
        invoice_id: InvoiceId,
        lines: &[Line],
    ) -> InvoiceIssued {
        let unit = cents(1_000);
        let mut invoice_lines = Vec::new();
        for line in lines {
            invoice_lines.push(InvoiceLine {
                invoice_line_item_id: InvoiceLineItemId(self.id()),
                kind: LineKind::Item,
                cart_item_id: Some(line.cart_item_id),
                product_id: Some(line.product_id),
                product_title: Some("A fine table".to_owned()),
                quantity: line.quantity,
                unit_amount_in_cents: unit,
                total_amount_in_cents: unit.times(line.quantity).unwrap(),
                discount_amount_in_cents: Cents::ZERO,
                tax_amount_in_cents: Cents::ZERO,
            });
        }
        let total = Cents::sum(invoice_lines.iter().map(|line| line.total_amount_in_cents)).unwrap();
        InvoiceIssued {
            invoice_id,
            store_id: self.store,
            customer_id,
            cart_id,
            currency: usd(),
            lines: invoice_lines,
            coupon: None,
            gift_card_spends: Vec::new(),
            credit_redemptions: Vec::new(),
            total_amount_in_cents: total,
            discount_amount_in_cents: Cents::ZERO,
            tax_amount_in_cents: Cents::ZERO,
            gift_card_used_amount_in_cents: Cents::ZERO,
            credit_used_amount_in_cents: Cents::ZERO,
            amount_due_in_cents: total,
        }
    }

    async fn order(&mut self, customer_id: CustomerId, cart_id: CartId, invoice_id: InvoiceId, lines: Vec<Line>) {
        let (order_id, store_id) = (OrderId::of_invoice(invoice_id), self.store);
        let mut order_lines = Vec::new();
        for line in &lines {
            order_lines.push(OrderLine {
                order_line_item_id: OrderLineItemId(self.id()),
                invoice_line_item_id: InvoiceLineItemId(self.id()),
                product_id: line.product_id,
                product_title: "A fine table".to_owned(),
                quantity: line.quantity,
            });
        }
        let placed = OrderPlaced { order_id, store_id, customer_id, invoice_id, cart_id, lines: order_lines };
        let stream = format!("order-{order_id}");
        self.append(stream.clone(), vec![Event::Order(OrderEvent::from(placed))]).await;
        self.append(stream, vec![Event::Order(OrderEvent::from(OrderShipped {}))]).await;
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
        product_title: "A fine table".to_owned(),
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
