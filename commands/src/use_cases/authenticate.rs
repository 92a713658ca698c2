//! Tokens: how a store's clients prove who they are.

use crate::claims::{ClaimStanding, Names, Owner};
use crate::guard::{Account, Client};
use crate::names::normalized;
use crate::node::Node;
use crate::randomness;
use crate::session::{Session, refused};
use crate::tokens::{Authenticated, LiveTokens, TokenStanding};
use crate::{CommandError, Commands, Done, Request, Service, UnderWay};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::limits::TOKEN_HOURS;
use domain::store::{Role, Store, StoreCommand};
use domain::{CredentialId, StoreId, Timestamp, TokenId};
use eventlog::CausedBy;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use vault::TokenEntry;

/// What a token begins with, so that scanners find one that leaked.
const PREFIX: &str = "cla_";
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// What a token is asked for with.
#[derive(Clone)]
pub struct NewToken {
    pub app_id: String,
    pub app_secret: String,
    pub role: Role,
    /// What audits call it: whose it is, or what for. Kept in the vault alone.
    pub name: Option<String>,
}

impl NewToken {
    /// Of the role that may everything, without a name.
    pub fn admin(app_id: &str, app_secret: &str) -> Self {
        Self { app_id: app_id.to_owned(), app_secret: app_secret.to_owned(), role: Role::Admin, name: None }
    }
}

/// A token just issued. The only place where its text ever appears.
#[derive(Clone)]
pub struct IssuedToken {
    pub store_id: StoreId,
    pub token_id: TokenId,
    pub token: String,
    pub role: Role,
    pub expires_at: Timestamp,
}

impl Commands {
    /// Issues a token for 24 h. An unknown app and a wrong secret give the same error after about the same time; too many wrong
    /// tries of an app from one address are [`CommandError::RateLimited`], but for a secret that was right lately.
    pub fn issue_token(&self, client: Client, new: NewToken, request_id: Option<String>) -> UnderWay<IssuedToken> {
        let request = Request::anonymous(StoreId(uuid::Uuid::nil()), request_id, None);
        self.run("issue_token", &request, move |session| async move {
            let app = app_of(&session.node, &new.app_id).await?;
            let right = is_app_secret(&session.node, app.map(|(_, credential)| credential), client, &new).await?;
            let (Some((store, _)), true) = (app, right) else { return Err(CommandError::InvalidCredentials) };
            issue(&session.in_store(store), new).await
        })
    }

    /// Checks the two headers of a request. Cheap when token and store were seen within the last second.
    ///
    /// What other nodes revoked is noticed within a second; while the log is away, tokens seen before stay usable for five
    /// minutes after their store was last read.
    ///
    /// `may_ask` is asked before a token that is not known to be live costs more than a look into memory.
    ///
    /// # Errors
    /// [`CommandError::TokenExpired`] for a token of this app that has expired; [`CommandError::Unauthorized`] for any other
    /// that is not live; whatever `may_ask` says.
    pub async fn authenticate(
        &self,
        app_id: &str,
        token: &str,
        mut may_ask: impl FnMut() -> Result<(), CommandError> + Send,
    ) -> Result<Authenticated, CommandError> {
        let node = self.node.as_ref();
        let entry = token_entry(node, token, &mut may_ask).await?;
        let (known, now) = (node.tokens.live(entry.store_id), node.now());
        let said = |tokens: &Arc<LiveTokens>| tokens.check(app_id, &entry, now);
        match known.as_ref().map(said) {
            // A token that exists, of a store that has not been read yet: the next one knows what that says.
            Some(TokenStanding::Live(_)) | None => {}
            Some(TokenStanding::Expired | TokenStanding::Foreign | TokenStanding::Unknown) => may_ask()?,
        }
        let will_do = |known: &&Arc<LiveTokens>| known.will_do(now) && !matches!(said(known), TokenStanding::Unknown);
        if let Some(known) = known.as_ref().filter(will_do) {
            return said(known).into_result(&entry);
        }
        // It may have been issued, or revoked, after its store was read.
        let tokens = match (read_live_tokens(node, entry.store_id).await, known) {
            (Err(error), Some(known))
                if error.will_pass() && known.may_do(now) && !matches!(said(&known), TokenStanding::Unknown) =>
            {
                known
            }
            (read, _) => read?,
        };
        said(&tokens).into_result(&entry)
    }

    /// Revokes the token of the request.
    pub fn revoke_token(&self, request: &Request, token: TokenId) -> UnderWay<StoreId> {
        self.run("revoke_token", request, move |session| async move {
            revoke(&session, StoreCommand::RevokeToken { token_id: token }).await
        })
    }

    /// Revokes all tokens of the store.
    pub fn revoke_all_tokens(&self, request: &Request) -> UnderWay<StoreId> {
        self.run("revoke_all_tokens", request, move |session| async move {
            revoke(&session, StoreCommand::RevokeAllTokens).await
        })
    }
}

