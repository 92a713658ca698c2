//! What stands in a tile: hashes one behind the other, or records with their lengths before them.

use super::WIDTH;
use crate::hash::Hash;

/// Why bytes are no tile of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tile of that width has {expected} bytes, not {found}")]
pub struct HashesError {
    pub expected: usize,
    pub found: usize,
}

/// Why entries, or bytes, are no bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    #[error("a bundle has from 1 to {WIDTH} entries, not {0}")]
    Width(usize),
    #[error("entry {entry} of the bundle has {bytes} bytes; the most is 65535")]
    TooLong { entry: usize, bytes: usize },
    #[error("the bundle ends within entry {entry}")]
    Cut { entry: usize },
    #[error("{bytes} bytes follow the bundle's last entry")]
    Trailing { bytes: usize },
}

pub fn hashes_to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The hashes of a tile of that width.
///
/// # Errors
/// These are more, or fewer.
pub fn hashes_from_bytes(bytes: &[u8], width: u16) -> Result<Vec<Hash>, HashesError> {
    let expected = usize::from(width) * Hash::BYTES;
    match bytes.as_chunks() {
        (hashes, []) if hashes.len() == width.into() => Ok(hashes.iter().copied().map(Hash::from).collect()),
        _ => Err(HashesError { expected, found: bytes.len() }),
    }
}

/// The bundle of these records.
///
/// # Errors
/// There are none, or too many, or one is longer than its length can say.
pub fn entries_to_bytes<T: AsRef<[u8]>>(entries: &[T]) -> Result<Vec<u8>, EntriesError> {
    if entries.is_empty() || entries.len() > WIDTH.into() {
        return Err(EntriesError::Width(entries.len()));
    }
    let mut bytes = Vec::new();
    for (entry, record) in entries.iter().map(AsRef::as_ref).enumerate() {
        let too_long = |_| EntriesError::TooLong { entry, bytes: record.len() };
        bytes.extend(u16::try_from(record.len()).map_err(too_long)?.to_be_bytes());
        bytes.extend(record);
    }
    Ok(bytes)
}

/// The records of a bundle of that width.
///
/// # Errors
/// These are more, or fewer, or it is cut short.
pub fn entries_from_bytes(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, EntriesError> {
    if !(1..=WIDTH).contains(&width) {
        return Err(EntriesError::Width(width.into()));
    }
    let (mut entries, mut rest) = (Vec::with_capacity(width.into()), bytes);
    for entry in 0..usize::from(width) {
        let cut = EntriesError::Cut { entry };
        let (length, behind) = rest.split_first_chunk().ok_or(cut)?;
        let (record, others) = behind.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(cut)?;
        entries.push(record);
        rest = others;
    }
    if rest.is_empty() { Ok(entries) } else { Err(EntriesError::Trailing { bytes: rest.len() }) }
}
