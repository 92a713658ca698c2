//! A vault in memory, for tests: the same promises as the others, except that it ends with the process. It can go away.

mod inventory;

use super::binding::Binding;
use super::{
    ActorEntry, ConfirmationEntry, CredentialOwner, CustomerTokenEntry, HmacKey, IncarnationId, NobodyMade,
    OperatorToken, SignedHead, SigningKey, StoredKey, TokenEntry, Vault, VaultError, random_bytes,
};
use async_trait::async_trait;
use domain::{ActorId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use journal::{Keys, KeysError, SealingKey};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, HashMap};

/// A vault in memory. Share it by `Arc`; a 'restart' in a test is another user of the same vault.
#[derive(Default)]
pub struct MemoryVault(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    away: bool,
    credentials: BTreeMap<CredentialId, Credential>,
    tokens: HashMap<[u8; 32], TokenEntry>,
    token_names: HashMap<TokenId, (StoreId, String)>,
    customer_tokens: HashMap<[u8; 32], CustomerTokenEntry>,
    operator_tokens: HashMap<[u8; 32], OperatorToken>,
    confirmations: HashMap<[u8; 32], (ConfirmationEntry, Timestamp)>,
    hmac_keys: HashMap<StoreId, HmacKey>,
    customer_keys: HashMap<CustomerId, StoredKey>,
    actors: HashMap<ActorId, Actor>,
    signing_keys: BTreeMap<IncarnationId, SigningKey>,
    signed_heads: BTreeMap<IncarnationId, SignedHead>,
    binding: Option<Binding>,
}

struct Credential {
    owner: CredentialOwner,
    hash: String,
    review_at: Option<Timestamp>,
}

struct Actor {
    store: StoreId,
    tag: Option<[u8; 32]>,
    key: StoredKey,
}

impl MemoryVault {
    /// From now on every call fails, until the vault is back.
    pub fn go_away(&self) {
        self.0.lock().away = true;
    }

    pub fn come_back(&self) {
        self.0.lock().away = false;
    }

    /// Loses every hash, as a vault that was restored from an old backup.
    pub fn forget_credentials(&self) {
        self.0.lock().credentials.clear();
    }

    /// The hashes that the vault has of the owner.
    pub fn credentials_of(&self, owner: CredentialOwner) -> Vec<CredentialId> {
        let entries = self.0.lock();
        entries.credentials.iter().filter(|(_, credential)| credential.owner == owner).map(|(id, _)| *id).collect()
    }

    fn entries(&self) -> Result<MutexGuard<'_, Entries>, VaultError> {
        let entries = self.0.lock();
        if entries.away {
            Err(VaultError::Away(std::io::Error::other("the test took it away").into()))
        } else {
            Ok(entries)
        }
    }
}

#[async_trait]
impl Keys for MemoryVault {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        let made = || -> Result<_, VaultError> {
            let fresh = random_bytes()?;
            Ok(self.entries()?.customer_keys.entry(customer).or_insert_with(|| Some(SealingKey(fresh))).clone())
        };
        made().map_err(KeysError::from)
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let entries = self.entries().map_err(KeysError::from)?;
        Ok(customers.iter().map(|customer| entries.customer_keys.get(customer).cloned().flatten()).collect())
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        let entries = self.entries().map_err(KeysError::from)?;
        let key = |actor: &ActorId| entries.actors.get(actor).filter(|actor| actor.store == store)?.key.clone();
        Ok(actors.iter().map(key).collect())
    }
}

