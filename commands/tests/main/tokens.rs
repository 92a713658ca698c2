//! Tokens: issued, used, expired, revoked, on one node and on several.

use crate::assert_refused;
use crate::support::{APP, SECRET, Shop, done};
use chrono::TimeDelta;
use commands::NewToken;
use commands::guard::Client;
use commands::{CommandError, Commands};
use domain::store::Store;
use eventlog::EventLog;
use eventlog::testing::{Cut, FaultLog, Then};
use std::collections::HashSet;
use std::sync::Arc;

async fn issue(node: &Commands) -> String {
    done(node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token
}

#[tokio::test]
async fn a_token_authenticates_its_app_for_24_hours() {
    let shop = Shop::new().await;
    let issued = done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await);
    let seen = shop.node.authenticate(APP, &issued.token, || Ok(())).await.unwrap();
    assert_eq!((seen.store_id, seen.expires_at), (shop.store, issued.expires_at));
    assert_eq!(shop.node.authenticate("ACME", &issued.token, || Ok(())).await.unwrap(), seen);
    shop.clock.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    assert_eq!(shop.node.authenticate(APP, &issued.token, || Ok(())).await.unwrap(), seen);
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_refused!(shop.node.authenticate(APP, &issued.token, || Ok(())).await, CommandError::TokenExpired);
    assert_refused!(shop.other_node().authenticate(APP, &issued.token, || Ok(())).await, CommandError::TokenExpired);
}

#[tokio::test]
async fn whatever_is_not_a_live_token_of_the_app_is_unauthorized() {
    let shop = Shop::new().await;
    let token = issue(&shop.node).await;
    shop.stranger().await;
    for (app, token) in [
        ("stranger", token.as_str()),
        ("nobody", &token),
        (APP, ""),
        (APP, "cla_"),
        (APP, "cla_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        (APP, &token[..token.len() - 1]),
        (APP, &format!("{token}A")),
        (APP, SECRET),
    ] {
        assert_refused!(shop.node.authenticate(app, token, || Ok(())).await, CommandError::Unauthorized);
    }
    // Nor does another app learn that it has expired.
    shop.clock.advance(TimeDelta::hours(25));
    assert_refused!(shop.node.authenticate("stranger", &token, || Ok(())).await, CommandError::Unauthorized);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_app_are_the_same_error() {
    let shop = Shop::new().await;
    for (app, secret) in [(APP, "a secret of nine"), (APP, ""), ("nobody", SECRET), ("", "")] {
        assert_refused!(
            shop.node.issue_token(Client::UNKNOWN, NewToken::admin(app, secret), None).await,
            CommandError::InvalidCredentials
        );
    }
    // Also once the right one is remembered.
    issue(&shop.node).await;
    assert_refused!(
        shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, "a secret of nine"), None).await,
        CommandError::InvalidCredentials
    );
}

#[tokio::test]
async fn a_verified_secret_is_remembered_for_five_minutes() {
    let shop = Shop::new().await;
    issue(&shop.node).await;
    // The vault's hash is gone: who still gets in was remembered.
    shop.vault.forget_credentials();
    shop.clock.advance(TimeDelta::minutes(5) - TimeDelta::milliseconds(1));
    issue(&shop.node).await;
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_refused!(
        shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await,
        CommandError::InvalidCredentials
    );
}

#[tokio::test]
async fn several_clients_work_at_once_and_lose_only_what_is_revoked() {
    let shop = Shop::new().await;
    let tokens = [issue(&shop.node).await, issue(&shop.node).await, issue(&shop.node).await];
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 3);
    let first = shop.node.authenticate(APP, &tokens[0], || Ok(())).await.unwrap();
    done(shop.node.revoke_token(&shop.request(), first.token_id).await);
    assert_refused!(shop.node.authenticate(APP, &tokens[0], || Ok(())).await, CommandError::Unauthorized);
    shop.node.authenticate(APP, &tokens[1], || Ok(())).await.unwrap();
    shop.node.authenticate(APP, &tokens[2], || Ok(())).await.unwrap();
    done(shop.node.revoke_all_tokens(&shop.request()).await);
    for token in &tokens {
        assert_refused!(shop.node.authenticate(APP, token, || Ok(())).await, CommandError::Unauthorized);
    }
    shop.node.authenticate(APP, &issue(&shop.node).await, || Ok(())).await.unwrap();
}

