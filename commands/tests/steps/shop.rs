//! A small shop: a store with 7 % tax, two products, two confirmed customers, a coupon, and balances of the first customer.

use crate::world::{World, done, request};
use commands::guard::Client;
use commands::{BillCart, Commands, NewCoupon, NewCustomer, NewGiftCard, NewProduct, NewStore, Request};
use domain::coupon::CouponStyle;
use domain::store::CreditOrder;
use domain::{Cents, CustomerId, InvoiceId, ProductId, StoreId};

#[derive(Clone)]
pub struct Shop {
    pub store: StoreId,
    /// Twelve and seven in stock, at 12.99 and 3.33.
    pub products: Vec<ProductId>,
    pub customers: Vec<CustomerId>,
    /// What a test prepared.
    pub invoice: Option<InvoiceId>,
}

pub const COUPON: &str = "TENTH";

pub fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("in range")
}

impl Shop {
    pub async fn open(world: &World, node: &Commands) -> Self {
        Self::named(world, node, "tea").await
    }

    /// One of several.
    pub async fn named(world: &World, node: &Commands, app_id: &str) -> Self {
        let new = NewStore {
            name: "Tea & Co".to_owned(),
            tagline: None,
            app_id: app_id.to_owned(),
            app_secret: "a good secret".to_owned(),
            credit_order_preference: CreditOrder::GiftCard,
            tax_rate_in_basis_points: 700,
            timezone: "UTC".to_owned(),
            cart_expires_after_minutes: 60,
            numbering: None,
        };
        let store = done(node.create_store(Client::UNKNOWN, new, None, None).await);
        let request = request(store);
        let mut products = Vec::new();
        for (title, inventory, price) in [("Darjeeling", 12, 1_299), ("Assam", 7, 333)] {
            let new = NewProduct {
                title: title.to_owned(),
                product_type: "tea".to_owned(),
                vendor: "Hill Farm".to_owned(),
                description: None,
                inventory,
                sale_price_in_cents: cents(price),
                tags: vec!["leaf".to_owned()],
            };
            products.push(done(node.create_product(&request, new).await));
        }
        let mut customers = Vec::new();
        for name in ["ada", "bob"] {
            customers.push(customer(world, node, &request, &format!("{name}@example.com")).await);
        }
        let coupon = NewCoupon {
            code: COUPON.to_owned(),
            style: CouponStyle::PercentOff,
            amount: 10,
            starts_at: None,
            expires_at: None,
            usage_limit: Some(5),
            usage_limit_per_customer: None,
            minimum_amount_in_cents: None,
        };
        done(node.create_coupon(&request, coupon).await);
        Self { store, products, customers, invoice: None }
    }

    pub fn request(&self) -> Request {
        request(self.store)
    }

    /// Two gift cards and two credits of the first customer, each smaller than any invoice here.
    pub async fn with_balances(self, node: &Commands) -> Self {
        for amount in [300, 150] {
            let new = NewGiftCard::new(self.customers[1], self.customers[0], cents(amount));
            done(node.issue_gift_card(&self.request(), new).await);
            done(node.issue_credit(&self.request(), self.customers[0], cents(amount + 11)).await);
        }
        self
    }

    /// The first customer's cart has three and two of the products.
    pub async fn with_cart(self, node: &Commands) -> Self {
        let items = vec![(self.products[0], 3), (self.products[1], 2)];
        done(node.add_to_cart(&self.request(), self.customers[0], items).await);
        self
    }

    /// The first customer's cart is billed with coupon and balances.
    pub async fn with_invoice(self, node: &Commands) -> Self {
        let shop = self.with_balances(node).await.with_cart(node).await;
        let bill = BillCart { coupon: Some(COUPON.to_owned()), shipping_amount_in_cents: Some(cents(499)) };
        let invoice = done(node.bill_cart(&shop.request(), shop.customers[0], bill).await);
        Self { invoice: Some(invoice), ..shop }
    }

    pub fn invoice(&self) -> InvoiceId {
        self.invoice.expect("the test prepared an invoice")
    }

    /// Of its invoice.
    pub fn order(&self) -> domain::OrderId {
        domain::OrderId::of_invoice(self.invoice())
    }
}

/// A confirmed customer.
pub async fn customer(world: &World, node: &Commands, request: &Request, email: &str) -> CustomerId {
    let customer = unconfirmed(node, request, email).await;
    confirm(world, node, request, customer, email).await;
    customer
}

pub async fn unconfirmed(node: &Commands, request: &Request, email: &str) -> CustomerId {
    let new = NewCustomer {
        currency: "EUR".parse().expect("a currency"),
        email: email.to_owned(),
        first_name: "First".to_owned(),
        last_name: "Last".to_owned(),
        password: "secret".to_owned(),
        addresses: Vec::new(),
    };
    done(node.create_customer(request, new).await)
}

pub async fn confirm(world: &World, node: &Commands, request: &Request, customer: CustomerId, email: &str) {
    done(node.send_confirmation(request, customer).await);
    let token = world.mailbox.token_for(email).expect("a link was mailed");
    done(node.confirm(&token, None, None, None).await);
}
