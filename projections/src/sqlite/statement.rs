//! How a query becomes a statement. Every list goes through the one index that was declared for it, in the index's order.

use super::schema::name;
use super::words;
use crate::TimeRange;
use crate::store::*;
use crate::words::Typed;
use domain::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::{Null, ToSqlOutput};
use std::fmt::Write;

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Value::Null => Ok(ToSqlOutput::from(Null)),
            Value::Integer(integer) => integer.to_sql(),
            Value::Text(text) => text.to_sql(),
            Value::Id(id) => Ok(ToSqlOutput::from(id.as_bytes().as_slice())),
            Value::Parts(parts) => Ok(ToSqlOutput::from(parts.as_bytes())),
        }
    }
}

/// A statement's text, and the values bound to it.
#[derive(Default)]
pub(super) struct Statement {
    pub sql: String,
    pub values: Vec<Value>,
}

impl Statement {
    /// Binds a value, and gives its place.
    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// One more condition.
    fn and(&mut self, left: &str, operator: &str, value: Value) {
        let place = self.bind(value);
        // Writing to a string can't fail.
        let _ = write!(self.sql, " AND {left} {operator} {place}");
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::Equal(column, value) => self.and(&format!("t.{column}"), "=", value.clone()),
            Filter::AtLeast(column, least) => self.and(&format!("t.{column}"), ">=", (*least).into()),
            Filter::Below(column, limit) => self.and(&format!("t.{column}"), "<", (*limit).into()),
            Filter::NullOrAtLeast(column, least) => {
                let place = self.bind((*least).into());
                let _ = write!(self.sql, " AND (t.{column} IS NULL OR t.{column} >= {place})");
            }
        }
    }

    fn page(&mut self, limit: u32, offset: u64) {
        let limit = self.bind(i64::from(limit).into());
        let _ = write!(self.sql, " LIMIT {limit}");
        if offset > 0 {
            let offset = self.bind(i64::try_from(offset).unwrap_or(i64::MAX).into());
            let _ = write!(self.sql, " OFFSET {offset}");
        }
    }
}

/// What a list goes through.
struct AccessPath {
    from: String,
    equal: Vec<String>,
    /// `None`: the order of the keys.
    sort: Option<String>,
    key: &'static str,
}

impl AccessPath {
    fn of(table: Table, list: &List) -> Self {
        let name = name(table);
        match &list.through {
            Through::Index(index) => Self {
                from: format!("{name} t INDEXED BY {name}_{}", index.name),
                equal: index.equal.iter().map(|column| format!("t.{column}")).collect(),
                sort: index.sort.map(|sort| format!("t.{sort}")),
                key: "t.key",
            },
            Through::Label(_) => {
                let equal = table.view.labels.as_ref().map_or(&[][..], |labels| labels.equal);
                // The rows themselves are read only for what the label doesn't tell.
                let rows = match list.filters.is_empty() {
                    true => String::new(),
                    false => format!(" CROSS JOIN {name} t ON t.key = l.key"),
                };
                Self {
                    from: format!("{name}_labels l{rows}"),
                    equal: equal.iter().map(|column| format!("l.{column}")).chain(["l.label".to_owned()]).collect(),
                    sort: Some("l.sort".to_owned()),
                    key: "l.key",
                }
            }
        }
    }
}

/// The conditions that a list and a count share. `range` is the list's, or what of it is to be said.
fn conditions(statement: &mut Statement, path: &AccessPath, list: &List, range: TimeRange) {
    statement.push(" WHERE 1");
    let label = match &list.through {
        Through::Index(_) => None,
        Through::Label(label) => Some(Value::Text(label.clone())),
    };
    let values = list.equal.iter().cloned().chain(label);
    for (column, value) in path.equal.iter().zip(values) {
        statement.and(column, "=", value);
    }
    if let Some(sort) = &path.sort {
        if let Some(from) = range.from {
            statement.and(sort, ">=", from.into());
        }
        if let Some(until) = range.until {
            statement.and(sort, "<", until.into());
        }
    }
    for filter in &list.filters {
        statement.filter(filter);
    }
}

/// The range without the end that `after` implies: of two conditions at the same end the database may go by the wider one,
/// and pass over all rows before the page.
fn beyond(list: &List) -> TimeRange {
    let range = list.range;
    match (list.after.map(|after| Timestamp::from_millis(after.sort)), list.descending) {
        (None, _) => range,
        (Some(after), true) => TimeRange { until: range.until.filter(|until| *until <= after), ..range },
        (Some(after), false) => TimeRange { from: range.from.filter(|from| *from > after), ..range },
    }
}

pub(super) fn list(table: Table, list: &List) -> Statement {
    let path = AccessPath::of(table, list);
    let mut statement = Statement::default();
    let _ = write!(statement.sql, "SELECT {}, {} FROM {}", path.sort.as_deref().unwrap_or("0"), path.key, path.from);
    conditions(&mut statement, &path, list, beyond(list));
    let (beyond, direction) = if list.descending { ("<", "DESC") } else { (">", "ASC") };
    match (&path.sort, list.after) {
        (Some(sort), Some(after)) => {
            let (last, key) = (statement.bind(after.sort.into()), statement.bind(after.key.into()));
            let _ = write!(statement.sql, " AND ({sort}, {}) {beyond} ({last}, {key})", path.key);
        }
        (None, Some(after)) => statement.and(path.key, beyond, after.key.into()),
        (_, None) => {}
    }
    let sort = path.sort.map_or(String::new(), |sort| format!("{sort} {direction}, "));
    let _ = write!(statement.sql, " ORDER BY {sort}{} {direction}", path.key);
    statement.page(list.limit, list.offset);
    statement
}

pub(super) fn count(table: Table, list: &List) -> Statement {
    let path = AccessPath::of(table, list);
    let mut statement = Statement::default();
    let _ = write!(statement.sql, "SELECT count(*) FROM {}", path.from);
    conditions(&mut statement, &path, list, list.range);
    statement
}

/// More than any score is: what has all that was typed comes before what has only what must be there.
const HAS_ALL: f64 = 1_000.0;

/// `None`: there is nothing to search for.
pub(super) fn search(table: Table, search: &Search) -> Option<Statement> {
    let searched = table.view.search.as_ref()?;
    let wanted = words::wanted(search.scope, &Typed::new(&search.text, search.is_beginning))?;
    let (name, mut statement) = (name(table), Statement::default());
    let weights: Vec<String> = searched.fields.iter().map(|field| format!("{}.0", field.weight)).collect();
    let _ = write!(statement.sql, "SELECT t.key, -bm25({name}_search, {})", weights.join(", "));
    if let Some(all) = wanted.all {
        let all = statement.bind(all.into());
        let _ = write!(
            statement.sql,
            " + {HAS_ALL:?} * ({name}_search.rowid IN (SELECT rowid FROM {name}_search WHERE {name}_search MATCH {all}))"
        );
    }
    let _ =
        write!(statement.sql, " AS score FROM {name}_search CROSS JOIN {name} t ON t.id = {name}_search.rowid WHERE 1");
    statement.and(&format!("{name}_search"), "MATCH", wanted.needed.into());
    statement.and(&format!("t.{}", searched.scope), "=", search.scope.into());
    for filter in &search.filters {
        statement.filter(filter);
    }
    let _ = write!(statement.sql, " ORDER BY score DESC, t.{} DESC, t.key DESC", searched.then);
    statement.page(search.limit, search.offset);
    Some(statement)
}