impl Entries {
    fn tagged(&self, store: StoreId, tag: [u8; 32]) -> Option<ActorEntry> {
        let mut all = self.actors.iter();
        let (actor_id, actor) = all.find(|(_, actor)| actor.store == store && actor.tag == Some(tag))?;
        Some(ActorEntry { actor_id: *actor_id, key: actor.key.clone()? })
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn put_credential(
        &self,
        id: CredentialId,
        owner: CredentialOwner,
        hash: &str,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        let credential = || Credential { owner, hash: hash.to_owned(), review_at: Some(at) };
        self.entries()?.credentials.entry(id).or_insert_with(credential);
        Ok(())
    }

    async fn credential(&self, id: CredentialId) -> Result<Option<String>, VaultError> {
        Ok(self.entries()?.credentials.get(&id).map(|credential| credential.hash.clone()))
    }

    async fn review_credentials(&self, owner: CredentialOwner, at: Timestamp) -> Result<(), VaultError> {
        let mut entries = self.entries()?;
        let owned = entries.credentials.values_mut().filter(|credential| credential.owner == owner);
        owned.for_each(|credential| credential.review_at = Some(at));
        Ok(())
    }

    async fn credentials_to_review(
        &self,
        before: Timestamp,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<(CredentialId, CredentialOwner)>, VaultError> {
        let entries = self.entries()?;
        let due = |credential: &Credential| credential.review_at.is_some_and(|at| at < before);
        let listed = entries.credentials.iter().filter(|(id, credential)| after < Some(**id) && due(credential));
        Ok(listed.take(limit).map(|(id, credential)| (*id, credential.owner)).collect())
    }

    async fn settle_credentials(&self, in_force: &[CredentialId], others: &[CredentialId]) -> Result<(), VaultError> {
        let mut entries = self.entries()?;
        for id in in_force {
            if let Some(credential) = entries.credentials.get_mut(id) {
                credential.review_at = None;
            }
        }
        entries.credentials.retain(|id, _| !others.contains(id));
        Ok(())
    }

    async fn put_token(&self, sha256: [u8; 32], entry: TokenEntry) -> Result<(), VaultError> {
        self.entries()?.tokens.entry(sha256).or_insert(entry);
        Ok(())
    }

    async fn token(&self, sha256: [u8; 32]) -> Result<Option<TokenEntry>, VaultError> {
        Ok(self.entries()?.tokens.get(&sha256).copied())
    }

    async fn put_token_name(&self, store: StoreId, token: TokenId, name: &str) -> Result<(), VaultError> {
        self.entries()?.token_names.entry(token).or_insert_with(|| (store, name.to_owned()));
        Ok(())
    }

    async fn token_names(&self, store: StoreId, tokens: &[TokenId]) -> Result<Vec<Option<String>>, VaultError> {
        let entries = self.entries()?;
        let named = |token: &TokenId| {
            let (_, name) = entries.token_names.get(token).filter(|(of, _)| *of == store)?;
            Some(name.clone())
        };
        Ok(tokens.iter().map(named).collect())
    }

    async fn put_customer_token(&self, sha256: [u8; 32], entry: CustomerTokenEntry) -> Result<(), VaultError> {
        self.entries()?.customer_tokens.entry(sha256).or_insert(entry);
        Ok(())
    }

    async fn customer_token(&self, sha256: [u8; 32]) -> Result<Option<CustomerTokenEntry>, VaultError> {
        Ok(self.entries()?.customer_tokens.get(&sha256).copied())
    }

    async fn put_operator_token(&self, sha256: [u8; 32], token: &OperatorToken) -> Result<(), VaultError> {
        self.entries()?.operator_tokens.entry(sha256).or_insert_with(|| token.clone());
        Ok(())
    }

    async fn operator_token(&self, sha256: [u8; 32]) -> Result<Option<OperatorToken>, VaultError> {
        Ok(self.entries()?.operator_tokens.get(&sha256).cloned())
    }

    async fn operator_tokens(&self) -> Result<Vec<OperatorToken>, VaultError> {
        let mut listed: Vec<_> = self.entries()?.operator_tokens.values().cloned().collect();
        listed.sort_by_key(|token| (token.created_at, token.token_id));
        Ok(listed)
    }

    async fn revoke_operator_token(&self, token: TokenId, at: Timestamp) -> Result<bool, VaultError> {
        let mut entries = self.entries()?;
        let mut is_known = false;
        for known in entries.operator_tokens.values_mut().filter(|known| known.token_id == token) {
            known.revoked_at = known.revoked_at.or(Some(at));
            is_known = true;
        }
        Ok(is_known)
    }

    async fn put_confirmation(
        &self,
        sha256: [u8; 32],
        entry: ConfirmationEntry,
        expires_at: Timestamp,
    ) -> Result<(), VaultError> {
        self.entries()?.confirmations.entry(sha256).or_insert((entry, expires_at));
        Ok(())
    }

    async fn confirmation(&self, sha256: [u8; 32]) -> Result<Option<ConfirmationEntry>, VaultError> {
        Ok(self.entries()?.confirmations.get(&sha256).map(|(entry, _)| *entry))
    }

    async fn remove_expired(&self, before: Timestamp) -> Result<(), VaultError> {
        let mut entries = self.entries()?;
        entries.tokens.retain(|_, token| token.expires_at >= before);
        entries.customer_tokens.retain(|_, token| token.expires_at >= before);
        entries.confirmations.retain(|_, (_, expires_at)| *expires_at >= before);
        Ok(())
    }

    async fn hmac_key(&self, store: StoreId) -> Result<HmacKey, VaultError> {
        let fresh = random_bytes()?;
        Ok(self.entries()?.hmac_keys.entry(store).or_insert(HmacKey(fresh)).clone())
    }

    async fn actor(&self, store: StoreId, tag: [u8; 32], fresh: ActorId) -> Result<ActorEntry, VaultError> {
        let key = SealingKey(random_bytes()?);
        let mut entries = self.entries()?;
        if entries.tagged(store, tag).is_none() {
            let made = Actor { store, tag: Some(tag), key: Some(key) };
            entries.actors.entry(fresh).or_insert(made);
        }
        entries.tagged(store, tag).ok_or_else(|| VaultError::Away(NobodyMade.into()))
    }

    async fn forget_actor(&self, store: StoreId, actor: ActorId) -> Result<bool, VaultError> {
        let mut entries = self.entries()?;
        let Some(known) = entries.actors.get_mut(&actor).filter(|known| known.store == store) else {
            return Ok(false);
        };
        (known.tag, known.key) = (None, None);
        Ok(true)
    }

    async fn put_signing_key(&self, of: IncarnationId, key: SigningKey) -> Result<SigningKey, VaultError> {
        Ok(self.entries()?.signing_keys.entry(of).or_insert(key).clone())
    }

    async fn signing_key(&self, of: IncarnationId) -> Result<Option<SigningKey>, VaultError> {
        Ok(self.entries()?.signing_keys.get(&of).cloned())
    }

    async fn signed_head(&self, of: IncarnationId) -> Result<Option<SignedHead>, VaultError> {
        Ok(self.entries()?.signed_heads.get(&of).cloned())
    }

    async fn sign_head(
        &self,
        of: IncarnationId,
        expected: Option<&SignedHead>,
        new: &SignedHead,
    ) -> Result<bool, VaultError> {
        let mut entries = self.entries()?;
        if entries.signed_heads.get(&of) == expected {
            entries.signed_heads.insert(of, new.clone());
        }
        Ok(entries.signed_heads.get(&of) == Some(new))
    }

    async fn binding(&self) -> Result<Option<Binding>, VaultError> {
        Ok(self.entries()?.binding)
    }

    async fn bind(&self, binding: Binding) -> Result<(), VaultError> {
        self.entries()?.binding = Some(binding);
        Ok(())
    }

    async fn never_had(&self, customers: &[CustomerId]) -> Result<Vec<CustomerId>, VaultError> {
        let entries = self.entries()?;
        Ok(customers.iter().filter(|customer| !entries.customer_keys.contains_key(customer)).copied().collect())
    }

    async fn destroy_key(&self, customer: CustomerId) -> Result<(), VaultError> {
        self.entries()?.customer_keys.insert(customer, None);
        Ok(())
    }
}
