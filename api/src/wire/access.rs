//! What tokens of each role may ask for (api.md §1, Roles). The list of routes says it of each operation; admins may everything.

use crate::codes::Code;
use crate::problem::Problem;
use domain::store::Role;
use http::Method;
use std::collections::HashMap;

/// Who may ask for an operation beside admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub auditor: bool,
    pub storefront: Window,
}

/// What an operation is to a shop window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Not for it.
    Closed,
    /// Whoever looks through it may ask.
    Open,
    /// Only the customer whom it is about, by a token of theirs.
    OwnCustomer,
}

impl Access {
    /// Auditors read; of the shop window's it is told by the list.
    pub const fn of(method: &str, storefront: Window) -> Self {
        Self { auditor: matches!(method.as_bytes(), b"GET"), storefront }
    }

    /// The roles that may.
    pub fn roles(self) -> Vec<&'static str> {
        Role::ALL.into_iter().filter(|role| self.check(*role).is_ok()).map(Role::as_str).collect()
    }

    /// Whether the role may ask, and whether it takes a customer's token too.
    ///
    /// # Errors
    /// [`Code::Forbidden`], which names the role.
    pub fn check(self, role: Role) -> Result<Asks, Problem> {
        match (role, self.auditor, self.storefront) {
            (Role::Admin, _, _) | (Role::Auditor, true, _) | (Role::Storefront, _, Window::Open) => Ok(Asks::ForStore),
            (Role::Storefront, _, Window::OwnCustomer) => Ok(Asks::ForCustomer),
            (Role::Auditor, false, _) | (Role::Storefront, _, Window::Closed) => {
                Err(Problem::new(Code::Forbidden, format!("a token of role '{role}' may not do that")))
            }
        }
    }
}

/// For whom somebody asks who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    ForStore,
    ForCustomer,
}

/// What the list of routes says of each operation, by path and method.
pub struct AccessTable(HashMap<&'static str, Vec<(Method, Access)>>);

impl AccessTable {
    pub fn new(listed: &[(&'static str, &'static str, Access)]) -> Self {
        let mut table: HashMap<_, Vec<_>> = HashMap::new();
        for (method, path, access) in listed {
            // The list has no method that HTTP has not.
            let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
            table.entry(*path).or_default().push((method, *access));
        }
        Self(table)
    }

    /// The same, of a method in lower case.
    pub fn named(&self, method: &str, route: &str) -> Access {
        self.of(&Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap_or_default(), route)
    }

    /// A HEAD is a GET. What is not in the list is for admins.
    pub fn of(&self, method: &Method, route: &str) -> Access {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let listed = self.0.get(route).and_then(|methods| methods.iter().find(|(known, _)| known == method));
        listed.map_or(Access { auditor: false, storefront: Window::Closed }, |(_, access)| *access)
    }
}
