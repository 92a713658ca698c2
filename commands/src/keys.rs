//! `Idempotency-Key`s: what is stored of them, and the ids that follow from them.

mod canonical;

use crate::{IdempotencyKey, ids::Ids};
use domain::Timestamp;
use journal::Idempotency;
use std::sync::Arc;
use vault::HmacKey;

/// Bytes of a stored HMAC: enough that nobody finds two alike.
const HMAC_BYTES: usize = 16;
/// What a fingerprint begins with that is made as [`canonical`] says. Earlier ones are plain hex.
const VERSION: &str = "v2:";

/// What a request with a key is recognised by.
#[derive(Clone)]
pub struct Keyed {
    /// What is stored.
    pub(crate) idempotency: Idempotency,
    /// The request's fingerprint as earlier versions made it, secrets and blanks included; to compare with theirs, never stored.
    earlier: String,
}

impl Keyed {
    /// Of a request that a stream has noted for later.
    pub(crate) fn noted(key: String, fingerprint: String) -> Self {
        Self { earlier: fingerprint.clone(), idempotency: Idempotency { key, fingerprint, clock: None } }
    }

    /// Whether the stored fingerprint is this request's, by the rule of the version that stored it.
    pub(crate) fn is(&self, fingerprint: &str) -> bool {
        self.idempotency.fingerprint == fingerprint || self.earlier == fingerprint
    }

    /// What stands in the metadata of an event that occurs at `now`, by a node whose clock says `clock`.
    pub(crate) fn read_at(&self, clock: Timestamp, now: Timestamp) -> Idempotency {
        Idempotency { clock: (clock < now).then_some(clock), ..self.idempotency.clone() }
    }
}

/// What is stored of a key: HMACs under the store's key, so that the log gives neither away.
pub(crate) fn keyed(hmac: &HmacKey, key: &IdempotencyKey) -> Keyed {
    let request = canonical::request(key);
    let request: Vec<&[u8]> = request.iter().map(Vec::as_slice).collect();
    Keyed {
        idempotency: Idempotency {
            key: mac(hmac, "idempotency key", &[key.method.as_bytes(), key.path.as_bytes(), key.key.as_bytes()]),
            fingerprint: format!("{VERSION}{}", mac(hmac, "request fingerprint v2", &request)),
            clock: None,
        },
        earlier: mac(hmac, "request fingerprint", &[key.query.as_bytes(), &key.body]),
    }
}

/// A keyed hash of length-prefixed parts, in hex. `purpose` keeps uses of one key apart.
pub(crate) fn mac(hmac: &HmacKey, purpose: &str, parts: &[&[u8]]) -> String {
    hex::encode(&hash(hmac, purpose, parts)[..HMAC_BYTES])
}

pub(crate) fn hash(hmac: &HmacKey, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(&hmac.0);
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The ids of a request with a key: they follow from (store, method, path, key), for ever.
pub(crate) fn ids(hmac: &HmacKey, key: &IdempotencyKey, clock: Arc<dyn crate::Clock>) -> Ids {
    Ids::derived(hash(hmac, "ids", &[key.method.as_bytes(), key.path.as_bytes(), key.key.as_bytes()]), clock)
}
