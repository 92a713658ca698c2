//! A customer's email addresses (api.md §4).

use crate::support::{PASSWORD, TestShop, new_customer, new_email};
use serde_json::{Value, json};

#[tokio::test]
async fn emails_are_added_by_path_or_body_kept_as_given_and_compared_in_any_case() {
    let shop = TestShop::start().await;
    let (primary, second, third) = (new_email(), new_email(), new_email());
    let path = format!("/customer/{}/email", shop.unconfirmed_with(json!({ "email": primary })).await);
    let added = shop.post(&format!("{path}/{}", second.to_uppercase()), Value::Null).await.expect(201);
    assert_eq!(added.each("/customer/emails", "email"), [primary.as_str(), &second.to_uppercase()]);
    assert_eq!(added.each("/customer/emails", "is_primary"), [true, false]);
    let added = shop.post(&format!("{path}?is_primary=TRUE"), json!({ "email": third })).await.expect(201);
    assert_eq!(added.each("/customer/emails", "is_primary"), [false, false, true]);
    assert_eq!(added.text("/customer/email"), third);
    let fourth = new_email();
    let added = shop.post(&format!("{path}/{fourth}?is_primary=true"), Value::Null).await.expect(201);
    assert_eq!(added.text("/customer/email"), fourth);

    for taken in [&second, &second.to_uppercase(), &primary] {
        shop.post(&format!("{path}/{taken}"), Value::Null).await.problem(409, "EMAIL_ALREADY_EXISTS");
        shop.post(&path, json!({ "email": taken })).await.problem(409, "EMAIL_ALREADY_EXISTS");
    }
    let other = shop.unconfirmed_with(json!({})).await;
    shop.post(&format!("/customer/{other}/email/{second}"), Value::Null).await.problem(409, "EMAIL_ALREADY_EXISTS");
    shop.post(&format!("{path}/nonsense"), Value::Null).await.refuses(&["#/email"]);
    shop.post(&path, json!({ "email": "nonsense" })).await.refuses(&["#/email"]);
    shop.post(&path, json!({ "email": new_email(), "is_primary": true })).await.refuses(&["#/is_primary"]);
    shop.post(&format!("{path}?is_primary=maybe"), json!({ "email": new_email() })).await.refuses(&["#/is_primary"]);
    shop.post(&path, Value::Null).await.refuses(&["#/email"]);
}

#[tokio::test]
async fn an_email_in_use_is_refused_also_under_concurrency() {
    let shop = TestShop::start().await;
    let (one, two, email) =
        (shop.unconfirmed_with(json!({})).await, shop.unconfirmed_with(json!({})).await, new_email());
    let paths: Vec<_> =
        [&one, &two, &one, &two].iter().map(|customer| format!("/customer/{customer}/email/{email}")).collect();
    let answers = futures::future::join_all(paths.iter().map(|path| shop.post(path, Value::Null))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "EMAIL_ALREADY_EXISTS");
    }
}

#[tokio::test]
async fn the_mark_of_the_primary_email_moves_by_path_or_body() {
    let shop = TestShop::start().await;
    let (first, second) = (new_email(), new_email());
    let path = format!("/customer/{}/email", shop.unconfirmed_with(json!({ "email": first })).await);
    shop.post(&format!("{path}/{second}"), Value::Null).await.expect(201);
    let moved = shop.put(&format!("{path}/{}/make_primary", second.to_uppercase()), Value::Null).await.expect(200);
    assert_eq!(moved.text("/customer/email"), second);
    assert_eq!(moved.each("/customer/emails", "is_primary"), [false, true]);
    let moved = shop.put(&format!("{path}/make_primary"), json!({ "email": first })).await.expect(200);
    assert_eq!(moved.text("/customer/email"), first);
    let again = shop.put(&format!("{path}/{first}/make_primary"), Value::Null).await.expect(200);
    assert_eq!(again["customer"], moved["customer"]);
    shop.put(&format!("{path}/{}/make_primary", new_email()), Value::Null).await.problem(404, "EMAIL_NOT_FOUND");
    shop.put(&format!("{path}/make_primary"), json!({ "email": "nobody" })).await.problem(404, "EMAIL_NOT_FOUND");
    shop.put(&format!("{path}/make_primary"), Value::Null).await.refuses(&["#/email"]);
}

