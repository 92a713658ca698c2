//! The keys by which notes are signed and checked: <https://c2sp.org/signed-note>.
//!
//! What lives here: a key's name, its id and its kind, the public key and its text ([`VerifierKey`]), and the secret
//! that signing takes ([`Seed`]). What doesn't: what is signed, and where secrets are kept. The guarantee: a seed is in
//! no text and no error, and its memory is wiped once it is dropped.

mod name;
mod seed;
mod verifier;

pub use name::{KeyId, KeyName, KeyNameError};
pub use seed::Seed;
pub use verifier::{KeyKind, VerifierKey, VkeyError};
