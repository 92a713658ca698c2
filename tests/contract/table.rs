//! How every operation is called so that it succeeds. The sweeping tests ask here for each operation of the document, so one
//! that is missing fails them.

use crate::support::{
    Operation, PASSWORD, SECRET, TestShop, new_address, new_app_id, new_customer, new_email, new_product, new_store,
};
use serde_json::{Value, json};

/// A store with one of everything. What a case uses up it makes anew.
pub struct World {
    pub shop: TestShop,
    pub customer: String,
    /// Another customer, who only bills carts.
    buyer: String,
    pub email: String,
    pub address: String,
    pub product: String,
    pub invoice: String,
    pub order: String,
    pub gift_card: String,
    pub credit: String,
    pub coupon: String,
    pub job: String,
    /// Somebody at the store's desk.
    pub actor: String,
}

/// A call that succeeds.
pub struct Case {
    /// Who calls.
    pub shop: TestShop,
    pub path: String,
    pub body: Value,
    pub status: u16,
}

/// The same, before it is known who calls.
struct Call {
    path: String,
    body: Value,
    status: u16,
}

fn ok(path: impl Into<String>, body: Value) -> Option<Call> {
    Some(Call { path: path.into(), body, status: 200 })
}

fn created(path: impl Into<String>, body: Value) -> Option<Call> {
    Some(Call { path: path.into(), body, status: 201 })
}

fn deleted(path: impl Into<String>) -> Option<Call> {
    Some(Call { path: path.into(), body: Value::Null, status: 204 })
}

/// Of the world's one product.
const TAG: &str = "spring";

impl World {
    pub async fn new() -> Self {
        Self::of(TestShop::start().await).await
    }

    pub async fn of(shop: TestShop) -> Self {
        let email = new_email();
        let customer = shop
            .customer_with(json!({ "email": email, "addresses": [new_address(json!({ "is_primary": true }))] }))
            .await;
        let address =
            shop.get(&format!("/customer/{customer}/address")).await.expect(200).text("/addresses/0/address_id");
        let product =
            shop.product_with(json!({ "inventory": 1_000_000, "sale_price_in_cents": 250, "tags": [TAG] })).await;
        let coupon = shop.coupon(json!({ "amount": 10 })).await;
        shop.add(&customer, &product, 2).await.expect(201);
        let billed = shop.bill_with(&customer, &format!("?coupon={coupon}"), Value::Null).await.expect(201);
        let invoice = billed.text("/invoice/invoice_id");
        let order = shop.collect(&invoice).await;
        shop.add(&customer, &product, 1).await.expect(201);
        let gift_card = shop.gift_card(&customer, &customer, 10).await;
        let credit = shop.credit(&customer, 10).await;
        let job = shop.post("/customer/credit/1", Value::Null).await.expect(202).text("/job_id");
        let buyer = shop.customer().await;
        let actor = shop.actor("Ada Byron at the desk").await;
        Self { shop, customer, buyer, email, address, product, invoice, order, gift_card, credit, coupon, job, actor }
    }

    /// Whether nobody has deleted what most cases are about, given it away, or sold it out.
    pub async fn is_alive(&self) -> bool {
        let customer = self.shop.get(&format!("/customer/{}", self.customer)).await;
        let product = self.shop.get(&format!("/product/{}", self.product)).await;
        let at_least = |field, least| product.body["product"][field].as_i64().is_some_and(|number| number >= least);
        customer.status == 200 && at_least("sale_price_in_cents", 1) && at_least("inventory", 1_000)
    }

    /// What another store must never see.
    pub fn secrets(&self) -> [&str; 11] {
        [
            &self.customer,
            &self.email,
            &self.address,
            &self.product,
            &self.invoice,
            &self.order,
            &self.gift_card,
            &self.credit,
            &self.coupon,
            &self.job,
            &self.actor,
        ]
    }

    /// The call of an operation; `None` for one that nobody has thought of.
    pub async fn case(&self, operation: &Operation<'_>) -> Option<Case> {
        let (method, path) = (operation.method, operation.path);
        let key = format!("{method} {path}");
        let shop = match key.as_str() {
            // What ends a store, or its token, is done to another one.
            "DELETE /store" | "DELETE /store/token" => self.shop.another().await,
            _ => self.shop.clone(),
        };
        let call = match self.call(&key, path).await {
            // Whatever only reads is asked about what the world has.
            None if method == "GET" => ok(self.filled(path)?, Value::Null),
            call => call,
        };
        call.map(|Call { path, body, status }| Case { shop, path, body, status })
    }

