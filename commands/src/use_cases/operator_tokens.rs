//! Tokens of whoever operates the server, which belong to no store. They are made beside the server, by whoever has its vault, and looked
//! up there each time: they are rare, and one that is revoked is refused from then on by every node.

use super::authenticate::{new_token, sha256};
use crate::ids::Ids;
use crate::{Clock, CommandError, Commands};
use chrono::TimeDelta;
use domain::{Timestamp, TokenId};
use std::sync::Arc;
use vault::{OperatorRole, OperatorToken, Vault};

/// What an operator's token begins with, so that scanners find one that leaked.
const PREFIX: &str = "clo_";

/// What an operator's token is made with.
#[derive(Clone, Debug)]
pub struct NewOperatorToken {
    pub role: OperatorRole,
    /// Whose it is, or what for.
    pub name: String,
    /// From now on; `None`: for ever.
    pub lives_for: Option<TimeDelta>,
}

/// A token just issued. The only place where its text ever appears.
#[derive(Clone)]
pub struct IssuedOperatorToken {
    pub text: String,
    pub token: OperatorToken,
}

/// Whether an operator's token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorStanding {
    Live,
    Expired,
    /// Whether it has expired since or not.
    Revoked,
}

impl OperatorStanding {
    pub fn of(token: &OperatorToken, now: Timestamp) -> Self {
        match (token.revoked_at, token.expires_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(end)) if end <= now => Self::Expired,
            (None, Some(_) | None) => Self::Live,
        }
    }

    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Issues an operator's token; each call another one. It needs nothing but the vault, which a server may have open too.
///
/// # Errors
/// The vault's, or there is no randomness to be had.
pub async fn issue_operator_token(
    vault: &dyn Vault,
    clock: Arc<dyn Clock>,
    new: NewOperatorToken,
) -> Result<IssuedOperatorToken, CommandError> {
    let NewOperatorToken { role, name, lives_for } = new;
    let (text, created_at) = (new_token(PREFIX)?, clock.now());
    let token = OperatorToken {
        token_id: TokenId(Ids::fresh(clock).fresh_id()),
        role,
        name,
        created_at,
        expires_at: lives_for.map(|span| created_at.plus(span)),
        revoked_at: None,
    };
    vault.put_operator_token(sha256(&text), &token).await?;
    Ok(IssuedOperatorToken { text, token })
}

impl Commands {
    /// Whose token it is, if it is good now, by this node's clock. Nothing is remembered of it.
    ///
    /// # Errors
    /// [`CommandError::OperatorUnauthorized`] for any that is not; the vault's.
    pub async fn authenticate_operator(&self, token: &str) -> Result<OperatorToken, CommandError> {
        let node = self.node.as_ref();
        let found = match token.starts_with(PREFIX) {
            true => node.parts.vault.operator_token(sha256(token)).await?,
            false => None,
        };
        let is_good = |token: &OperatorToken| OperatorStanding::of(token, node.now()) == OperatorStanding::Live;
        found.filter(is_good).ok_or(CommandError::OperatorUnauthorized)
    }
}
