//! Credits, of one customer and of all (api.md §9).

use crate::support::{Answer, TestShop};
use serde_json::{Value, json};

#[tokio::test]
async fn a_credit_has_its_fields() {
    let shop = TestShop::start().await;
    let customer = shop.customer().await;
    let made = shop.post(&format!("/customer/{customer}/credit/250"), Value::Null).await.expect(201);
    let credit = &made["credit"];
    assert_eq!(credit["store_id"], shop.get("/store").await["store"]["store_id"]);
    assert_eq!((&credit["customer_id"], &credit["currency"]), (&json!(customer), &json!("EUR")));
    assert_eq!((&credit["original_balance_in_cents"], &credit["current_balance_in_cents"]), (&json!(250), &json!(250)));
    assert_eq!((&credit["redemptions"], &credit["source"]), (&json!([]), &json!("issued")));
    assert_eq!(credit["voided_at"], Value::Null);
    let path = format!("/customer/{customer}/credit/{}", made.text("/credit/credit_id"));
    assert_eq!(credit["links"][0], json!({ "rel": "self", "href": path }));
    assert_eq!(shop.get(&path).await.expect(200).body, made.body);
}

#[tokio::test]
async fn an_amount_in_a_path_is_an_integer_above_0_and_at_most_10_to_the_13th() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    for path in [format!("/customer/{customer}/credit"), "/customer/credit".to_owned()] {
        for bad in ["0", "-1", "1.5", "1e3", "ten", "%201", "+1", "%D9%A1", "0x10"] {
            shop.post(&format!("{path}/{bad}"), Value::Null).await.refuses(&["#/amount"]);
        }
        for beyond in ["10000000000001", "9223372036854775808", "99999999999999999999999999"] {
            shop.post(&format!("{path}/{beyond}"), Value::Null).await.problem(400, "AMOUNT_OUT_OF_RANGE");
        }
    }
    let most = shop.post(&format!("/customer/{customer}/credit/10000000000000"), Value::Null).await.expect(201);
    assert_eq!(most.number("/credit/current_balance_in_cents"), 10_000_000_000_000);
    shop.post("/customer/nobody/credit/5", Value::Null).await.problem(404, "CUSTOMER_NOT_FOUND");
}

#[tokio::test]
async fn a_customers_credits_are_listed_and_are_nobody_elses() {
    let shop = TestShop::start().await;
    let (ada, eve) = (shop.customer().await, shop.customer().await);
    let product = shop.product(9, 60).await;
    let spent = shop.credit(&ada, 60).await;
    let invoice = shop.invoice(&ada, &product, 1).await;
    let (voided, good) = (shop.credit(&ada, 5).await, shop.credit(&ada, 6).await);
    shop.delete(&format!("/customer/{ada}/credit/{voided}")).await.expect(204);
    let path = format!("/customer/{ada}/credit");
    assert_eq!(shop.get(&path).await.expect(200).each("/credits", "credit_id"), [good.as_str(), &voided, &spent]);
    assert_eq!(shop.get(&format!("{path}?active=true")).await.each("/credits", "credit_id"), [good.as_str()]);
    assert_eq!(shop.get(&format!("{path}?active=false")).await.each("/credits", "credit_id").len(), 3);
    assert_eq!(shop.get(&format!("/customer/{eve}/credit")).await.expect(200)["credits"], json!([]));
    shop.get(&format!("{path}?active=yes")).await.refuses(&["#/active"]);

    let used = shop.get(&format!("{path}/{spent}")).await.expect(200);
    let redemption = &used["credit"]["redemptions"][0];
    assert_eq!((&redemption["credit_id"], &redemption["invoice_id"]), (&json!(spent), &json!(invoice)));
    assert_eq!((&redemption["amount_in_cents"], &redemption["remaining_balance_in_cents"]), (&json!(60), &json!(0)));
    let invoice = shop.get(&format!("/invoice/{invoice}")).await.expect(200);
    for same in ["credit_redemption_id", "credit_id", "amount_in_cents", "remaining_balance_in_cents"] {
        assert_eq!(invoice["invoice"]["credit_redemptions"][0][same], redemption[same], "{same}");
    }

    for stranger in [format!("/customer/{eve}/credit/{good}"), format!("{path}/nobody")] {
        shop.get(&stranger).await.problem(404, "CREDIT_NOT_FOUND");
        shop.delete(&stranger).await.problem(404, "CREDIT_NOT_FOUND");
        shop.get(&format!("{stranger}/history")).await.problem(404, "CREDIT_NOT_FOUND");
    }
    shop.get("/customer/nobody/credit").await.problem(404, "CUSTOMER_NOT_FOUND");
    assert_eq!(shop.get(&format!("{path}/{good}")).await.number("/credit/current_balance_in_cents"), 6);
}

