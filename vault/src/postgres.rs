//! The vault in PostgreSQL, for several nodes: every write is on the server's disk before a call returns.
//!
//! Nothing is kept in memory here, keys neither: another node may destroy one at any moment. What is destroyed is no longer found by
//! any statement; the server overwrites it on its disk only when it cleans up, which these tables tell it to do within a minute or
//! so, and its write-ahead log and its backups have it for as long as they are kept.

mod actors;
mod inventory;
mod keys;
mod operators;
mod signing;
mod tokens;

use super::binding::Binding;
use super::{
    ActorEntry, ConfirmationEntry, CredentialOwner, CustomerTokenEntry, HmacKey, IncarnationId, OperatorToken,
    SignedHead, SigningKey, TokenEntry, Vault, VaultError, random_bytes,
};
use ::postgres::{Database, DatabaseError, Migrations, Sessions, SqlxError};
use async_trait::async_trait;
use domain::{ActorId, ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use eventlog::{CausedBy, LogId, Position};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row, query};
use uuid::Uuid;

/// Times are in milliseconds since 1970.
const TABLES: Migrations = Migrations {
    part: "vault",
    steps: &[
        "
        CREATE TABLE vault_credentials (
            id uuid PRIMARY KEY,
            owner_kind smallint NOT NULL, -- 0: a store, 1: a customer
            owner uuid NOT NULL,
            hash text NOT NULL,
            review_at bigint -- NULL: known to be in force
        ) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
        CREATE INDEX vault_credentials_by_owner ON vault_credentials (owner);
        CREATE INDEX vault_credentials_to_review ON vault_credentials (id) WHERE review_at IS NOT NULL;
        CREATE TABLE vault_tokens (
            sha256 bytea PRIMARY KEY, store uuid NOT NULL, token uuid NOT NULL, expires_at bigint NOT NULL
        );
        CREATE INDEX vault_tokens_by_expiry ON vault_tokens (expires_at);
        CREATE TABLE vault_confirmations (
            sha256 bytea PRIMARY KEY, store uuid NOT NULL, customer uuid NOT NULL, confirmation uuid NOT NULL,
            expires_at bigint NOT NULL
        );
        CREATE INDEX vault_confirmations_by_expiry ON vault_confirmations (expires_at);
        CREATE TABLE vault_hmac_keys (store uuid PRIMARY KEY, key bytea NOT NULL);
        CREATE TABLE vault_customer_keys (
            customer uuid PRIMARY KEY,
            key bytea -- NULL: destroyed, for ever
        ) WITH (fillfactor = 90, autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);",
        "
        CREATE TABLE vault_binding ( -- one row, once it is known which log the vault belongs to
            one smallint PRIMARY KEY CHECK (one = 1), log_id uuid NOT NULL, whole_to bigint NOT NULL
        );",
        "
        CREATE TABLE vault_token_names (token uuid PRIMARY KEY, store uuid NOT NULL, name text NOT NULL);
        CREATE TABLE vault_customer_tokens (
            sha256 bytea PRIMARY KEY, store uuid NOT NULL, customer uuid NOT NULL, token uuid NOT NULL,
            expires_at bigint NOT NULL
        );
        CREATE INDEX vault_customer_tokens_by_expiry ON vault_customer_tokens (expires_at);
        CREATE TABLE vault_operator_tokens (
            sha256 bytea PRIMARY KEY,
            token uuid NOT NULL,
            role text NOT NULL,
            name text NOT NULL,
            created_at bigint NOT NULL,
            expires_at bigint, -- NULL: never
            revoked_at bigint -- NULL: it was not
        );
        CREATE INDEX vault_operator_tokens_by_token ON vault_operator_tokens (token);
        -- A tag that was destroyed stands in the index as well, which is cleaned each time, however little there is to do.
        CREATE TABLE vault_actors (
            actor uuid PRIMARY KEY,
            store uuid NOT NULL,
            tag bytea, -- NULL with the key
            key bytea -- NULL: destroyed, for ever
        ) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, vacuum_index_cleanup = on);
        CREATE UNIQUE INDEX vault_actors_by_tag ON vault_actors (store, tag) WHERE tag IS NOT NULL;",
        "
        CREATE TABLE vault_signing_keys (
            incarnation bytea PRIMARY KEY, -- the log's id, and the number behind it
            seed bytea NOT NULL
        );
        CREATE TABLE vault_signed_heads (
            incarnation bytea PRIMARY KEY, origin text NOT NULL, size bigint NOT NULL, root bytea NOT NULL
        );",
    ],
};

