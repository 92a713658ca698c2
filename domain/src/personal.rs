//! A person's data, kept apart so that it can be sealed, and erased by destroying its key.

use crate::AddressId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// A person's data inside an event. Domain and views see it `Open`; the log only ever holds it `Sealed`.
///
/// Serializing an `Open` one is an error on purpose: no path can write it in the clear by mistake.
#[derive(Clone, PartialEq, Eq)]
pub enum Personal {
    /// In the clear, in memory only.
    Open(PersonalData),
    /// As stored: sealed with the customer's key from the vault, in base64.
    Sealed(String),
    /// The customer's key was destroyed: nobody can read it any more, here or in any copy.
    Erased,
}

/// What is personal in the events of a customer; each event fills what it is about.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalData {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<PersonalAddress>,
}

/// A postal address. In a change, fields that stay are `None`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalAddress {
    pub address_id: AddressId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl PersonalAddress {
    /// An address of which nothing is known (any more), or a change that leaves everything as it is.
    pub fn unknown(address_id: AddressId) -> Self {
        Self { address_id, street: None, city: None, zip: None, state: None, country: None }
    }
}

impl Personal {
    /// The data in the clear; `None` once erased (or while still sealed).
    pub fn open(&self) -> Option<&PersonalData> {
        match self {
            Personal::Open(data) => Some(data),
            Personal::Sealed(_) | Personal::Erased => None,
        }
    }
}

impl From<PersonalData> for Personal {
    fn from(data: PersonalData) -> Self {
        Personal::Open(data)
    }
}

/// Shows only which of the three it is, so that no log line gives a person away.
impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Personal::Open(_) => "Personal::Open(…)",
            Personal::Sealed(_) => "Personal::Sealed(…)",
            Personal::Erased => "Personal::Erased",
        })
    }
}

/// Shows nothing of the person.
impl std::fmt::Debug for PersonalData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonalData(…)")
    }
}

/// Shows nothing but the id.
impl std::fmt::Debug for PersonalAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonalAddress({})", self.address_id)
    }
}

#[derive(Serialize, Deserialize)]
struct SealedData {
    sealed: String,
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Personal::Sealed(sealed) => SealedData { sealed: sealed.clone() }.serialize(serializer),
            Personal::Open(_) => Err(ser::Error::custom("personal data must be sealed before it is stored")),
            Personal::Erased => Err(ser::Error::custom("erased personal data can't be stored again")),
        }
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SealedData::deserialize(deserializer).map(|stored| Personal::Sealed(stored.sealed)).map_err(de::Error::custom)
    }
}
