//! What an audit claims of a history, and of one that was altered: no more than was compared, and what nothing vouches for by name.

use super::run::{Ran, on_files, signal};
use crate::support::{Server, TestShop};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const GARBAGE: &[u8] = b"\x00\xff{broken";

/// A store that was stopped in good order, and the product in it whose stream has the revisions 0 to 2.
struct Past {
    data: tempfile::TempDir,
    product: String,
}

impl Past {
    async fn written() -> Self {
        let past = Self { data: tempfile::tempdir().expect("a directory"), product: String::new() };
        let (server, product) = past.serve(&[]).await;
        stop(server);
        Self { product, ..past }
    }

    /// Starts a server and has it write the product, and another one after it.
    async fn serve(&self, more: &[&str]) -> (Server, String) {
        let server = Server::on_files(self.data.path(), more);
        let shop = TestShop::on(&server).await;
        let product = shop.product(9, 1_250).await;
        for title in ["Assam", "Keemun"] {
            shop.put(&format!("/product/{product}"), json!({ "title": title })).await.expect(200);
        }
        shop.product(1, 1).await;
        (server, product)
    }

    fn place(&self) -> &Path {
        self.data.path()
    }

    /// Does this in the log to the product's event of that revision.
    fn alter(&self, revision: u64, sql: &str, value: &[u8]) {
        let log = Connection::open(self.place().join("log.sqlite")).expect("a log");
        let of_stream = "stream = (SELECT id FROM streams WHERE name = ?1) AND revision = ?2";
        let sql = sql.replace("THIS", of_stream);
        let stream = format!("product-{}", self.product);
        let met = log.execute(&sql, params![stream, revision as i64, value]).expect("altered");
        assert_eq!(met, 1, "{sql}");
    }

    fn set_data(&self, revision: u64, data: &[u8]) {
        self.alter(revision, "UPDATE events SET data = ?3 WHERE THIS", data);
    }

    fn delete(&self, revision: u64) {
        self.alter(revision, "DELETE FROM events WHERE THIS AND ?3 = ?3", b"");
    }

    fn data_of(&self, revision: u64) -> String {
        let event = &self.asked()["events"][revision as usize];
        event["data"].to_string()
    }

    /// What is kept there of what was seen is gone.
    fn without(&self, names: &[&str]) {
        for name in names {
            fs::remove_file(self.place().join(name)).expect("removed");
        }
    }

    fn told(&self) -> Ran {
        on_files(self.place(), &["audit", "history", &format!("product/{}", self.product)])
    }

    /// What it says, as JSON.
    fn asked(&self) -> Value {
        let ran = on_files(self.place(), &["audit", "history", &format!("product/{}", self.product), "--json"]);
        assert!(ran.code == 0 || ran.code == 3, "{}{}", ran.stdout, ran.stderr);
        let history: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(history["chain"]["sound"], json!(ran.code == 0), "{history:#}");
        history
    }

    /// It exits with 3 and says this, and what is expected of the fields of `chain`.
    #[track_caller]
    fn gives_itself_away(&self, said: &[&str], chain: &Value) {
        let told = self.told();
        assert_eq!(told.code, 3, "{}{}", told.stdout, told.stderr);
        for part in said {
            assert!(told.stdout.contains(part), "no '{part}' in\n{}", told.stdout);
        }
        assert!(!told.stdout.contains("nothing was altered"), "{}", told.stdout);
        self.finds(chain);
    }

    #[track_caller]
    fn finds(&self, chain: &Value) {
        let found = &self.asked()["chain"];
        for (name, expected) in chain.as_object().expect("fields") {
            assert_eq!(&found[name], expected, "{name} in {found:#}");
        }
    }

    fn witness(&self, by: &str) -> Value {
        let chain = &self.asked()["chain"];
        let witnesses = chain["witnesses"].as_array().expect("witnesses");
        witnesses.iter().find(|witness| witness["by"] == by).cloned().unwrap_or_default()
    }
}

fn stop(mut server: Server) {
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
}