/// What is answered is durable, whatever the server's own settings say.
const SESSION: &[(&str, &str)] = &[("synchronous_commit", "on")];

/// A vault in a PostgreSQL database.
pub struct PostgresVault {
    sessions: Sessions,
}

impl PostgresVault {
    /// Makes its tables, if there are none.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] if a newer version made them; [`DatabaseError::Unavailable`] while the server is away.
    pub async fn open(database: &Database) -> Result<Self, DatabaseError> {
        database.migrate(&TABLES).await?;
        Ok(Self { sessions: Sessions::new(database, SESSION) })
    }

    /// Every statement here can be done twice.
    async fn ask(&self, query: impl Fn() -> Query<'static, Postgres, PgArguments>) -> Result<Vec<PgRow>, VaultError> {
        self.sessions
            .ask(query)
            .await
            .map_err(|error| VaultError::Away(CausedBy::of("the vault in PostgreSQL", SqlxError::of(&error))))
    }

    async fn find<T>(
        &self,
        query: impl Fn() -> Query<'static, Postgres, PgArguments>,
        read: impl Fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Option<T>, VaultError> {
        self.ask(query).await?.first().map(read).transpose().map_err(unreadable)
    }
}

/// Somebody else removes what is made here.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a store's key is gone as soon as it was made")]
struct KeyIsGone;

fn unreadable(error: sqlx::Error) -> VaultError {
    let unreadable = "the vault in PostgreSQL holds what can't be read";
    VaultError::Damaged(CausedBy::of(unreadable, SqlxError::of(&error)))
}

#[async_trait]
impl Vault for PostgresVault {
    async fn put_credential(
        &self,
        id: CredentialId,
        owner: CredentialOwner,
        hash: &str,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        let (kind, owner) = columns(owner);
        let insert = "INSERT INTO vault_credentials VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let put = || query(insert).bind(id.0).bind(kind).bind(owner).bind(hash.to_owned()).bind(at.as_millis());
        self.ask(put).await.map(drop)
    }

    async fn credential(&self, id: CredentialId) -> Result<Option<String>, VaultError> {
        let select = "SELECT hash FROM vault_credentials WHERE id = $1";
        self.find(|| query(select).bind(id.0), |row| row.try_get(0)).await
    }

    async fn review_credentials(&self, owner: CredentialOwner, at: Timestamp) -> Result<(), VaultError> {
        let (kind, owner) = columns(owner);
        let update = "UPDATE vault_credentials SET review_at = $1 WHERE owner = $2 AND owner_kind = $3";
        self.ask(|| query(update).bind(at.as_millis()).bind(owner).bind(kind)).await.map(drop)
    }

