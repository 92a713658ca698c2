//! Who waits for a turn, and whose tries are counted.

/// Who wants something hashed: an account and an address, as hashes that nobody outside can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claimant {
    pub(super) account: u64,
    pub(super) client: u64,
}
