//! Sealing of personal data: XChaCha20-Poly1305 under the customer's key, bound to the event it stands in.

use crate::SealingKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::{ActorId, PersonalData};
use eventlog::EventId;

const NONCE_BYTES: usize = 24;

/// Why sealed data can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("the sealed data is damaged, or was sealed with another key")]
    Damaged,
    #[error("the personal data can't be written or read")]
    Json(#[from] serde_json::Error),
}

/// Seals the data for the event `id` of `stream`: nonce and ciphertext, in base64. The same data for the same event is
/// sealed to the same text, so that an append can be repeated and its hashes stay the same.
pub fn seal(key: &SealingKey, stream: &str, id: EventId, data: &PersonalData) -> Result<String, SealError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(data)?);
    Ok(STANDARD.encode(seal_bytes(key, &bound_to(stream, id), &plain)?))
}

/// Seals the state of a stream: only that stream's opens.
pub fn seal_state(key: &SealingKey, stream: &str, state: &[u8]) -> Result<Vec<u8>, SealError> {
    seal_bytes(key, &bound_to_state(stream), state)
}

/// Opens what [`seal_state`] sealed for the same stream.
pub fn open_state(key: &SealingKey, stream: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    open_bytes(key, &bound_to_state(stream), sealed)
}

/// Seals the name of a person at a store's desk: the same text for the same name, so that an append can be repeated.
pub fn seal_name(key: &SealingKey, person: ActorId, name: &str) -> Result<String, SealError> {
    Ok(STANDARD.encode(seal_bytes(key, &bound_to_person(person), name.as_bytes())?))
}

/// Opens what [`seal_name`] sealed for the same person.
pub fn open_name(key: &SealingKey, person: ActorId, sealed: &str) -> Result<String, SealError> {
    let sealed = STANDARD.decode(sealed).map_err(|_| SealError::Damaged)?;
    let plain = open_bytes(key, &bound_to_person(person), &sealed)?;
    String::from_utf8(plain).map_err(|_| SealError::Damaged)
}

fn seal_bytes(key: &SealingKey, bound_to: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut sealed = nonce_for(key, bound_to, plain).to_vec();
    let payload = Payload { msg: plain, aad: bound_to };
    let ciphertext = cipher(key).encrypt(&nonce(&sealed)?, payload).map_err(|_| SealError::Damaged)?;
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

fn open_bytes(key: &SealingKey, bound_to: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let ciphertext = sealed.get(NONCE_BYTES..).ok_or(SealError::Damaged)?;
    let payload = Payload { msg: ciphertext, aad: bound_to };
    cipher(key).decrypt(&nonce(sealed)?, payload).map_err(|_| SealError::Damaged)
}

/// A nonce that follows from the key, the event and what is sealed: other data has another one, as far as a keyed hash of
/// 192 bits keeps apart, and without the key it tells nothing (the construction of RFC 5297, with BLAKE3).
fn nonce_for(key: &SealingKey, bound_to: &[u8], plain: &[u8]) -> [u8; NONCE_BYTES] {
    let nonce_key = zeroize::Zeroizing::new(blake3::derive_key("cartlog sealing nonce v1", &key.0));
    let mut hasher = blake3::Hasher::new_keyed(&nonce_key);
    // Length first, so that no two pairs of event and data are hashed alike.
    hasher.update(&(bound_to.len() as u64).to_le_bytes()).update(bound_to).update(plain);
    let mut nonce = [0; NONCE_BYTES];
    hasher.finalize_xof().fill(&mut nonce);
    nonce
}

/// Opens what [`seal`] sealed for the same event.
pub fn open(key: &SealingKey, stream: &str, id: EventId, sealed: &str) -> Result<PersonalData, SealError> {
    let sealed = STANDARD.decode(sealed).map_err(|_| SealError::Damaged)?;
    let plain = open_bytes(key, &bound_to(stream, id), &sealed)?;
    Ok(serde_json::from_slice(&zeroize::Zeroizing::new(plain))?)
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.0.into())
}

fn nonce(sealed: &[u8]) -> Result<XNonce, SealError> {
    let bytes: [u8; NONCE_BYTES] =
        sealed.get(..NONCE_BYTES).and_then(|bytes| bytes.try_into().ok()).ok_or(SealError::Damaged)?;
    Ok(bytes.into())
}

/// Sealed data can't be moved to another event: it would not open there.
fn bound_to(stream: &str, id: EventId) -> Vec<u8> {
    [stream.as_bytes(), b"/", id.as_bytes()].concat()
}

/// No event's, and no state's.
fn bound_to_person(person: ActorId) -> Vec<u8> {
    [b"person ", person.0.as_bytes().as_slice()].concat()
}

/// No event's: their streams' names begin with a category.
fn bound_to_state(stream: &str) -> Vec<u8> {
    [b"state of ", stream.as_bytes()].concat()
}
