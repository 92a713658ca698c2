//! The read store in PostgreSQL: several nodes read it, and the one that leads writes it.
//!
//! What lives here: how generations of views become tables ([`schema`], [`generations`]), rows are written ([`write`]), fenced and settled
//! ([`commit`]), and found ([`statement`], [`words`]), over which connections ([`pool`]). Identifiers come from the views'
//! declarations alone; values are always bound. Connections and leadership themselves are the crate `postgres`'s.

mod commit;
mod fence;
mod generations;
mod pool;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod values;
mod words;
mod write;

use crate::RowKey;
use crate::store::*;
use ::postgres::{Database, DatabaseError, HeldRole, SqlxError, is_away};
use async_trait::async_trait;
use commit::Committer;
use domain::StoreId;
use eventlog::{CausedBy, Checkpoint, Position, StreamName};
use fence::Epochs;
use pool::Readers;
use sqlx::Row;
use sqlx::postgres::PgRow;
use statement::Statement;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use values::number;

/// A read store in a PostgreSQL database. Cheap to clone.
///
/// As it is opened it only reads: every write is [`ReadStoreError::Fenced`]. [`Self::leading`] gives the one that writes.
#[derive(Clone)]
pub struct PostgresReadStore {
    readers: Arc<Readers>,
    committer: Arc<Committer>,
    /// Of the lease that it writes by.
    held: Option<Arc<Epochs>>,
}

impl PostgresReadStore {
    /// Makes the tables that are always there, if there are none.
    ///
    /// # Errors
    /// [`DatabaseError::Refused`] if a newer version made them; [`DatabaseError::Unavailable`] while the server is away.
    pub async fn open(database: &Database) -> Result<Self, DatabaseError> {
        database.migrate(&schema::TABLES).await?;
        let (readers, committer) = (Readers::new(database), Committer::new(database));
        Ok(Self { readers: Arc::new(readers), committer: Arc::new(committer), held: None })
    }

    /// The same store, to write by what a lease holds of [`postgres::Role::View`]. Once another node has taken over any of it, every
    /// write is [`ReadStoreError::Fenced`].
    pub fn leading(&self, held: &[HeldRole]) -> Self {
        Self { held: Some(Arc::new(Epochs::of(held))), ..self.clone() }
    }

    fn held(&self) -> Result<&Epochs, ReadStoreError> {
        self.held.as_deref().ok_or(ReadStoreError::Fenced)
    }

    async fn decoded<T>(
        &self,
        statement: Statement,
        decode: impl Fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Vec<T>, ReadStoreError> {
        let rows = self.readers.rows(statement).await?;
        rows.iter().map(decode).collect::<sqlx::Result<_>>().map_err(|error| trouble("reading", &error))
    }

    async fn number(&self, statement: Statement) -> Result<u64, ReadStoreError> {
        let numbers = self.decoded(statement, |row| row.try_get::<i64, _>(0)).await?;
        Ok(numbers.first().map_or(0, |number| number.unsigned_abs()))
    }
}

/// What a failure of PostgreSQL means.
fn trouble(doing: &'static str, error: &sqlx::Error) -> ReadStoreError {
    // A query that was cancelled took too long.
    if error.as_database_error().and_then(|refusal| refusal.code()).is_some_and(|state| state == "57014") {
        return ReadStoreError::Busy;
    }
    let reason = CausedBy::of(doing, SqlxError::of(error));
    // The generation was dropped meanwhile, by the node that leads: another one answers.
    let is_dropped = error.as_database_error().and_then(|refusal| refusal.code()).is_some_and(|state| state == "42P01");
    if is_away(error) || is_dropped { ReadStoreError::Unavailable(reason) } else { ReadStoreError::Damaged(reason) }
}

#[async_trait]
impl ReadStore for PostgresReadStore {
    async fn get(&self, table: Table, key: RowKey) -> Result<Option<String>, ReadStoreError> {
        let select = Statement::new(format!("SELECT document::text FROM {} WHERE key = $1", schema::name(table)));
        Ok(self.decoded(select.key(key), |row| row.try_get(0)).await?.pop())
    }

    async fn get_many(&self, table: Table, keys: Vec<RowKey>) -> Result<Vec<Option<String>>, ReadStoreError> {
        let select =
            Statement::new(format!("SELECT key, document::text FROM {} WHERE key = ANY ($1)", schema::name(table)));
        let found =
            self.decoded(select.keys(table.view, &keys), |row| Ok((key(row, table, 0)?, row.try_get(1)?))).await?;
        let documents: HashMap<RowKey, String> = found.into_iter().collect();
        Ok(keys.iter().map(|key| documents.get(key).cloned()).collect())
    }

