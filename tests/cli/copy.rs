//! A store copied to another place: the copy is the store, wherever it was stopped meanwhile; and what can't be copied says so.

use super::run::{Ran, cartlog, history, run};
use crate::support::{Server, TestShop, new_product};
use futures::future::join_all;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A store in a directory, once more than enough has happened in it.
struct Store {
    directory: tempfile::TempDir,
    shop: TestShop,
    /// What is asked of it, and of its copies.
    paths: Vec<String>,
    objects: Vec<String>,
}

impl Store {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let server = Server::on_files(&directory.path().join("data"), &[]);
        let shop = TestShop::on(&server).await;
        let (customer, product) = (shop.customer().await, shop.product(9, 1_250).await);
        shop.add(&customer, &product, 2).await.expect(201);
        let invoice = shop.bill(&customer).await;
        shop.post(&format!("/invoice/{invoice}/collected"), Value::Null).await.expect(201);
        let paths = [
            "/customer/C",
            "/product/P",
            "/invoice/I",
            "/invoice/I/history",
            "/customer/C/history",
            "/invoice",
            "/store",
        ];
        let named = |path: &&str| path.replace('C', &customer).replace('P', &product).replace('I', &invoice);
        let objects = vec![format!("invoice/{invoice}"), format!("cart/{customer}"), format!("customer/{customer}")];
        Self { shop, paths: paths.iter().map(named).collect(), objects, directory }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.place("data")
    }

    /// Serves it once more, and lets that many things happen.
    async fn grow(&self, times: usize) {
        let server = Server::on_files(&self.data(), &[]);
        let shop = self.shop.moved_to(&server);
        let growing = (0..times).map(|number| {
            let (shop, tea) = (&shop, new_product(json!({ "title": format!("Tea no. {number}") })));
            async move { shop.post("/product", tea).await.expect(201) }
        });
        join_all(growing).await;
    }

    /// What the server on the directory answers.
    async fn answers(&self, data: &Path) -> Vec<Value> {
        let server = Server::on_files(data, &[]);
        let shop = self.shop.moved_to(&server);
        let mut answers = Vec::new();
        for path in &self.paths {
            answers.push(shop.get(path).await.expect(200).body);
        }
        answers
    }

    fn histories(&self, data: &Path) -> Vec<Value> {
        self.objects.iter().map(|object| history(data, object)).collect()
    }
}

fn copy(from: &Path, to: &Path, more: &[&str]) -> Ran {
    run(cartlog(&["copy"]).arg("--from").arg(from).arg("--to").arg(to).args(more))
}

