//! What stands between strangers and work that is dear: how often each may ask, who waits behind whom, who tried wrongly.
//!
//! What lives here: counting and queueing by whoever asks. What doesn't: what is asked (`use_cases`), hashing itself
//! (`hashing`). The guarantee: everything here is bounded, whoever asks how often from however many places, and nobody can make
//! it forget what it counted of somebody else.

mod buckets;
mod claimant;
mod client;
mod tries;
mod turns;

pub use buckets::Buckets;
pub(crate) use claimant::Claimant;
pub use client::Client;
pub(crate) use tries::{Account, Tries};
pub(crate) use turns::{Lane, Turns};
