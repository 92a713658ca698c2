//! Randomness, from the operating system: secrets that nobody can guess, and chance in pauses.

/// Fills all of `bytes`.
///
/// # Errors
/// The operating system has none to give.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that draws")]
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    getrandom::fill(bytes)
}
