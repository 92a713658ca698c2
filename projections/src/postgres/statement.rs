//! How a query becomes a statement. Every list goes through the one index that was declared for it, in the index's order: the
//! readers' sessions leave the planner no other way ([`super::pool`]).

use super::schema::{last_of, name};
use super::{values, words};
use crate::RowKey;
use crate::TimeRange;
use crate::store::*;
use crate::words::Typed;
use domain::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use std::fmt::Write;
use uuid::Uuid;

/// A statement's text, and the values bound to it.
#[derive(Clone, Default)]
pub(super) struct Statement {
    pub sql: String,
    values: Vec<Bound>,
}

#[derive(Clone)]
enum Bound {
    Integer(i64),
    Text(String),
    Id(Uuid),
    Ids(Vec<Uuid>),
    Bytes(Vec<u8>),
    AllBytes(Vec<Vec<u8>>),
}

impl Statement {
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    pub fn integer(mut self, integer: i64) -> Self {
        self.values.push(Bound::Integer(integer));
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        self.values.push(Bound::Text(text.to_owned()));
        self
    }

    pub fn ids(mut self, ids: Vec<Uuid>) -> Self {
        self.values.push(Bound::Ids(ids));
        self
    }

    /// A key of the view's kind.
    pub fn key(mut self, key: RowKey) -> Self {
        self.bind(&key.into());
        self
    }

    /// Keys of the view's kind, all of which are.
    pub fn keys(mut self, view: &ViewDeclaration, keys: &[RowKey]) -> Self {
        self.values.push(match view.key {
            KeyKind::Id => Bound::Ids(keys.iter().filter_map(|key| key.id()).collect()),
            KeyKind::Parts => Bound::AllBytes(keys.iter().map(|key| key.as_bytes().to_vec()).collect()),
        });
        self
    }

    /// To be asked. Its text has names from declarations only; all values are bound.
    pub fn query(&self) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(self.sql.clone()));
        self.values.iter().cloned().fold(query, |query, value| match value {
            Bound::Integer(integer) => query.bind(integer),
            Bound::Text(text) => query.bind(text),
            Bound::Id(id) => query.bind(id),
            Bound::Ids(ids) => query.bind(ids),
            Bound::Bytes(bytes) => query.bind(bytes),
            Bound::AllBytes(all) => query.bind(all),
        })
    }

    /// The bound values, written out.
    #[cfg(test)]
    pub fn literals(&self) -> String {
        let hex = |bytes: &[u8]| {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("'\\x{digits}'::bytea")
        };
        let literal = |value: &Bound| match value {
            Bound::Integer(integer) => integer.to_string(),
            Bound::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Bound::Id(id) => format!("'{id}'"),
            Bound::Ids(ids) => format!("'{{{}}}'", ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")),
            Bound::Bytes(bytes) => hex(bytes),
            Bound::AllBytes(all) => {
                format!("ARRAY[{}]::bytea[]", all.iter().map(|bytes| hex(bytes)).collect::<Vec<_>>().join(","))
            }
        };
        self.values.iter().map(literal).collect::<Vec<_>>().join(", ")
    }

    /// Binds a value, and gives its place.
    fn bind(&mut self, value: &Value) -> String {
        self.values.push(match value {
            // Equal to nothing, of whatever type.
            Value::Null => return "NULL".to_owned(),
            Value::Integer(integer) => Bound::Integer(*integer),
            Value::Text(text) => Bound::Text(values::text(text).into_owned()),
            Value::Id(id) => Bound::Id(*id),
            Value::Parts(parts) => Bound::Bytes(parts.as_bytes().to_vec()),
        });
        format!("${}", self.values.len())
    }

    fn bind_text(&mut self, text: String) -> String {
        self.values.push(Bound::Text(text));
        format!("${}", self.values.len())
    }

    /// One more condition.
    fn and(&mut self, left: &str, operator: &str, value: &Value) {
        let place = self.bind(value);
        // Writing to a string can't fail.
        let _ = write!(self.sql, " AND {left} {operator} {place}");
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            // By a comparison that no index answers: the list goes through the index that it names, and no other.
            Filter::Equal(column, value) => self.and(&of_row(column), "IS NOT DISTINCT FROM", value),
            Filter::AtLeast(column, least) => self.and(&of_row(column), ">=", &(*least).into()),
            Filter::Below(column, limit) => self.and(&of_row(column), "<", &(*limit).into()),
            Filter::NullOrAtLeast(column, least) => {
                let (column, place) = (of_row(column), self.bind(&(*least).into()));
                let _ = write!(self.sql, " AND ({column} IS NULL OR {column} >= {place})");
            }
        }
    }

    fn page(&mut self, limit: u32, offset: u64) {
        let limit = self.bind(&i64::from(limit).into());
        let _ = write!(self.sql, " LIMIT {limit}");
        if offset > 0 {
            let offset = self.bind(&i64::try_from(offset).unwrap_or(i64::MAX).into());
            let _ = write!(self.sql, " OFFSET {offset}");
        }
    }
}

fn of_row(column: &str) -> String {
    format!("t.\"{column}\"")
}

/// What a list goes through.
struct AccessPath {
    from: String,
    equal: Vec<String>,
    /// `None`: the order of the keys.
    sort: Option<String>,
    key: String,
}