#[tokio::test]
async fn a_deleted_email_is_not_listed_and_can_be_used_again_and_the_primary_one_stays() {
    let shop = TestShop::start().await;
    let (primary, second) = (new_email(), new_email());
    let customer = shop.unconfirmed_with(json!({ "email": primary })).await;
    let path = format!("/customer/{customer}/email");
    let remove = async |email: &str| shop.send("DELETE", &path, json!({ "email": email })).await;
    shop.post(&format!("{path}/{second}"), Value::Null).await.expect(201);
    remove(&primary).await.problem(409, "PRIMARY_EMAIL");
    remove(&second.to_uppercase()).await.expect(204);
    assert_eq!(shop.get(&format!("/customer/{customer}")).await.each("/customer/emails", "email"), [primary.as_str()]);
    remove(&second).await.problem(404, "EMAIL_NOT_FOUND");
    shop.send("DELETE", &path, Value::Null).await.refuses(&["#/email"]);
    // A body of DELETE does not get through everywhere, so the path does as well.
    shop.post(&format!("{path}/{second}"), Value::Null).await.expect(201);
    shop.delete(&format!("{path}/{primary}")).await.problem(409, "PRIMARY_EMAIL");
    shop.delete(&format!("{path}/{}", second.to_uppercase().replace('@', "%40"))).await.expect(204);
    shop.delete(&format!("{path}/{second}")).await.problem(404, "EMAIL_NOT_FOUND");
    shop.unconfirmed_with(json!({ "email": second })).await;
}

/// A letter that is composed or not, a domain in its own letters or in Punycode: one mailbox, which is shown as it was given.
#[tokio::test]
async fn all_spellings_of_a_mailbox_are_one_email() {
    let shop = TestShop::start().await;
    let name = new_email().split('@').next().unwrap_or_default().to_owned();
    let given = format!("Zoe\u{308}.{name}@Bücher.example");
    let spelled = [format!("zoë.{name}@bücher.example"), format!("ZOË.{name}@xn--bcher-kva.example"), given.clone()];
    let customer = shop.unconfirmed_with(json!({ "email": given })).await;
    let path = format!("/customer/{customer}");
    assert_eq!(shop.get(&path).await.text("/customer/email"), given);
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for email in &spelled {
        shop.post("/customer", new_customer(json!({ "email": email }))).await.problem(409, "CUSTOMER_ALREADY_EXISTS");
        let log_in = json!({ "email": email, "password": PASSWORD });
        assert_eq!(shop.put("/customer/login", log_in).await.expect(200).text("/customer/customer_id"), customer);
        shop.put("/customer/logout", json!({ "email": email })).await.expect(200);
        let found = shop.get(&format!("/customer?email={}", escaped(email))).await.expect(200);
        assert_eq!(found.each("/customers", "email"), [given.as_str()], "{email}");
        assert_eq!(shop.get(&format!("/customer/count?email={}", escaped(email))).await.expect(200)["count"], 1);
    }
    // Letters are not folded.
    for other in [format!("zoe.{name}@bücher.example"), format!("zoë.{name}@buecher.example")] {
        shop.unconfirmed_with(json!({ "email": other })).await;
    }
    let second = new_email();
    shop.post(&format!("{path}/email/{second}?is_primary=true"), Value::Null).await.expect(201);
    shop.send("DELETE", &format!("{path}/email"), json!({ "email": spelled[1] })).await.expect(204);
    shop.unconfirmed_with(json!({ "email": spelled[0] })).await;
}

#[tokio::test]
async fn a_password_is_the_same_however_it_is_typed() {
    let shop = TestShop::start().await;
    let (email, composed, decomposed) = (new_email(), "caf\u{e9} noir", "cafe\u{301}\u{a0}noir");
    shop.unconfirmed_with(json!({ "email": email, "password": decomposed })).await;
    let log_in =
        async |password: &str| shop.put("/customer/login", json!({ "email": email, "password": password })).await;
    log_in(composed).await.expect(200);
    log_in(decomposed).await.expect(200);
    log_in("cafe noir").await.problem(401, "INVALID_CREDENTIALS");
}
