//! Tokens of whoever operates the server: good until they expire or are revoked, on every node at once, and of no store.

use crate::assert_refused;
use crate::support::{APP, SECRET, Shop, done};
use chrono::TimeDelta;
use commands::guard::Client;
use commands::{
    Clock, CommandError, IssuedOperatorToken, NewOperatorToken, NewToken, OperatorRole, issue_operator_token,
};
use domain::TokenId;
use std::sync::Arc;
use vault::Vault;

async fn issue(shop: &Shop, role: OperatorRole, lives_for: Option<TimeDelta>) -> IssuedOperatorToken {
    let new = NewOperatorToken { role, name: "Grace".to_owned(), lives_for };
    let clock = Arc::clone(&shop.clock) as Arc<dyn Clock>;
    issue_operator_token(shop.vault.as_ref(), clock, new).await.unwrap()
}

#[tokio::test]
async fn an_operators_token_tells_whose_it_is_and_its_text_is_new_each_time() {
    let shop = Shop::empty();
    let operator = issue(&shop, OperatorRole::Operator, None).await;
    let auditor = issue(&shop, OperatorRole::Auditor, Some(TimeDelta::days(30))).await;
    for issued in [&operator, &auditor] {
        // 32 bytes in base64url without padding.
        assert!(issued.text.starts_with("clo_") && issued.text.len() == 4 + 43, "{}", issued.text.len());
        assert_eq!(shop.node.authenticate_operator(&issued.text).await.unwrap(), issued.token);
    }
    assert_ne!(operator.text, auditor.text);
    assert_ne!(operator.token.token_id, auditor.token.token_id);
    assert_eq!((operator.token.expires_at, operator.token.created_at), (None, shop.clock.now()));
    assert_eq!(auditor.token.expires_at, Some(shop.clock.now().plus(TimeDelta::days(30))));
    assert_eq!(shop.vault.operator_tokens().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_operators_token_is_good_until_it_expires() {
    let shop = Shop::empty();
    let (month, endless) = (
        issue(&shop, OperatorRole::Operator, Some(TimeDelta::days(30))).await,
        issue(&shop, OperatorRole::Operator, None).await,
    );
    shop.clock.advance(TimeDelta::days(30) - TimeDelta::milliseconds(1));
    shop.node.authenticate_operator(&month.text).await.unwrap();
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert_refused!(shop.node.authenticate_operator(&month.text).await, CommandError::OperatorUnauthorized);
    shop.clock.advance(TimeDelta::days(36_500));
    shop.node.authenticate_operator(&endless.text).await.unwrap();
}

#[tokio::test]
async fn an_operators_token_is_refused_on_every_node_as_soon_as_it_is_revoked() {
    let shop = Shop::empty();
    let (lost, kept) =
        (issue(&shop, OperatorRole::Operator, None).await, issue(&shop, OperatorRole::Operator, None).await);
    let nodes = [&shop.node, &shop.other_node()];
    for node in nodes {
        node.authenticate_operator(&lost.text).await.unwrap();
    }
    assert!(shop.vault.revoke_operator_token(lost.token.token_id, shop.clock.now()).await.unwrap());
    for node in nodes {
        assert_refused!(node.authenticate_operator(&lost.text).await, CommandError::OperatorUnauthorized);
        node.authenticate_operator(&kept.text).await.unwrap();
    }
}

#[tokio::test]
async fn whatever_is_no_operators_token_is_refused() {
    let shop = Shop::new().await;
    let store = done(shop.node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token;
    let operator = issue(&shop, OperatorRole::Operator, None).await;
    let (text, id) = (&operator.text, operator.token.token_id.to_string());
    for other in ["", "clo_", "clo_AAAA", &store, &store.replace("cla_", "clo_"), &text[..text.len() - 1], &id] {
        assert_refused!(shop.node.authenticate_operator(other).await, CommandError::OperatorUnauthorized);
    }
    // What the vault has under a text that is no operator's is not asked for.
    let foreign = vault::OperatorToken { token_id: TokenId(uuid::Uuid::nil()), ..operator.token.clone() };
    let sha256 = <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(b"cla_foreign"));
    shop.vault.put_operator_token(sha256, &foreign).await.unwrap();
    assert_refused!(shop.node.authenticate_operator("cla_foreign").await, CommandError::OperatorUnauthorized);
    // Nor is it a store's.
    assert_refused!(shop.node.authenticate(APP, text, || Ok(())).await, CommandError::Unauthorized);
    shop.vault.go_away();
    assert_refused!(shop.node.authenticate_operator(text).await, CommandError::Unavailable { .. });
}
