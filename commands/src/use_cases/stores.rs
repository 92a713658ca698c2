//! Stores: creating, changing and deleting one.

use crate::{CommandError, Commands, Done, IdempotencyKey, Request};
use domain::StoreId;
use domain::store::{ChangeStore, CreditOrder};

/// A store to create. Its secret goes to the vault as a hash and nowhere else.
#[derive(Clone)]
pub struct NewStore {
    pub name: String,
    pub tagline: Option<String>,
    pub app_id: String,
    pub app_secret: String,
    pub credit_order_preference: CreditOrder,
    pub tax_rate_in_basis_points: u32,
    pub timezone: String,
    pub cart_expires_after_minutes: u32,
}

impl Commands {
    /// Creates a store. A key belongs to the `app_id`, as there is no store yet.
    pub async fn create_store(
        &self,
        new: NewStore,
        request_id: Option<String>,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<Done<StoreId>, CommandError> {
        todo!()
    }

    pub async fn change_store(&self, request: &Request, change: ChangeStore) -> Result<Done<StoreId>, CommandError> {
        todo!()
    }

    /// A new app secret; tokens stay.
    pub async fn change_store_secret(
        &self,
        request: &Request,
        app_secret: String,
    ) -> Result<Done<StoreId>, CommandError> {
        todo!()
    }

    /// Deletes the store; its tokens die at once on this node.
    pub async fn delete_store(&self, request: &Request) -> Result<Done<StoreId>, CommandError> {
        todo!()
    }
}
