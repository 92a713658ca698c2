//! A vault held against a log: what is refused is named, what is fine is bound, and nothing else is changed.

use domain::store::{StoreDeleted, StoreSecretChanged};
use domain::{Category, CredentialId, CustomerId, Event, StoreId, TokenId};
use eventlog::{EventLog, LogId, MemoryLog, Position};
use journal::testing::events::{customer_created, person, store_created};
use journal::testing::{BEGINNING, Pen, to_append};
use journal::{Journal, Keys, SealingKey};
use std::sync::Arc;
use uuid::Uuid;
use vault::binding::{Binding, BindingError, Missing, bind, bind_anyway, bind_to_head};
use vault::{CredentialOwner, Entry, Inventory, MemoryVault, OperatorRole, OperatorToken, Vault};

const STORE: StoreId = StoreId(Uuid::from_u128(1));
const CUSTOMER: CustomerId = CustomerId(Uuid::from_u128(2));
/// The key for the names that are unique in the whole log.
const NAMES: StoreId = StoreId(Uuid::nil());

/// A log, and whoever writes it with the keys of a vault.
struct World {
    log: Arc<MemoryLog>,
    vault: Arc<MemoryVault>,
    pen: Pen,
    events: u128,
}

fn journal(log: &Arc<MemoryLog>, vault: &Arc<MemoryVault>) -> Journal {
    Journal::new(Arc::clone(log) as Arc<dyn EventLog>, Arc::clone(vault) as Arc<dyn Keys>)
}

/// What comes of holding the two against each other.
async fn held(vault: &Arc<MemoryVault>, log: &Arc<MemoryLog>) -> Result<(), BindingError> {
    bind(vault.as_ref(), &journal(log, vault), &mut |_, _| {}).await
}

async fn put_secret(vault: &MemoryVault, id: CredentialId) {
    vault.put_credential(id, CredentialOwner::Store(STORE), "$argon2id$", BEGINNING).await.unwrap();
}

async fn head_of(log: &MemoryLog) -> Position {
    log.head().await.unwrap()
}

async fn id_of(log: &MemoryLog) -> LogId {
    log.log_id().await.unwrap()
}

impl World {
    fn empty() -> Self {
        let (log, vault) = (Arc::new(MemoryLog::new()), Arc::new(MemoryVault::default()));
        let pen = Pen::new(journal(&log, &vault));
        Self { log, vault, pen, events: 0 }
    }

    /// A store, with all that the vault has of it.
    async fn with_store() -> Self {
        let mut world = Self::empty();
        world.vault.hmac_key(NAMES).await.unwrap();
        let created = store_created(STORE);
        put_secret(&world.vault, created.credential_id).await;
        world.append(Category::Store.stream(STORE), domain::store::StoreEvent::from(created)).await;
        world
    }

    async fn with_customer(&mut self, customer: CustomerId) {
        let created = customer_created(STORE, customer, person("ada@example.com"));
        self.append(Category::Customer.stream(customer), domain::customer::CustomerEvent::from(created)).await;
    }

    async fn append(&mut self, stream: String, event: impl Into<Event>) {
        self.events += 1;
        let event = to_append(Uuid::from_u128(self.events), STORE, BEGINNING, event);
        self.pen.append(stream, &[event]).await;
    }

    async fn held(&self) -> Result<(), BindingError> {
        held(&self.vault, &self.log).await
    }

    /// A vault that says nothing of itself, with all of this one's entries that are wanted.
    async fn vault_with(&self, is_wanted: impl Fn(&Entry) -> bool) -> Arc<MemoryVault> {
        let vault = Arc::new(MemoryVault::default());
        for kind in vault::Kind::ALL {
            let entries = self.vault.entries(kind, &[], 99).await.unwrap();
            vault.put_entries(entries.into_iter().filter(&is_wanted).collect()).await.unwrap();
        }
        vault
    }
}

#[tokio::test]
async fn a_vault_that_has_all_that_the_log_needs_is_bound_to_its_end() {
    let mut world = World::with_store().await;
    world.with_customer(CUSTOMER).await;
    world.held().await.unwrap();
    let bound = Binding { log_id: id_of(&world.log).await, whole_to: head_of(&world.log).await };
    assert_eq!(world.vault.binding().await.unwrap(), Some(bound));
    // More than the log needs is fine: as beside a log that was put back to an earlier day, where the end is the log's.
    let earlier = Arc::new(world.log.as_of(Position(1)));
    held(&world.vault, &earlier).await.unwrap();
    assert_eq!(world.vault.binding().await.unwrap(), Some(Binding { whole_to: Position(1), ..bound }));
}

#[tokio::test]
async fn a_vault_of_another_log_is_told_by_both_names_and_bound_by_whoever_knows_better() {
    let (world, other) = (World::with_store().await, World::with_store().await);
    world.held().await.unwrap();
    let refused = held(&world.vault, &other.log).await.unwrap_err();
    let (vault, log) = (id_of(&world.log).await, id_of(&other.log).await);
    assert!(
        matches!(refused, BindingError::OfAnotherLog { vault: of, log: this } if (of, this) == (vault, log)),
        "{refused}"
    );
    assert!(refused.can_be_accepted());
    assert_eq!(world.vault.binding().await.unwrap().map(|bound| bound.log_id), Some(vault), "it was left as it was");
    // Who has had both open does not take it from another either.
    bind_to_head(world.vault.as_ref(), &journal(&other.log, &world.vault)).await.unwrap();
    assert_eq!(world.vault.binding().await.unwrap().map(|bound| bound.log_id), Some(vault));
    bind_anyway(world.vault.as_ref(), &journal(&other.log, &world.vault)).await.unwrap();
    assert_eq!(world.vault.binding().await.unwrap().map(|bound| bound.log_id), Some(log));
}

