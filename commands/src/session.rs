//! One request under way: who asks, its key, and how far in the log it has come.

use crate::deadline::Deadline;
use crate::executor::{Ask, Executed, Loaded, Origin, Refused};
use crate::guard::Claimant;
use crate::ids::Ids;
use crate::keys::Keyed;
use crate::node::{Has, Node};
use crate::{CommandError, Done, IfMatch, Resource, Watermark};
use domain::{Category, CredentialId, Decider, StoreId};
use eventlog::Position;
use journal::{Actor, By};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// The event that something follows from.
pub(crate) struct FollowsFrom {
    pub(crate) event_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) by: Option<By>,
}

/// One request under way. Shared by all steps of its use case.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) node: Arc<Node>,
    pub(crate) origin: Origin,
    pub(crate) idempotency: Option<Keyed>,
    pub(crate) if_match: Option<IfMatch>,
    has_decided: Arc<AtomicBool>,
    /// Of a client's request; nobody waits for what cartlog does by itself.
    deadline: Option<Arc<Deadline>>,
}

impl Session {
    pub(crate) fn new(node: Arc<Node>, origin: Origin, idempotency: Option<Keyed>, if_match: Option<IfMatch>) -> Self {
        Self { node, origin, idempotency, if_match, has_decided: Arc::default(), deadline: None }
    }