    async fn credentials_to_review(
        &self,
        before: Timestamp,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<(CredentialId, CredentialOwner)>, VaultError> {
        let select = "SELECT id, owner_kind, owner FROM vault_credentials
                      WHERE review_at < $1 AND id > $2 ORDER BY id LIMIT $3";
        // The nil id is before every other; no credential has it.
        let after = after.map_or(Uuid::nil(), |after| after.0);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.ask(|| query(select).bind(before.as_millis()).bind(after).bind(limit)).await?;
        rows.iter().map(owned_credential).collect::<sqlx::Result<_>>().map_err(unreadable)
    }

    async fn settle_credentials(&self, in_force: &[CredentialId], others: &[CredentialId]) -> Result<(), VaultError> {
        let ids = |credentials: &[CredentialId]| credentials.iter().map(|id| id.0).collect::<Vec<_>>();
        // One statement: both or neither.
        let settle = "WITH kept AS (UPDATE vault_credentials SET review_at = NULL WHERE id = ANY ($1))
                      DELETE FROM vault_credentials WHERE id = ANY ($2)";
        self.ask(|| query(settle).bind(ids(in_force)).bind(ids(others))).await.map(drop)
    }

    async fn put_token(&self, sha256: [u8; 32], entry: TokenEntry) -> Result<(), VaultError> {
        let TokenEntry { store_id, token_id, expires_at } = entry;
        let insert = "INSERT INTO vault_tokens VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let put = || query(insert).bind(sha256).bind(store_id.0).bind(token_id.0).bind(expires_at.as_millis());
        self.ask(put).await.map(drop)
    }

    async fn token(&self, sha256: [u8; 32]) -> Result<Option<TokenEntry>, VaultError> {
        let select = "SELECT store, token, expires_at FROM vault_tokens WHERE sha256 = $1";
        let read = |row: &PgRow| {
            Ok(TokenEntry {
                store_id: StoreId(row.try_get(0)?),
                token_id: TokenId(row.try_get(1)?),
                expires_at: Timestamp::from_millis(row.try_get(2)?),
            })
        };
        self.find(|| query(select).bind(sha256), read).await
    }

    async fn put_token_name(&self, store: StoreId, token: TokenId, name: &str) -> Result<(), VaultError> {
        tokens::put_names(self, &[(token.0, store.0, name.to_owned())]).await
    }

    async fn token_names(&self, store: StoreId, tokens: &[TokenId]) -> Result<Vec<Option<String>>, VaultError> {
        tokens::names(self, store, tokens).await
    }

    async fn put_customer_token(&self, sha256: [u8; 32], entry: CustomerTokenEntry) -> Result<(), VaultError> {
        tokens::put_of_customers(self, &[(sha256.to_vec(), entry)]).await
    }

    async fn customer_token(&self, sha256: [u8; 32]) -> Result<Option<CustomerTokenEntry>, VaultError> {
        tokens::of_customer(self, sha256).await
    }

    async fn put_operator_token(&self, sha256: [u8; 32], token: &OperatorToken) -> Result<(), VaultError> {
        operators::put(self, sha256, token).await
    }

    async fn operator_token(&self, sha256: [u8; 32]) -> Result<Option<OperatorToken>, VaultError> {
        operators::of(self, sha256).await
    }

    async fn operator_tokens(&self) -> Result<Vec<OperatorToken>, VaultError> {
        operators::all(self).await
    }

    async fn revoke_operator_token(&self, token: TokenId, at: Timestamp) -> Result<bool, VaultError> {
        operators::revoke(self, token, at).await
    }

    async fn put_confirmation(
        &self,
        sha256: [u8; 32],
        entry: ConfirmationEntry,
        expires_at: Timestamp,
    ) -> Result<(), VaultError> {
        let ConfirmationEntry { store_id, customer_id, confirmation_id } = entry;
        let insert = "INSERT INTO vault_confirmations VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let put = || {
            let put = query(insert).bind(sha256).bind(store_id.0).bind(customer_id.0);
            put.bind(confirmation_id.0).bind(expires_at.as_millis())
        };
        self.ask(put).await.map(drop)
    }

    async fn confirmation(&self, sha256: [u8; 32]) -> Result<Option<ConfirmationEntry>, VaultError> {
        let select = "SELECT store, customer, confirmation FROM vault_confirmations WHERE sha256 = $1";
        let read = |row: &PgRow| {
            Ok(ConfirmationEntry {
                store_id: StoreId(row.try_get(0)?),
                customer_id: CustomerId(row.try_get(1)?),
                confirmation_id: ConfirmationId(row.try_get(2)?),
            })
        };
        self.find(|| query(select).bind(sha256), read).await
    }

    async fn remove_expired(&self, before: Timestamp) -> Result<(), VaultError> {
        let remove = "WITH confirmations AS (DELETE FROM vault_confirmations WHERE expires_at < $1),
                           of_customers AS (DELETE FROM vault_customer_tokens WHERE expires_at < $1)
                      DELETE FROM vault_tokens WHERE expires_at < $1";
        self.ask(|| query(remove).bind(before.as_millis())).await.map(drop)
    }

