//! Sealing of personal data: XChaCha20-Poly1305 under the customer's key, bound to the event it stands in.

use crate::SealingKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::PersonalData;
use eventlog::EventId;

const NONCE_BYTES: usize = 24;

/// Why sealed data can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("no randomness to be had: {0}")]
    Randomness(getrandom::Error),
    #[error("the sealed data is damaged, or was sealed with another key")]
    Damaged,
    #[error("the personal data can't be written or read")]
    Json(#[from] serde_json::Error),
}

/// Seals the data for the event `id` of `stream`: nonce and ciphertext, in base64.
pub fn seal(key: &SealingKey, stream: &str, id: EventId, data: &PersonalData) -> Result<String, SealError> {
    let mut sealed = vec![0; NONCE_BYTES];
    getrandom::fill(&mut sealed).map_err(SealError::Randomness)?;
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(data)?);
    let ciphertext = cipher(key)
        .encrypt(
            &nonce(&sealed)?,
            Payload {
                msg: &plain,
                aad: &bound_to(stream, id),
            },
        )
        .map_err(|_| SealError::Damaged)?;
    sealed.extend_from_slice(&ciphertext);
    Ok(STANDARD.encode(sealed))
}

/// Opens what [`seal`] sealed for the same event.
pub fn open(key: &SealingKey, stream: &str, id: EventId, sealed: &str) -> Result<PersonalData, SealError> {
    let sealed = STANDARD.decode(sealed).map_err(|_| SealError::Damaged)?;
    let ciphertext = sealed.get(NONCE_BYTES..).ok_or(SealError::Damaged)?;
    let plain = cipher(key)
        .decrypt(
            &nonce(&sealed)?,
            Payload {
                msg: ciphertext,
                aad: &bound_to(stream, id),
            },
        )
        .map_err(|_| SealError::Damaged)?;
    Ok(serde_json::from_slice(&zeroize::Zeroizing::new(plain))?)
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.0.into())
}

fn nonce(sealed: &[u8]) -> Result<XNonce, SealError> {
    let bytes: [u8; NONCE_BYTES] = sealed
        .get(..NONCE_BYTES)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(SealError::Damaged)?;
    Ok(bytes.into())
}

/// Sealed data can't be moved to another event: it would not open there.
fn bound_to(stream: &str, id: EventId) -> Vec<u8> {
    [stream.as_bytes(), b"/", id.as_bytes()].concat()
}
