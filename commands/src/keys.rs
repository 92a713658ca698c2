//! `Idempotency-Key`s: what is stored of them, and the ids that follow from them.

use crate::vault::HmacKey;
use crate::{IdempotencyKey, ids::Ids};
use journal::Idempotency;
use std::sync::Arc;

/// Bytes of a stored HMAC: enough that nobody finds two alike.
const HMAC_BYTES: usize = 16;

/// What is stored of a key: HMACs under the store's key, so that the log gives neither away.
pub(crate) fn idempotency(hmac: &HmacKey, key: &IdempotencyKey) -> Idempotency {
    Idempotency {
        key: mac(hmac, "idempotency key", &[key.method.as_bytes(), key.path.as_bytes(), key.key.as_bytes()]),
        fingerprint: mac(hmac, "request fingerprint", &[key.query.as_bytes(), &key.body]),
    }
}

/// A keyed hash of length-prefixed parts, in hex. `purpose` keeps uses of one key apart.
pub(crate) fn mac(hmac: &HmacKey, purpose: &str, parts: &[&[u8]]) -> String {
    hex::encode(&keyed(hmac, purpose, parts)[..HMAC_BYTES])
}

fn keyed(hmac: &HmacKey, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(&hmac.0);
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The ids of a request with a key: they follow from (store, method, path, key), for ever.
pub(crate) fn ids(hmac: &HmacKey, key: &IdempotencyKey, clock: Arc<dyn crate::Clock>) -> Ids {
    Ids::derived(keyed(hmac, "ids", &[key.method.as_bytes(), key.path.as_bytes(), key.key.as_bytes()]), clock)
}