    async fn call(&self, key: &str, path: &str) -> Option<Call> {
        let mut parts = path.split('/').skip(1);
        match (parts.next()?, parts.nth(1).unwrap_or_default()) {
            ("audit", _) if path.ends_with("/find") => ok("/audit/find?q=darjeeling", Value::Null),
            ("store", _) if path.contains("/actor/") => deleted(format!("/store/actor/{}", self.actor)),
            ("store", _) => of_store(key, &self.shop.app_id),
            ("product" | "admin", _) => self.of_products(key).await,
            ("customer", "address") => self.of_addresses(key).await,
            ("customer", "email") => self.of_emails(key).await,
            ("customer", "cart") => self.of_carts(key).await,
            ("customer", _) if path.contains("/credit") => self.of_credits(key).await,
            ("customer", _) => self.of_customers(key).await,
            ("invoice", _) => self.of_invoices(key).await,
            ("order", _) => self.of_orders(key).await,
            ("giftcard", _) => self.of_gift_cards(key).await,
            ("coupon_code", _) => self.of_coupons(key).await,
            _ => None,
        }
    }

    /// The path with the world's ids in it; `None` where it asks for something else.
    fn filled(&self, path: &str) -> Option<String> {
        let known = [
            ("{customer_id}", self.customer.as_str()),
            ("{address_id}", &self.address),
            ("{email}", &self.email),
            ("{product_id}", &self.product),
            ("{invoice_id}", &self.invoice),
            ("{order_id}", &self.order),
            ("{gift_card_id}", &self.gift_card),
            ("{credit_id_or_amount}", &self.credit),
            ("{code}", &self.coupon),
            ("{job_id}", &self.job),
            ("{actor_id}", &self.actor),
            ("{query}", "darjeeling"),
            ("{n}", "10"),
            ("{kind}", "invoice"),
            ("{object_id}", &self.invoice),
            ("{slug}", "insufficient-inventory"),
        ];
        let path = known.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
        (!path.contains('{')).then_some(path)
    }

    async fn of_products(&self, key: &str) -> Option<Call> {
        match key {
            "POST /product" => created("/product", full_product()),
            "PUT /product/{product_id}" => ok(format!("/product/{}", self.product), changed_product()),
            "DELETE /product/{product_id}" => deleted(format!("/product/{}", self.new_product().await)),
            "DELETE /admin/products/{product_id}" => deleted(format!("/admin/products/{}", self.new_product().await)),
            "PUT /product/{product_id}/inventory" => {
                ok(format!("/product/{}/inventory", self.product), json!({ "amount": 1 }))
            }
            "POST /product/{product_id}/tag/{tag}" => {
                created(format!("/product/{}/tag/new", self.new_product().await), Value::Null)
            }
            "DELETE /product/{product_id}/tag" => {
                deleted(format!("/product/{}/tag?tag={TAG}", self.new_product().await))
            }
            _ => None,
        }
    }

    async fn of_customers(&self, key: &str) -> Option<Call> {
        let of = format!("/customer/{}", self.customer);
        match key {
            "POST /customer" => {
                let addresses = json!([new_address(json!({ "is_primary": true }))]);
                created("/customer", new_customer(json!({ "addresses": addresses })))
            }
            "PUT /customer/login" => ok("/customer/login", json!({ "email": self.email, "password": PASSWORD })),
            "PUT /customer/logout" => ok("/customer/logout", json!({ "email": self.email })),
            "GET /customer/confirm/{token}" | "POST /customer/confirm/{token}" | "PUT /customer/confirm/{token}" => {
                // One address gets few mails.
                let customer = self.new_customer().await;
                ok(format!("/customer/confirm/{}", self.shop.confirmation(&customer).await), Value::Null)
            }
            "PUT /customer/{customer_id}" => ok(of, changed_customer()),
            "DELETE /customer/{customer_id}" => deleted(format!("/customer/{}", self.new_customer().await)),
            "PUT /customer/{customer_id}/send_confirmation" => {
                ok(format!("/customer/{}/send_confirmation", self.new_customer().await), Value::Null)
            }
            "GET /customer/{customer_id}/invoices" => ok(format!("{of}/invoices?closed=true"), Value::Null),
            _ => None,
        }
    }

