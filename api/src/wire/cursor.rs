//! Cursors as clients see them: opaque, and good only for the list, the store and the filters that gave them.

use crate::problem::{FieldError, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::StoreId;

/// Bytes of the checksum: no cursor passes for another list's by chance, or by mistake.
const CHECKSUM_BYTES: usize = 8;
/// Raised when the text within changes its form.
const VERSION: u8 = 1;

/// A list as one client asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    pub store: StoreId,
    /// The canonical path.
    pub path: &'s str,
    /// Its filters, in a fixed order; see [`crate::wire::paging::filters`].
    pub filters: &'s str,
}

impl Scope<'_> {
    /// The place in the list, as text for clients.
    pub fn seal(&self, place: &str) -> String {
        let mut bytes = Vec::with_capacity(1 + CHECKSUM_BYTES + place.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.checksum(place));
        bytes.extend_from_slice(place.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that [`Self::seal`] made the text of; `None` for any other text.
    pub fn open(&self, cursor: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (checksum, place) = rest.split_at_checked(CHECKSUM_BYTES)?;
        let place = std::str::from_utf8(place).ok()?;
        (*version == VERSION && checksum == self.checksum(place)).then(|| place.to_owned())
    }

    fn checksum(&self, place: &str) -> [u8; CHECKSUM_BYTES] {
        let mut hasher = blake3::Hasher::new_derive_key("cartlog cursor v1");
        for part in
            [self.store.0.as_bytes().as_slice(), self.path.as_bytes(), self.filters.as_bytes(), place.as_bytes()]
        {
            // Length first, so that ("ab", "c") and ("a", "bc") differ.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut checksum = [0; CHECKSUM_BYTES];
        checksum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM_BYTES]);
        checksum
    }
}

/// The answer to a cursor of another list, another store or nobody.
pub fn bad_cursor() -> Problem {
    Problem::field(FieldError::query("cursor", "is not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn scope<'s>(store: u128, path: &'s str, filters: &'s str) -> Scope<'s> {
        Scope { store: StoreId(Uuid::from_u128(store)), path, filters }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_alone() {
        let own = scope(1, "/product", "tag=a");
        let cursor = own.seal("42");
        assert_eq!(own.open(&cursor).as_deref(), Some("42"));
        for other in [scope(2, "/product", "tag=a"), scope(1, "/customer", "tag=a"), scope(1, "/product", "tag=b")] {
            assert_eq!(other.open(&cursor), None);
        }
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_cursor(text in ".{0,200}") {
            prop_assert_eq!(scope(1, "/product", "").open(&text), None);
        }

        #[test]
        fn a_changed_cursor_is_none(place in "[0-9a-f]{0,60}", at in 0usize..40) {
            let own = scope(1, "/product", "");
            let mut changed = own.seal(&place).into_bytes();
            let at = at % changed.len();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let opened = own.open(&String::from_utf8(changed).unwrap_or_default());
            prop_assert!(opened.is_none_or(|opened| opened == place));
        }
    }
}