/// A token's text: the prefix and 32 bytes that nobody can guess.
pub(super) fn new_token(prefix: &str) -> Result<String, CommandError> {
    let mut bytes = [0; TOKEN_BYTES];
    randomness::fill(&mut bytes).map_err(|error| CommandError::Unavailable {
        service: Service::Vault,
        source: CausedBy::of("no randomness to be had", error),
    })?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a token. It is random enough that a plain hash gives nothing away.
pub(super) fn sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The live store with this app_id, resolved by its claim, and its secret in force.
async fn app_of(node: &Node, app_id: &str) -> Result<Option<(StoreId, CredentialId)>, CommandError> {
    let name = node.app_id(app_id).await?;
    let Some(held) = node.holder(&name).await? else { return Ok(None) };
    let Owner::Store(store) = held.owner else { return Ok(None) };
    let look = move |state: &Store| {
        let named = state.standing(held.claim_id) == ClaimStanding::Named;
        state.live().filter(|_| named).map(|live| (store, live.credential_id))
    };
    node.look_at::<Store, _>(&store, look).await
}

/// Whether the secret is the one in force. One that was verified lately is known without hashing it again, and whatever wrong
/// tries there were.
async fn is_app_secret(
    node: &Node,
    in_force: Option<CredentialId>,
    client: Client,
    new: &NewToken,
) -> Result<bool, CommandError> {
    let (app_id, secret, now) = (&new.app_id, &new.app_secret, node.now());
    let was_verified = || in_force.is_some_and(|credential| node.tokens.was_verified(credential, secret, now));
    if was_verified() {
        return Ok(true);
    }
    let _alone = node.verifying.lock(node.tokens.name_of(app_id, secret)).await;
    if was_verified() {
        return Ok(true);
    }
    let who = node.tries.claimant(&Account::App(&normalized(app_id)), client);
    let right = node.is_secret(who, in_force, secret.clone()).await?;
    if let Some(credential) = in_force
        && right
    {
        node.tokens.verified(credential, secret, now);
    }
    Ok(right)
}

async fn issue(session: &Session, new: NewToken) -> Result<Done<IssuedToken>, CommandError> {
    let (parts, store_id) = (&session.node.parts, session.store_id());
    let token = new_token(PREFIX)?;
    let token_id = TokenId(session.node.fresh_id());
    let expires_at = parts.clock.now().plus(TimeDelta::hours(TOKEN_HOURS));
    let entry = TokenEntry { store_id, token_id, expires_at };
    parts.vault.put_token(sha256(&token), entry).await?;
    if let Some(name) = &new.name {
        parts.vault.put_token_name(store_id, token_id, name).await?;
    }
    session.node.tokens.remember(sha256(&token), entry);
    session
        .execute::<Store>(&store_id, StoreCommand::IssueToken { token_id, expires_at, role: new.role })
        .await
        .map_err(refused::<Store>)?;
    // The oldest may have gone.
    session.node.tokens.forget(store_id);
    Ok(session.done(IssuedToken { store_id, token_id, token, role: new.role, expires_at }, false))
}

async fn revoke(session: &Session, command: StoreCommand) -> Result<Done<StoreId>, CommandError> {
    let store_id = session.store_id();
    let executed = session.decide::<Store>(&store_id, command).await.map_err(refused::<Store>)?;
    session.node.tokens.forget(store_id);
    Ok(session.done(store_id, executed.replayed))
}

/// What the token stands for, from memory or from the vault; an unknown one stands for nothing.
async fn token_entry(
    node: &Node,
    token: &str,
    may_ask: &mut (impl FnMut() -> Result<(), CommandError> + Send),
) -> Result<TokenEntry, CommandError> {
    if !token.starts_with(PREFIX) {
        may_ask()?;
        return Err(CommandError::Unauthorized);
    }
    let sha256 = sha256(token);
    if let Some(entry) = node.tokens.entry(&sha256) {
        return Ok(entry);
    }
    may_ask()?;
    let entry = node.parts.vault.token(sha256).await?.ok_or(CommandError::Unauthorized)?;
    node.tokens.remember(sha256, entry);
    Ok(entry)
}

/// Reads the store's stream up to its end, and remembers what it says.
async fn read_live_tokens(node: &Node, store: StoreId) -> Result<Arc<LiveTokens>, CommandError> {
    let moment = node.tokens.moment();
    let now = node.now();
    let look = move |state: &Store| match state.live() {
        Some(live) => LiveTokens::of(normalized(&live.app_id), &live.tokens, now),
        None => LiveTokens::of_none(now),
    };
    let tokens = Arc::new(node.look_at::<Store, _>(&store, look).await?);
    node.tokens.keep(moment, store, &tokens);
    Ok(tokens)
}
