//! Who was behind what happened: tokens' names, and people at the store's desk (api.md §1, Who is at the desk).

use crate::support::{Answer, SECRET, Server, TestShop, new_product};
use serde_json::{Value, json};

const NAME: &str = "Zoë Ångström, till 2";

async fn named(shop: &TestShop, name: &str) -> (TestShop, String) {
    let ask = json!({ "app_id": shop.app_id, "app_secret": SECRET, "name": name });
    let issued = shop.anonymous().post("/store/token", ask).await.expect(201);
    (shop.with("ACCESS-TOKEN", &issued.text("/token")), issued.text("/token_id"))
}

async fn audit(shop: &TestShop, object: &str) -> Vec<Value> {
    let page: Answer = shop.get(&format!("/audit/{object}?limit=250")).await.expect(200);
    page["events"].as_array().expect("events").clone()
}

/// A header's value is bytes: names are UTF-8.
fn at_desk(shop: &TestShop, name: &str) -> TestShop {
    shop.with_bytes("Cartlog-Actor", name.as_bytes())
}

#[tokio::test]
async fn audits_show_the_token_and_the_person_of_a_command_and_of_what_follows_from_it() {
    let shop = TestShop::start().await;
    let (till, token_id) = named(&shop, "the till at the door").await;
    let till = at_desk(&till, NAME);
    let product = till.product(10, 250).await;
    let customer = till.customer().await;
    till.add(&customer, &product, 2).await.expect(201);
    let invoice = till.bill(&customer).await;
    let mut system = 0;
    for object in [format!("product/{product}"), format!("cart/{customer}"), format!("invoice/{invoice}")] {
        let events = audit(&shop, &object).await;
        assert!(!events.is_empty());
        for event in events {
            let by = &event["by"];
            assert_eq!(
                (&by["token_id"], &by["token_name"]),
                (&json!(token_id), &json!("the till at the door")),
                "{event:#}"
            );
            assert_eq!(by["actor_name"], NAME, "{event:#}");
            assert!(by["actor_id"].is_string());
            system += usize::from(event["actor"] == "system");
        }
    }
    assert!(system > 0, "what cartlog did by itself names whoever set it off");
    // Somebody else did this, without saying who.
    shop.put(&format!("/product/{product}"), json!({ "title": "Assam" })).await.expect(200);
    let last = audit(&shop, &format!("product/{product}")).await.pop().expect("an event");
    assert!(last["by"]["token_id"].is_string() && last["by"]["token_id"] != token_id.as_str());
    assert_eq!([&last["by"]["token_name"], &last["by"]["actor_id"], &last["by"]["actor_name"]], [&Value::Null; 3]);
}

#[tokio::test]
async fn one_name_is_one_person_in_one_store() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let first = shop.actor("Ada").await;
    assert_eq!(shop.actor("Ada").await, first);
    assert_ne!(shop.actor("ada").await, first);
    assert_ne!(other.actor("Ada").await, first);
    other.delete(&format!("/store/actor/{first}")).await.problem(404, "ACTOR_NOT_FOUND");
    assert_eq!(shop.actor("Ada").await, first);
}

#[tokio::test]
async fn a_forgotten_name_can_be_read_nowhere_and_named_again_is_somebody_new() {
    let shop = TestShop::start().await;
    let (ada, grace) = (shop.actor("Ada").await, shop.actor("Grace").await);
    let path = format!("/store/actor/{ada}");
    shop.delete(&path).await.expect(204);
    shop.delete(&path).await.expect(204);
    let store = shop.get("/store").await.expect(200).text("/store/store_id");
    let events = audit(&shop, &format!("store/{store}")).await;
    let of = |actor: &str| {
        let by = events.iter().map(|event| &event["by"]).find(|by| by["actor_id"] == actor);
        by.map(|by| by["actor_name"].clone())
    };
    assert_eq!((of(&ada), of(&grace)), (Some(Value::Null), Some(json!("Grace"))));
    let told = events.iter().filter(|event| event["type"] == "StoreActorForgotten").count();
    assert_eq!(told, 2, "{events:#?}");
    assert_ne!(shop.actor("Ada").await, ada);
    shop.delete("/store/actor/nonsense").await.problem(404, "ACTOR_NOT_FOUND");
}

#[tokio::test]
async fn a_name_has_its_bounds() {
    let shop = TestShop::start().await;
    let longest = "é".repeat(100);
    at_desk(&shop, &longest).post("/product", new_product(json!({}))).await.expect(201);
    let too_long = "é".repeat(101);
    for name in [b"".as_slice(), too_long.as_bytes(), b"\xff\xfe", b"a\tb"] {
        let named = shop.with_bytes("Cartlog-Actor", name);
        named.post("/product", new_product(json!({}))).await.refuses(&["#/Cartlog-Actor"]);
    }
    // A query has nobody behind it.
    at_desk(&shop, "Ada").get("/store").await.expect(200);
}

#[tokio::test]
async fn a_name_is_in_no_file_in_clear_and_a_tokens_in_the_vault_alone() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (till, _) = named(&shop, "Quixotic till").await;
    till.with("Cartlog-Actor", "Quentin Quire").product(5, 100).await;
    std::process::Command::new("kill").arg(server.pid().to_string()).status().expect("kill runs");
    server.wait();
    let files = std::fs::read_dir(data.path()).expect("the files").map(|file| file.expect("a file").path());
    for file in files.filter(|file| file.is_file()) {
        let bytes = std::fs::read(&file).expect("its bytes");
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!has("Quentin Quire"), "a person in {}", file.display());
        let is_vault = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vault"));
        assert!(is_vault || !has("Quixotic till"), "a token's name in {}", file.display());
    }
}
