//! What every vault promises of the tokens of whoever operates the server.

use super::{Subject, at};
use crate::{Entry, Kind, OperatorRole, OperatorToken};
use domain::TokenId;
use uuid::Uuid;

pub async fn an_operators_token_is_kept_as_it_was_first_put(subject: &dyn Subject) {
    let vault = subject.open().await;
    let token = of_operator(1, 10);
    vault.put_operator_token([1; 32], &token).await.unwrap();
    vault.put_operator_token([1; 32], &token).await.unwrap();
    vault.put_operator_token([1; 32], &OperatorToken { expires_at: None, ..token.clone() }).await.unwrap();
    vault.put_operator_token([1; 32], &OperatorToken { revoked_at: Some(at(9)), ..token.clone() }).await.unwrap();
    // It stays when it has expired.
    vault.remove_expired(at(999)).await.unwrap();
    drop(vault);
    let vault = subject.open().await;
    assert_eq!(vault.operator_token([1; 32]).await.unwrap(), Some(token.clone()));
    assert_eq!(vault.operator_token([2; 32]).await.unwrap(), None);
    assert_eq!(vault.operator_tokens().await.unwrap(), [token]);
}

pub async fn operators_tokens_are_listed_in_the_order_they_were_made(subject: &dyn Subject) {
    let vault = subject.open().await;
    assert_eq!(vault.operator_tokens().await.unwrap(), []);
    let auditor = OperatorToken { role: OperatorRole::Auditor, expires_at: None, ..of_operator(2, 20) };
    let made = [of_operator(9, 10), auditor, of_operator(3, 20), of_operator(1, 30)];
    for (token, hash) in made.iter().zip([2, 3, 1, 0]).rev() {
        vault.put_operator_token([hash; 32], token).await.unwrap();
    }
    assert_eq!(vault.operator_tokens().await.unwrap(), made);
}

pub async fn an_operators_token_is_revoked_once(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (one, other) = (of_operator(1, 10), of_operator(2, 10));
    vault.put_operator_token([1; 32], &one).await.unwrap();
    vault.put_operator_token([2; 32], &other).await.unwrap();
    assert!(!vault.revoke_operator_token(TokenId(Uuid::from_u128(3)), at(20)).await.unwrap());
    for second in [20, 30, 5] {
        assert!(vault.revoke_operator_token(one.token_id, at(second)).await.unwrap());
    }
    let revoked = OperatorToken { revoked_at: Some(at(20)), ..one };
    drop(vault);
    let vault = subject.open().await;
    assert_eq!(vault.operator_token([1; 32]).await.unwrap(), Some(revoked.clone()));
    assert_eq!(vault.operator_tokens().await.unwrap(), [revoked, other]);
}

/// Whatever another vault says of it.
pub async fn a_revoked_operators_token_stays_so(subject: &dyn Subject) {
    let vault = subject.open().await;
    let token = of_operator(1, 10);
    let entry =
        |revoked_at| Entry::OperatorToken { sha256: [1; 32], token: OperatorToken { revoked_at, ..token.clone() } };
    for (put, kept) in [(None, None), (Some(at(20)), Some(at(20))), (None, Some(at(20))), (Some(at(30)), Some(at(20)))]
    {
        vault.put_entries(vec![entry(put)]).await.unwrap();
        assert_eq!(vault.operator_token([1; 32]).await.unwrap().unwrap().revoked_at, kept, "after {put:?}");
    }
    assert_eq!(vault.entries(Kind::OperatorToken, &[], 9).await.unwrap().len(), 1);
}

fn of_operator(id: u128, created_at: i64) -> OperatorToken {
    OperatorToken {
        token_id: TokenId(Uuid::from_u128(id)),
        role: OperatorRole::Operator,
        name: format!("operator {id}"),
        created_at: at(created_at),
        expires_at: Some(at(created_at + 100)),
        revoked_at: None,
    }
}
