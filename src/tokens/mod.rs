//! `cartlog token`: the tokens of whoever operates the server, made, listed and revoked in the vault itself, whether a server has it open
//! or not.
//!
//! What lives here: what may be asked ([`arguments`]), and how it is shown ([`table`]). What doesn't: when a token is good, which `commands`
//! says, and where the vault is (`wiring`). The guarantee: a token's text is written to the output of the command that makes it, and nowhere
//! else.

pub mod arguments;
mod table;

use crate::config::Config;
use crate::wiring::vault;
use crate::{logging, output};
use anyhow::Result;
use commands::{Clock, NewOperatorToken, SystemClock};
use domain::TokenId;
use std::sync::Arc;

/// Makes a token, and shows it this once.
pub async fn create(config: &Config, new: NewOperatorToken, json: bool) -> Result<()> {
    let vault = vault::open_beside(config).await?;
    let issued = commands::issue_operator_token(vault.as_ref(), Arc::new(SystemClock), new).await?;
    match json {
        true => output::say_json(&table::issued_as_json(&issued)),
        false => output::say(table::issued_as_text(&issued)),
    }
}

/// Shows all that were ever made, in the order in which they were.
pub async fn list(config: &Config, json: bool) -> Result<()> {
    let (tokens, now) = (vault::open_beside(config).await?.operator_tokens().await?, SystemClock.now());
    match json {
        true => output::say_json(&table::list_as_json(&tokens, now)),
        false => output::say(table::list_as_table(&tokens, now)),
    }
}

/// Revokes the token with this id; once it is revoked, it stays so from that moment on. Whether there is such a token.
pub async fn revoke(config: &Config, id: &str, json: bool) -> Result<bool> {
    let (vault, now) = (vault::open_beside(config).await?, SystemClock.now());
    // Whatever else was typed is no id that any token has; it is not repeated, as it may be a token.
    let revoked = match id.parse::<TokenId>() {
        Ok(id) if vault.revoke_operator_token(id, now).await? => {
            vault.operator_tokens().await?.into_iter().find(|token| token.token_id == id)
        }
        Ok(_) | Err(_) => None,
    };
    match (&revoked, json) {
        (None, _) => {
            logging::say(
                "cartlog: there is no operator's token with this id; `cartlog token list` shows the ids of all",
            );
        }
        (Some(token), true) => output::say_json(&table::as_json(token, now))?,
        (Some(token), false) => output::say(table::revoked_as_text(token))?,
    }
    Ok(revoked.is_some())
}