impl AccessPath {
    fn of(table: Table, list: &List) -> Self {
        let name = name(table);
        match &list.through {
            Through::Index(index) => Self {
                from: format!("{name} t"),
                equal: index.equal.iter().map(|column| of_row(column)).collect(),
                sort: index.sort.map(of_row),
                key: of_row(last_of(index)),
            },
            Through::Label(_) => {
                let equal = table.view.labels.as_ref().map_or(&[][..], |labels| labels.equal);
                // The rows themselves are read only for what the label doesn't tell.
                let rows = match list.filters.is_empty() {
                    true => String::new(),
                    false => format!(" JOIN {name} t ON t.key = l.key"),
                };
                let equal = equal.iter().map(|column| format!("l.\"{column}\""));
                Self {
                    from: format!("{name}_labels l{rows}"),
                    equal: equal.chain(["l.label".to_owned()]).collect(),
                    sort: Some("l.sort".to_owned()),
                    key: "l.key".to_owned(),
                }
            }
        }
    }
}

/// The conditions that a list and a count share. `range` is the list's, or what of it is to be said.
fn conditions(statement: &mut Statement, path: &AccessPath, list: &List, range: TimeRange) {
    statement.sql.push_str(" WHERE true");
    let label = match &list.through {
        Through::Index(_) => None,
        Through::Label(label) => Some(Value::Text(label.clone())),
    };
    for (column, value) in path.equal.iter().zip(list.equal.iter().chain(&label)) {
        statement.and(column, "=", value);
    }
    if let Some(sort) = &path.sort {
        if let Some(from) = range.from {
            statement.and(sort, ">=", &from.into());
        }
        if let Some(until) = range.until {
            statement.and(sort, "<", &until.into());
        }
    }
    for filter in &list.filters {
        statement.filter(filter);
    }
}

/// The range without the end that `after` implies, so that one condition alone says where the page begins.
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
    let sort = path.sort.as_deref().unwrap_or("0::int8");
    let mut statement = Statement::new(format!("SELECT {sort}, {} FROM {}", path.key, path.from));
    conditions(&mut statement, &path, list, beyond(list));
    let (beyond, direction) = if list.descending { ("<", "DESC") } else { (">", "ASC") };
    match (&path.sort, list.after) {
        (Some(sort), Some(after)) => {
            let (last, key) = (statement.bind(&after.sort.into()), statement.bind(&after.key.into()));
            let _ = write!(statement.sql, " AND ({sort}, {}) {beyond} ({last}, {key})", path.key);
        }
        (None, Some(after)) => statement.and(&path.key, beyond, &after.key.into()),
        (_, None) => {}
    }
    let sort = path.sort.map_or(String::new(), |sort| format!("{sort} {direction}, "));
    let _ = write!(statement.sql, " ORDER BY {sort}{} {direction}", path.key);
    statement.page(list.limit, list.offset);
    statement
}

pub(super) fn count(table: Table, list: &List) -> Statement {
    let path = AccessPath::of(table, list);
    let mut statement = Statement::new(format!("SELECT count(*) FROM {}", path.from));
    conditions(&mut statement, &path, list, list.range);
    statement
}

/// As many rows of a word are counted; a word that more have is as common as one can be.
const COUNTED: u32 = 1_000;

/// More than any score is: what has all that was typed comes before what has only what must be there.
const HAS_ALL: f64 = 1_000.0;

/// `None`: there is nothing to search for.
pub(super) fn search(table: Table, search: &Search) -> Option<Statement> {
    let searched = table.view.search.as_ref()?;
    let wanted = words::wanted(search.scope, &Typed::new(&search.text, search.is_beginning));
    if wanted.needed.is_empty() {
        return None;
    }
    let (name, mut statement) = (name(table), Statement::default());
    let mut score = score(&mut statement, &name, &words::weights(searched), &wanted.needed);
    if let Some(all) = wanted.all {
        let all = statement.bind_text(all);
        let _ = write!(score, " + CASE WHEN s.words @@ {all}::tsquery THEN {HAS_ALL:?} ELSE 0 END");
    }
    let needed = statement.bind_text(wanted.needed.join(" & "));
    // All hits in their order first, from the words alone, which nothing else is drawn into (`OFFSET 0`); then rows are looked up
    // until the page is full.
    let _ = write!(
        statement.sql,
        "SELECT t.key, found.score FROM (
             SELECT s.key, s.tie, {score} AS score FROM {name}_search s WHERE s.words @@ {needed}::tsquery
             ORDER BY score DESC, s.tie DESC, s.key DESC OFFSET 0
         ) found JOIN {name} t ON t.key = found.key WHERE true"
    );
    statement.filter(&Filter::Equal(searched.scope, search.scope.into()));
    for filter in &search.filters {
        statement.filter(filter);
    }
    statement.sql.push_str(" ORDER BY found.score DESC, found.tie DESC, found.key DESC");
    statement.page(search.limit, search.offset);
    Some(statement)
}

/// How good a hit is, as an expression. PostgreSQL ranks by a word's weights and by how often it stands there, not by how rare it is:
/// with several words, each counts the more the fewer rows have it.
fn score(statement: &mut Statement, name: &str, weights: &str, wanted: &[String]) -> String {
    if let [word] = wanted {
        let word = statement.bind_text(word.clone());
        return format!("ts_rank('{weights}'::float4[], s.words, {word}::tsquery)::float8");
    }
    let words: Vec<String> =
        wanted.iter().map(|word| format!("({}::tsquery)", statement.bind_text(word.clone()))).collect();
    let _ = write!(
        statement.sql,
        "WITH wanted AS MATERIALIZED (
             SELECT word, 1 / ln(1 + greatest(1, (
                 SELECT count(*) FROM (SELECT FROM {name}_search WHERE words @@ word LIMIT {COUNTED}) counted
             ))::float8) AS rarity
             FROM (VALUES {}) typed (word)
         ) ",
        words.join(", ")
    );
    format!("(SELECT sum(rarity * ts_rank('{weights}'::float4[], s.words, word)) FROM wanted)")
}
