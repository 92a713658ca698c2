//! What a cosignature of version 1 is made over, and of: <https://c2sp.org/tlog-cosignature>.

/// The last second that a cosignature may name.
pub(crate) const MAX_TIME: u64 = i64::MAX as u64;

/// The message that is signed: a line that no other signature begins with, the time in seconds since 1970, and the text
/// of the note.
pub(crate) fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The time and the Ed25519 signature that a cosignature is made of. `None`: it is none.
pub(super) fn parts(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = bytes.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    (time <= MAX_TIME).then_some((time, signature))
}
