//! A rebuild changes not one byte of any answer, after a long life and whether a server runs or not.

use super::client::Client;
use super::everything::{Known, everything};
use super::knobs::{self, Repeatable};
use super::model::Player;
use super::operator;
use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn a_rebuild_changes_not_one_byte_of_any_answer() {
    for seed in knobs::seeds(1) {
        let _repeatable = Repeatable::new("rebuild", seed);
        let data = operator::directory();
        let server = Server::on(data.path(), &[]);
        let timezone = where_it_is_noon(&server).await;
        let client = Client::open(&server.url, json!({ "timezone": timezone })).await;
        let mut player = Player::start(client, seed).await;
        player.play(knobs::count("CARTLOG_TEST_STEPS", 250)).await;
        let known = Known::read(&player.client, &player.unlisted()).await;

        let before = everything(&player.client, &known).await;
        assert_eq!(before.not_found, [""; 0], "the run was too short to find anything by these");
        operator::rebuild(data.path());
        before.assert_same(&everything(&player.client, &known).await);

        server.kill();
        operator::rebuild(data.path());
        let server = Server::on(data.path(), &[]);
        before.assert_same(&everything(&player.client.moved_to(&server.url), &known).await);
    }
}

/// A time zone in which no day ends while the test runs.
async fn where_it_is_noon(server: &Server) -> String {
    let answer = reqwest::get(format!("{}/healthz", server.url)).await.expect("it answers");
    let date = answer.headers()["date"].to_str().expect("text").to_owned();
    // `Mon, 23 Nov 2026 10:00:00 GMT`; the signs of these zones are the wrong way round.
    let hour: i32 = date.split(' ').nth(4).and_then(|time| time.get(..2)?.parse().ok()).expect("a time");
    format!("Etc/GMT{:+}", hour - 12)
}
