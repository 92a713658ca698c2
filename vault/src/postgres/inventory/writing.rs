//! Entries put into the vault in PostgreSQL: a statement for each table.

use crate::inventory::Entry;
use crate::postgres::actors::{self, ActorRow};
use crate::postgres::signing::{self, HeadRow, KeyRow};
use crate::postgres::tokens::{self, NameRow};
use crate::postgres::{PostgresVault, column, columns, operators};
use crate::{ConfirmationEntry, CustomerTokenEntry, HmacKey, OperatorToken, TokenEntry, VaultError};
use domain::Timestamp;
use journal::SealingKey;
use sqlx::query;
use uuid::Uuid;

/// Puts them, or brings up to date what may change of those that are there.
pub(super) async fn put(vault: &PostgresVault, entries: Vec<Entry>) -> Result<(), VaultError> {
    let rows = Rows::of(entries);
    vault.put_credentials(&rows.credentials).await?;
    vault.put_tokens(&rows.tokens).await?;
    tokens::put_names(vault, &rows.token_names).await?;
    operators::upsert(vault, &rows.operator_tokens).await?;
    tokens::put_of_customers(vault, &rows.customer_tokens).await?;
    vault.put_confirmations(&rows.confirmations).await?;
    actors::upsert(vault, &rows.forgotten_actors, &rows.actors).await?;
    signing::put_keys(vault, &rows.signing_keys).await?;
    signing::upsert_heads(vault, &rows.signed_heads).await?;
    vault.put_keys(&rows.hmac_keys, &rows.customer_keys).await
}

/// Entries as rows, by table.
#[derive(Default)]
struct Rows {
    credentials: Vec<(Uuid, i16, Uuid, String, Option<i64>)>,
    tokens: Vec<(Vec<u8>, TokenEntry)>,
    token_names: Vec<NameRow>,
    operator_tokens: Vec<(Vec<u8>, OperatorToken)>,
    customer_tokens: Vec<(Vec<u8>, CustomerTokenEntry)>,
    confirmations: Vec<(Vec<u8>, ConfirmationEntry, i64)>,
    hmac_keys: Vec<(Uuid, HmacKey)>,
    forgotten_actors: Vec<(Uuid, Uuid)>,
    actors: Vec<ActorRow>,
    customer_keys: Vec<(Uuid, Option<SealingKey>)>,
    signing_keys: Vec<KeyRow>,
    signed_heads: Vec<HeadRow>,
}

impl Rows {
    fn of(entries: Vec<Entry>) -> Self {
        let mut rows = Self::default();
        for entry in entries {
            match entry {
                Entry::Credential { id, owner, hash, review_at } => {
                    let (kind, owner) = columns(owner);
                    rows.credentials.push((id.0, kind, owner, hash, review_at.map(Timestamp::as_millis)));
                }
                Entry::Token { sha256, entry } => rows.tokens.push((sha256.to_vec(), entry)),
                Entry::TokenName { token, store, name } => rows.token_names.push((token.0, store.0, name)),
                Entry::OperatorToken { sha256, token } => rows.operator_tokens.push((sha256.to_vec(), token)),
                Entry::CustomerToken { sha256, entry } => rows.customer_tokens.push((sha256.to_vec(), entry)),
                Entry::Confirmation { sha256, entry, expires_at } => {
                    rows.confirmations.push((sha256.to_vec(), entry, expires_at.as_millis()));
                }
                Entry::Actor { actor_id, store, key: None, .. } => rows.forgotten_actors.push((actor_id.0, store.0)),
                Entry::Actor { actor_id, store, tag, key: Some(key) } => {
                    rows.actors.push((actor_id.0, store.0, tag, key));
                }
                Entry::SigningKey { of, key } => rows.signing_keys.push((of, key)),
                Entry::SignedHead { of, head } => rows.signed_heads.push((of, head)),
                Entry::HmacKey { store, key } => rows.hmac_keys.push((store.0, key)),
                Entry::CustomerKey { customer, key } => rows.customer_keys.push((customer.0, key)),
            }
        }
        rows
    }
}

impl PostgresVault {
    async fn put_credentials(&self, rows: &[(Uuid, i16, Uuid, String, Option<i64>)]) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_credentials
                   SELECT * FROM UNNEST($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::bigint[])
                   ON CONFLICT (id) DO UPDATE SET review_at = excluded.review_at";
        if rows.is_empty() {
            return Ok(());
        }
        let put = || {
            let put = query(put).bind(column(rows, |row| row.0)).bind(column(rows, |row| row.1));
            put.bind(column(rows, |row| row.2)).bind(column(rows, |row| row.3.clone())).bind(column(rows, |row| row.4))
        };
        self.ask(put).await.map(drop)
    }

    async fn put_tokens(&self, rows: &[(Vec<u8>, TokenEntry)]) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_tokens SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::uuid[], $4::bigint[])
                   ON CONFLICT DO NOTHING";
        if rows.is_empty() {
            return Ok(());
        }
        let put = || {
            let put = query(put).bind(column(rows, |row| row.0.clone())).bind(column(rows, |row| row.1.store_id.0));
            put.bind(column(rows, |row| row.1.token_id.0)).bind(column(rows, |row| row.1.expires_at.as_millis()))
        };
        self.ask(put).await.map(drop)
    }

    async fn put_confirmations(&self, rows: &[(Vec<u8>, ConfirmationEntry, i64)]) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_confirmations
                   SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
                   ON CONFLICT DO NOTHING";
        if rows.is_empty() {
            return Ok(());
        }
        let put = || {
            let put = query(put).bind(column(rows, |row| row.0.clone())).bind(column(rows, |row| row.1.store_id.0));
            let put = put.bind(column(rows, |row| row.1.customer_id.0));
            put.bind(column(rows, |row| row.1.confirmation_id.0)).bind(column(rows, |row| row.2))
        };
        self.ask(put).await.map(drop)
    }

    async fn put_keys(
        &self,
        stores: &[(Uuid, HmacKey)],
        customers: &[(Uuid, Option<SealingKey>)],
    ) -> Result<(), VaultError> {
        let put = "INSERT INTO vault_hmac_keys SELECT * FROM UNNEST($1::uuid[], $2::bytea[]) ON CONFLICT DO NOTHING";
        if !stores.is_empty() {
            let put = || query(put).bind(column(stores, |row| row.0)).bind(column(stores, |row| row.1.0.to_vec()));
            self.ask(put).await?;
        }
        let put = "INSERT INTO vault_customer_keys SELECT * FROM UNNEST($1::uuid[], $2::bytea[])
                   ON CONFLICT (customer) DO UPDATE SET key = NULL WHERE excluded.key IS NULL";
        if !customers.is_empty() {
            let key = |row: &(Uuid, Option<SealingKey>)| row.1.as_ref().map(|key| key.0.to_vec());
            let put = || query(put).bind(column(customers, |row| row.0)).bind(column(customers, key));
            self.ask(put).await?;
        }
        Ok(())
    }
}
