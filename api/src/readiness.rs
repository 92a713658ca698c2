//! How the server is: what it is made of and needs, and what can't be done because of it.

use async_trait::async_trait;
use domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// How a part of the server is, from well to worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    Ok,
    /// It goes on in part, or goes on and needs somebody's attention.
    Degraded,
    /// Nothing that it is for is done now.
    Away,
}

/// What clients ask of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestKind {
    Commands,
    Queries,
}

/// Something that the server is made of or needs, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Part)]
pub struct Part {
    /// What it is, for people: `the event log`.
    #[schema(example = "the event log")]
    pub name: String,
    pub state: PartState,
    /// Since when it is so, as far as this server knows; null: since before it looked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// What is the matter; null: nothing.
    pub reason: Option<String>,
    /// What is not done at all because of it.
    pub stops: Vec<RequestKind>,
}

/// Says how the server is; `GET /readyz` asks.
#[async_trait]
pub trait Ready: Send + Sync + 'static {
    /// All parts, however they are.
    async fn parts(&self) -> Vec<Part>;
}
