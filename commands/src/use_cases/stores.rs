//! Stores: creating, changing and deleting one.

use crate::claims::{Outcome, Owner, decide_claiming};
use crate::executor::Executed;
use crate::guard::{Account, Claimant, Client};
use crate::names::normalized;
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, IdempotencyKey, Request, UnderWay};
use domain::StoreId;
use domain::numbers::NumberSettings;
use domain::store::{ChangeStore, CreditOrder, Store, StoreCommand, StoreCreated, StoreEvent};
use vault::CredentialOwner;

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
    /// `None`: documents are numbered as usual.
    pub numbering: Option<NumberSettings>,
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
        let request = Request::anonymous(StoreId(uuid::Uuid::nil()), request_id, idempotency);
        self.run("create_store", &request, move |session| async move {
            let store_id = StoreId(session.new_id("store"));
            let who = session.node.tries.claimant(&Account::New, client);
            create(&session.in_store(store_id), who, store_id, new).await
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
            if let Some(first) = session.recall::<Store>(&store_id).await? {
                return repeated(&session, session.node.tries.of_store(store_id), store_id, &first, &app_secret).await;
            }
            review_secret(&session).await?;
            let (place, owner) = (session.node.place_of(store_id), CredentialOwner::Store(store_id));
            let credential_id = session.node.put_secret(place, owner, app_secret.clone()).await?;
            let command = StoreCommand::ChangeSecret { credential_id };
            let executed = session.decide::<Store>(&store_id, command).await.map_err(refused::<Store>)?;
            match executed.replayed {
                true => {
                    repeated(&session, session.node.tries.of_store(store_id), store_id, &executed, &app_secret).await
                }
                false => Ok(session.done(store_id, false)),
            }
        })
    }

    /// Deletes the store; its tokens die at once on this node.
    pub fn delete_store(&self, request: &Request) -> UnderWay<StoreId> {
        self.run("delete_store", request, move |session| async move {
            review_secret(&session).await?;
            let done = decide(&session, StoreCommand::Delete).await?;
            session.node.tokens.forget(done.outcome);
            Ok(done)
        })
    }
}

/// Keys of different apps never meet: the app_id is part of what they belong to.
fn of_app(key: IdempotencyKey, app_id: &str) -> IdempotencyKey {
    IdempotencyKey { path: format!("{} of {}", key.path, normalized(app_id)), ..key }
}

/// Answers a repeat by key, if it came with the same secret.
async fn repeated(
    session: &Session,
    who: Claimant,
    store_id: StoreId,
    first: &Executed<StoreEvent>,
    app_secret: &str,
) -> Result<Done<StoreId>, CommandError> {
    let credential = first.events.iter().find_map(StoreEvent::credential_id);
    session.compare_secret(who, credential, Some(app_secret)).await?;
    Ok(session.done(store_id, true))
}

async fn create(
    session: &Session,
    who: Claimant,
    store_id: StoreId,
    new: NewStore,
) -> Result<Done<StoreId>, CommandError> {
    if let Some(first) = session.recall::<Store>(&store_id).await? {
        return repeated(session, who, store_id, &first, &new.app_secret).await;
    }
    let owner = Owner::Store(store_id);
    let name = session.node.app_id(&new.app_id).await?;
    // Looked at before the secret is hashed, which is dear.
    if session.node.owner_of(&name).await?.is_some_and(|other| other != owner) {
        return Err(CommandError::AppIdTaken);
    }
    let (place, secret_of) = ((session.node.tries.lane(who), who), CredentialOwner::Store(store_id));
    let credential_id = session.node.put_secret(place, secret_of, new.app_secret.clone()).await?;
    let create = |claim_id| {
        StoreCommand::Create(StoreCreated {
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
            numbering: new.numbering.clone(),
        })
    };
    match decide_claiming::<Store>(session, &name, (owner, &store_id), create).await? {
        Outcome::Done(executed) if executed.replayed => {
            repeated(session, who, store_id, &executed, &new.app_secret).await
        }
        Outcome::Done(_) => Ok(session.done(store_id, false)),
        Outcome::Taken(other) if other == owner => match session.recall::<Store>(&store_id).await? {
            // The same request, done by another node in the meantime.
            Some(first) => repeated(session, who, store_id, &first, &new.app_secret).await,
            None => Err(CommandError::AppIdTaken),
        },
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
    let parts = &session.node.parts;
    let owner = CredentialOwner::Store(session.store_id());
    Ok(parts.vault.review_credentials(owner, parts.clock.now()).await?)
}