#[tokio::test]
async fn a_copy_answers_as_the_store_did_and_to_the_same_tokens() {
    let store = Store::start().await;
    let (data, target) = (store.data(), store.place("copy"));
    let (answers, histories) = (store.answers(&data).await, store.histories(&data));
    let done = copy(&data, &target, &["--json"]).json();
    assert!(done["events"].as_u64() > Some(10) && done["appended"] == done["events"], "{done:#}");
    assert_eq!((&done["other_recorded_times"], done["hash"].as_str().map(str::len)), (&json!(0), Some(64)));
    assert_ne!(done["source"]["log_id"], done["target"]["log_id"]);
    for kind in ["credentials", "tokens", "hmac_keys", "customer_keys"] {
        assert!(done["vault"][kind].as_u64() > Some(0), "no {kind} in {done:#}");
    }
    assert_eq!(store.answers(&target).await, answers);
    assert_eq!(store.histories(&target), histories);
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_copies_what_is_new() {
    let store = Store::start().await;
    let (data, target) = (store.data(), store.place("copy"));
    let first = copy(&data, &target, &["--json"]).json();
    let again = copy(&data, &target, &["--json"]).json();
    assert_eq!((&again["appended"], &again["hash"]), (&json!(0), &first["hash"]));
    store.grow(3).await;
    let more = copy(&data, &target, &["--json"]).json();
    assert_eq!(more["appended"].as_u64(), Some(3), "{more:#}");
    let said = copy(&data, &target, &[]).succeeded();
    for part in [
        "events",
        "were there",
        "streams",
        more["hash"].as_str().expect("a hash"),
        "customers' keys: ",
        "Serve only one",
    ] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
}

#[tokio::test]
async fn killed_in_the_middle_again_and_again_it_goes_on_where_it_was() {
    let store = Store::start().await;
    store.grow(400).await;
    let (data, target) = (store.data(), store.place("copy"));
    let grown =
        || ["log.sqlite", "log.sqlite-wal"].map(|file| target.join(file).metadata().map_or(0, |file| file.len()));
    let mut killed = 0;
    for further in [60_000, 500_000, 1_000_000] {
        let before: u64 = grown().iter().sum();
        let mut copying = cartlog(&["copy"]);
        copying.arg("--from").arg(&data).arg("--to").arg(&target).stdout(Stdio::null()).stderr(Stdio::null());
        let mut copying = copying.spawn().expect("it starts");
        let status = loop {
            if let Some(status) = copying.try_wait().expect("it can be waited for") {
                break status;
            }
            if grown().iter().sum::<u64>() > before + further {
                // kill -9.
                copying.kill().expect("it runs");
                break copying.wait().expect("it can be waited for");
            }
            std::thread::yield_now();
        };
        killed += usize::from(status.signal() == Some(9));
    }
    assert!(killed > 0, "every copy was done before it could be killed");
    let done = copy(&data, &target, &["--json"]).json();
    let (events, appended) = (done["events"].as_u64().expect("a number"), done["appended"].as_u64().expect("a number"));
    assert!(events > 400 && appended < events, "{done:#}");
    assert_eq!(store.answers(&target).await, store.answers(&data).await);
    assert_eq!(store.histories(&target), store.histories(&data));
}

#[tokio::test]
async fn what_is_served_or_differs_or_is_not_there_is_not_copied() {
    let (store, other) = (Store::start().await, Store::start().await);
    let (data, target) = (store.data(), store.place("copy"));
    assert!(copy(&store.place("nowhere"), &target, &[]).failed().contains("there is no store in"));
    assert!(!store.place("nowhere").exists());
    assert!(copy(&data, &data, &[]).failed().contains("source and target are both"));

    let server = Server::on_files(&data, &[]);
    let said = copy(&data, &target, &[]).failed();
    assert!(said.contains(&format!("is in use by process {}", server.pid())), "{said}");
    let said = copy(&other.data(), &data, &[]).failed();
    assert!(said.contains(&format!("is in use by process {}", server.pid())), "{said}");
    drop(server);

    let (histories, vault) = (other.histories(&other.data()), store.place("vault"));
    let vault_of = |place: PathBuf| ["--to-vault".to_owned(), place.to_str().expect("a path").to_owned()];
    let copy_with =
        |to: &Path, vault: PathBuf| copy(&data, to, &vault_of(vault).each_ref().map(String::as_str)).failed();
    // Neither is written to where only one of the two is another store's.
    let said = copy_with(&other.data(), vault.clone());
    assert!(said.contains("nothing was copied") && said.contains("at position 1"), "{said}");
    assert!(!vault.join("vault.sqlite").exists());
    let said = copy_with(&target, other.data());
    assert!(said.contains("nothing was copied") && said.contains("belongs to log"), "{said}");
    assert_eq!(copy(&data, &target, &["--json"]).json()["appended"].as_u64().map(|all| all > 10), Some(true));
    assert_eq!(other.histories(&other.data()), histories);

    std::fs::remove_file(data.join("vault.sqlite")).expect("it was there");
    let said = copy(&data, &store.place("another"), &[]).failed();
    assert!(said.contains("no vault.sqlite") && said.contains("--from-vault"), "{said}");
}

#[test]
fn an_engine_is_asked_for_by_a_url_and_no_password_is_repeated() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = directory.path().join("url");
    std::fs::write(&url, "esdb://admin:hunter2@127.0.0.1:1?tls=false\n").expect("it can be written");
    let to = |arguments: &[&str]| {
        let said = run(cartlog(&["copy", "--from", "."]).args(arguments)).failed();
        assert!(!said.contains("hunter2"), "{said}");
        said
    };
    let file = url.to_str().expect("a path");
    let said = to(&["--to-file", file]);
    let said_by_flag = to(&["--to", "esdb://admin:hunter2@127.0.0.1:1?tls=false"]);
    match cfg!(feature = "eventstoredb") {
        true => assert!(said.contains("--to-vault") && said.contains("esdb://…"), "{said}"),
        false => assert!(said.contains("--features eventstoredb"), "{said}"),
    }
    assert_eq!(said, said_by_flag);
    let said = to(&["--to-file", file, "--to-vault", "./vault"]);
    match cfg!(feature = "eventstoredb") {
        true => assert!(said.contains("there is no store"), "{said}"),
        false => assert!(said.contains("cargo build --release --features eventstoredb"), "{said}"),
    }
    let said = to(&["--to", "http://me:hunter2@127.0.0.1", "--to-vault", "./vault"]);
    assert!(said.contains("--to"), "{said}");
    assert_eq!(run(&mut cartlog(&["copy"])).code, 2);
    assert_eq!(run(&mut cartlog(&["copy", "--to", "./a", "--to-file", file])).code, 2);
}
