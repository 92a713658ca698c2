//! How rows are found.

use super::schema::name;
use super::write::scope_word;
use crate::store::*;
use eventlog::Position;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use uuid::Uuid;

pub(super) fn document(connection: &Connection, table: Table, key: Uuid) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT document FROM {} WHERE key = ?1", name(table));
    connection.prepare_cached(&sql)?.query_row(params![key.as_bytes()], |row| row.get(0)).optional()
}

/// A statement as it is put together: its text, and the values bound to it.
#[derive(Default)]
struct Statement {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Statement {
    /// Binds a value, and gives its place.
    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn condition(&mut self, text: impl FnOnce(&mut Self) -> String) {
        let text = text(self);
        self.conditions.push(text);
    }

    fn filters(&mut self, filters: &[Filter]) {
        for filter in filters {
            self.condition(|statement| match filter {
                Filter::Equal(column, value) => format!("t.{column} = {}", statement.bind(value.clone())),
                Filter::AtLeast(column, least) => format!("t.{column} >= {}", statement.bind((*least).into())),
                Filter::Below(column, limit) => format!("t.{column} < {}", statement.bind((*limit).into())),
                Filter::NullOrAtLeast(column, least) => {
                    format!("(t.{column} IS NULL OR t.{column} >= {})", statement.bind((*least).into()))
                }
            });
        }
    }

    fn conditions(&self) -> String {
        if self.conditions.is_empty() { "1".to_owned() } else { self.conditions.join(" AND ") }
    }
}

/// From where, and the names of what the list is ordered by.
struct Way {
    from: String,
    sort: Option<String>,
    key: &'static str,
}

/// The way to the rows, with the conditions that it stands on.
fn way(table: Table, list: &List, statement: &mut Statement) -> Way {
    let name = name(table);
    let (equal, way) = match &list.through {
        Through::Index(index) => {
            let from = format!("{name} t INDEXED BY {name}_{}", index.name);
            let equal: Vec<String> = index.equal.iter().map(|column| format!("t.{column}")).collect();
            (equal, Way { from, sort: index.sort.map(|sort| format!("t.{sort}")), key: "t.key" })
        }
        Through::Label(label) => {
            let labels = table.view.labels.as_ref();
            let mut equal: Vec<String> = labels.map_or(Vec::new(), |labels| labels.equal.iter().map(|column| format!("l.{column}")).collect());
            statement.condition(|statement| format!("l.label = {}", statement.bind(label.clone().into())));
            let from = match list.filters.is_empty() {
                true => format!("{name}_labels l"),
                false => format!("{name}_labels l CROSS JOIN {name} t ON t.key = l.key"),
            };
            equal.truncate(list.equal.len());
            (equal, Way { from, sort: Some("l.sort".to_owned()), key: "l.key" })
        }
    };
    for (column, value) in equal.iter().zip(&list.equal) {
        statement.condition(|statement| format!("{column} = {}", statement.bind(value.clone())));
    }
    if let Some(sort) = &way.sort {
        if let Some(from) = list.range.from {
            statement.condition(|statement| format!("{sort} >= {}", statement.bind(from.into())));
        }
        if let Some(until) = list.range.until {
            statement.condition(|statement| format!("{sort} < {}", statement.bind(until.into())));
        }
    }
    statement.filters(&list.filters);
    way
}

pub(super) fn list(connection: &Connection, table: Table, list: &List) -> rusqlite::Result<Vec<Hit>> {
    let (sql, values) = list_statement(table, list);
    let hit = |row: &rusqlite::Row<'_>| Ok(Hit { sort: row.get(0)?, key: Uuid::from_bytes(row.get(1)?) });
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), hit)?.collect()
}