    async fn hmac_key(&self, store: StoreId) -> Result<HmacKey, VaultError> {
        let stored = || query("SELECT key FROM vault_hmac_keys WHERE store = $1").bind(store.0);
        let read = |row: &PgRow| row.try_get::<[u8; 32], _>(0);
        if let Some(key) = self.find(stored, read).await? {
            return Ok(HmacKey(key));
        }
        let fresh = random_bytes()?;
        let insert = "INSERT INTO vault_hmac_keys VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.ask(|| query(insert).bind(store.0).bind(fresh)).await?;
        // Whoever was first.
        let key = self.find(stored, read).await?;
        key.map(HmacKey).ok_or_else(|| VaultError::Away(KeyIsGone.into()))
    }

    async fn actor(&self, store: StoreId, tag: [u8; 32], fresh: ActorId) -> Result<ActorEntry, VaultError> {
        actors::actor(self, store, tag, fresh).await
    }

    async fn forget_actor(&self, store: StoreId, actor: ActorId) -> Result<bool, VaultError> {
        actors::forget(self, store, actor).await
    }

    async fn put_signing_key(&self, of: IncarnationId, key: SigningKey) -> Result<SigningKey, VaultError> {
        signing::put_key(self, of, key).await
    }

    async fn signing_key(&self, of: IncarnationId) -> Result<Option<SigningKey>, VaultError> {
        signing::key(self, of).await
    }

    async fn signed_head(&self, of: IncarnationId) -> Result<Option<SignedHead>, VaultError> {
        signing::head(self, of).await
    }

    async fn sign_head(
        &self,
        of: IncarnationId,
        expected: Option<&SignedHead>,
        new: &SignedHead,
    ) -> Result<bool, VaultError> {
        signing::sign(self, of, expected, new).await
    }

    async fn binding(&self) -> Result<Option<Binding>, VaultError> {
        let read = |row: &PgRow| {
            let whole_to = Position(row.try_get::<i64, _>(1)?.unsigned_abs());
            Ok(Binding { log_id: LogId(row.try_get(0)?), whole_to })
        };
        self.find(|| query("SELECT log_id, whole_to FROM vault_binding"), read).await
    }

    async fn bind(&self, binding: Binding) -> Result<(), VaultError> {
        let upsert = "INSERT INTO vault_binding VALUES (1, $1, $2)
                      ON CONFLICT (one) DO UPDATE SET log_id = excluded.log_id, whole_to = excluded.whole_to";
        let whole_to = i64::try_from(binding.whole_to.0).unwrap_or(i64::MAX);
        self.ask(|| query(upsert).bind(binding.log_id.0).bind(whole_to)).await.map(drop)
    }

    async fn never_had(&self, customers: &[CustomerId]) -> Result<Vec<CustomerId>, VaultError> {
        let wanted: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
        let select = "SELECT customer FROM unnest($1::uuid[]) AS wanted (customer)
                      WHERE NOT EXISTS (SELECT FROM vault_customer_keys AS keys WHERE keys.customer = wanted.customer)";
        let rows = self.ask(|| query(select).bind(wanted.clone())).await?;
        let read = |row: &PgRow| row.try_get(0).map(CustomerId);
        rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(unreadable)
    }

    async fn destroy_key(&self, customer: CustomerId) -> Result<(), VaultError> {
        let upsert =
            "INSERT INTO vault_customer_keys VALUES ($1, NULL) ON CONFLICT (customer) DO UPDATE SET key = NULL";
        self.ask(|| query(upsert).bind(customer.0)).await.map(drop)
    }
}

/// One column of all rows.
fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn columns(owner: CredentialOwner) -> (i16, Uuid) {
    match owner {
        CredentialOwner::Store(store) => (0, store.0),
        CredentialOwner::Customer(customer) => (1, customer.0),
    }
}

fn owned_credential(row: &PgRow) -> sqlx::Result<(CredentialId, CredentialOwner)> {
    let owner = row.try_get(2)?;
    let owner = match row.try_get::<i16, _>(1)? {
        0 => CredentialOwner::Store(StoreId(owner)),
        1 => CredentialOwner::Customer(CustomerId(owner)),
        other => return Err(sqlx::Error::Decode(format!("there is no kind {other} of an owner").into())),
    };
    Ok((CredentialId(row.try_get(0)?), owner))
}