#[tokio::test]
async fn the_1001st_token_ends_the_first() {
    let shop = Shop::new().await;
    let mut tokens = Vec::new();
    for _ in 0..1_000 {
        tokens.push(issue(&shop.node).await);
    }
    shop.node.authenticate(APP, &tokens[0], || Ok(())).await.unwrap();
    tokens.push(issue(&shop.node).await);
    assert_refused!(shop.node.authenticate(APP, &tokens[0], || Ok(())).await, CommandError::Unauthorized);
    shop.node.authenticate(APP, &tokens[1], || Ok(())).await.unwrap();
    shop.node.authenticate(APP, &tokens[1_000], || Ok(())).await.unwrap();
    assert_eq!(shop.state::<Store>(&shop.store).await.live().unwrap().tokens.len(), 1_000);
}

#[tokio::test]
async fn what_another_node_revokes_is_noticed_within_a_second() {
    let shop = Shop::new().await;
    let other = shop.other_node();
    let (one, two) = (issue(&shop.node).await, issue(&shop.node).await);
    let seen = other.authenticate(APP, &one, || Ok(())).await.unwrap();
    other.authenticate(APP, &two, || Ok(())).await.unwrap();
    done(shop.node.revoke_token(&shop.request(), seen.token_id).await);
    shop.clock.advance(TimeDelta::seconds(1));
    assert_refused!(other.authenticate(APP, &one, || Ok(())).await, CommandError::Unauthorized);
    done(shop.node.delete_store(&shop.request()).await);
    shop.clock.advance(TimeDelta::seconds(1));
    assert_refused!(other.authenticate(APP, &two, || Ok(())).await, CommandError::Unauthorized);
}

#[tokio::test]
async fn a_token_works_at_once_on_a_node_that_did_not_issue_it() {
    let shop = Shop::new().await;
    let other = shop.other_node();
    other.authenticate(APP, &issue(&shop.node).await, || Ok(())).await.unwrap();
    // The other node has just read the store, and knows no more than that.
    other.authenticate(APP, &issue(&shop.node).await, || Ok(())).await.unwrap();
}

#[tokio::test]
async fn while_the_log_is_away_tokens_that_were_seen_stay_usable_for_five_minutes() {
    let shop = Shop::new().await;
    let fault = Arc::new(FaultLog::new(Arc::clone(&shop.log) as Arc<dyn EventLog>));
    let node = shop.node_on(Arc::clone(&fault) as _);
    let (seen, unseen) = (issue(&shop.node).await, issue(&shop.other_node()).await);
    node.authenticate(APP, &seen, || Ok(())).await.unwrap();
    fault.arm(Cut::Before(1), Then::Unavailable);
    assert_refused!(
        node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await,
        CommandError::Unavailable { .. }
    );
    shop.clock.advance(TimeDelta::minutes(5) - TimeDelta::milliseconds(1));
    node.authenticate(APP, &seen, || Ok(())).await.unwrap();
    // Issued before the store was read, so known to be live as well.
    node.authenticate(APP, &unseen, || Ok(())).await.unwrap();
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_refused!(node.authenticate(APP, &seen, || Ok(())).await, CommandError::Unavailable { .. });
}

#[tokio::test]
async fn while_the_vault_is_away_tokens_that_were_seen_stay_usable() {
    let shop = Shop::new().await;
    let (seen, unseen) = (issue(&shop.node).await, issue(&shop.other_node()).await);
    shop.node.authenticate(APP, &seen, || Ok(())).await.unwrap();
    shop.vault.go_away();
    shop.clock.advance(TimeDelta::minutes(3));
    shop.node.authenticate(APP, &seen, || Ok(())).await.unwrap();
    assert_refused!(shop.node.authenticate(APP, &unseen, || Ok(())).await, CommandError::Unavailable { .. });
    assert_refused!(
        shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, "wrong secret"), None).await,
        CommandError::Unavailable { .. }
    );
    shop.vault.come_back();
    shop.node.authenticate(APP, &unseen, || Ok(())).await.unwrap();
}