pub(super) fn list_statement(table: Table, list: &List) -> (String, Vec<Value>) {
    let mut statement = Statement::default();
    let way = way(table, list, &mut statement);
    let (compare, direction) = if list.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = list.after {
        statement.condition(|statement| match &way.sort {
            Some(sort) => {
                let (sort_value, key) = (statement.bind(after.sort.into()), statement.bind(after.key.into()));
                format!("({sort}, {}) {compare} ({sort_value}, {key})", way.key)
            }
            None => format!("{} {compare} {}", way.key, statement.bind(after.key.into())),
        });
    }
    let order = match &way.sort {
        Some(sort) => format!("{sort} {direction}, {} {direction}", way.key),
        None => format!("{} {direction}", way.key),
    };
    let (limit, offset) = (statement.bind(i64::from(list.limit).into()), statement.bind(Value::Integer(list.offset as i64)));
    let sql = format!(
        "SELECT {}, {} FROM {} WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        way.sort.as_deref().unwrap_or("0"),
        way.key,
        way.from,
        statement.conditions()
    );
    (sql, statement.values)
}

pub(super) fn count(connection: &Connection, table: Table, list: &List) -> rusqlite::Result<u64> {
    let mut statement = Statement::default();
    let way = way(table, list, &mut statement);
    let sql = format!("SELECT count(*) FROM {} WHERE {}", way.from, statement.conditions());
    let count: i64 = connection.prepare_cached(&sql)?.query_row(params_from_iter(statement.values), |row| row.get(0))?;
    Ok(count as u64)
}

/// What a user typed as an FTS5 expression: every word quoted, all of them wanted, within the scope.
fn expression(search: &Search) -> Option<String> {
    let words: Vec<String> = search
        .text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(32)
        .map(|word| format!("\"{word}\""))
        .collect();
    (!words.is_empty()).then(|| format!("scope:\"{}\" AND {}", scope_word(search.scope), words.join(" AND ")))
}

pub(super) fn search(connection: &Connection, table: Table, search: &Search) -> rusqlite::Result<Vec<Found>> {
    let (Some(searched), Some(expression)) = (&table.view.search, expression(search)) else { return Ok(Vec::new()) };
    let name = name(table);
    let mut statement = Statement::default();
    statement.condition(|statement| format!("{name}_search MATCH {}", statement.bind(expression.into())));
    statement.filters(&search.filters);
    let weights: String = searched.fields.iter().map(|field| format!(", {}.0", field.weight)).collect();
    let (limit, offset) = (statement.bind(i64::from(search.limit).into()), statement.bind(Value::Integer(search.offset as i64)));
    let sql = format!(
        "SELECT t.key, -bm25({name}_search, 0.0{weights}) AS score
         FROM {name}_search CROSS JOIN {name} t ON t.id = {name}_search.rowid
         WHERE {} ORDER BY score DESC, t.{} DESC, t.key DESC LIMIT {limit} OFFSET {offset}",
        statement.conditions(),
        searched.then
    );
    let found = |row: &rusqlite::Row<'_>| Ok(Found { key: Uuid::from_bytes(row.get(0)?), score: row.get(1)? });
    connection.prepare_cached(&sql)?.query_map(params_from_iter(statement.values), found)?.collect()
}

pub(super) fn history(connection: &Connection, table: Table, key: Uuid, up_to: Position) -> rusqlite::Result<Vec<Position>> {
    let sql = format!("SELECT position FROM {}_history WHERE key = ?1 AND position <= ?2 ORDER BY position", name(table));
    let position = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0).map(|position| Position(position as u64));
    let up_to = i64::try_from(up_to.0).unwrap_or(i64::MAX);
    connection.prepare_cached(&sql)?.query_map(params![key.as_bytes(), up_to], position)?.collect()
}

pub(super) fn parked(connection: &Connection, table: Table) -> rusqlite::Result<Vec<Parked>> {
    let sql = "SELECT unit, position, event_type, reason FROM parked WHERE view = ?1 AND generation = ?2 ORDER BY position, unit";
    let parked = |row: &rusqlite::Row<'_>| {
        let unit: String = row.get(0)?;
        let unit = match unit.split_once(':') {
            Some(("row", key)) => ParkedUnit::Row(key.parse().unwrap_or_default()),
            Some((_, stream)) => ParkedUnit::Stream(stream.to_owned()),
            None => ParkedUnit::Stream(unit),
        };
        let position = Position(row.get::<_, i64>(1)? as u64);
        Ok(Parked { unit, position, event_type: row.get(2)?, reason: row.get(3)? })
    };
    connection.prepare_cached(sql)?.query_map(params![table.view.name, table.generation], parked)?.collect()
}