    /// Somebody waits for it until then.
    pub(crate) fn until(self, deadline: Arc<Deadline>) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Waits for what follows from the deciding event, but not beyond the deadline: it goes on then, and is late.
    pub(crate) async fn follow<T: Send + 'static>(
        &self,
        what: impl Future<Output = Result<T, CommandError>> + Send + 'static,
    ) -> Result<T, CommandError> {
        let Some(deadline) = &self.deadline else { return what.await };
        match tokio::time::timeout_at(deadline.at(), self.node.tasks.spawn(what)).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => Err(CommandError::BrokeOff { source: error.into() }),
            Err(_) => Err(CommandError::Busy),
        }
    }

    /// A session of cartlog's own, for what follows from an event.
    pub(crate) fn system(node: Arc<Node>, store_id: StoreId, cause: Option<FollowsFrom>) -> Self {
        let ids = Ids::fresh(Arc::clone(&node.parts.clock));
        let (causation_id, correlation_id, by) = match cause {
            Some(cause) => (Some(cause.event_id), cause.correlation_id, cause.by),
            None => (None, ids.fresh_id(), None),
        };
        let origin = Origin {
            store_id,
            actor: Actor::System,
            by,
            request_id: None,
            correlation_id,
            causation_id,
            ids,
            watermark: Watermark::default(),
        };
        Self::new(node, origin, None, None)
    }

    /// The same request, acting by itself in what follows from its deciding event.
    pub(crate) fn follow_up(&self) -> Self {
        let by = By::passed_on(self.origin.actor, self.origin.by.as_ref());
        let origin = Origin { actor: Actor::System, by, ..self.origin.clone() };
        Self { origin, idempotency: None, if_match: None, ..self.clone() }
    }

    /// The same request in the store that it turned out to be about: it came without a token.
    pub(crate) fn in_store(&self, store_id: StoreId) -> Self {
        let origin = Origin { store_id, ..self.origin.clone() };
        Self { origin, ..self.clone() }
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.origin.store_id
    }

    /// The request's id for what it makes.
    pub(crate) fn new_id(&self, what: &str) -> Uuid {
        self.origin.ids.named(what)
    }

    /// The command that decides the request: it carries the `Idempotency-Key` and `If-Match`.
    pub(crate) async fn decide<A: Decider>(
        &self,
        id: &A::Id,
        command: A::Command,
    ) -> Result<Executed<A::Event>, Refused<A::Rejection>>
    where
        Node: Has<A>,
    {
        let ask = Ask::of(command, &self.origin).if_match(self.if_match.clone()).idempotent(self.idempotency.clone());
        self.ask_deciding(id, ask).await
    }

    /// What the request asks for is decided, now or when it came first: nothing that fails from here on undoes it.
    pub(crate) fn decided(&self) {
        self.has_decided.store(true, Ordering::Relaxed);
    }

    /// Tells whether [`Self::decided`] was called, also once the session is gone.
    pub(crate) fn decision(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_decided)
    }

    /// As [`Self::ask`], of the step that decides the request: once it is said that nothing was done, it is not begun any more.
    pub(crate) async fn ask_deciding<A: Decider>(
        &self,
        id: &A::Id,
        ask: Ask<A::Command>,
    ) -> Result<Executed<A::Event>, Refused<A::Rejection>>
    where
        Node: Has<A>,
    {
        if self.deadline.as_ref().is_some_and(|deadline| !deadline.begin()) {
            return Err(Refused::Busy);
        }
        let outcome = self.ask(id, ask).await;
        if outcome.is_ok() {
            self.decided();
        }
        if let Some(deadline) = &self.deadline {
            match &outcome {
                Ok(_) => deadline.decided(),
                // Nobody knows whether it was done.
                Err(Refused::Failed(_)) => {}
                Err(_) => deadline.refused(),
            }
        }
        outcome
    }

    /// As [`Self::decide`], if the stream still has `length` events; else [`Refused::Moved`].
    pub(crate) async fn decide_at<A: Decider>(
        &self,
        id: &A::Id,
        length: u64,
        command: A::Command,
    ) -> Result<Executed<A::Event>, Refused<A::Rejection>>
    where
        Node: Has<A>,
    {
        let ask = Ask::of(command, &self.origin)
            .at_length(length)
            .if_match(self.if_match.clone())
            .idempotent(self.idempotency.clone());
        self.ask_deciding(id, ask).await
    }

    /// A command that prepares for the deciding one, or follows from it.
    pub(crate) async fn execute<A: Decider>(
        &self,
        id: &A::Id,
        command: A::Command,
    ) -> Result<Executed<A::Event>, Refused<A::Rejection>>
    where
        Node: Has<A>,
    {
        self.ask(id, Ask::of(command, &self.origin)).await
    }

    pub(crate) async fn ask<A: Decider>(
        &self,
        id: &A::Id,
        ask: Ask<A::Command>,
    ) -> Result<Executed<A::Event>, Refused<A::Rejection>>
    where
        Node: Has<A>,
    {
        let executed = self.node.executor().execute(id, ask).await?;
        self.origin.watermark.reach(executed.position);
        Ok(executed)
    }

    /// As [`Self::execute`], and looks at the state that it left.
    pub(crate) async fn execute_then<A: Decider, T: Send + 'static>(
        &self,
        id: &A::Id,
        command: A::Command,
        look: impl FnOnce(&A) -> T + Send + 'static,
    ) -> Result<(Executed<A::Event>, T), Refused<A::Rejection>>
    where
        Node: Has<A>,
    {
        let look = move |loaded: &Loaded<A>| look(&loaded.state);
        let (executed, seen) = self.node.executor().execute_then(id, Ask::of(command, &self.origin), look).await?;
        self.origin.watermark.reach(executed.position);
        Ok((executed, seen))
    }

    /// What the request did the first time, if this stream decided it; `None` without a key or when the key is new.
    pub(crate) async fn recall<A: Decider>(&self, id: &A::Id) -> Result<Option<Executed<A::Event>>, CommandError>
    where
        Node: Has<A>,
    {
        let Some(key) = &self.idempotency else { return Ok(None) };
        let recalled = self.node.executor().recall(id, self.store_id(), key).await?;
        if let Some(executed) = &recalled {
            self.decided();
            self.origin.watermark.reach(executed.position);
        }
        Ok(recalled)
    }

    /// Refuses a repeat by key whose secret is not the one that the first request came with: no hash of that stands in the log, so
    /// the vault's is asked. Where the vault has let go of it, it can't be told any more, and the repeat is let through.
    pub(crate) async fn compare_secret(
        &self,
        who: Claimant,
        first: Option<CredentialId>,
        secret: Option<&str>,
    ) -> Result<(), CommandError> {
        let (Some(first), Some(secret)) = (first, secret) else { return Ok(()) };
        match self.node.was_secret(who, first, secret.to_owned()).await? {
            Some(false) => Err(CommandError::KeyReused),
            Some(true) | None => Ok(()),
        }
    }

    /// Looks at a state of this store; `None` when the stream is another store's, or empty.
    pub(crate) async fn look<A: Decider, T: Send + 'static>(
        &self,
        id: &A::Id,
        look: impl FnOnce(&A) -> T + Send + 'static,
    ) -> Result<Option<T>, CommandError>
    where
        Node: Has<A>,
    {
        let (store, watermark) = (self.store_id(), self.origin.watermark.clone());
        let look = move |loaded: &Loaded<A>| match loaded.state.store_id() {
            Some(owner) if owner == store => {
                watermark.see(loaded.position);
                Some(look(&loaded.state))
            }
            Some(_) | None => None,
        };
        self.node.executor().read(id, look).await
    }

    /// The highest log position that any step has reached.
    pub(crate) fn reached(&self) -> Position {
        self.origin.watermark.reached()
    }

    /// As [`Self::look`], and what it saw counts as reached: where somebody else did what this request would do, the answer
    /// shows it all the same.
    pub(crate) async fn look_and_reach<A: Decider, T: Send + 'static>(
        &self,
        id: &A::Id,
        look: impl FnOnce(&A) -> T + Send + 'static,
    ) -> Result<Option<T>, CommandError>
    where
        Node: Has<A>,
    {
        let (store, watermark) = (self.store_id(), self.origin.watermark.clone());
        let look = move |loaded: &Loaded<A>| match loaded.state.store_id() {
            Some(owner) if owner == store => {
                watermark.reach(loaded.position);
                Some(look(&loaded.state))
            }
            Some(_) | None => None,
        };
        self.node.executor().read(id, look).await
    }

    /// The answer: done, up to the highest position that any step has reached.
    pub(crate) fn done<T>(&self, outcome: T, replayed: bool) -> Done<T> {
        Done { outcome, position: self.reached(), replayed, late: false }
    }
}

/// What a refusal means to a client.
pub(crate) fn refused<A: Decider>(refused: Refused<A::Rejection>) -> CommandError {
    match refused {
        Refused::Rejected(rejection) => CommandError::Rejected(rejection.into()),
        Refused::OtherStore => CommandError::NotFound(resource::<A>()),
        Refused::RevisionMismatch { current } => CommandError::RevisionMismatch { current },
        Refused::KeyReused => CommandError::KeyReused,
        // Whoever insists on a length starts again by itself; where the tries run out, the stream is too busy.
        Refused::Moved { .. } | Refused::Busy => CommandError::Busy,
        Refused::Failed(failure) => failure.into(),
    }
}

fn resource<A: Decider>() -> Resource {
    match A::CATEGORY {
        Category::Store | Category::Claim => Resource::Store,
        Category::Product => Resource::Product,
        // A cart's stream is its customer's.
        Category::Customer | Category::Cart => Resource::Customer,
        Category::Invoice => Resource::Invoice,
        Category::Order => Resource::Order,
        Category::GiftCard => Resource::GiftCard,
        Category::Credit => Resource::Credit,
        Category::Coupon => Resource::Coupon,
    }
}