#[tokio::test]
async fn an_empty_log_is_not_that_of_a_vault_that_was_used() {
    let world = World::with_store().await;
    world.held().await.unwrap();
    let emptied = Arc::new(world.log.as_of(Position::START));
    for vault in [Arc::clone(&world.vault), world.vault_with(|_| true).await] {
        let refused = held(&vault, &emptied).await.unwrap_err();
        assert!(matches!(refused, BindingError::LogIsEmpty(_)) && refused.can_be_accepted(), "{refused}");
    }
    World::empty().held().await.unwrap();
    // Whoever is to operate the server may be named before there is a store.
    let world = World::empty();
    let operator = OperatorToken {
        token_id: TokenId(Uuid::from_u128(7)),
        role: OperatorRole::Operator,
        name: "the first".to_owned(),
        created_at: BEGINNING,
        expires_at: None,
        revoked_at: None,
    };
    world.vault.put_operator_token([1; 32], &operator).await.unwrap();
    world.held().await.unwrap();
}

#[tokio::test]
async fn what_the_vault_lacks_is_named() {
    let mut world = World::with_store().await;
    world.with_customer(CUSTOMER).await;
    let created = store_created(STORE).credential_id;
    type IsWanted = fn(&Entry) -> bool;
    let cases: [(IsWanted, Missing); 3] = [
        (|entry| !matches!(entry, Entry::CustomerKey { .. }), Missing::CustomerKey(CUSTOMER)),
        (|entry| !matches!(entry, Entry::HmacKey { .. }), Missing::KeyOfNames),
        (|entry| !matches!(entry, Entry::Credential { .. }), Missing::Secret(STORE)),
    ];
    for (is_wanted, missing) in cases {
        let vault = world.vault_with(is_wanted).await;
        let refused = held(&vault, &world.log).await.unwrap_err();
        assert!(matches!(refused, BindingError::Lacks(lacking) if lacking == missing), "{missing}: {refused}");
        assert!(refused.can_be_accepted());
        assert_eq!(vault.binding().await.unwrap(), None, "{missing}: it was left as it was");
    }
    // A key that was destroyed was there.
    world.vault.destroy_key(CUSTOMER).await.unwrap();
    world.held().await.unwrap();
    // A secret that was replaced may be swept, and that of a deleted store too.
    let next = CredentialId(Uuid::from_u128(9));
    world
        .append(
            Category::Store.stream(STORE),
            domain::store::StoreEvent::from(StoreSecretChanged { credential_id: next }),
        )
        .await;
    let vault = world.vault_with(|_| true).await;
    assert!(matches!(held(&vault, &world.log).await, Err(BindingError::Lacks(Missing::Secret(STORE)))));
    put_secret(&vault, next).await;
    vault.settle_credentials(&[next], &[created]).await.unwrap();
    held(&vault, &world.log).await.unwrap();
    world.append(Category::Store.stream(STORE), domain::store::StoreEvent::from(StoreDeleted {})).await;
    vault.settle_credentials(&[], &[next]).await.unwrap();
    held(&vault, &world.log).await.unwrap();
}

#[tokio::test]
async fn only_what_came_since_it_was_bound_is_looked_through() {
    let mut world = World::with_store().await;
    world.with_customer(CUSTOMER).await;
    let without_people = world.vault_with(|entry| !matches!(entry, Entry::CustomerKey { .. })).await;
    bind_to_head(without_people.as_ref(), &journal(&world.log, &without_people)).await.unwrap();
    held(&without_people, &world.log).await.unwrap();
    let later = CustomerId(Uuid::from_u128(3));
    world.with_customer(later).await;
    let refused = held(&without_people, &world.log).await.unwrap_err();
    assert!(matches!(refused, BindingError::Lacks(Missing::CustomerKey(customer)) if customer == later), "{refused}");
}

#[tokio::test]
async fn keys_that_open_nothing_are_another_logs() {
    let mut world = World::with_store().await;
    world.with_customer(CUSTOMER).await;
    let others = world.vault_with(|entry| !matches!(entry, Entry::CustomerKey { .. })).await;
    let key = Some(SealingKey([7; 32]));
    others.put_entries(vec![Entry::CustomerKey { customer: CUSTOMER, key }]).await.unwrap();
    let refused = held(&others, &world.log).await.unwrap_err();
    assert!(matches!(refused, BindingError::OpensNothing) && refused.can_be_accepted(), "{refused}");
    // One that opens some is the log's, and its warning names what is not opened.
    let mut both = World { vault: others, ..world };
    both.pen = Pen::new(journal(&both.log, &both.vault));
    both.with_customer(CustomerId(Uuid::from_u128(3))).await;
    both.held().await.unwrap();
}

#[tokio::test]
async fn a_vault_that_is_away_is_no_other_logs() {
    let world = World::with_store().await;
    world.vault.go_away();
    let away = world.held().await.unwrap_err();
    assert!(matches!(away, BindingError::Vault(_)) && !away.can_be_accepted(), "{away}");
}
