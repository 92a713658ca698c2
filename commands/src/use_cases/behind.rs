//! Who was behind events, for audits; and how a person's name is forgotten.

use crate::session::refused;
use crate::{CommandError, Commands, Request, Resource, UnderWay};
use domain::store::{Store, StoreCommand};
use domain::{ActorId, StoreId};
use journal::Metadata;
use vault::behind::{Behind, behind};

impl Commands {
    /// Who was behind each of these events of the store, in their order, by the names that are known.
    pub async fn behind(&self, store: StoreId, events: &[&Metadata]) -> Result<Vec<Behind>, CommandError> {
        Ok(behind(self.node.parts.vault.as_ref(), store, events).await?)
    }

    /// Forgets the name of a person at the store's desk: nobody can read it any more, wherever it stands. Named again, it is somebody new.
    pub fn forget_actor(&self, request: &Request, actor: ActorId) -> UnderWay<ActorId> {
        self.run("forget_actor", request, move |session| async move {
            let store_id = session.store_id();
            // First: whatever ends in between, nothing says that it is forgotten and is not.
            if !session.node.parts.vault.forget_actor(store_id, actor).await? {
                return Err(CommandError::NotFound(Resource::Actor));
            }
            session.node.forget_people();
            let forget = StoreCommand::ForgetActor { actor_id: actor };
            let executed = session.decide::<Store>(&store_id, forget).await.map_err(refused::<Store>)?;
            Ok(session.done(actor, executed.replayed))
        })
    }
}