    async fn of_addresses(&self, key: &str) -> Option<Call> {
        let of = format!("/customer/{}/address", self.customer);
        match key {
            "POST /customer/{customer_id}/address" => created(of, new_address(json!({ "is_primary": false }))),
            "PUT /customer/{customer_id}/address/{address_id}" => {
                ok(format!("{of}/{}", self.address), changed_address())
            }
            "DELETE /customer/{customer_id}/address/{address_id}" => {
                deleted(format!("{of}/{}", self.new_address().await))
            }
            "PUT /customer/{customer_id}/address/{address_id}/make_primary" => {
                ok(format!("{of}/{}/make_primary", self.address), Value::Null)
            }
            _ => None,
        }
    }

    async fn of_emails(&self, key: &str) -> Option<Call> {
        let (of, email) = (format!("/customer/{}/email", self.customer), &self.email);
        match key {
            "POST /customer/{customer_id}/email" => created(of, json!({ "email": new_email() })),
            "POST /customer/{customer_id}/email/{email}" => created(format!("{of}/{}", new_email()), Value::Null),
            "DELETE /customer/{customer_id}/email/{email}" => deleted(format!("{of}/{}", self.new_email().await)),
            "DELETE /customer/{customer_id}/email" => {
                Some(Call { path: of, body: json!({ "email": self.new_email().await }), status: 204 })
            }
            "PUT /customer/{customer_id}/email/make_primary" => {
                ok(format!("{of}/make_primary"), json!({ "email": email }))
            }
            "PUT /customer/{customer_id}/email/{email}/make_primary" => {
                ok(format!("{of}/{email}/make_primary"), Value::Null)
            }
            _ => None,
        }
    }

    async fn of_carts(&self, key: &str) -> Option<Call> {
        let (of, product) = (format!("/customer/{}/cart", self.customer), &self.product);
        match key {
            "POST /customer/{customer_id}/cart" => {
                created(format!("/customer/{}/cart", self.new_customer().await), Value::Null)
            }
            "DELETE /customer/{customer_id}/cart" => {
                ok(format!("/customer/{}/cart", self.shopper().await), Value::Null)
            }
            "POST /customer/{customer_id}/cart/item" => {
                created(format!("{of}/item"), json!([{ "product_id": product, "quantity": 1 }]))
            }
            "DELETE /customer/{customer_id}/cart/item" => {
                ok(format!("/customer/{}/cart/item", self.shopper().await), json!([{ "product_id": product }]))
            }
            "POST /customer/{customer_id}/cart/item/{product_id}" => {
                created(format!("{of}/item/{product}"), json!({ "quantity": 1 }))
            }
            "PUT /customer/{customer_id}/cart/item/{product_id}" => {
                ok(format!("{of}/item/{product}"), json!({ "quantity": 3 }))
            }
            "DELETE /customer/{customer_id}/cart/item/{product_id}" => {
                ok(format!("/customer/{}/cart/item/{product}", self.shopper().await), Value::Null)
            }
            "POST /customer/{customer_id}/cart/billcart" => {
                let path = format!("/customer/{}/cart/billcart", self.shopper().await);
                created(path, json!({ "shipping_amount_in_cents": 1 }))
            }
            _ => None,
        }
    }

    async fn of_invoices(&self, key: &str) -> Option<Call> {
        match key {
            "POST /invoice/{invoice_id}/collected" => {
                created(format!("/invoice/{}/collected", self.new_invoice().await), Value::Null)
            }
            "PUT /invoice/{invoice_id}/failed" => {
                ok(format!("/invoice/{}/failed", self.new_invoice().await), Value::Null)
            }
            "POST /invoice/{invoice_id}/refund" => {
                let invoice = self.collected_invoice().await;
                let line = self.shop.get(&format!("/invoice/{invoice}")).await;
                let line = line.text("/invoice/invoice_line_items/0/invoice_line_item_id");
                let lines = json!([{ "invoice_line_item_id": line, "amount": 1 }]);
                created(format!("/invoice/{invoice}/refund"), lines)
            }
            "PUT /invoice/{invoice_id}/refund/close" => {
                let path = format!("/invoice/{}/refund", self.collected_invoice().await);
                self.shop.post(&format!("{path}?amount=1"), Value::Null).await.expect(201);
                ok(format!("{path}/close"), Value::Null)
            }
            _ => None,
        }
    }

    async fn of_orders(&self, key: &str) -> Option<Call> {
        let moved = match key {
            "PUT /order/{order_id}/shipped" => "shipped",
            "PUT /order/{order_id}/delivered" => "delivered",
            "PUT /order/{order_id}/canceled" => "canceled",
            _ => return None,
        };
        ok(format!("/order/{}/{moved}", self.new_order().await), Value::Null)
    }

