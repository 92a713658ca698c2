//! What whoever has a token of a store may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a token is good for (api.md §1, Roles).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything that there is to do in the store.
    #[default]
    Admin,
    /// Reads and audits, and writes nothing.
    Auditor,
    /// What a shop window needs: products, and what customers do for themselves.
    Storefront,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Admin, Role::Auditor, Role::Storefront];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Auditor => "auditor",
            Role::Storefront => "storefront",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
