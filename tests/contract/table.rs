//! How every operation is called so that it succeeds. The sweeping tests ask here for each operation of the document, so one
//! that is missing fails them.

use crate::support::{
    Operation, PASSWORD, TestShop, new_address, new_app_id, new_customer, new_email, new_product, new_store,
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
}

/// A call that succeeds.
pub struct Case {
    /// Who calls.
    pub shop: TestShop,
    pub path: String,
    pub body: Value,
    pub status: u16,
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
        Self { shop, customer, buyer, email, address, product, invoice, order, gift_card, credit, coupon, job }
    }

    /// Whether nobody has deleted what most cases are about, given it away, or sold it out.
    pub async fn is_alive(&self) -> bool {
        let customer = self.shop.get(&format!("/customer/{}", self.customer)).await;
        let product = self.shop.get(&format!("/product/{}", self.product)).await;
        let at_least = |field, least| product.body["product"][field].as_i64().is_some_and(|number| number >= least);
        customer.status == 200 && at_least("sale_price_in_cents", 1) && at_least("inventory", 1_000)
    }

    /// What another store must never see.
    pub fn secrets(&self) -> [&str; 10] {
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
        ]
    }

    /// The call of an operation; `None` for one that nobody has thought of.
    pub async fn case(&self, operation: &Operation<'_>) -> Option<Case> {
        let Self { customer, email, address, product, invoice, order, gift_card, credit, coupon, job, .. } = self;
        let (ok, created, deleted) = (200, 201, 204);
        let key = format!("{} {}", operation.method, operation.path);
        let (path, body, status) = match key.as_str() {
            "POST /store" => ("/store".to_owned(), new_store(&new_app_id(), json!({})), created),
            "GET /store" => ("/store".to_owned(), Value::Null, ok),
            "PUT /store" => ("/store".to_owned(), json!({ "tagline": "Leaves" }), ok),
            "DELETE /store" => return Some(self.elsewhere("/store").await),
            "POST /store/token" => {
                let credentials = json!({ "app_id": self.shop.app_id, "app_secret": crate::support::SECRET });
                ("/store/token".to_owned(), credentials, created)
            }
            "DELETE /store/token" => return Some(self.elsewhere("/store/token").await),
            "PUT /store/secret" => ("/store/secret".to_owned(), json!({ "app_secret": crate::support::SECRET }), ok),
            "GET /store/history" => ("/store/history".to_owned(), Value::Null, ok),

            "GET /product" => ("/product".to_owned(), Value::Null, ok),
            "POST /product" => ("/product".to_owned(), full_product(), created),
            "GET /product/count" => ("/product/count".to_owned(), Value::Null, ok),
            "GET /product/search/{query}" => ("/product/search/darjeeling".to_owned(), Value::Null, ok),
            "GET /product/{product_id}" => (format!("/product/{product}"), Value::Null, ok),
            "PUT /product/{product_id}" => (format!("/product/{product}"), changed_product(), ok),
            "DELETE /product/{product_id}" => (format!("/product/{}", self.new_product().await), Value::Null, deleted),
            "DELETE /admin/products/{product_id}" => {
                (format!("/admin/products/{}", self.new_product().await), Value::Null, deleted)
            }
            "PUT /product/{product_id}/inventory" => {
                (format!("/product/{product}/inventory"), json!({ "amount": 1 }), ok)
            }
            "POST /product/{product_id}/tag/{tag}" => {
                (format!("/product/{}/tag/new", self.new_product().await), Value::Null, created)
            }
            "DELETE /product/{product_id}/tag" => {
                (format!("/product/{}/tag?tag={TAG}", self.new_product().await), Value::Null, deleted)
            }
            "GET /product/{product_id}/history" => (format!("/product/{product}/history"), Value::Null, ok),

            "GET /customer" => ("/customer".to_owned(), Value::Null, ok),
            "POST /customer" => (
                "/customer".to_owned(),
                new_customer(json!({ "addresses": [new_address(json!({ "is_primary": true }))] })),
                created,
            ),
            "GET /customer/count" => ("/customer/count".to_owned(), Value::Null, ok),
            "PUT /customer/login" => {
                ("/customer/login".to_owned(), json!({ "email": email, "password": PASSWORD }), ok)
            }
            "PUT /customer/logout" => ("/customer/logout".to_owned(), json!({ "email": email }), ok),
            "GET /customer/confirm/{token}" | "POST /customer/confirm/{token}" | "PUT /customer/confirm/{token}" => {
                // One address gets few mails.
                let customer = self.new_customer().await;
                (format!("/customer/confirm/{}", self.shop.confirmation(&customer).await), Value::Null, ok)
            }
            "GET /customer/{customer_id}" => (format!("/customer/{customer}"), Value::Null, ok),
            "PUT /customer/{customer_id}" => (format!("/customer/{customer}"), changed_customer(), ok),
            "DELETE /customer/{customer_id}" => {
                (format!("/customer/{}", self.new_customer().await), Value::Null, deleted)
            }
            "GET /customer/{customer_id}/snapshot" => (format!("/customer/{customer}/snapshot"), Value::Null, ok),
            "GET /customer/{customer_id}/history" => (format!("/customer/{customer}/history"), Value::Null, ok),
            "PUT /customer/{customer_id}/send_confirmation" => {
                (format!("/customer/{}/send_confirmation", self.new_customer().await), Value::Null, ok)
            }
            "GET /customer/{customer_id}/address" => (format!("/customer/{customer}/address"), Value::Null, ok),
            "POST /customer/{customer_id}/address" => {
                (format!("/customer/{customer}/address"), new_address(json!({ "is_primary": false })), created)
            }
            "PUT /customer/{customer_id}/address/{address_id}" => {
                (format!("/customer/{customer}/address/{address}"), changed_address(), ok)
            }
            "DELETE /customer/{customer_id}/address/{address_id}" => {
                (format!("/customer/{customer}/address/{}", self.new_address().await), Value::Null, deleted)
            }
            "PUT /customer/{customer_id}/address/{address_id}/make_primary" => {
                (format!("/customer/{customer}/address/{address}/make_primary"), Value::Null, ok)
            }
            "POST /customer/{customer_id}/email" => {
                (format!("/customer/{customer}/email"), json!({ "email": new_email() }), created)
            }
            "POST /customer/{customer_id}/email/{email}" => {
                (format!("/customer/{customer}/email/{}", new_email()), Value::Null, created)
            }
            "DELETE /customer/{customer_id}/email/{email}" => {
                (format!("/customer/{customer}/email/{}", self.new_email().await), Value::Null, deleted)
            }
            "DELETE /customer/{customer_id}/email" => {
                (format!("/customer/{customer}/email"), json!({ "email": self.new_email().await }), deleted)
            }
            "PUT /customer/{customer_id}/email/make_primary" => {
                (format!("/customer/{customer}/email/make_primary"), json!({ "email": email }), ok)
            }
            "PUT /customer/{customer_id}/email/{email}/make_primary" => {
                (format!("/customer/{customer}/email/{email}/make_primary"), Value::Null, ok)
            }

            "GET /customer/{customer_id}/cart" => (format!("/customer/{customer}/cart"), Value::Null, ok),
            "POST /customer/{customer_id}/cart" => {
                (format!("/customer/{}/cart", self.new_customer().await), Value::Null, created)
            }
            "DELETE /customer/{customer_id}/cart" => {
                (format!("/customer/{}/cart", self.shopper().await), Value::Null, ok)
            }
            "GET /customer/{customer_id}/carts" => (format!("/customer/{customer}/carts"), Value::Null, ok),
            "POST /customer/{customer_id}/cart/item" => {
                (format!("/customer/{customer}/cart/item"), json!([{ "product_id": product, "quantity": 1 }]), created)
            }
            "DELETE /customer/{customer_id}/cart/item" => {
                (format!("/customer/{}/cart/item", self.shopper().await), json!([{ "product_id": product }]), ok)
            }
            "POST /customer/{customer_id}/cart/item/{product_id}" => {
                (format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": 1 }), created)
            }
            "PUT /customer/{customer_id}/cart/item/{product_id}" => {
                (format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": 3 }), ok)
            }
            "DELETE /customer/{customer_id}/cart/item/{product_id}" => {
                (format!("/customer/{}/cart/item/{product}", self.shopper().await), Value::Null, ok)
            }
            "POST /customer/{customer_id}/cart/billcart" => (
                format!("/customer/{}/cart/billcart", self.shopper().await),
                json!({ "shipping_amount_in_cents": 1 }),
                created,
            ),
            "GET /customer/{customer_id}/cart/history" => {
                (format!("/customer/{customer}/cart/history"), Value::Null, ok)
            }

            "GET /invoice" => ("/invoice".to_owned(), Value::Null, ok),
            "GET /invoice/{invoice_id}" => (format!("/invoice/{invoice}"), Value::Null, ok),
            "POST /invoice/{invoice_id}/collected" => {
                (format!("/invoice/{}/collected", self.new_invoice().await), Value::Null, created)
            }
            "PUT /invoice/{invoice_id}/failed" => {
                (format!("/invoice/{}/failed", self.new_invoice().await), Value::Null, ok)
            }
            "GET /invoice/{invoice_id}/refund" => (format!("/invoice/{invoice}/refund"), Value::Null, ok),
            "POST /invoice/{invoice_id}/refund" => {
                let invoice = self.collected_invoice().await;
                let line = self.shop.get(&format!("/invoice/{invoice}")).await;
                let line = line.text("/invoice/invoice_line_items/0/invoice_line_item_id");
                let lines = json!([{ "invoice_line_item_id": line, "amount": 1 }]);
                (format!("/invoice/{invoice}/refund"), lines, created)
            }
            "PUT /invoice/{invoice_id}/refund/close" => {
                let path = format!("/invoice/{}/refund", self.collected_invoice().await);
                self.shop.post(&format!("{path}?amount=1"), Value::Null).await.expect(201);
                (format!("{path}/close"), Value::Null, ok)
            }
            "GET /invoice/{invoice_id}/history" => (format!("/invoice/{invoice}/history"), Value::Null, ok),
            "GET /customer/{customer_id}/invoices" => {
                (format!("/customer/{customer}/invoices?closed=true"), Value::Null, ok)
            }

            "GET /order" => ("/order".to_owned(), Value::Null, ok),
            "GET /order/{order_id}" => (format!("/order/{order}"), Value::Null, ok),
            "PUT /order/{order_id}/shipped" => (format!("/order/{}/shipped", self.new_order().await), Value::Null, ok),
            "PUT /order/{order_id}/delivered" => {
                (format!("/order/{}/delivered", self.new_order().await), Value::Null, ok)
            }
            "PUT /order/{order_id}/canceled" => {
                (format!("/order/{}/canceled", self.new_order().await), Value::Null, ok)
            }
            "GET /order/{order_id}/history" => (format!("/order/{order}/history"), Value::Null, ok),
            "GET /customer/{customer_id}/orders" => (format!("/customer/{customer}/orders"), Value::Null, ok),

            "GET /giftcard" => (format!("/giftcard?recipientcustomerid={customer}"), Value::Null, ok),
            "POST /giftcard" => {
                let card =
                    json!({ "gifter_customer_id": customer, "recipient_customer_id": customer, "original_amount": 5 });
                ("/giftcard".to_owned(), card, created)
            }
            "GET /giftcard/{gift_card_id}" => (format!("/giftcard/{gift_card}"), Value::Null, ok),
            "DELETE /giftcard/{gift_card_id}" => {
                (format!("/giftcard/{}", self.shop.gift_card(customer, customer, 1).await), Value::Null, deleted)
            }
            "GET /giftcard/{gift_card_id}/history" => (format!("/giftcard/{gift_card}/history"), Value::Null, ok),
            "GET /customer/{customer_id}/giftcards" => (format!("/customer/{customer}/giftcards"), Value::Null, ok),

            "GET /customer/{customer_id}/credit" => (format!("/customer/{customer}/credit"), Value::Null, ok),
            "GET /customer/{customer_id}/credit/{credit_id_or_amount}" => {
                (format!("/customer/{customer}/credit/{credit}"), Value::Null, ok)
            }
            "POST /customer/{customer_id}/credit/{credit_id_or_amount}" => {
                (format!("/customer/{customer}/credit/100"), Value::Null, created)
            }
            "DELETE /customer/{customer_id}/credit/{credit_id_or_amount}" => {
                (format!("/customer/{customer}/credit/{}", self.shop.credit(customer, 1).await), Value::Null, deleted)
            }
            "GET /customer/{customer_id}/credit/{credit_id_or_amount}/history" => {
                (format!("/customer/{customer}/credit/{credit}/history"), Value::Null, ok)
            }
            "POST /customer/credit/{amount}" => ("/customer/credit/2".to_owned(), Value::Null, 202),
            "GET /customer/credit/status/{job_id}" => (format!("/customer/credit/status/{job}"), Value::Null, ok),

            "GET /coupon_code" => ("/coupon_code".to_owned(), Value::Null, ok),
            "POST /coupon_code" => ("/coupon_code".to_owned(), full_coupon(), created),
            "GET /coupon_code/{code}" => (format!("/coupon_code/{coupon}"), Value::Null, ok),
            "DELETE /coupon_code/{code}" => {
                (format!("/coupon_code/{}", self.shop.coupon(json!({ "amount": 1 })).await), Value::Null, deleted)
            }
            "GET /coupon_code/{code}/is_valid" => (format!("/coupon_code/{coupon}/is_valid"), Value::Null, ok),
            "GET /coupon_code/{code}/history" => (format!("/coupon_code/{coupon}/history"), Value::Null, ok),

            "GET /streaming/toptencartitems/{n}" => ("/streaming/toptencartitems/10".to_owned(), Value::Null, ok),
            "GET /streaming/invoiceamount" => ("/streaming/invoiceamount".to_owned(), Value::Null, ok),
            "GET /streaming/topcoupon" => ("/streaming/topcoupon".to_owned(), Value::Null, ok),
            "GET /streaming/newcustomers" => ("/streaming/newcustomers".to_owned(), Value::Null, ok),
            "GET /streaming/customerlogin" => ("/streaming/customerlogin".to_owned(), Value::Null, ok),

            "GET /" => ("/".to_owned(), Value::Null, ok),
            "GET /errors" => ("/errors".to_owned(), Value::Null, ok),
            "GET /errors/{slug}" => ("/errors/insufficient-inventory".to_owned(), Value::Null, ok),
            "GET /healthz" => ("/healthz".to_owned(), Value::Null, ok),
            "GET /readyz" => ("/readyz".to_owned(), Value::Null, ok),
            "GET /metrics" => ("/metrics".to_owned(), Value::Null, ok),
            "GET /openapi.json" => ("/openapi.json".to_owned(), Value::Null, ok),
            "GET /asyncapi.json" => ("/asyncapi.json".to_owned(), Value::Null, ok),
            "GET /docs" => ("/docs".to_owned(), Value::Null, ok),
            _ => return None,
        };
        Some(Case { shop: self.shop.clone(), path, body, status })
    }

    /// What ends a store, or its token, is done to another one.
    async fn elsewhere(&self, path: &str) -> Case {
        Case { shop: self.shop.another().await, path: path.to_owned(), body: Value::Null, status: 204 }
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
