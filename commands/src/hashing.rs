//! Argon2id hashing of secrets and passwords, off the async threads, at most one per core at a time.

use crate::CommandError;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes and verifies. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hasher {
    turns: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Arc::new(Semaphore::new(cores)) }
    }
}

impl Hasher {
    /// The PHC string of a secret.
    pub(crate) async fn hash(&self, secret: String) -> Result<String, CommandError> {
        todo!()
    }

    /// Whether the secret is the one hashed. Without a hash it takes as long, and says no.
    pub(crate) async fn verify(&self, secret: String, hash: Option<String>) -> Result<bool, CommandError> {
        todo!()
    }
}
