//! Stores: creating, changing and deleting one.

use crate::claims::{Outcome, Owner, decide_claiming, normalized};
use crate::facade::{anonymous, vault_away};
use crate::guard::{Account, Client};
use crate::hashing::Place;
use crate::session::{Session, refused};
use crate::vault::CredentialOwner;
use crate::{CommandError, Commands, Done, IdempotencyKey, Request, UnderWay};
use domain::StoreId;
use domain::store::{ChangeStore, CreateStore, CreditOrder, Store, StoreCommand};

/// A store to create. Its secret goes to the vault as a hash and nowhere else.
#[derive(Clone)]
pub struct NewStore {
    pub name: String,
    pub tagline: Option<String>,
    pub app_id: String,
    pub app_secret: String,
    pub credit_order_preference: CreditOrder,
    pub tax_rate_in_basis_points: u32,
    pub timezone: String,
    pub cart_expires_after_minutes: u32,
}

impl Commands {
    /// Creates a store. A key belongs to the `app_id`, as there is no store yet. `client`: whose turn it is when many ask.
    pub fn create_store(
        &self,
        client: Client,
        new: NewStore,
        request_id: Option<String>,
        idempotency: Option<IdempotencyKey>,
    ) -> UnderWay<StoreId> {
        let idempotency = idempotency.map(|key| of_app(key, &new.app_id));
        let request = anonymous(StoreId(uuid::Uuid::nil()), request_id, idempotency);
        self.run("create_store", &request, move |session| async move {
            let store_id = StoreId(session.new_id("store"));
            let who = session.inner.tries.claimant(&Account::New, client);
            let place = (session.inner.tries.lane(who), who);
            create(&session.in_store(store_id), place, store_id, new).await
        })
    }

    pub fn change_store(&self, request: &Request, change: ChangeStore) -> UnderWay<StoreId> {
        self.run(
            "change_store",
            request,
            move |session| async move { decide(&session, StoreCommand::Change(change)).await },
        )
    }

    /// A new app secret; tokens stay.
    pub fn change_store_secret(&self, request: &Request, app_secret: String) -> UnderWay<StoreId> {
        self.run("change_store_secret", request, move |session| async move {
            let store_id = session.store_id();
            if session.recall::<Store>(&store_id).await?.is_some() {
                return Ok(session.done(store_id, true));
            }
            review_secret(&session).await?;
            let place = session.inner.place_of(store_id);
            let credential_id = session.inner.put_secret(place, CredentialOwner::Store(store_id), app_secret).await?;
            decide(&session, StoreCommand::ChangeSecret { credential_id }).await
        })
    }

    /// Deletes the store; its tokens die at once on this node.
    pub fn delete_store(&self, request: &Request) -> UnderWay<StoreId> {
        self.run("delete_store", request, move |session| async move {
            review_secret(&session).await?;
            let done = decide(&session, StoreCommand::Delete).await?;
            session.inner.tokens.forget(done.outcome);
            Ok(done)
        })
    }
}

/// Keys of different apps never meet: the app_id is part of what they belong to.
fn of_app(key: IdempotencyKey, app_id: &str) -> IdempotencyKey {
    IdempotencyKey { path: format!("{} of {}", key.path, normalized(app_id)), ..key }
}

async fn create(
    session: &Session,
    place: Place,
    store_id: StoreId,
    new: NewStore,
) -> Result<Done<StoreId>, CommandError> {
    if session.recall::<Store>(&store_id).await?.is_some() {
        return Ok(session.done(store_id, true));
    }
    let owner = Owner::Store(store_id);
    let name = session.inner.app_id_claim(&new.app_id).await?;
    // Looked at before the secret is hashed, which is dear.
    if session.inner.owner_of(&name).await?.is_some_and(|other| other != owner) {
        return Err(CommandError::AppIdTaken);
    }
    let credential_id = session.inner.put_secret(place, CredentialOwner::Store(store_id), new.app_secret).await?;
    let create = |claim_id| {
        StoreCommand::Create(CreateStore {
            store_id,
            name: new.name.clone(),
            tagline: new.tagline.clone(),
            app_id: new.app_id.clone(),
            claim_id,
            credential_id,
            credit_order_preference: new.credit_order_preference,
            tax_rate_in_basis_points: new.tax_rate_in_basis_points,
            timezone: new.timezone.clone(),
            cart_expires_after_minutes: new.cart_expires_after_minutes,
        })
    };
    match decide_claiming::<Store>(session, &name, (owner, &store_id), create).await? {
        Outcome::Done(executed) => Ok(session.done(store_id, executed.replayed)),
        // The same request, done by another node in the meantime.
        Outcome::Taken(other) if other == owner && session.recall::<Store>(&store_id).await?.is_some() => {
            Ok(session.done(store_id, true))
        }
        Outcome::Taken(_) => Err(CommandError::AppIdTaken),
    }
}

async fn decide(session: &Session, command: StoreCommand) -> Result<Done<StoreId>, CommandError> {
    let store_id = session.store_id();
    let executed = session.decide::<Store>(&store_id, command).await.map_err(refused::<Store>)?;
    Ok(session.done(store_id, executed.replayed))
}

/// The secret in force is about to change or to go: the sweep looks at it once that is done.
async fn review_secret(session: &Session) -> Result<(), CommandError> {
    let parts = &session.inner.parts;
    let owner = CredentialOwner::Store(session.store_id());
    parts.vault.review_credentials(owner, parts.clock.now()).await.map_err(vault_away)
}
