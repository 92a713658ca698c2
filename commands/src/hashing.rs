//! Argon2id hashing of secrets and passwords, off the async threads, at most one per core at a time, fairly between whoever asks.
//!
//! The guarantee: where there is no hash to check against, checking takes as long all the same.

use crate::guard::{Claimant, Lane, Turns};
use crate::{CommandError, Service, password};
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use eventlog::CausedBy;
use zeroize::Zeroizing;

/// Argon2id's cost, as OWASP's password storage cheat sheet recommends: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Of a secret that nobody knows, at today's cost: what is checked where there is nothing to check against.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2FydGxvZyBub2JvZHkncw$B8r19WkfF9hmoBUyvRZfDdkKrHfr/qhqViRRqplHrcQ";

/// Where somebody waits, and who it is.
pub(crate) type QueuePlace = (Lane, Claimant);

/// Hashes and verifies. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hasher {
    turns: Turns,
}

impl Default for Hasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Turns::new(cores) }
    }
}

impl Hasher {
    /// The PHC string of a secret, in the one form of all its spellings.
    pub(crate) async fn hash(&self, place: QueuePlace, secret: String) -> Result<String, CommandError> {
        let secret = password::prepared(&Zeroizing::new(secret));
        let hash = move || {
            let hash: PasswordHash = argon2id()?.hash_password(secret.as_bytes()).map_err(failed)?;
            Ok(hash.to_string())
        };
        self.run(place, hash).await
    }

    /// Whether the secret is the one hashed, in any spelling, compared in constant time. Without a hash it takes as long as with
    /// one that it is not, and says no.
    pub(crate) async fn verify(
        &self,
        place: QueuePlace,
        secret: String,
        hash: Option<String>,
    ) -> Result<bool, CommandError> {
        let secret = Zeroizing::new(secret);
        let verify = move || {
            let hashed = PasswordHash::new(hash.as_deref().unwrap_or(NOBODYS_HASH)).map_err(failed)?;
            let argon2id = argon2id()?;
            let is_hashed = |secret: &Zeroizing<String>| argon2id.verify_password(secret.as_bytes(), &hashed).is_ok();
            let same = password::tries(&secret).iter().any(is_hashed);
            Ok(same & hash.is_some())
        };
        self.run(place, verify).await
    }

    async fn run<T: Send + 'static>(
        &self,
        (lane, who): QueuePlace,
        work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let turn = self.turns.take(lane, who).await?;
        let work = move || {
            // The turn goes with the work: whoever waits for it may be gone.
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(failed)?
    }
}

fn argon2id() -> Result<Argon2<'static>, CommandError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: impl Into<CausedBy>) -> CommandError {
    CommandError::Unavailable { service: Service::Vault, source: CausedBy::of("hashing a secret", error) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;
    use crate::guard::{Account, Client, Tries};

    fn place() -> QueuePlace {
        (Lane::Fresh, Tries::new(0).claimant(&Account::New, Client::UNKNOWN))
    }

    #[tokio::test]
    async fn a_secret_verifies_against_its_own_hash_alone() {
        let hasher = Hasher::default();
        let hash = hasher.hash(place(), "correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hasher.hash(place(), "correct horse".to_owned()).await.unwrap());
        assert!(hasher.verify(place(), "correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(place(), "correct horsf".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_secret_verifies_in_any_spelling_and_against_a_hash_of_what_was_given() {
        let (hasher, composed, decomposed) = (Hasher::default(), "caf\u{e9} noir", "cafe\u{301}\u{a0}noir");
        for given in [composed, decomposed] {
            let hash = hasher.hash(place(), given.to_owned()).await.unwrap();
            for tried in [composed, decomposed] {
                assert!(
                    hasher.verify(place(), tried.to_owned(), Some(hash.clone())).await.unwrap(),
                    "{given:?} {tried:?}"
                );
            }
            assert!(!hasher.verify(place(), "cafe noir".to_owned(), Some(hash)).await.unwrap());
        }
        // As versions before hashed it.
        let hash: PasswordHash = argon2id().unwrap().hash_password(decomposed.as_bytes()).unwrap();
        assert!(hasher.verify(place(), decomposed.to_owned(), Some(hash.to_string())).await.unwrap());
        assert!(!hasher.verify(place(), composed.to_owned(), Some(hash.to_string())).await.unwrap());
        assert!(!hasher.verify(place(), decomposed.to_owned(), None).await.unwrap());
    }

    #[tokio::test]
    async fn without_a_hash_the_same_work_is_done_and_nothing_verifies() {
        let nobodys = PasswordHash::new(NOBODYS_HASH).unwrap();
        let params = Params::try_from(&nobodys).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
        assert_eq!(nobodys.hash.unwrap().len(), Params::DEFAULT_OUTPUT_LEN);
        assert!(!Hasher::default().verify(place(), String::new(), None).await.unwrap());
    }
}