    async fn stores(&self, table: Table, stores: Vec<StoreId>) -> Result<Vec<Option<String>>, ReadStoreError> {
        let select = format!("SELECT store, document::text FROM {}_stores WHERE store = ANY ($1)", schema::name(table));
        let ids = stores.iter().map(|store| store.0).collect();
        let found = self.decoded(Statement::new(select).ids(ids), |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
        let documents: HashMap<Uuid, String> = found.into_iter().collect();
        Ok(stores.iter().map(|store| documents.get(&store.0).cloned()).collect())
    }

    async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, ReadStoreError> {
        let hit = |row: &PgRow| Ok(Hit { sort: row.try_get(0)?, key: key(row, table, 1)? });
        self.decoded(statement::list(table, &list), hit).await
    }

    async fn count(&self, table: Table, list: List) -> Result<u64, ReadStoreError> {
        self.number(statement::count(table, &list)).await
    }

    async fn search(&self, table: Table, search: Search) -> Result<Vec<SearchHit>, ReadStoreError> {
        let Some(statement) = statement::search(table, &search) else { return Ok(Vec::new()) };
        self.decoded(statement, |row| Ok(SearchHit { key: key(row, table, 0)?, score: row.try_get(1)? })).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), ReadStoreError> {
        self.committer.commit(self.held()?, &commit).await
    }

    async fn history(&self, table: Table, key: RowKey, up_to: Position) -> Result<Vec<Position>, ReadStoreError> {
        let name = schema::name(table);
        let select = format!("SELECT position FROM {name}_history WHERE key = $1 AND position <= $2 ORDER BY position");
        self.decoded(Statement::new(select).key(key).integer(number(up_to)), |row| position(row, 0)).await
    }

    async fn parked(&self, table: Table) -> Result<Vec<Parked>, ReadStoreError> {
        let select = "SELECT row_key, stream, position, event_type, reason, row_parts FROM views_parked
                      WHERE view = $1 AND generation = $2 ORDER BY position";
        let parked = |row: &PgRow| {
            let unit = match (row.try_get::<Option<Uuid>, _>(0)?, row.try_get::<Option<Vec<u8>>, _>(5)?) {
                (Some(key), _) => ParkedUnit::Row(key.into()),
                (None, Some(parts)) => ParkedUnit::Row(compound(&parts)?),
                (None, None) => ParkedUnit::Stream(row.try_get(1)?),
            };
            Ok(Parked { unit, position: position(row, 2)?, event_type: row.try_get(3)?, reason: row.try_get(4)? })
        };
        let select = Statement::new(select).text(table.view.name).integer(table.generation.into());
        self.decoded(select, parked).await
    }

    async fn generations(&self) -> Result<Vec<Generation>, ReadStoreError> {
        self.decoded(Statement::new(schema::GENERATIONS), schema::generation).await
    }

    async fn create(&self, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, ReadStoreError> {
        self.committer.create(self.held()?, view, checkpoint).await
    }

    async fn swap(&self, tables: Vec<Table>) -> Result<(), ReadStoreError> {
        self.committer.swap(self.held()?, &tables).await
    }

    async fn retire(&self, view: String, version: u32) -> Result<(), ReadStoreError> {
        self.committer.retire(self.held()?, &view, version).await
    }

    async fn drop_generation(&self, view: String, generation: u32) -> Result<(), ReadStoreError> {
        self.committer.drop_generation(self.held()?, &view, generation).await
    }

    async fn tip(&self, stream: &StreamName) -> Result<Option<Tip>, ReadStoreError> {
        let select = Statement::new("SELECT revision, position, hash FROM views_tips WHERE stream = $1");
        let tip = |row: &PgRow| {
            Ok(Tip {
                stream: stream.clone(),
                revision: row.try_get::<i64, _>(0)?.unsigned_abs(),
                position: position(row, 1)?,
                hash: schema::hash(&row.try_get::<Vec<u8>, _>(2)?)?,
            })
        };
        Ok(self.decoded(select.text(stream.as_str()), tip).await?.pop())
    }

    async fn forget_tips(&self) -> Result<(), ReadStoreError> {
        self.committer.forget_tips(self.held()?).await
    }

    async fn bytes(&self) -> Result<u64, ReadStoreError> {
        let beside = schema::BESIDE.map(|suffix| format!(", (name || '{suffix}')")).concat();
        let select = format!(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::int8
             FROM (SELECT view || '_' || generation AS name FROM views_generations) g
             CROSS JOIN LATERAL (VALUES (g.name){beside}) AS parts (relation)
             JOIN pg_class c ON c.relname = parts.relation AND c.relnamespace = current_schema()::regnamespace"
        );
        self.number(Statement::new(select)).await
    }
}

/// A key of the view's kind.
fn key(row: &PgRow, table: Table, index: usize) -> sqlx::Result<RowKey> {
    match table.view.key {
        KeyKind::Id => row.try_get::<Uuid, _>(index).map(RowKey::from),
        KeyKind::Parts => compound(row.try_get(index)?),
    }
}

fn compound(bytes: &[u8]) -> sqlx::Result<RowKey> {
    RowKey::from_bytes(bytes).ok_or_else(|| sqlx::Error::Decode("not the key of a row".into()))
}

fn position(row: &PgRow, index: usize) -> sqlx::Result<Position> {
    row.try_get::<i64, _>(index).map(|position| Position(position.unsigned_abs()))
}
