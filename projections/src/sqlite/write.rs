//! How a batch is written: rows and checkpoint in one transaction.

use super::schema::name;
use super::{trouble, words};
use crate::store::*;
use eventlog::Position;
use eventlog::chain::EventHash;
use rusqlite::{Connection, Transaction, TransactionBehavior, params, params_from_iter};
use std::fmt::Write;

/// Writes all of it or nothing.
pub(super) fn commit(connection: &mut Connection, commit: &Commit) -> Result<(), ReadStoreError> {
    let writing = |error: rusqlite::Error| trouble("writing", error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(writing)?;
    for changes in &commit.tables {
        if !move_checkpoint(&transaction, changes.table, commit).map_err(writing)? {
            return Err(elsewhere(changes.table, commit.before));
        }
        Writer::new(&transaction, changes.table).write(changes).map_err(writing)?;
    }
    commit.tips.iter().try_for_each(|tip| keep(&transaction, tip)).map_err(writing)?;
    transaction.commit().map_err(writing)
}

/// `false`: the generation is not where the batch begins.
fn move_checkpoint(transaction: &Transaction<'_>, table: Table, commit: &Commit) -> rusqlite::Result<bool> {
    let sql = "UPDATE generations SET log_id = ?4, position = ?5, event_id = ?6, event_hash = ifnull(?7, event_hash)
               WHERE view = ?1 AND generation = ?2 AND position = ?3";
    let moved = transaction.prepare_cached(sql)?.execute(params![
        table.view.name,
        table.generation,
        Value::from(commit.before),
        commit.checkpoint.log_id.0.as_bytes(),
        Value::from(commit.checkpoint.position),
        commit.checkpoint.event_id.as_bytes(),
        commit.event_hash.as_ref().map(EventHash::as_bytes)
    ])?;
    Ok(moved == 1)
}

fn keep(transaction: &Transaction<'_>, tip: &Tip) -> rusqlite::Result<()> {
    // One that a rebuild comes by again stays what it was when the event was new.
    let sql = "INSERT INTO tips VALUES (?1, ?2, ?3, ?4) ON CONFLICT (stream) DO UPDATE
               SET revision = excluded.revision, position = excluded.position, hash = excluded.hash
               WHERE excluded.position > position";
    let (revision, position) = (tip.revision as i64, Value::from(tip.position));
    transaction.prepare_cached(sql)?.execute(params![tip.stream.as_str(), revision, position, tip.hash.as_bytes()])?;
    Ok(())
}

/// Two processes that fold into one store would count events twice.
fn elsewhere(table: Table, before: Position) -> ReadStoreError {
    ReadStoreError::Damaged(Flaw::Elsewhere { view: table.view.name, before }.into())
}

/// Writes to the tables of one generation. Its statements are put together once a batch.
struct Writer<'a> {
    transaction: &'a Transaction<'a>,
    table: Table,
    name: String,
    /// Changes the document alone.
    update: String,
    /// Writes all of a row, new or not, and gives its id.
    upsert: String,
}

impl<'a> Writer<'a> {
    fn new(transaction: &'a Transaction<'a>, table: Table) -> Self {
        let name = name(table);
        let (mut names, mut places, mut updates) = (String::new(), String::new(), String::new());
        for (place, column) in (3..).zip(table.view.columns) {
            // Writing to a string can't fail.
            let _ = write!(names, ", {}", column.name);
            let _ = write!(places, ", ?{place}");
            let _ = write!(updates, ", {0} = excluded.{0}", column.name);
        }
        Self {
            transaction,
            table,
            update: format!("UPDATE {name} SET document = ?2 WHERE key = ?1"),
            upsert: format!(
                "INSERT INTO {name} (key, document{names}) VALUES (?1, ?2{places})
                 ON CONFLICT (key) DO UPDATE SET document = excluded.document{updates} RETURNING id"
            ),
            name,
        }
    }

    fn write(&self, changes: &TableChanges) -> rusqlite::Result<()> {
        let mut searched = Vec::new();
        for row in &changes.rows {
            let id = self.row(row)?;
            searched.extend(id.filter(|_| row.changed.search_text).map(|id| (id, &row.facets)));
        }
        // After all rows: a statement that could be rolled back by itself makes the index write out what it has gathered.
        searched.into_iter().try_for_each(|(id, facets)| self.search_text(id, facets))?;
        if !changes.history.is_empty() {
            let sql = format!("INSERT OR IGNORE INTO {}_history VALUES (?1, ?2)", self.name);
            let mut insert = self.transaction.prepare_cached(&sql)?;
            for (key, position) in &changes.history {
                insert.execute(params![key.as_bytes(), Value::from(*position)])?;
            }
        }
        for (store, document) in &changes.stores {
            let sql = format!("INSERT OR REPLACE INTO {}_stores VALUES (?1, ?2)", self.name);
            self.transaction.prepare_cached(&sql)?.execute(params![store.0.as_bytes(), document])?;
        }
        changes.unparked.iter().try_for_each(|unit| self.unpark(unit))?;
        changes.parked.iter().try_for_each(|parked| self.park(parked))
    }

