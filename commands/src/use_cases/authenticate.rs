//! Tokens: how a store's clients prove who they are.

use crate::{CommandError, Commands, Done, Request};
use domain::{StoreId, Timestamp, TokenId};

/// A token just issued. The only place where its text ever appears.
#[derive(Clone)]
pub struct IssuedToken {
    pub token: String,
    pub expires_at: Timestamp,
}

/// Who a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub store_id: StoreId,
    pub token_id: TokenId,
    pub expires_at: Timestamp,
}

/// Tokens seen lately, and secrets verified lately (as keyed hashes).
#[derive(Default)]
pub(crate) struct TokenCache {}

impl Commands {
    /// Issues a token for 24 h. An unknown app and a wrong secret give the same error after about the same time.
    pub async fn issue_token(
        &self,
        app_id: &str,
        app_secret: &str,
        request_id: Option<String>,
    ) -> Result<Done<IssuedToken>, CommandError> {
        todo!()
    }

    /// Checks the two headers of a request. Cheap when the token was seen before.
    pub async fn authenticate(&self, app_id: &str, token: &str) -> Result<Authenticated, CommandError> {
        todo!()
    }

    /// Revokes the token of the request.
    pub async fn revoke_token(&self, request: &Request, token: TokenId) -> Result<Done<StoreId>, CommandError> {
        todo!()
    }

    /// Revokes all tokens of the store.
    pub async fn revoke_all_tokens(&self, request: &Request) -> Result<Done<StoreId>, CommandError> {
        todo!()
    }
}
