//! The HTTP contract (docs/api.md): routes, extraction, answers, errors, OpenAPI.
//!
//! What lives here: how a request becomes a command or a query, and an outcome an answer. What doesn't: rules of the
//! business (`domain`), the order of steps (`commands`), how rows come about (`projections`). The guarantee: no request,
//! however malformed, gets a 5xx other than 503, and whatever is refused is refused with a documented code.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod advice;
mod answers;
mod asyncapi;
mod codes;
mod mapping;
mod openapi;
mod parts;
mod problem;
mod readiness;
mod requests;
mod router;
mod routes;
mod service;
mod wire;

pub use codes::{Code, TYPE_BASE};
pub use parts::{ApiParts, ApiSettings};
pub use problem::unavailable;
pub use readiness::{Part, PartState, Ready, RequestKind};
pub use router::{ROUTES, document, router};
pub use wire::cors::layer as cors;
pub use wire::proxies::Peer;
