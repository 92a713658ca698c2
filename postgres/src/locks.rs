//! The advisory locks of those who lead.

use sqlx::PgConnection;

/// A role whose lock was asked for.
pub(crate) struct Lock {
    pub role: String,
    pub is_ours: bool,
    /// Who leads, or did last.
    pub leader: Option<String>,
}

/// Asks for the locks of all roles that are free, in one step: of two that ask for several at the same time, one gets them.
pub(crate) async fn try_locks(connection: &mut PgConnection, roles: &[String]) -> sqlx::Result<Vec<Lock>> {
    // Locks are the whole database's: the schema is part of the key, and so is whose lock it is. The one that is held while it is
    // asked ends with the statement.
    let select = "WITH asking AS MATERIALIZED (
                      SELECT cardinality($1::text[]) < 2 OR
                          pg_try_advisory_xact_lock(hashtextextended('cartlog/' || current_schema() || '/asking', 0)) AS is_alone
                  )
                  SELECT r.role, asking.is_alone AND CASE WHEN asking.is_alone THEN
                      pg_try_advisory_lock(hashtextextended('cartlog/' || current_schema() || '/' || r.role, 0))
                  ELSE false END, l.node
                  FROM asking, unnest($1::text[]) AS r (role) LEFT JOIN leaders l ON l.role = r.role";
    let rows: Vec<(String, bool, Option<String>)> = sqlx::query_as(select).bind(roles).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(role, is_ours, leader)| Lock { role, is_ours, leader }).collect())
}
