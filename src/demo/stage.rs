//! Sets the stage: a store with products and coupons, and customers with something to spend.

use super::catalogue;
use super::client::Client;
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Customers that are made at the same time: each costs a password hash.
const AT_ONCE: usize = 8;

/// The store as it is before anybody shops.
pub struct Stage {
    pub client: Client,
    pub app_id: String,
    pub app_secret: String,
    /// The products' ids, and how many there were of each.
    pub stock: BTreeMap<String, i64>,
    pub products: Vec<String>,
    pub titles: BTreeMap<String, String>,
    pub customers: Vec<String>,
    pub coupons: [&'static str; 2],
    /// What was given away before anybody shopped.
    pub gift_cards_in_cents: i64,
    pub credits_in_cents: i64,
}

/// Makes it all, through the API as any client would.
pub async fn set(server: &str, shoppers: usize, rng: &mut StdRng) -> Result<Stage> {
    let (client, app_id, app_secret) = open_store(server).await?;
    let mut stage = Stage {
        client,
        app_id,
        app_secret,
        stock: BTreeMap::new(),
        products: Vec::new(),
        titles: BTreeMap::new(),
        customers: Vec::new(),
        coupons: ["WELCOME10", "FIVE-OFF"],
        gift_cards_in_cents: 0,
        credits_in_cents: 0,
    };
    stock_up(&mut stage, shoppers, rng).await?;
    print_coupons(&stage).await?;
    stage.customers = invite(&stage.client, shoppers, rng).await?;
    give_away(&mut stage, rng).await?;
    Ok(stage)
}

async fn open_store(server: &str) -> Result<(Client, String, String)> {
    let client = Client::new(server)?;
    let app_id = format!("demo-{:016x}", crate::random::seed());
    let app_secret = format!("{:016x}{:016x}", crate::random::seed(), crate::random::seed());
    let store = json!({
        "name": "The Demo Tea House", "app_id": app_id, "app_secret": app_secret, "tax_rate_in_basis_points": 700,
    });
    client.post("create store", "/store", Some(store)).await?.expect_success("creating a store")?;
    let credentials = json!({ "app_id": app_id, "app_secret": app_secret });
    let token = client.post("get token", "/store/token", Some(credentials)).await?.expect_success("getting a token")?;
    let token = token["token"].as_str().context("the server answered without a token")?;
    Ok((client.with_token(&app_id, token), app_id, app_secret))
}

async fn stock_up(stage: &mut Stage, shoppers: usize, rng: &mut StdRng) -> Result<()> {
    // So much that most can buy, and so little that some can't.
    let stock = 200 + 40 * i64::try_from(shoppers)?;
    for (product, inventory) in catalogue::products(rng, stock) {
        let title = text(&product["title"])?;
        let made = stage
            .client
            .post("create product", "/product", Some(product))
            .await?
            .expect_success("creating a product")?;
        let id = text(&made["product"]["product_id"])?;
        stage.stock.insert(id.clone(), inventory);
        stage.titles.insert(id.clone(), title);
        stage.products.push(id);
    }
    Ok(())
}

async fn print_coupons(stage: &Stage) -> Result<()> {
    let [percent, dollars] = stage.coupons;
    let coupons = [
        json!({ "code": percent, "style": "percent_off", "amount": 10 }),
        json!({ "code": dollars, "style": "dollars_off", "amount": 500, "minimum_amount_in_cents": 2_000 }),
    ];
    for coupon in coupons {
        stage.client.post("create coupon", "/coupon_code", Some(coupon)).await?.expect_success("creating a coupon")?;
    }
    Ok(())
}

/// Makes confirmed customers, some at a time.
async fn invite(client: &Client, shoppers: usize, rng: &mut StdRng) -> Result<Vec<String>> {
    let mut progress = Progress::new("inviting customers", "customers");
    let (mut tasks, mut customers) = (JoinSet::new(), Vec::with_capacity(shoppers));
    for number in 0..shoppers {
        if tasks.len() >= AT_ONCE {
            customers.extend(next(&mut tasks).await?);
            progress.at(customers.len() as u64, shoppers as u64);
        }
        let (client, customer) = (client.clone(), catalogue::customer(rng, number));
        tasks.spawn(async move { confirmed(&client, customer).await });
    }
    while let Some(customer) = next(&mut tasks).await? {
        customers.push(customer);
    }
    // In one order, whoever was made first, so that a seed picks the same ones again.
    customers.sort();
    Ok(customers)
}

async fn next(tasks: &mut JoinSet<Result<String>>) -> Result<Option<String>> {
    match tasks.join_next().await {
        None => Ok(None),
        Some(joined) => joined.context("making a customer broke off")?.map(Some),
    }
}

async fn confirmed(client: &Client, customer: Value) -> Result<String> {
    let made =
        client.post("create customer", "/customer", Some(customer)).await?.expect_success("creating a customer")?;
    let id = text(&made["customer"]["customer_id"])?;
    let sent = client.put("confirm", &format!("/customer/{id}/send_confirmation"), None).await?;
    let sent = sent.expect_success("sending a confirmation")?;
    let token = text(&sent["result"])?;
    if token == "ok" {
        bail!(
            "this server sends its mail by SMTP, so the demo can't read the confirmation; \
             run it against a server without --smtp-url, or without --server against one of its own"
        );
    }
    client
        .put("confirm", &format!("/customer/confirm/{token}"), None)
        .await?
        .expect_success("confirming a customer")?;
    Ok(id)
}

/// A gift card for some, a credit for others.
async fn give_away(stage: &mut Stage, rng: &mut StdRng) -> Result<()> {
    for (number, customer) in stage.customers.iter().enumerate() {
        let amount: i64 = rng.random_range(500..=5_000);
        match number % 3 {
            0 => {
                let gifter = &stage.customers[(number + 1) % stage.customers.len()];
                stage
                    .client
                    .post("give", "/giftcard", Some(gift_card(gifter, customer, amount)))
                    .await?
                    .expect_success("giving a card")?;
                stage.gift_cards_in_cents += amount;
            }
            1 => {
                let path = format!("/customer/{customer}/credit/{amount}");
                stage.client.post("give", &path, None).await?.expect_success("giving a credit")?;
                stage.credits_in_cents += amount;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The body that gives a gift card.
pub fn gift_card(gifter: &str, recipient: &str, amount: i64) -> Value {
    json!({ "gifter_customer_id": gifter, "recipient_customer_id": recipient, "original_amount": amount })
}

/// A text of an answer.
pub fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("the server answered without a field that the contract promises")
}
