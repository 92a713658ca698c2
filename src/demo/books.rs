//! The store's books, read through the API once nobody shops any more: what the checks compare.

use super::shopper::cents;
use super::stage::{Stage, text};
use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything that the store says of itself.
pub struct Books {
    pub products: BTreeMap<String, Stock>,
    pub invoices: Vec<Value>,
    pub orders: Vec<Value>,
    pub gift_cards: Vec<Value>,
    pub credits: Vec<Value>,
    /// Units in open carts, by product.
    pub in_carts: BTreeMap<String, i64>,
    pub open_carts: u64,
    pub customers: u64,
    /// Of the metrics.
    pub streamed: Streamed,
}

/// What a product says of its stock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stock {
    pub inventory: i64,
    pub reserved: i64,
}

/// What the metrics say.
pub struct Streamed {
    pub top_ten: Vec<(String, u64)>,
    pub invoiced_in_cents: i64,
    pub top_coupon: Option<(String, u64)>,
    pub new_customers: i64,
    pub customer_logins: i64,
}

/// Reads them all.
pub async fn read(stage: &Stage) -> Result<Books> {
    let client = &stage.client;
    let mut books = Books {
        products: BTreeMap::new(),
        invoices: client.list("read the books", "/invoice?closed=true&limit=250", "invoices").await?,
        orders: client.list("read the books", "/order?limit=250", "orders").await?,
        gift_cards: Vec::new(),
        credits: Vec::new(),
        in_carts: BTreeMap::new(),
        open_carts: 0,
        customers: 0,
        streamed: streamed(stage).await?,
    };
    for product in client.list("read the books", "/product?limit=250", "products").await? {
        let stock = Stock { inventory: cents(&product["inventory"]), reserved: cents(&product["reserved"]) };
        books.products.insert(text(&product["product_id"])?, stock);
    }
    for customer in &stage.customers {
        let list = |what: &str| format!("/customer/{customer}/{what}?limit=250");
        books.gift_cards.extend(client.list("read the books", &list("giftcards"), "gift_cards").await?);
        books.credits.extend(client.list("read the books", &list("credit"), "credits").await?);
        look_into_cart(&mut books, stage, customer).await?;
    }
    let counted = client.get("read the books", "/customer/count").await?.expect_success("counting customers")?;
    books.customers = counted["count"].as_u64().unwrap_or_default();
    Ok(books)
}

async fn look_into_cart(books: &mut Books, stage: &Stage, customer: &str) -> Result<()> {
    let answer = stage.client.get("read the books", &format!("/customer/{customer}/cart")).await?;
    if answer.error() == "NO_CART_IS_OPEN" {
        return Ok(());
    }
    let cart = answer.expect_success("reading a cart")?;
    books.open_carts += 1;
    for item in cart["cart"]["items"].as_array().into_iter().flatten() {
        *books.in_carts.entry(text(&item["product_id"])?).or_default() += cents(&item["quantity"]);
    }
    Ok(())
}

async fn streamed(stage: &Stage) -> Result<Streamed> {
    let client = &stage.client;
    // The store is younger than a day: the last 24 hours are all of it, wherever its day begins.
    let path = "/streaming/toptencartitems/10?window=24h";
    let top = client.get("read the books", path).await?.expect_success("reading the top ten")?;
    let entry = |product: &Value| -> Result<(String, u64)> {
        Ok((text(&product["product_id"])?, product["number_of_cart_adds"].as_u64().unwrap_or_default()))
    };
    let top_ten = top["products"].as_array().into_iter().flatten().map(entry).collect::<Result<_>>()?;
    let coupon = client.get("read the books", "/streaming/topcoupon").await?;
    let top_coupon = match coupon.status.is_success() {
        false => None,
        true => Some((text(&coupon.body["coupon"]["code"])?, redemptions(&coupon.body))),
    };
    Ok(Streamed {
        top_ten,
        top_coupon,
        invoiced_in_cents: number(stage, "/streaming/invoiceamount").await?,
        new_customers: number(stage, "/streaming/newcustomers").await?,
        customer_logins: number(stage, "/streaming/customerlogin").await?,
    })
}

fn redemptions(body: &Value) -> u64 {
    body["redemptions"].as_u64().or(body["coupon"]["redemptions"].as_u64()).unwrap_or_default()
}

async fn number(stage: &Stage, path: &str) -> Result<i64> {
    let answer = stage.client.get("read the books", path).await?.expect_success("reading a metric")?;
    Ok(cents(&answer["result"]))
}