    async fn of_gift_cards(&self, key: &str) -> Option<Call> {
        let customer = &self.customer;
        match key {
            "GET /giftcard" => ok(format!("/giftcard?recipientcustomerid={customer}"), Value::Null),
            "POST /giftcard" => {
                let card =
                    json!({ "gifter_customer_id": customer, "recipient_customer_id": customer, "original_amount": 5 });
                created("/giftcard", card)
            }
            "DELETE /giftcard/{gift_card_id}" => {
                deleted(format!("/giftcard/{}", self.shop.gift_card(customer, customer, 1).await))
            }
            _ => None,
        }
    }

    async fn of_credits(&self, key: &str) -> Option<Call> {
        let of = format!("/customer/{}/credit", self.customer);
        match key {
            "POST /customer/{customer_id}/credit/{credit_id_or_amount}" => created(format!("{of}/100"), Value::Null),
            "DELETE /customer/{customer_id}/credit/{credit_id_or_amount}" => {
                deleted(format!("{of}/{}", self.shop.credit(&self.customer, 1).await))
            }
            "POST /customer/credit/{amount}" => {
                Some(Call { path: "/customer/credit/2".to_owned(), body: Value::Null, status: 202 })
            }
            _ => None,
        }
    }

    async fn of_coupons(&self, key: &str) -> Option<Call> {
        match key {
            "POST /coupon_code" => created("/coupon_code", full_coupon()),
            "DELETE /coupon_code/{code}" => {
                deleted(format!("/coupon_code/{}", self.shop.coupon(json!({ "amount": 1 })).await))
            }
            _ => None,
        }
    }

    async fn new_product(&self) -> String {
        self.shop.product_with(json!({ "tags": [TAG] })).await
    }

    async fn new_customer(&self) -> String {
        self.shop.customer().await
    }

    /// A customer with the product in the cart.
    async fn shopper(&self) -> String {
        let shopper = self.shop.customer().await;
        self.shop.add(&shopper, &self.product, 1).await.expect(201);
        shopper
    }

    async fn new_invoice(&self) -> String {
        self.shop.invoice(&self.buyer, &self.product, 1).await
    }

    async fn collected_invoice(&self) -> String {
        let invoice = self.new_invoice().await;
        self.shop.collect(&invoice).await;
        invoice
    }

    async fn new_order(&self) -> String {
        self.shop.collect(&self.new_invoice().await).await
    }

    async fn new_email(&self) -> String {
        let email = new_email();
        self.shop.post(&format!("/customer/{}/email/{email}", self.customer), Value::Null).await.expect(201);
        email
    }

    async fn new_address(&self) -> String {
        let address = self.shop.post(&format!("/customer/{}/address", self.customer), new_address(json!({}))).await;
        address.expect(201).text("/address/address_id")
    }
}

fn of_store(key: &str, app_id: &str) -> Option<Call> {
    match key {
        "POST /store" => created("/store", new_store(&new_app_id(), json!({}))),
        "PUT /store" => ok("/store", json!({ "tagline": "Leaves" })),
        "DELETE /store" => deleted("/store"),
        "POST /store/token" => created("/store/token", json!({ "app_id": app_id, "app_secret": SECRET })),
        "DELETE /store/token" => deleted("/store/token"),
        "PUT /store/secret" => ok("/store/secret", json!({ "app_secret": SECRET })),
        _ => None,
    }
}

/// Every field of a product.
fn full_product() -> Value {
    new_product(json!({
        "description": "First flush", "inventory": 3, "sale_price_in_cents": 250, "tags": ["spring", "black"],
    }))
}

/// Every field that a product's PUT takes.
fn changed_product() -> Value {
    new_product(json!({ "description": null, "sale_price_in_cents": 260 }))
}

/// Every field that a customer's PUT takes, but the email: the world's is used elsewhere.
fn changed_customer() -> Value {
    json!({ "currency": "EUR", "first_name": "Augusta", "last_name": "King", "password": PASSWORD })
}

fn changed_address() -> Value {
    new_address(json!({ "is_primary": "TRUE" }))
}

/// Every field of a coupon.
fn full_coupon() -> Value {
    json!({
        "code": format!("Full-{}", crate::support::number()), "style": "percent_off", "amount": 5,
        "starts_at": "20200101", "expires_at": "99991231", "usage_limit": 5, "usage_limit_per_customer": 2,
        "minimum_amount_in_cents": 100,
    })
}