#[tokio::test]
async fn what_the_chain_covers_is_said_and_who_vouches_for_the_last_event() {
    let past = Past::written().await;
    let told = past.told().succeeded();
    for part in ["vouches for revisions 0 to 1", "is as it was seen by the views", "Hash of the last event: "] {
        assert!(told.contains(part), "no '{part}' in\n{told}");
    }
    past.finds(&json!({
        "sound": true, "intact": true, "broken": null, "covered": 2, "last_event": "vouched", "unreadable": 0,
        "first_unreadable": [], "not_asked": [],
    }));
    let chain = past.asked();
    let hash = &chain["events"][2]["hash"];
    assert_eq!(past.witness("views"), json!({ "by": "views", "revision": 2, "hash": hash, "finding": "agrees" }));
}

#[tokio::test]
async fn an_event_in_the_middle_that_was_altered_breaks_the_chain() {
    let past = Past::written().await;
    past.set_data(1, past.data_of(1).replace("Assam", "Antwerp").as_bytes());
    past.gives_itself_away(
        &["BROKEN: revision 2 ", "vouches for revision 0, "],
        &json!({ "intact": false, "covered": 1, "last_event": "vouched" }),
    );
}

#[tokio::test]
async fn a_last_event_that_was_altered_is_not_what_the_views_have_seen() {
    let past = Past::written().await;
    past.set_data(2, past.data_of(2).replace("Keemun", "Kenya").as_bytes());
    past.gives_itself_away(
        &["REVISION 2 WAS ALTERED: the views saw another event", "vouches for revision 0, "],
        &json!({ "intact": true, "covered": 1, "last_event": "altered", "unreadable": 0 }),
    );
    // A rebuild folds what is there now, and leaves what was seen before as it is.
    on_files(past.place(), &["rebuild"]).succeeded();
    past.gives_itself_away(&["REVISION 2 WAS ALTERED: the views saw"], &json!({ "last_event": "altered" }));
}

#[tokio::test]
async fn a_last_event_of_garbage_is_named_with_its_place() {
    let past = Past::written().await;
    let position = past.asked()["events"][2]["position"].clone();
    past.set_data(2, GARBAGE);
    past.gives_itself_away(
        &[&format!("REVISION 2 (position {position}) CAN'T BE READ: "), "REVISION 2 WAS ALTERED"],
        &json!({ "intact": true, "last_event": "altered", "unreadable": 1 }),
    );
    let first = &past.asked()["chain"]["first_unreadable"][0];
    assert_eq!((&first["revision"], &first["position"]), (&json!(2), &position));
    // Also where nobody has seen what it was.
    past.without(&["views.sqlite", "windows.sqlite"]);
    past.gives_itself_away(&["CAN'T BE READ"], &json!({ "intact": true, "last_event": "unvouched", "unreadable": 1 }));
}

#[tokio::test]
async fn metadata_that_was_altered_gives_itself_away_as_data_does() {
    let past = Past::written().await;
    let by_another = "UPDATE events SET metadata = CAST(replace(CAST(metadata AS TEXT), '\"actor\":', '\"request_id\":\"forged\",\"actor\":') AS BLOB)
                      WHERE THIS AND ?3 = ?3";
    let without_request =
        "UPDATE events SET metadata = CAST(json_remove(CAST(metadata AS TEXT), '$.request_id') AS BLOB)
                           WHERE THIS AND ?3 = ?3";
    past.alter(2, without_request, b"");
    past.alter(2, by_another, b"");
    past.gives_itself_away(
        &["REVISION 2 WAS ALTERED"],
        &json!({ "intact": true, "last_event": "altered", "unreadable": 0 }),
    );
}

