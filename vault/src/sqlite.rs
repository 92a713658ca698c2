//! The embedded vault: one SQLite file, written through to the disk before a call returns.

mod actors;
mod inventory;
mod keys;
mod looking;
mod operators;
mod signing;
mod tokens;

pub use looking::SqliteKeys;

use super::binding::Binding;
use super::key_cache::{KeyCache, KeyOwner};
use super::{
    ActorEntry, ConfirmationEntry, CredentialOwner, CustomerTokenEntry, HmacKey, IncarnationId, OperatorToken,
    SignedHead, SigningKey, TokenEntry, Vault, VaultError, random_bytes,
};
use async_trait::async_trait;
use domain::{ActorId, ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use eventlog::{LogId, Position};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sqlite::{
    Advice, Bounds, ConnectionMemory, Database, DatabaseError, FailureKind, Format, OpenError, OtherVersion, Settle,
    SettleError, Synchronous, WhatIsFound,
};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// What keys take in memory unless told otherwise.
const KEY_BYTES: usize = 4 * 1024 * 1024;

/// Ids are stored as their 16 bytes, times in milliseconds since 1970.
const TABLES: &str = "
    CREATE TABLE credentials (
        id BLOB PRIMARY KEY,
        owner_kind INTEGER NOT NULL, -- 0: a store, 1: a customer
        owner BLOB NOT NULL,
        hash TEXT NOT NULL,
        review_at INTEGER -- NULL: known to be in force
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX credentials_by_owner ON credentials (owner);
    CREATE INDEX credentials_to_review ON credentials (review_at) WHERE review_at IS NOT NULL;
    CREATE TABLE tokens (
        sha256 BLOB PRIMARY KEY, store BLOB NOT NULL, token BLOB NOT NULL, expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokens_by_expiry ON tokens (expires_at);
    CREATE TABLE confirmations (
        sha256 BLOB PRIMARY KEY, store BLOB NOT NULL, customer BLOB NOT NULL, confirmation BLOB NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX confirmations_by_expiry ON confirmations (expires_at);
    CREATE TABLE hmac_keys (store BLOB PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE customer_keys (
        customer BLOB PRIMARY KEY,
        key BLOB -- NULL: destroyed, for ever
    ) STRICT, WITHOUT ROWID;
";

/// Since version 2. One row, once it is known which log the vault belongs to.
const BINDING: &str = "
    CREATE TABLE binding (
        one INTEGER PRIMARY KEY CHECK (one = 1), log_id BLOB NOT NULL, whole_to INTEGER NOT NULL
    ) STRICT;
";

/// Since version 3: who else has access, and who was at a store's desk.
const ACCESS: &str = "
    CREATE TABLE token_names (token BLOB PRIMARY KEY, store BLOB NOT NULL, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE customer_tokens (
        sha256 BLOB PRIMARY KEY, store BLOB NOT NULL, customer BLOB NOT NULL, token BLOB NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX customer_tokens_by_expiry ON customer_tokens (expires_at);
    CREATE TABLE operator_tokens (
        sha256 BLOB PRIMARY KEY,
        token BLOB NOT NULL,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER, -- NULL: never
        revoked_at INTEGER -- NULL: it was not
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX operator_tokens_by_token ON operator_tokens (token);
    CREATE TABLE actors (
        actor BLOB PRIMARY KEY,
        store BLOB NOT NULL,
        tag BLOB, -- NULL with the key
        key BLOB -- NULL: destroyed, for ever
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX actors_by_tag ON actors (store, tag) WHERE tag IS NOT NULL;
";

/// Since version 4: what the log's heads are signed with, and the last of them.
const SIGNING: &str = "
    CREATE TABLE signing_keys (
        incarnation BLOB PRIMARY KEY, -- the log's id, and the number behind it
        seed BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE signed_heads (
        incarnation BLOB PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

static FORMAT: Format = Format {
    what: "a vault",
    application_id: 0x6376_6c74, // `cvlt`
    version: 4,
    upgrades: &[
        |vault| vault.execute_batch(BINDING),
        |vault| vault.execute_batch(ACCESS),
        |vault| vault.execute_batch(SIGNING),
    ],
    tables: |vault| [TABLES, BINDING, ACCESS, SIGNING].into_iter().try_for_each(|tables| vault.execute_batch(tables)),
    other_version: OtherVersion::Refuse,
    synchronous: Synchronous::Full,
    // A key that is read is built on.
    found: WhatIsFound::IsOnDisk,
    // What is deleted is overwritten with zeros.
    pragmas: "PRAGMA secure_delete = ON;",
    bounds: Bounds::SMALL,
    writer: ConnectionMemory::SMALL,
    reader: ConnectionMemory::SMALL,
    readers: 2,
    advice: Advice {
        not_ours: "is not a vault of cartlog; move it away, or choose another data directory",
        other_version: "start the version of cartlog that wrote it, or restore a backup",
        if_damaged: "the vault is damaged: restore a backup of it, with its -wal; the keys to what the log holds of people are nowhere else",
        begun_anew: "",
    },
};

/// A vault in one SQLite file that only its owner may read.
pub struct SqliteVault {
    database: Arc<Database>,
    keys: KeyCache,
}

impl SqliteVault {
    /// Opens the vault in the file, and creates it if there is none. Blocks.
    ///
    /// # Errors
    /// The file is not a vault of ours, is of a newer version (it is left as it is in both cases), or the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        Self::open_with(path, KEY_BYTES)
    }

    /// As [`Self::open`], with keys of about so many bytes in memory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(path: &Path, key_bytes: usize) -> Result<Self, VaultError> {
        let database = Arc::new(Database::open(path, &FORMAT)?);
        Ok(Self { database, keys: KeyCache::new(key_bytes) })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        Ok(self.database.write(work).await?)
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        Ok(self.database.read(work).await?)
    }

    /// Takes what was just destroyed out of the write-ahead log too.
    async fn purge(&self) -> Result<(), VaultError> {
        if !self.database.purge().await? {
            tracing::warn!("what was destroyed may stand in the vault's write-ahead log until its next checkpoint");
        }
        Ok(())
    }
}

impl From<DatabaseError> for VaultError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Away(reason) => VaultError::Away(reason.into()),
            DatabaseError::Damaged(reason) | DatabaseError::Refused(reason) => VaultError::Damaged(reason.into()),
        }
    }
}

/// Of a file that is only looked at. What isn't ours, or of another version, stays so.
impl From<OpenError> for VaultError {
    fn from(error: OpenError) -> Self {
        match error.trouble() {
            Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) => VaultError::Away(error.into()),
            Some(FailureKind::Damaged) | None => VaultError::Damaged(error.into()),
        }
    }
}

impl Settle for SqliteVault {
    fn settle(&self) -> Result<(), SettleError> {
        self.database.settle()
    }
}

#[async_trait]
impl Vault for SqliteVault {
    fn damage(&self) -> Option<String> {
        self.database.damage()
    }

    async fn put_credential(
        &self,
        id: CredentialId,
        owner: CredentialOwner,
        hash: &str,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        let hash = hash.to_owned();
        let put = move |vault: &Connection| {
            let insert = "INSERT INTO credentials (id, owner_kind, owner, hash, review_at) VALUES (?1, ?2, ?3, ?4, ?5)
                          ON CONFLICT DO NOTHING";
            let (kind, owner) = columns(owner);
            vault.prepare_cached(insert)?.execute(params![
                id.0.as_bytes(),
                kind,
                owner.as_bytes(),
                hash,
                at.as_millis()
            ])
        };
        self.write(put).await.map(drop)
    }

    async fn credential(&self, id: CredentialId) -> Result<Option<String>, VaultError> {
        let look = move |vault: &Connection| {
            let select = "SELECT hash FROM credentials WHERE id = ?1";
            vault.prepare_cached(select)?.query_row(params![id.0.as_bytes()], |row| row.get(0)).optional()
        };
        self.read(look).await
    }

    async fn review_credentials(&self, owner: CredentialOwner, at: Timestamp) -> Result<(), VaultError> {
        let mark = move |vault: &Connection| {
            let update = "UPDATE credentials SET review_at = ?1 WHERE owner = ?2 AND owner_kind = ?3";
            let (kind, owner) = columns(owner);
            vault.prepare_cached(update)?.execute(params![at.as_millis(), owner.as_bytes(), kind])
        };
        self.write(mark).await.map(drop)
    }

    async fn credentials_to_review(
        &self,
        before: Timestamp,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<(CredentialId, CredentialOwner)>, VaultError> {
        let list = move |vault: &Connection| {
            let select = "SELECT id, owner_kind, owner FROM credentials
                          WHERE review_at < ?1 AND id > ?2 ORDER BY id LIMIT ?3";
            // The nil id is before every other; no credential has it.
            let after = after.map_or(Uuid::nil(), |after| after.0);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = vault.prepare_cached(select)?;
            statement.query_map(params![before.as_millis(), after.as_bytes(), limit], owned_credential)?.collect()
        };
        self.read(list).await
    }

    async fn settle_credentials(&self, in_force: &[CredentialId], others: &[CredentialId]) -> Result<(), VaultError> {
        let (in_force, others) = (in_force.to_vec(), others.to_vec());
        let settle = move |vault: &Connection| {
            let mut keep = vault.prepare_cached("UPDATE credentials SET review_at = NULL WHERE id = ?1")?;
            let mut destroy = vault.prepare_cached("DELETE FROM credentials WHERE id = ?1")?;
            in_force.iter().try_for_each(|id| keep.execute(params![id.0.as_bytes()]).map(drop))?;
            others.iter().try_for_each(|id| destroy.execute(params![id.0.as_bytes()]).map(drop))?;
            Ok(!others.is_empty())
        };
        if self.write(settle).await? {
            self.purge().await?;
        }
        Ok(())
    }

    async fn put_token(&self, sha256: [u8; 32], entry: TokenEntry) -> Result<(), VaultError> {
        let put = move |vault: &Connection| {
            let insert = "INSERT INTO tokens (sha256, store, token, expires_at) VALUES (?1, ?2, ?3, ?4)
                          ON CONFLICT DO NOTHING";
            let TokenEntry { store_id, token_id, expires_at } = entry;
            vault.prepare_cached(insert)?.execute(params![
                sha256,
                store_id.0.as_bytes(),
                token_id.0.as_bytes(),
                expires_at.as_millis()
            ])
        };
        self.write(put).await.map(drop)
    }

    async fn token(&self, sha256: [u8; 32]) -> Result<Option<TokenEntry>, VaultError> {
        let read = |row: &Row<'_>| {
            Ok(TokenEntry {
                store_id: StoreId(uuid(row, 0)?),
                token_id: TokenId(uuid(row, 1)?),
                expires_at: Timestamp::from_millis(row.get(2)?),
            })
        };
        let look = move |vault: &Connection| {
            let select = "SELECT store, token, expires_at FROM tokens WHERE sha256 = ?1";
            vault.prepare_cached(select)?.query_row(params![sha256], read).optional()
        };
        self.read(look).await
    }

    async fn put_token_name(&self, store: StoreId, token: TokenId, name: &str) -> Result<(), VaultError> {
        tokens::put_name(self, store, token, name).await
    }

    async fn token_names(&self, store: StoreId, tokens: &[TokenId]) -> Result<Vec<Option<String>>, VaultError> {
        tokens::names(self, store, tokens).await
    }

    async fn put_customer_token(&self, sha256: [u8; 32], entry: CustomerTokenEntry) -> Result<(), VaultError> {
        tokens::put_of_customer(self, sha256, entry).await
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
        let put = move |vault: &Connection| {
            let insert = "INSERT INTO confirmations (sha256, store, customer, confirmation, expires_at)
                          VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
            let ConfirmationEntry { store_id, customer_id, confirmation_id } = entry;
            vault.prepare_cached(insert)?.execute(params![
                sha256,
                store_id.0.as_bytes(),
                customer_id.0.as_bytes(),
                confirmation_id.0.as_bytes(),
                expires_at.as_millis()
            ])
        };
        self.write(put).await.map(drop)
    }

    async fn confirmation(&self, sha256: [u8; 32]) -> Result<Option<ConfirmationEntry>, VaultError> {
        let read = |row: &Row<'_>| {
            Ok(ConfirmationEntry {
                store_id: StoreId(uuid(row, 0)?),
                customer_id: CustomerId(uuid(row, 1)?),
                confirmation_id: ConfirmationId(uuid(row, 2)?),
            })
        };
        let look = move |vault: &Connection| {
            let select = "SELECT store, customer, confirmation FROM confirmations WHERE sha256 = ?1";
            vault.prepare_cached(select)?.query_row(params![sha256], read).optional()
        };
        self.read(look).await
    }

    async fn remove_expired(&self, before: Timestamp) -> Result<(), VaultError> {
        let remove = move |vault: &Connection| {
            vault.execute("DELETE FROM tokens WHERE expires_at < ?1", params![before.as_millis()])?;
            vault.execute("DELETE FROM customer_tokens WHERE expires_at < ?1", params![before.as_millis()])?;
            vault.execute("DELETE FROM confirmations WHERE expires_at < ?1", params![before.as_millis()])
        };
        self.write(remove).await.map(drop)
    }

    async fn hmac_key(&self, store: StoreId) -> Result<HmacKey, VaultError> {
        let stored = move |vault: &Connection| {
            let select = "SELECT key FROM hmac_keys WHERE store = ?1";
            vault.prepare_cached(select)?.query_row(params![store.0.as_bytes()], |row| row.get(0)).optional()
        };
        if let Some(key) = self.read(stored).await? {
            return Ok(HmacKey(key));
        }
        let fresh = random_bytes()?;
        let make = move |vault: &Connection| {
            let insert = "INSERT INTO hmac_keys (store, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            vault.execute(insert, params![store.0.as_bytes(), fresh])?;
            vault.query_row("SELECT key FROM hmac_keys WHERE store = ?1", params![store.0.as_bytes()], |row| row.get(0))
        };
        self.write(make).await.map(HmacKey)
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
        let look = |vault: &Connection| {
            let select = "SELECT log_id, whole_to FROM binding";
            let read = |row: &Row<'_>| {
                Ok(Binding { log_id: LogId(uuid(row, 0)?), whole_to: Position(row.get::<_, i64>(1)?.unsigned_abs()) })
            };
            vault.query_row(select, [], read).optional()
        };
        self.read(look).await
    }

    async fn bind(&self, binding: Binding) -> Result<(), VaultError> {
        let bind = move |vault: &Connection| {
            let upsert = "INSERT INTO binding VALUES (1, ?1, ?2)
                          ON CONFLICT DO UPDATE SET log_id = excluded.log_id, whole_to = excluded.whole_to";
            let whole_to = i64::try_from(binding.whole_to.0).unwrap_or(i64::MAX);
            vault.prepare_cached(upsert)?.execute(params![binding.log_id.0.as_bytes(), whole_to])
        };
        self.write(bind).await.map(drop)
    }

    async fn never_had(&self, customers: &[CustomerId]) -> Result<Vec<CustomerId>, VaultError> {
        let customers = customers.to_vec();
        let look = move |vault: &Connection| {
            let mut known = vault.prepare_cached("SELECT 1 FROM customer_keys WHERE customer = ?1")?;
            let mut missing = Vec::new();
            for customer in customers {
                if !known.exists(params![customer.0.as_bytes()])? {
                    missing.push(customer);
                }
            }
            Ok(missing)
        };
        self.read(look).await
    }

    async fn destroy_key(&self, customer: CustomerId) -> Result<(), VaultError> {
        let destroy = move |vault: &Connection| {
            let upsert = "INSERT INTO customer_keys (customer, key) VALUES (?1, NULL)
                          ON CONFLICT (customer) DO UPDATE SET key = NULL";
            vault.execute(upsert, params![customer.0.as_bytes()])
        };
        self.write(destroy).await?;
        self.keys.destroyed(KeyOwner::Customer(customer));
        self.purge().await
    }
}

fn columns(owner: CredentialOwner) -> (i64, Uuid) {
    match owner {
        CredentialOwner::Store(store) => (0, store.0),
        CredentialOwner::Customer(customer) => (1, customer.0),
    }
}

fn owned_credential(row: &Row<'_>) -> rusqlite::Result<(CredentialId, CredentialOwner)> {
    let owner = uuid(row, 2)?;
    let owner = match row.get::<_, i64>(1)? {
        0 => CredentialOwner::Store(StoreId(owner)),
        1 => CredentialOwner::Customer(CustomerId(owner)),
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(1, other)),
    };
    Ok((CredentialId(uuid(row, 0)?), owner))
}

fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}
