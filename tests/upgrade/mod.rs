//! A store that the version before wrote (`make` says how, and with what in it) is opened, served and goes on.

use crate::cli::run::{on_files, signal};
use crate::support::{Answer, Server, TestShop};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

const BEFORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/upgrade/0.1.0");

/// What says today something else than then, on purpose: a field's name, or its resource and name.
const CHANGED: [&str; 2] = [
    // In the currency's own decimals, and of the present currency alone.
    "total_spent",
    "total_spent_in_cents",
];

/// Who was logged in then has been logged out by the time that has passed.
const BY_TIME: [&str; 2] = ["logged_in", "log_out_expires_at"];

/// A request that the version before answered.
#[derive(Debug, serde::Deserialize)]
struct Told {
    store: Option<String>,
    method: String,
    path: String,
    /// The body, to the byte: so its fingerprint was made.
    sent: Option<String>,
    key: Option<String>,
    status: u16,
    answered: Value,
}

/// The data directory as that version left it.
fn unpacked() -> tempfile::TempDir {
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    let data = tempfile::Builder::new().permissions(private).tempdir().expect("a directory");
    for packed in fs::read_dir(BEFORE).expect("the store of the version before") {
        let packed = packed.expect("a file").path();
        if packed.extension().is_some_and(|extension| extension == "gz") {
            let name = packed.file_stem().expect("a name");
            let mut file = File::create(data.path().join(name)).expect("a file");
            io::copy(&mut GzDecoder::new(File::open(&packed).expect("a file")), &mut file).expect("unpacked");
        }
    }
    data
}

fn told() -> Vec<Told> {
    let text = fs::read_to_string(Path::new(BEFORE).join("told.json")).expect("what was told");
    serde_json::from_str(&text).expect("requests and answers")
}

/// The clients of the two stores, and one of nobody, which has no name.
async fn clients(server: &Server) -> HashMap<Option<String>, TestShop> {
    let mut clients = HashMap::from([(None, TestShop::nobody(&server.url).await)]);
    for app_id in ["tea", "yen"] {
        clients.insert(Some(app_id.to_owned()), TestShop::of(server, app_id).await);
    }
    clients
}

async fn repeated(clients: &HashMap<Option<String>, TestShop>, told: &Told) -> Answer {
    let client = &clients[&told.store];
    let client = told.key.as_ref().map_or_else(|| client.clone(), |key| client.keyed(key));
    match &told.sent {
        None => client.send(&told.method, &told.path, Value::Null).await,
        Some(sent) => {
            let json = client.with("Content-Type", "application/json");
            json.send_bytes(&told.method, &told.path, sent.clone().into_bytes()).await
        }
    }
}

/// Whatever was said then is said now; there may be more of it.
fn says_the_same(then: &Value, now: &Value, at: &str) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (name, value) in then.iter().filter(|(name, _)| !CHANGED.contains(&name.as_str())) {
                let now = now.get(name).unwrap_or(&Value::Null);
                if !(BY_TIME.contains(&name.as_str()) && (now.is_null() || *now == false)) {
                    says_the_same(value, now, &format!("{at}/{name}"));
                }
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len(), "{at}");
            then.iter()
                .zip(now)
                .enumerate()
                .for_each(|(n, (then, now))| says_the_same(then, now, &format!("{at}/{n}")));
        }
        (then, now) => assert_eq!(now, then, "{at}"),
    }
}

/// The id of what a creation made, whatever it is.
fn made(answered: &Value) -> &str {
    let resources = [
        ("store", "store_id"),
        ("address", "address_id"),
        ("refund", "refund_id"),
        ("order", "order_id"),
        ("invoice", "invoice_id"),
        ("credit", "credit_id"),
        ("gift_card", "gift_card_id"),
        ("coupon", "coupon_code_id"),
        ("cart", "cart_id"),
        ("customer", "customer_id"),
    ];
    let of_resource = |(resource, id): &(&str, &str)| answered[resource][id].as_str();
    answered["job_id"].as_str().or_else(|| resources.iter().find_map(of_resource)).expect("something was made")
}

#[tokio::test]
async fn what_the_version_before_answered_is_answered_still_and_again_after_a_rebuild() {
    let data = unpacked();
    let server = Server::on_files(data.path(), &[]);
    let clients = clients(&server).await;
    let looks = told().into_iter().filter(|told| told.key.is_none()).collect::<Vec<_>>();
    assert!(looks.len() > 15, "there is something to look at");
    for round in ["opened", "rebuilt"] {
        for told in &looks {
            let answer = repeated(&clients, told).await.expect(told.status);
            says_the_same(&told.answered, &answer.body, &format!("{round}: {}", told.path));
        }
        on_files(data.path(), &["rebuild"]).succeeded();
    }
}