    /// Gives the row's id, where more than its document changed.
    fn row(&self, row: &RowWrite) -> rusqlite::Result<Option<i64>> {
        let changed = row.changed;
        if changed.labels {
            self.labels(row)?;
        }
        if changed.columns || changed.search_text {
            return self.upsert(row).map(Some);
        }
        let mut update = self.transaction.prepare_cached(&self.update)?;
        update.execute(params![row.key.as_bytes(), row.document])?;
        Ok(None)
    }

    fn upsert(&self, row: &RowWrite) -> rusqlite::Result<i64> {
        let mut upsert = self.transaction.prepare_cached(&self.upsert)?;
        upsert.raw_bind_parameter(1, row.key.as_bytes())?;
        upsert.raw_bind_parameter(2, &row.document)?;
        for (place, value) in (3..).zip(&row.facets.columns) {
            upsert.raw_bind_parameter(place, value)?;
        }
        let mut rows = upsert.raw_query();
        let id = match rows.next()? {
            Some(row) => row.get(0)?,
            None => return Err(rusqlite::Error::QueryReturnedNoRows),
        };
        // The statement is done only once it has been stepped to its end.
        while rows.next()?.is_some() {}
        Ok(id)
    }

    /// The value of a column of the row.
    fn column<'f>(&self, facets: &'f Facets, name: &str) -> &'f Value {
        let index = self.table.view.columns.iter().position(|column| column.name == name);
        index.and_then(|index| facets.columns.get(index)).unwrap_or(&Value::Null)
    }

    fn labels(&self, row: &RowWrite) -> rusqlite::Result<()> {
        let Some(labels) = &self.table.view.labels else { return Ok(()) };
        let delete = format!("DELETE FROM {}_labels WHERE key = ?1", self.name);
        self.transaction.prepare_cached(&delete)?.execute([row.key.as_bytes()])?;
        let places: Vec<String> = (1..=labels.equal.len() + 3).map(|place| format!("?{place}")).collect();
        let insert = format!("INSERT OR IGNORE INTO {}_labels VALUES ({})", self.name, places.join(", "));
        let mut insert = self.transaction.prepare_cached(&insert)?;
        let (sort, key) = (self.column(&row.facets, labels.sort), Value::from(row.key));
        for label in &row.facets.labels {
            let label = Value::Text(label.clone());
            let equal = labels.equal.iter().map(|column| self.column(&row.facets, column));
            insert.execute(params_from_iter(equal.chain([&label, sort, &key])))?;
        }
        Ok(())
    }

    fn search_text(&self, id: i64, facets: &Facets) -> rusqlite::Result<()> {
        let Some(searched) = &self.table.view.search else { return Ok(()) };
        let delete = format!("DELETE FROM {}_search WHERE rowid = ?1", self.name);
        self.transaction.prepare_cached(&delete)?.execute([id])?;
        let Some(texts) = &facets.search_text else { return Ok(()) };
        let Value::Id(scope) = self.column(facets, searched.scope) else { return Ok(()) };
        let fields: String = searched.fields.iter().map(|field| format!(", {}", field.name)).collect();
        let places: Vec<String> = (1..=searched.fields.len() + 1).map(|place| format!("?{place}")).collect();
        let insert = format!("INSERT INTO {}_search (rowid{fields}) VALUES ({})", self.name, places.join(", "));
        let texts = texts.iter().map(|text| Value::Text(words::indexed(*scope, text)));
        self.transaction
            .prepare_cached(&insert)?
            .execute(params_from_iter([Value::Integer(id)].into_iter().chain(texts)))?;
        Ok(())
    }

    fn park(&self, parked: &Parked) -> rusqlite::Result<()> {
        let (row, stream) = columns_of(&parked.unit);
        let sql = "INSERT OR IGNORE INTO parked VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.transaction.prepare_cached(sql)?.execute(params![
            self.table.view.name,
            self.table.generation,
            row,
            stream,
            Value::from(parked.position),
            parked.event_type,
            parked.reason
        ])?;
        Ok(())
    }

    fn unpark(&self, unit: &ParkedUnit) -> rusqlite::Result<()> {
        let (row, stream) = columns_of(unit);
        let sql = "DELETE FROM parked WHERE view = ?1 AND generation = ?2 AND row IS ?3 AND stream IS ?4";
        let (view, generation) = (self.table.view.name, self.table.generation);
        self.transaction.prepare_cached(sql)?.execute(params![view, generation, row, stream])?;
        Ok(())
    }
}

/// How a parked unit stands in its table.
fn columns_of(unit: &ParkedUnit) -> (Value, Value) {
    match unit {
        ParkedUnit::Row(key) => ((*key).into(), Value::Null),
        ParkedUnit::Stream(stream) => (Value::Null, Value::Text(stream.clone())),
    }
}
