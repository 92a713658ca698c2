//! What keeps two that lead apart: whatever is written checks the epochs first, in its own transaction.

use super::trouble;
use crate::store::ReadStoreError;
use postgres::HeldRole;
use sqlx::PgConnection;

/// By what it is checked that whoever writes still leads.
pub(super) struct Epochs {
    roles: Vec<String>,
    epochs: Vec<i64>,
}

impl Epochs {
    pub fn of(held: &[HeldRole]) -> Self {
        let (roles, epochs) = held.iter().map(|held| (held.role.name().into_owned(), held.epoch)).unzip();
        Self { roles, epochs }
    }
}

/// Only who leads in all of these by that epoch goes on; and until this transaction ends, no other one can take over.
pub(super) async fn fence(transaction: &mut PgConnection, held: &Epochs) -> Result<(), ReadStoreError> {
    let select =
        "SELECT 1 FROM leaders WHERE (role, epoch) IN (SELECT * FROM unnest($1::text[], $2::int8[])) FOR SHARE";
    let leads = sqlx::query(select).bind(&held.roles).bind(&held.epochs).fetch_all(transaction).await;
    match leads.map_err(|error| trouble("looking who leads", &error))?.len() == held.roles.len() {
        true => Ok(()),
        false => Err(ReadStoreError::Fenced),
    }
}