#[tokio::test]
async fn a_void_credit_has_nothing_left_for_ever() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(9, 60).await);
    let path = format!("/customer/{customer}/credit/{}", shop.credit(&customer, 100).await);
    let invoice = shop.invoice(&customer, &product, 1).await;
    assert_eq!(shop.delete(&path).await.expect(204).body, Value::Null);
    let voided = shop.get(&path).await.expect(200);
    assert_eq!(voided.number("/credit/current_balance_in_cents"), 0);
    assert!(voided["credit"]["voided_at"].is_string());
    shop.delete(&path).await.expect(204);
    shop.put(&format!("/invoice/{invoice}/failed"), Value::Null).await.expect(200);
    assert_eq!(shop.get(&path).await.number("/credit/current_balance_in_cents"), 0);
}

/// Asks until the job is complete.
async fn complete(shop: &TestShop, job: &str) -> Answer {
    loop {
        let status = shop.get(&format!("/customer/credit/status/{job}")).await.expect(200);
        assert!(status.number("/issued") <= status.number("/total"), "{:#}", status.body);
        if status["result"] == "complete" {
            return status;
        }
        assert_eq!(status["result"], "running");
    }
}

#[tokio::test]
async fn every_customer_of_the_store_gets_a_batch_credit_once() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let (ada, eve) =
        (shop.unconfirmed_with(json!({})).await, shop.unconfirmed_with(json!({ "currency": "JPY" })).await);
    let gone = shop.unconfirmed_with(json!({})).await;
    shop.delete(&format!("/customer/{gone}")).await.expect(204);
    let stranger = other.unconfirmed_with(json!({})).await;
    let started = shop.post("/customer/credit/25", Value::Null).await.expect(202);
    let job = started.text("/job_id");
    let late = shop.unconfirmed_with(json!({})).await;
    assert_eq!(complete(&shop, &job).await.body, json!({ "result": "complete", "issued": 2, "total": 2 }));
    for (customer, currency) in [(&ada, "EUR"), (&eve, "JPY")] {
        let credits = shop.get(&format!("/customer/{customer}/credit")).await.expect(200);
        assert_eq!(credits.each("/credits", "source"), ["batch"]);
        assert_eq!(credits.each("/credits", "current_balance_in_cents"), [25]);
        assert_eq!(credits.each("/credits", "currency"), [currency]);
    }
    assert_eq!(shop.get(&format!("/customer/{late}/credit")).await["credits"], json!([]), "came after it began");
    assert_eq!(other.get(&format!("/customer/{stranger}/credit")).await["credits"], json!([]));
    other.get(&format!("/customer/credit/status/{job}")).await.problem(404, "JOB_NOT_FOUND");
    shop.get("/customer/credit/status/nonsense").await.problem(404, "JOB_NOT_FOUND");
}

#[tokio::test]
async fn a_store_without_customers_has_a_complete_job_at_once_or_soon() {
    let shop = TestShop::start().await;
    let job = shop.post("/customer/credit/25", Value::Null).await.expect(202).text("/job_id");
    assert_eq!(complete(&shop, &job).await.body, json!({ "result": "complete", "issued": 0, "total": 0 }));
}
