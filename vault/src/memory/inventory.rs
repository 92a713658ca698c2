//! Going through the vault in memory.

use super::{Actor, Credential, Entries, MemoryVault};
use crate::VaultError;
use crate::inventory::{Entry, Inventory, Kind};
use async_trait::async_trait;
use domain::{ActorId, CredentialId};

#[async_trait]
impl Inventory for MemoryVault {
    async fn entries(&self, kind: Kind, after: &[u8], limit: usize) -> Result<Vec<Entry>, VaultError> {
        let mut listed = self.entries()?.of(kind);
        listed.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(listed.into_iter().filter(|entry| entry.id() > after).take(limit).collect())
    }

    async fn put_entries(&self, mut new: Vec<Entry>) -> Result<(), VaultError> {
        let mut entries = self.entries()?;
        new.sort_by_key(|entry| !entry.is_forgotten_actor());
        new.into_iter().for_each(|entry| entries.put(entry));
        Ok(())
    }
}

impl Entries {
    fn of(&self, kind: Kind) -> Vec<Entry> {
        match kind {
            Kind::Credential => {
                let entry = |(id, credential): (&CredentialId, &Credential)| Entry::Credential {
                    id: *id,
                    owner: credential.owner,
                    hash: credential.hash.clone(),
                    review_at: credential.review_at,
                };
                self.credentials.iter().map(entry).collect()
            }
            Kind::Token => {
                self.tokens.iter().map(|(sha256, entry)| Entry::Token { sha256: *sha256, entry: *entry }).collect()
            }
            Kind::Confirmation => {
                let all = self.confirmations.iter();
                all.map(|(sha256, (entry, expires_at))| Entry::Confirmation {
                    sha256: *sha256,
                    entry: *entry,
                    expires_at: *expires_at,
                })
                .collect()
            }
            Kind::TokenName => {
                let all = self.token_names.iter();
                all.map(|(token, (store, name))| Entry::TokenName { token: *token, store: *store, name: name.clone() })
                    .collect()
            }
            Kind::CustomerToken => {
                let all = self.customer_tokens.iter();
                all.map(|(sha256, entry)| Entry::CustomerToken { sha256: *sha256, entry: *entry }).collect()
            }
            Kind::OperatorToken => {
                let all = self.operator_tokens.iter();
                all.map(|(sha256, token)| Entry::OperatorToken { sha256: *sha256, token: token.clone() }).collect()
            }
            Kind::Actor => {
                let entry = |(actor_id, actor): (&ActorId, &Actor)| Entry::Actor {
                    actor_id: *actor_id,
                    store: actor.store,
                    tag: actor.tag,
                    key: actor.key.clone(),
                };
                self.actors.iter().map(entry).collect()
            }
            Kind::HmacKey => {
                self.hmac_keys.iter().map(|(store, key)| Entry::HmacKey { store: *store, key: key.clone() }).collect()
            }
            Kind::CustomerKey => {
                let all = self.customer_keys.iter();
                all.map(|(customer, key)| Entry::CustomerKey { customer: *customer, key: key.clone() }).collect()
            }
            Kind::SigningKey => {
                self.signing_keys.iter().map(|(of, key)| Entry::SigningKey { of: *of, key: key.clone() }).collect()
            }
            Kind::SignedHead => {
                self.signed_heads.iter().map(|(of, head)| Entry::SignedHead { of: *of, head: head.clone() }).collect()
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        match entry {
            Entry::Credential { id, owner, hash, review_at } => {
                let new = Credential { owner, hash, review_at };
                self.credentials.entry(id).or_insert(new).review_at = review_at;
            }
            Entry::Token { sha256, entry } => drop(self.tokens.entry(sha256).or_insert(entry)),
            Entry::TokenName { token, store, name } => {
                self.token_names.entry(token).or_insert((store, name));
            }
            Entry::CustomerToken { sha256, entry } => drop(self.customer_tokens.entry(sha256).or_insert(entry)),
            Entry::OperatorToken { sha256, token } => {
                let revoked_at = token.revoked_at;
                let kept = self.operator_tokens.entry(sha256).or_insert(token);
                kept.revoked_at = kept.revoked_at.or(revoked_at);
            }
            Entry::Confirmation { sha256, entry, expires_at } => {
                self.confirmations.entry(sha256).or_insert((entry, expires_at));
            }
            Entry::HmacKey { store, key } => drop(self.hmac_keys.entry(store).or_insert(key)),
            Entry::CustomerKey { customer, key: Some(key) } => {
                self.customer_keys.entry(customer).or_insert(Some(key));
            }
            Entry::CustomerKey { customer, key: None } => drop(self.customer_keys.insert(customer, None)),
            Entry::SigningKey { of, key } => drop(self.signing_keys.entry(of).or_insert(key)),
            Entry::SignedHead { of, head } => {
                let kept = self.signed_heads.entry(of).or_insert_with(|| head.clone());
                if head.size > kept.size {
                    *kept = head;
                }
            }
            Entry::Actor { actor_id, store, key: None, .. } => {
                let kept = self.actors.entry(actor_id).or_insert(Actor { store, tag: None, key: None });
                if kept.store == store {
                    (kept.tag, kept.key) = (None, None);
                }
            }
            Entry::Actor { actor_id, store, tag, key } => {
                if tag.is_none_or(|tag| self.tagged(store, tag).is_none()) {
                    self.actors.entry(actor_id).or_insert(Actor { store, tag, key });
                }
            }
        }
    }
}
