//! By what a row is found: mostly one id, otherwise a few parts in an order, such as a store and a day.

use chrono::{Days, NaiveDate};
use serde::{Serialize, Serializer};
use std::fmt;
use uuid::Uuid;

/// A row's key, unique within its view. Keys of one view are ordered by their parts, the first one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    Id(Uuid),
    Parts(KeyParts),
}

/// A part of a compound key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPart {
    Id(Uuid),
    /// From 1970-01-01 to 2149-06-06, which two bytes hold; an earlier day counts as the first of them, a later one as the last.
    Day(NaiveDate),
    Number(u64),
}

/// The parts, one after another, each behind what says its kind: compared byte by byte they are in the order of their parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyParts {
    // The bytes behind the length are 0, so that what is derived is right.
    bytes: [u8; KeyParts::LONGEST],
    length: u8,
}

/// Stable: stand in keys that are stored.
const ID: u8 = 1;
const DAY: u8 = 2;
const NUMBER: u8 = 3;

impl KeyParts {
    /// Two ids; or an id, a day and a number.
    pub const LONGEST: usize = 34;

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn new() -> Self {
        Self { bytes: [0; Self::LONGEST], length: 0 }
    }

    /// `None`: there is no room for it.
    fn with(mut self, bytes: &[u8]) -> Option<Self> {
        let (start, end) = (usize::from(self.length), usize::from(self.length) + bytes.len());
        self.bytes.get_mut(start..end)?.copy_from_slice(bytes);
        self.length = end as u8;
        Some(self)
    }

    fn with_part(self, part: KeyPart) -> Option<Self> {
        match part {
            KeyPart::Id(id) => self.with(&[ID])?.with(id.as_bytes()),
            KeyPart::Day(day) => {
                let days = day.signed_duration_since(NaiveDate::default()).num_days();
                let days = u16::try_from(days.max(0)).unwrap_or(u16::MAX);
                self.with(&[DAY])?.with(&days.to_be_bytes())
            }
            KeyPart::Number(number) => self.with(&[NUMBER])?.with(&number.to_be_bytes()),
        }
    }

    /// The parts; `None` where they are none.
    fn parts(&self) -> Option<Vec<KeyPart>> {
        let (mut parts, mut rest) = (Vec::new(), self.as_bytes());
        while let Some((kind, behind)) = rest.split_first() {
            let (part, later) = match *kind {
                ID => {
                    let (id, later) = behind.split_first_chunk::<16>()?;
                    (KeyPart::Id(Uuid::from_bytes(*id)), later)
                }
                DAY => {
                    let (days, later) = behind.split_first_chunk::<2>()?;
                    let days = Days::new(u16::from_be_bytes(*days).into());
                    (KeyPart::Day(NaiveDate::default().checked_add_days(days)?), later)
                }
                NUMBER => {
                    let (number, later) = behind.split_first_chunk::<8>()?;
                    (KeyPart::Number(u64::from_be_bytes(*number)), later)
                }
                _ => return None,
            };
            parts.push(part);
            rest = later;
        }
        (!parts.is_empty()).then_some(parts)
    }
}

impl RowKey {
    /// A key of several parts, in the order in which rows are sorted by it.
    ///
    /// # Panics
    /// Where they take more than [`KeyParts::LONGEST`] bytes: an id takes 17, a day 3, a number 9. What parts a view's keys have does
    /// not depend on events.
    pub fn of(parts: &[KeyPart]) -> Self {
        let key = parts.iter().try_fold(KeyParts::new(), |key, part| key.with_part(*part));
        RowKey::Parts(key.expect("parts of a key that has room for them"))
    }

    /// The id, where the key is one.
    pub fn id(self) -> Option<Uuid> {
        match self {
            RowKey::Id(id) => Some(id),
            RowKey::Parts(_) => None,
        }
    }

    /// The parts; one, where the key is an id.
    pub fn parts(self) -> Vec<KeyPart> {
        match self {
            RowKey::Id(id) => vec![KeyPart::Id(id)],
            RowKey::Parts(parts) => parts.parts().unwrap_or_default(),
        }
    }

    /// As it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            RowKey::Id(id) => id.as_bytes(),
            RowKey::Parts(parts) => parts.as_bytes(),
        }
    }

    /// As it was stored; `None`: it is no key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        // The kinds of parts make none of 16 bytes.
        if let Ok(id) = bytes.try_into() {
            return Some(RowKey::Id(Uuid::from_bytes(id)));
        }
        let parts = KeyParts::new().with(bytes)?;
        parts.parts().map(|_| RowKey::Parts(parts))
    }
}

impl From<Uuid> for RowKey {
    fn from(id: Uuid) -> Self {
        RowKey::Id(id)
    }
}

/// The parts, with a `/` between.
impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.parts().iter().enumerate() {
            if place > 0 {
                f.write_str("/")?;
            }
            match part {
                KeyPart::Id(id) => id.fmt(f)?,
                KeyPart::Day(day) => day.fmt(f)?,
                KeyPart::Number(number) => number.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Serialize for RowKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for KeyParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&RowKey::Parts(*self), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = KeyPart> {
        let day = |days: u16| KeyPart::Day(NaiveDate::default() + Days::new(days.into()));
        prop_oneof![
            any::<u128>().prop_map(|id| KeyPart::Id(Uuid::from_u128(id))),
            any::<u16>().prop_map(day),
            any::<u64>().prop_map(KeyPart::Number),
        ]
    }

    fn order(part: &KeyPart) -> (u8, u128) {
        match part {
            KeyPart::Id(id) => (ID, id.as_u128()),
            KeyPart::Day(day) => (DAY, day.signed_duration_since(NaiveDate::default()).num_days() as u128),
            KeyPart::Number(number) => (NUMBER, u128::from(*number)),
        }
    }

    proptest! {
        #[test]
        fn a_key_reads_back_from_its_bytes(id: u128, parts in prop::collection::vec(part(), 1..=2)) {
            for key in [RowKey::of(&parts), Uuid::from_u128(id).into()] {
                prop_assert_eq!(RowKey::from_bytes(key.as_bytes()), Some(key));
            }
            prop_assert_eq!(RowKey::of(&parts).parts(), parts);
        }

        #[test]
        fn keys_are_in_the_order_of_their_parts(one in prop::collection::vec(part(), 1..=2), other in prop::collection::vec(part(), 1..=2)) {
            let by_parts = one.iter().map(order).cmp(other.iter().map(order));
            let (one, other) = (RowKey::of(&one), RowKey::of(&other));
            prop_assert_eq!(one.as_bytes().cmp(other.as_bytes()), by_parts);
            prop_assert_eq!(one.cmp(&other), by_parts);
        }

        #[test]
        fn what_is_no_key_is_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(key) = RowKey::from_bytes(&bytes) {
                prop_assert_eq!(key.as_bytes(), &bytes[..]);
            }
        }
    }

    #[test]
    fn a_key_says_its_parts() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).expect("a day");
        let key = RowKey::of(&[KeyPart::Id(Uuid::from_u128(7)), KeyPart::Day(day), KeyPart::Number(42)]);
        assert_eq!(key.to_string(), "00000000-0000-0000-0000-000000000007/2024-02-29/42");
        assert_eq!(RowKey::from_bytes(b""), None);
    }
}
