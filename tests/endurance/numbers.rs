//! Many bill at once, the server is killed meanwhile, views are rebuilt: no number is given twice, none is left out, none changes.

use super::books::Books;
use super::client::{Asked, Client, Says};
use super::knobs;
use super::operator;
use crate::support::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::sync::watch;
use tokio::task::JoinSet;

const LIVES: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_bills_gets_numbers_without_gaps_whatever_dies_and_is_rebuilt() {
    let clients = knobs::count("CARTLOG_TEST_CLIENTS", 64);
    let data = operator::directory();
    let mut server = Server::on(data.path(), &[]);
    let mut client = Client::open(&server.url, json!({})).await;
    let product = client.product(1_000_000, 100).await;
    let made = (0..clients).map(|_| {
        let client = client.clone();
        async move { client.customer("EUR").await }
    });
    let customers = made.collect::<JoinSet<_>>().join_all().await;
    let mut told = BTreeMap::new();
    for life in 1..=LIVES {
        let under_way = bill_until_killed(server, &client, &customers, &product, life, clients / 2).await;
        for (invoice, number) in under_way {
            keep(&mut told, invoice, number);
        }
        // Every other time the views are made anew before anybody asks.
        if life % 2 == 0 {
            operator::rebuild(data.path());
        }
        server = Server::on(data.path(), &[]);
        client = client.moved_to(&server.url);
        let rebuilding = rebuild_beside(data.path());
        let all = customers.iter().map(|customer| bill(client.clone(), customer.clone(), product.clone(), life));
        for answered in all.collect::<JoinSet<_>>().join_all().await {
            let (invoice, number) = answered.expect("the server lives");
            keep(&mut told, invoice, number);
        }
        rebuilding.await.expect("rebuilt");
        let books = Books::read(&client).await;
        books.check();
        assert_eq!(books.invoices.len(), life * clients);
        for invoice in &books.invoices {
            keep(&mut told, text(&invoice["invoice_id"]), text(&invoice["invoice_number"]));
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What was told once is told for ever.
fn keep(told: &mut BTreeMap<String, String>, invoice: String, number: String) {
    let before = told.insert(invoice.clone(), number.clone()).unwrap_or_else(|| number.clone());
    assert_eq!(before, number, "invoice {invoice} had another number");
}

/// Puts one into the cart and bills it, each with a key of that life; `None`: the server died.
async fn bill(client: Client, customer: String, product: String, life: usize) -> Option<(String, String)> {
    let asked = |what: &str, path: String, body: Value| Asked {
        method: "POST",
        path,
        body,
        key: format!("{what} {customer} {life}"),
    };
    let add = asked("add", format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": 1 }));
    let bill = asked("bill", format!("/customer/{customer}/cart/billcart"), Value::Null);
    done(&client, &add).await?;
    let billed = done(&client, &bill).await?;
    match billed.status {
        201 => Some((billed.text("/invoice/invoice_id"), billed.text("/invoice/invoice_number"))),
        // The answer is late, as the server was about to die: the invoice is looked at then.
        _ => {
            let invoice = client
                .ask(&Asked::once("GET", &format!("/invoice/{}", billed.id("invoice")?), Value::Null))
                .await
                .ok()?;
            (invoice.status == 200)
                .then(|| (invoice.text("/invoice/invoice_id"), invoice.text("/invoice/invoice_number")))
        }
    }
}

async fn done(client: &Client, asked: &Asked) -> Option<crate::support::Answer> {
    loop {
        let answer = client.ask(asked).await.ok()?;
        if answer.status != 503 {
            assert!(answer.is_done(), "{}: {:#}", answer.asked, answer.body);
            return Some(answer);
        }
    }
}

/// Lets all bill at once, and kills the server when so many are through; gives what these were told.
async fn bill_until_killed(
    server: Server,
    client: &Client,
    customers: &[String],
    product: &str,
    life: usize,
    enough: usize,
) -> Vec<(String, String)> {
    let (through, mut counted) = watch::channel(0);
    let mut billing = JoinSet::new();
    for customer in customers {
        let (through, client) = (through.clone(), client.clone());
        let (customer, product) = (customer.clone(), product.to_owned());
        billing.spawn(async move {
            let told = bill(client, customer, product, life).await;
            through.send_modify(|through| *through += usize::from(told.is_some()));
            told
        });
    }
    counted.wait_for(|through| *through >= enough).await.expect("they are billing");
    server.kill();
    billing.join_all().await.into_iter().flatten().collect()
}

/// Rebuilds all views of the server that runs there.
fn rebuild_beside(data: &Path) -> tokio::task::JoinHandle<()> {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || operator::rebuild(&data))
}
