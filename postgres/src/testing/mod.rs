//! What tests of this and other crates do in PostgreSQL (feature `testing`): [`Scratch`] is a schema of a test's own, [`Proxy`] a network
//! that misbehaves on command. Both need the PostgreSQL that [`url`] names.

mod proxy;
mod scratch;

pub use proxy::{Network, Proxy};
pub use scratch::{Scratch, url};
