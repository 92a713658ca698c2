//! The secret of an Ed25519 key.

use ring::signature::{Ed25519KeyPair, KeyPair};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The 32 bytes that an Ed25519 key comes from. What is made of them to sign lives for one signature.
#[derive(ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Takes the bytes, and leaves none where they were.
    pub fn taken_from(bytes: &mut [u8; 32]) -> Self {
        let seed = Self(*bytes);
        bytes.zeroize();
        seed
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair().public_key().as_ref());
        bytes
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.pair().sign(message).as_ref());
        bytes
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.0).expect("seeds of another length alone are refused")
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}