#[tokio::test]
async fn creations_of_the_version_before_are_remembered_with_the_fingerprints_of_then() {
    let data = unpacked();
    let server = Server::on_files(data.path(), &[]);
    let clients = clients(&server).await;
    let keyed = told().into_iter().filter(|told| told.key.is_some()).collect::<Vec<_>>();
    assert!(keyed.len() > 12, "there is something to repeat");
    for told in &keyed {
        let answer = repeated(&clients, told).await.expect(told.status);
        assert_eq!(answer.header("Idempotent-Replayed"), Some("true"), "{told:?}");
        assert_eq!(made(&answer.body), made(&told.answered), "{told:?}");
    }
    for (field, path) in [("app_secret", "/store"), ("password", "/customer"), ("street", "/address")] {
        let told = keyed.iter().find(|told| told.path.ends_with(path)).expect("it was asked");
        let mut body: Value = serde_json::from_str(told.sent.as_ref().expect("a body")).expect("JSON");
        body[field] = json!("quite another");
        let other = clients[&told.store].keyed(told.key.as_ref().expect("a key"));
        other.send(&told.method, &told.path, body).await.problem(422, "IDEMPOTENCY_KEY_REUSED");
    }
}

/// Its events said neither where a gift card came from nor what a line was taxed at.
#[tokio::test]
async fn what_events_of_then_did_not_say_is_shown_as_unknown() {
    let data = unpacked();
    let server = Server::on_files(data.path(), &[]);
    let clients = clients(&server).await;
    let (mut cards, mut lines) = (0, 0);
    for told in told().iter().filter(|told| told.key.is_none()) {
        let answer = repeated(&clients, told).await.expect(told.status);
        if told.path.starts_with("/giftcard/") {
            assert_eq!(answer["gift_card"]["source"], "unstated");
            cards += 1;
        }
        for line in answer["invoice"]["invoice_line_items"].as_array().into_iter().flatten() {
            assert_eq!(line["tax_rate_in_basis_points"], Value::Null);
            lines += 1;
        }
    }
    assert!(cards > 0 && lines > 0, "{cards} gift cards, {lines} lines");
}

#[tokio::test]
async fn the_store_goes_on_where_it_was() {
    let data = unpacked();
    let mut server = Server::on_files(data.path(), &[]);
    let shop = clients(&server).await[&Some("tea".to_owned())].clone();
    let found = |email: &str| format!("/customer?email={email}");
    let bob = shop.get(&found("bob@b%C3%BCcher.example")).await.expect(200).text("/customers/0/customer_id");
    // His open cart has what can't be had any more, and is billed all the same.
    let invoice = shop.bill(&bob).await;
    shop.collect(&invoice).await;
    let customer = shop.customer().await;
    let product = shop.product(5, 1_000).await;
    shop.invoice(&customer, &product, 2).await;
    assert_eq!(shop.stock(&product).await, (3, 2));
    signal(server.pid(), "TERM");
    server.wait();
    let server = Server::on_files(data.path(), &[]);
    assert_eq!(shop.moved_to(&server).stock(&product).await, (3, 2));
}

/// That version kept no hash of what its views and windows had seen.
#[tokio::test]
async fn histories_of_then_are_sound_and_vouched_for_once_the_views_have_seen_them() {
    let data = unpacked();
    let invoice = told().iter().find_map(|told| told.answered["invoice"]["invoice_id"].as_str().map(str::to_owned));
    let object = format!("invoice/{}", invoice.expect("an invoice"));
    let last_event = || {
        let chain = &on_files(data.path(), &["audit", "history", &object, "--json"]).json()["chain"];
        assert_eq!(chain["sound"], true, "{chain:#}");
        chain["last_event"].clone()
    };
    assert_eq!(last_event(), "unvouched");
    let mut server = Server::on_files(data.path(), &[]);
    signal(server.pid(), "TERM");
    server.wait();
    on_files(data.path(), &["rebuild"]).succeeded();
    assert_eq!(last_event(), "vouched");
}

/// The version before may be serving them.
#[test]
fn views_are_filled_ahead_of_the_upgrade_and_log_and_vault_stay_as_they_are() {
    let data = unpacked();
    let bytes = |name: &str| fs::read(data.path().join(name)).expect("it is there");
    let (log, vault, views) = (bytes("log.sqlite"), bytes("vault.sqlite"), bytes("views.sqlite"));
    let reached = on_files(data.path(), &["rebuild", "--ahead", "--json"]).json();
    assert!(reached["position"].as_u64().is_some_and(|position| position > 0), "{reached}");
    assert!(log == bytes("log.sqlite") && vault == bytes("vault.sqlite") && views == bytes("views.sqlite"));
    let server = Server::on_files(data.path(), &[]);
    assert!(!data.path().join("views-ahead.sqlite").exists());
    drop(server);
}
