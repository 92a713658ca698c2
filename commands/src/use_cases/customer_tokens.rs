//! Tokens of customers: what a shop window's requests for a customer carry beside the store's token.

use super::authenticate::{new_token, sha256};
use crate::node::Node;
use crate::session::refused;
use crate::{CommandError, Commands, Request, UnderWay};
use chrono::TimeDelta;
use domain::customer::{Customer, CustomerCommand};
use domain::limits::TOKEN_HOURS;
use domain::{CustomerId, StoreId, Timestamp, TokenId};
use vault::CustomerTokenEntry;

/// What a customer's token begins with, so that scanners find one that leaked.
const PREFIX: &str = "clc_";

/// A token just issued. The only place where its text ever appears.
#[derive(Clone)]
pub struct IssuedCustomerToken {
    pub token: String,
    pub expires_at: Timestamp,
}

impl Commands {
    /// Issues a token of the customer's for 24 h, to whoever has just shown who they are. It ends with the customer's next log-out or
    /// change of the password, or once a hundred newer ones were issued.
    pub fn issue_customer_token(&self, request: &Request, customer: CustomerId) -> UnderWay<IssuedCustomerToken> {
        let request = Request { idempotency: None, if_match: None, ..request.clone() };
        self.run("issue_customer_token", &request, move |session| async move {
            let token = new_token(PREFIX)?;
            let token_id = TokenId(session.node.fresh_id());
            let expires_at = session.node.now().plus(TimeDelta::hours(TOKEN_HOURS));
            let entry =
                CustomerTokenEntry { store_id: session.store_id(), customer_id: customer, token_id, expires_at };
            session.node.parts.vault.put_customer_token(sha256(&token), entry).await?;
            let issue = CustomerCommand::IssueToken { token_id, expires_at };
            session.execute::<Customer>(&customer, issue).await.map_err(refused::<Customer>)?;
            Ok(session.done(IssuedCustomerToken { token, expires_at }, false))
        })
    }

    /// Whose token it is, if it is good: what any node revoked is known at once.
    ///
    /// # Errors
    /// [`CommandError::CustomerUnauthorized`] for any that is not, also another store's.
    pub async fn authenticate_customer(&self, store: StoreId, token: &str) -> Result<CustomerId, CommandError> {
        let node = self.node.as_ref();
        let entry = entry(node, token).await?.filter(|entry| entry.store_id == store);
        let entry = entry.ok_or(CommandError::CustomerUnauthorized)?;
        let now = node.now();
        let look = move |state: &Customer| state.live().is_some_and(|live| live.has_token(entry.token_id, now));
        match node.look_at::<Customer, _>(&entry.customer_id, look).await? {
            true => Ok(entry.customer_id),
            false => Err(CommandError::CustomerUnauthorized),
        }
    }
}

/// What the token stands for, from memory or from the vault.
async fn entry(node: &Node, token: &str) -> Result<Option<CustomerTokenEntry>, CommandError> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let sha256 = sha256(token);
    if let Some(entry) = node.tokens.customer_entry(&sha256) {
        return Ok(Some(entry));
    }
    let entry = node.parts.vault.customer_token(sha256).await?;
    if let Some(entry) = entry {
        node.tokens.remember_customer(sha256, entry);
    }
    Ok(entry)
}