#[tokio::test]
async fn events_that_are_missing_at_the_end_are_missed() {
    let past = Past::written().await;
    past.delete(2);
    past.gives_itself_away(
        &["EVENTS ARE MISSING: the views saw revision 2", "NOTHING VOUCHES FOR THE LAST EVENT"],
        &json!({ "intact": true, "covered": 1, "last_event": "unvouched" }),
    );
    past.delete(0);
    past.gives_itself_away(&["BROKEN: revision 1 follows where revision 0"], &json!({ "covered": 0 }));
    past.delete(1);
    past.gives_itself_away(&["0 events", "EVENTS ARE MISSING"], &json!({ "last_event": null, "tip": null }));
}

#[tokio::test]
async fn a_last_event_that_nobody_has_seen_is_named_as_such() {
    let past = Past::written().await;
    past.without(&["views.sqlite", "windows.sqlite"]);
    for title in ["Keemun", "Kenya"] {
        past.set_data(2, past.data_of(2).replace("Keemun", title).as_bytes());
        let told = past.told().succeeded();
        assert!(told.contains("NOTHING VOUCHES FOR THE LAST EVENT"), "{told}");
        past.finds(&json!({ "sound": true, "covered": 2, "last_event": "unvouched", "witnesses": [] }));
    }
}

#[tokio::test]
async fn a_snapshot_vouches_for_the_event_it_was_made_from() {
    let mut past = Past { data: tempfile::tempdir().expect("a directory"), product: String::new() };
    let (server, product) = past.serve(&["--snapshot-every", "1"]).await;
    past.product = product;
    // They are written behind whoever appends.
    for _ in 0..200 {
        if past.witness("snapshot")["revision"] == 2 {
            break;
        }
    }
    stop(server);
    past.without(&["views.sqlite", "windows.sqlite"]);
    assert!(past.told().succeeded().contains("as it was seen by a snapshot"));
    let seen = past.asked()["events"][2]["hash"].clone();
    past.set_data(2, past.data_of(2).replace("Keemun", "Kenya").as_bytes());
    past.gives_itself_away(&["REVISION 2 WAS ALTERED: a snapshot saw"], &json!({ "last_event": "altered" }));
    let witness = json!({ "by": "snapshot", "revision": 2, "hash": seen, "finding": "differs" });
    assert_eq!(past.witness("snapshot"), witness);
    past.without(&["commands.sqlite"]);
    past.finds(&json!({ "sound": true, "last_event": "unvouched" }));
}

#[tokio::test]
async fn where_views_and_windows_stand_is_one_event_of_the_log_and_compared() {
    let past = Past::written().await;
    let log = Connection::open(past.place().join("log.sqlite")).expect("a log");
    // Of the newest event of the log nothing but the checkpoints is asked.
    let newest =
        "SELECT substr(name, 9) FROM streams WHERE id = (SELECT stream FROM events ORDER BY position DESC LIMIT 1)";
    let product: String = log.query_row(newest, [], |row| row.get(0)).expect("a product");
    let past = Past { product, ..past };
    Connection::open(past.place().join("views.sqlite"))
        .expect("views")
        .execute("DELETE FROM tips", [])
        .expect("forgot");
    for by in ["views_checkpoint", "windows_checkpoint"] {
        assert_eq!(past.witness(by)["finding"], "agrees", "{by}");
    }
    past.set_data(0, past.data_of(0).replace("Darjeeling", "Dandelion").as_bytes());
    for by in ["views_checkpoint", "windows_checkpoint"] {
        assert_eq!(past.witness(by)["finding"], "differs", "{by}");
    }
    past.gives_itself_away(&["REVISION 0 WAS ALTERED: the views' checkpoint saw"], &json!({ "last_event": "altered" }));
}

#[tokio::test]
async fn a_running_server_finds_the_same() {
    let mut past = Past { data: tempfile::tempdir().expect("a directory"), product: String::new() };
    let (_server, product) = past.serve(&[]).await;
    past.product = product;
    past.finds(&json!({ "sound": true, "covered": 2, "last_event": "vouched" }));
    past.set_data(2, GARBAGE);
    past.gives_itself_away(
        &["REVISION 2 WAS ALTERED: the views saw", "CAN'T BE READ"],
        &json!({ "last_event": "altered", "unreadable": 1 }),
    );
}
