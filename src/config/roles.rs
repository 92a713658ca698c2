//! What one process of several does.

use super::clients;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What one process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Answers HTTP requests and does what follows from commands.
    Api,
    /// Fills the views.
    Views,
    /// Counts the metric windows.
    Stream,
}

/// Why a text names no roles.
#[derive(Debug, thiserror::Error)]
pub enum RolesError {
    #[error("there is no role '{0}'; choose from api, views, stream")]
    Unknown(String),
    #[error("at least one role is needed: api, views, stream")]
    None,
}

impl std::str::FromStr for Role {
    type Err = RolesError;
    fn from_str(text: &str) -> Result<Self, RolesError> {
        match text {
            "api" => Ok(Role::Api),
            "views" => Ok(Role::Views),
            "stream" => Ok(Role::Stream),
            other => Err(RolesError::Unknown(other.to_owned())),
        }
    }
}

/// The roles of this process; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(pub BTreeSet<Role>);

impl Roles {
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Role::Api => "api",
            Role::Views => "views",
            Role::Stream => "stream",
        })
    }
}

impl std::fmt::Display for Roles {
    /// As they are typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.0.iter().map(Role::to_string).collect();
        f.write_str(&names.join(","))
    }
}

impl std::str::FromStr for Roles {
    type Err = RolesError;
    fn from_str(text: &str) -> Result<Self, RolesError> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let roles = names.map(str::parse).collect::<Result<BTreeSet<Role>, _>>()?;
        match roles.is_empty() {
            true => Err(RolesError::None),
            false => Ok(Roles(roles)),
        }
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        clients::list(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
