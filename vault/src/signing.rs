//! What the log's keeper signs with, and the last that was signed for each incarnation of a log.
//!
//! A key and a head stand side by side: whoever restores the one has the other, so that no key signs two heads of one size that
//! contradict each other.

use crate::{VaultError, random_bytes};
use eventlog::LogId;
use std::fmt;
use uuid::Uuid;

/// One incarnation of one log: what a signing key is for. It is kept as 20 bytes, the log's id and behind it the number, the highest
/// byte first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncarnationId([u8; 20]);

impl IncarnationId {
    /// The `number`-th of the log, from 1.
    pub fn new(log_id: LogId, number: u32) -> Self {
        let mut bytes = [0; 20];
        bytes[..16].copy_from_slice(log_id.0.as_bytes());
        bytes[16..].copy_from_slice(&number.to_be_bytes());
        Self(bytes)
    }

    pub fn log_id(&self) -> LogId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[..16]);
        LogId(Uuid::from_bytes(bytes))
    }

    pub fn number(&self) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.0[16..]);
        u32::from_be_bytes(bytes)
    }

    /// In the order of incarnations: what [`crate::Inventory::entries`] goes on after.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

/// `<log id>/<number>`, as origins end.
impl fmt::Display for IncarnationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.log_id().0, self.number())
    }
}

impl fmt::Debug for IncarnationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncarnationId({self})")
    }
}

/// The seed of an Ed25519 key that signs a log's heads. Never printed, never stored outside the vault.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct SigningKey(pub [u8; 32]);

impl SigningKey {
    /// One that nobody has.
    ///
    /// # Errors
    /// [`VaultError::Away`] where there is no randomness to be had.
    pub fn fresh() -> Result<Self, VaultError> {
        random_bytes().map(Self)
    }
}

/// What was signed: the log under this name has so many leaves, and this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    pub origin: String,
    pub size: u64,
    pub root: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incarnation_is_its_log_and_its_number_in_their_order() {
        let log = LogId(Uuid::from_u128(7));
        let one = IncarnationId::new(log, 258);
        assert_eq!((one.log_id(), one.number()), (log, 258));
        assert_eq!(one.to_string(), "00000000-0000-0000-0000-000000000007/258");
        assert!(one > IncarnationId::new(log, 3) && one < IncarnationId::new(LogId(Uuid::from_u128(8)), 1));
    }
}
