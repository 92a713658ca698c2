//! Entries put into the embedded vault, one by one.

use crate::inventory::Entry;
use crate::sqlite::tokens::{insert_name, insert_of_customer};
use crate::sqlite::{actors, columns, operators, signing};
use crate::{ConfirmationEntry, TokenEntry};
use domain::Timestamp;
use rusqlite::{Connection, params};

/// Puts it, or brings up to date what may change of the one that is there.
pub(super) fn put(vault: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let put = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| vault.prepare_cached(sql)?.execute(parameters).map(drop);
    match entry {
        Entry::Credential { id, owner, hash, review_at } => {
            let (kind, owner) = columns(*owner);
            put(
                "INSERT INTO credentials (id, owner_kind, owner, hash, review_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET review_at = excluded.review_at",
                params![id.0.as_bytes(), kind, owner.as_bytes(), hash, review_at.map(Timestamp::as_millis)],
            )
        }
        Entry::Token { sha256, entry: TokenEntry { store_id, token_id, expires_at } } => put(
            "INSERT INTO tokens (sha256, store, token, expires_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![sha256, store_id.0.as_bytes(), token_id.0.as_bytes(), expires_at.as_millis()],
        ),
        Entry::Confirmation {
            sha256,
            entry: ConfirmationEntry { store_id, customer_id, confirmation_id },
            expires_at,
        } => put(
            "INSERT INTO confirmations (sha256, store, customer, confirmation, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            params![
                sha256,
                store_id.0.as_bytes(),
                customer_id.0.as_bytes(),
                confirmation_id.0.as_bytes(),
                expires_at.as_millis()
            ],
        ),
        Entry::TokenName { token, store, name } => insert_name(vault, *store, *token, name),
        Entry::CustomerToken { sha256, entry } => insert_of_customer(vault, *sha256, *entry),
        Entry::OperatorToken { sha256, token } => operators::upsert(vault, *sha256, token),
        Entry::Actor { actor_id, store, tag, key } => actors::upsert(vault, *actor_id, *store, *tag, key),
        Entry::SigningKey { of, key } => signing::insert_key(vault, *of, key),
        Entry::SignedHead { of, head } => signing::upsert_head(vault, *of, head),
        Entry::HmacKey { store, key } => put(
            "INSERT INTO hmac_keys (store, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![store.0.as_bytes(), key.0],
        ),
        Entry::CustomerKey { customer, key } => put(
            "INSERT INTO customer_keys (customer, key) VALUES (?1, ?2)
             ON CONFLICT (customer) DO UPDATE SET key = NULL WHERE excluded.key IS NULL",
            params![customer.0.as_bytes(), key.as_ref().map(|key| key.0)],
        ),
    }
}
