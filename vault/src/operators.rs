//! Who operates the server: what their tokens stand for.

use domain::{Timestamp, TokenId};

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRole {
    Operator,
    /// Looks, and changes nothing.
    Auditor,
}

impl OperatorRole {
    pub const ALL: [OperatorRole; 2] = [OperatorRole::Operator, OperatorRole::Auditor];

    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            OperatorRole::Operator => "operator",
            OperatorRole::Auditor => "auditor",
        }
    }

    /// The role of this name, as [`Self::as_str`] gives it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A token of the server itself, and of no store. It stays when it has expired or was revoked: the list of them tells who had access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorToken {
    pub token_id: TokenId,
    pub role: OperatorRole,
    /// Whose it is, in whatever words it was made with.
    pub name: String,
    pub created_at: Timestamp,
    /// `None`: never.
    pub expires_at: Option<Timestamp>,
    /// `None`: it was not.
    pub revoked_at: Option<Timestamp>,
}

/// Of what is stored, without it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no such role of an operator")]
pub(super) struct UnknownRole;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_known_by_its_name_alone() {
        for role in OperatorRole::ALL {
            assert_eq!(OperatorRole::named(role.as_str()), Some(role));
        }
        assert_eq!(["", "Operator", "owner"].map(OperatorRole::named), [None; 3]);
    }
}
