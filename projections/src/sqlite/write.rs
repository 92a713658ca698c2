//! How a batch is written: rows and checkpoint in one transaction.

use super::away;
use super::schema::name;
use crate::store::*;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ToSql, Transaction, params, params_from_iter};
use uuid::Uuid;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Value::Null => Ok(ToSqlOutput::from(rusqlite::types::Null)),
            Value::Integer(integer) => integer.to_sql(),
            Value::Text(text) => text.to_sql(),
            Value::Id(id) => Ok(ToSqlOutput::from(id.as_bytes().as_slice())),
        }
    }
}

pub(super) fn commit(connection: &mut Connection, commit: &Commit) -> Result<(), StoreError> {
    let mut write = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        for changes in &commit.tables {
            table(&transaction, changes)?;
            if let Some(checkpoint) = &commit.checkpoint {
                let sql = "UPDATE generations SET log_id = ?3, position = ?4, event_id = ?5 WHERE view = ?1 AND generation = ?2";
                transaction.prepare_cached(sql)?.execute(params![
                    changes.table.view.name,
                    changes.table.generation,
                    checkpoint.log_id.0.as_bytes(),
                    checkpoint.position.0 as i64,
                    checkpoint.event_id.as_bytes()
                ])?;
            }
        }
        transaction.commit()
    };
    write().map_err(|error| away("writing", &error))
}

fn table(transaction: &Transaction<'_>, changes: &TableChanges) -> rusqlite::Result<()> {
    let name = name(changes.table);
    for row in &changes.rows {
        write_row(transaction, changes.table, &name, row)?;
    }
    if !changes.history.is_empty() {
        let mut insert = transaction.prepare_cached(&format!("INSERT OR IGNORE INTO {name}_history VALUES (?1, ?2)"))?;
        for (key, position) in &changes.history {
            insert.execute(params![key.as_bytes(), position.0 as i64])?;
        }
    }
    for parked in &changes.parked {
        let sql = "INSERT OR IGNORE INTO parked VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        transaction.prepare_cached(sql)?.execute(params![
            changes.table.view.name,
            changes.table.generation,
            unit_text(&parked.unit),
            parked.position.0 as i64,
            parked.event_type,
            parked.reason
        ])?;
    }
    for unit in &changes.unparked {
        let sql = "DELETE FROM parked WHERE view = ?1 AND generation = ?2 AND unit = ?3";
        transaction.prepare_cached(sql)?.execute(params![changes.table.view.name, changes.table.generation, unit_text(unit)])?;
    }
    Ok(())
}

/// How a parked unit is named in its table: `row:…` or `stream:…`.
pub(super) fn unit_text(unit: &ParkedUnit) -> String {
    match unit {
        ParkedUnit::Row(key) => format!("row:{key}"),
        ParkedUnit::Stream(stream) => format!("stream:{stream}"),
    }
}

fn write_row(transaction: &Transaction<'_>, table: Table, name: &str, row: &RowWrite) -> rusqlite::Result<()> {
    let Some(facets) = &row.facets else {
        let sql = format!("UPDATE {name} SET document = ?2 WHERE key = ?1");
        transaction.prepare_cached(&sql)?.execute(params![row.key.as_bytes(), row.document])?;
        return Ok(());
    };
    let columns = table.view.columns;
    let names: String = columns.iter().map(|column| format!(", {}", column.name)).collect();
    let marks: String = (0..columns.len()).map(|index| format!(", ?{}", index + 3)).collect();
    let updates: String = columns.iter().map(|column| format!(", {0} = excluded.{0}", column.name)).collect();
    let sql = format!(
        "INSERT INTO {name} (key, document{names}) VALUES (?1, ?2{marks})
         ON CONFLICT (key) DO UPDATE SET document = excluded.document{updates} RETURNING id"
    );
    let key = Value::Id(row.key);
    let document = Value::Text(row.document.clone());
    let values = [&key, &document].into_iter().chain(&facets.columns);
    let id: i64 = transaction.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
    if let Some(labels) = &table.view.labels {
        write_labels(transaction, table.view, labels, name, row, facets)?;
    }
    if table.view.search.is_some() {
        write_search(transaction, table.view, name, id, row.is_new, facets)?;
    }
    Ok(())
}

/// The value of a column of the row.
fn column<'a>(view: &ViewDeclaration, facets: &'a Facets, name: &str) -> &'a Value {
    let index = view.columns.iter().position(|column| column.name == name);
    index.and_then(|index| facets.columns.get(index)).unwrap_or(&Value::Null)
}

fn write_labels(
    transaction: &Transaction<'_>,
    view: &ViewDeclaration,
    labels: &Labels,
    name: &str,
    row: &RowWrite,
    facets: &Facets,
) -> rusqlite::Result<()> {
    if !row.is_new {
        let sql = format!("DELETE FROM {name}_labels WHERE key = ?1");
        transaction.prepare_cached(&sql)?.execute(params![row.key.as_bytes()])?;
    }
    let marks: Vec<String> = (1..=labels.equal.len() + 3).map(|index| format!("?{index}")).collect();
    let sql = format!("INSERT OR IGNORE INTO {name}_labels VALUES ({})", marks.join(", "));
    let key = Value::Id(row.key);
    for label in &facets.labels {
        let label = Value::Text(label.clone());
        let equal = labels.equal.iter().map(|equal| column(view, facets, equal));
        let values = equal.chain([&label, column(view, facets, labels.sort), &key]);
        transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    }
    Ok(())
}

fn write_search(
    transaction: &Transaction<'_>,
    view: &ViewDeclaration,
    name: &str,
    id: i64,
    is_new: bool,
    facets: &Facets,
) -> rusqlite::Result<()> {
    let Some(searched) = &view.search else { return Ok(()) };
    if !is_new {
        transaction.prepare_cached(&format!("DELETE FROM {name}_search WHERE rowid = ?1"))?.execute([id])?;
    }
    let Some(texts) = &facets.search_text else { return Ok(()) };
    let marks: Vec<String> = (1..=searched.fields.len() + 2).map(|index| format!("?{index}")).collect();
    let fields: String = searched.fields.iter().map(|field| format!(", {}", field.name)).collect();
    let sql = format!("INSERT INTO {name}_search (rowid, scope{fields}) VALUES ({})", marks.join(", "));
    let scope = match column(view, facets, searched.scope) {
        Value::Id(scope) => scope_word(*scope),
        Value::Null | Value::Integer(_) | Value::Text(_) => String::new(),
    };
    let values = [Value::Integer(id), Value::Text(scope)].into_iter().chain(texts.iter().cloned().map(Value::Text));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// A scope as one word of the search index.
pub(super) fn scope_word(scope: Uuid) -> String {
    scope.as_simple().to_string()
}
