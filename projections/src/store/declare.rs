//! What a view says of itself, so that any store can lay it out.

use crate::{KeyPart, KeyParts, RowKey};
use uuid::Uuid;

/// A view's name, version, columns, and the ways in which its rows are found.
#[derive(Debug, PartialEq, Eq)]
pub struct ViewDeclaration {
    /// Lower-case letters and underscores: stands in the names of tables.
    pub name: &'static str,
    /// Raised with every change of the row, its fold or this declaration. A store that holds another version is filled anew.
    pub version: u32,
    pub key: KeyKind,
    /// Whether something is kept of each store beside the rows ([`crate::View::Store`]).
    pub stores: bool,
    /// Beside the key and the document.
    pub columns: &'static [Column],
    pub indexes: &'static [Index],
    pub labels: Option<Labels>,
    pub search: Option<Searched>,
}

/// What a view's rows are found by: all of them by keys of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Id,
    /// Several parts, or one that is no id.
    Parts,
}

impl KeyKind {
    /// Whether a row can have the key.
    pub fn has(self, key: RowKey) -> bool {
        match key {
            RowKey::Id(_) => self == KeyKind::Id,
            RowKey::Parts(_) => self == KeyKind::Parts,
        }
    }

    /// A key that a row could have; none has.
    pub fn any(self) -> RowKey {
        match self {
            KeyKind::Id => Uuid::nil().into(),
            KeyKind::Parts => RowKey::of(&[KeyPart::Number(0)]),
        }
    }
}

/// A value of a row that can be filtered or ordered by.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

impl Column {
    pub const fn integer(name: &'static str) -> Self {
        Self { name, kind: Kind::Integer, nullable: false }
    }

    pub const fn text(name: &'static str) -> Self {
        Self { name, kind: Kind::Text, nullable: false }
    }

    pub const fn id(name: &'static str) -> Self {
        Self { name, kind: Kind::Id, nullable: false }
    }

    pub const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64 bits; also moments (milliseconds since 1970) and yes or no (1 or 0).
    Integer,
    Text,
    Id,
}

/// Lists of rows with equal values in some columns, in the order of another one, then of the key.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    pub equal: &'static [&'static str],
    /// An integer column; `None`: in the order of the keys.
    pub sort: Option<&'static str>,
    /// Columns that such lists are often filtered by; kept in the index, so that the row need not be read.
    pub covering: &'static [&'static str],
}

/// Rows by label: as an [`Index`] whose last equal value is the label.
#[derive(Debug, PartialEq, Eq)]
pub struct Labels {
    pub name: &'static str,
    pub equal: &'static [&'static str],
    /// An integer column.
    pub sort: &'static str,
}

/// Full-text search over the rows of one scope.
#[derive(Debug, PartialEq, Eq)]
pub struct Searched {
    /// An id column: a search never leaves the scope it names.
    pub scope: &'static str,
    pub fields: &'static [SearchField],
    /// Among equally good hits the larger value comes first, then the larger key.
    pub then: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub struct SearchField {
    pub name: &'static str,
    /// How much a hit here counts, against hits in other fields.
    pub weight: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    Null,
    Integer(i64),
    Text(String),
    Id(Uuid),
    /// The parts of a row's key; no column has such a value.
    Parts(KeyParts),
}

impl From<RowKey> for Value {
    fn from(key: RowKey) -> Self {
        match key {
            RowKey::Id(id) => Value::Id(id),
            RowKey::Parts(parts) => Value::Parts(parts),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Integer(value.into())
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Value::Id(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<domain::Timestamp> for Value {
    fn from(at: domain::Timestamp) -> Self {
        Value::Integer(at.as_millis())
    }
}

impl From<eventlog::Position> for Value {
    fn from(position: eventlog::Position) -> Self {
        // Positions stay far below 2^63 in any log.
        Value::Integer(i64::try_from(position.0).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
