//! Who asks, and what a command answers.

use crate::Watermark;
use domain::StoreId;
use eventlog::Position;
use journal::Actor;
use std::any::Any;
use std::sync::Arc;

/// A client's request, as far as commands care.
#[derive(Clone, Debug)]
pub struct Request {
    pub store_id: StoreId,
    pub actor: Actor,
    /// Who is at the store's desk, by name: 1 to 100 characters. Stands nowhere in clear.
    pub person: Option<Arc<str>>,
    /// Stands in the events' metadata and in the server's log lines.
    pub request_id: Option<String>,
    pub idempotency: Option<IdempotencyKey>,
    /// What the resource must be like, else [`crate::CommandError::RevisionMismatch`].
    pub if_match: Option<IfMatch>,
    /// Says afterwards how far in the log the request came, also where it was refused.
    pub watermark: Watermark,
    /// Is kept until the command is over, though nobody waits for it any more.
    pub held: HeldResource,
    /// How long the request has taken already: it counts against the command's deadline.
    pub spent: std::time::Duration,
}

/// Something that must be given back only when a command is over, such as a part of a budget. Cheap to clone.
#[derive(Clone, Default)]
pub struct HeldResource(Option<Arc<dyn Any + Send + Sync>>);

impl HeldResource {
    /// Until its last clone is dropped.
    pub fn of(held: Arc<dyn Any + Send + Sync>) -> Self {
        Self(Some(held))
    }
}

impl std::fmt::Debug for HeldResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldResource({})", self.0.is_some())
    }
}

/// `If-Match` (RFC 9110 §13.1.1): the revisions of which the resource must have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Arc<[u64]>);

impl IfMatch {
    pub fn allows(&self, revision: u64) -> bool {
        self.0.contains(&revision)
    }
}

/// Without any, no revision is allowed.
impl FromIterator<u64> for IfMatch {
    fn from_iter<I: IntoIterator<Item = u64>>(revisions: I) -> Self {
        Self(revisions.into_iter().collect())
    }
}

/// An `Idempotency-Key` and what it belongs to. Only HMACs of it are ever stored.
#[derive(Clone)]
pub struct IdempotencyKey {
    pub method: String,
    /// The canonical path: aliases and trailing slashes removed.
    pub path: String,
    pub key: String,
    /// The query and the body as received: the same key with another request is refused.
    pub query: String,
    pub body: bytes::Bytes,
    /// The body says nothing: there is none, or what stands for a missing one (api.md §1, Requests).
    pub body_is_missing: bool,
}

impl std::fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdempotencyKey({} {})", self.method, self.path)
    }
}

/// A command that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// The id of what it was done to, or made.
    pub outcome: T,
    /// The highest log position it reached.
    pub position: Position,
    /// It had been done before, by the same `Idempotency-Key`; nothing was done now.
    pub replayed: bool,
    /// Follow-ups of the deciding event could not be finished now and will be (HTTP 202).
    pub late: bool,
}

impl<T> Done<T> {
    /// The same, with another outcome.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Done<U> {
        Done { outcome: f(self.outcome), position: self.position, replayed: self.replayed, late: self.late }
    }
}

impl Request {
    /// A request without a store: it creates one, asks for a token, or opens a confirmation link.
    pub(crate) fn anonymous(
        store_id: StoreId,
        request_id: Option<String>,
        idempotency: Option<IdempotencyKey>,
    ) -> Self {
        Self {
            store_id,
            actor: Actor::Anonymous,
            person: None,
            request_id,
            idempotency,
            if_match: None,
            watermark: Watermark::default(),
            held: HeldResource::default(),
            spent: std::time::Duration::ZERO,
        }
    }
}
