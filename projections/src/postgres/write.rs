//! How a batch is written to the tables of one generation: each kind of change is one statement, or a few where it is much.

use super::schema::{key_type, name};
use super::values::{number, text, without_nul};
use super::words;
use crate::RowKey;
use crate::store::*;
use domain::StoreId;
use eventlog::Position;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use uuid::Uuid;

/// About how much a statement takes with it, in bytes.
const AT_ONCE: usize = 8 * 1024 * 1024;
/// The same, of text whose words are yet to be made out.
const TEXT_AT_ONCE: usize = 512 * 1024;

/// Writes to the tables of one generation.
pub(super) struct Writer<'a> {
    connection: &'a mut PgConnection,
    table: Table,
    name: String,
}

impl<'a> Writer<'a> {
    pub fn new(connection: &'a mut PgConnection, table: Table) -> Self {
        Self { connection, table, name: name(table) }
    }

    pub async fn write(mut self, changes: &TableChanges) -> sqlx::Result<()> {
        let (whole, documents): (Vec<&RowWrite>, Vec<&RowWrite>) =
            changes.rows.iter().partition(|row| row.changed.columns || row.changed.search_text);
        let length = |row: &RowWrite| row.document.len();
        for rows in pieces(&whole, AT_ONCE, length) {
            self.upsert(rows).await?;
        }
        for rows in pieces(&documents, AT_ONCE, length) {
            self.update(rows).await?;
        }
        self.labels(changes.rows.iter().filter(|row| row.changed.labels).collect()).await?;
        self.search_texts(changes.rows.iter().filter(|row| row.changed.search_text).collect()).await?;
        self.ties(changes.rows.iter().filter(|row| row.changed.columns && !row.changed.search_text).collect()).await?;
        self.history(&changes.history).await?;
        self.stores(&changes.stores).await?;
        for unit in &changes.unparked {
            self.unpark(unit).await?;
        }
        for parked in &changes.parked {
            self.park(parked).await?;
        }
        Ok(())
    }

    async fn execute(&mut self, sql: String, bind: impl FnOnce(Bare) -> Bare) -> sqlx::Result<()> {
        // Names come from the views' declarations.
        bind(sqlx::query(AssertSqlSafe(sql))).execute(&mut *self.connection).await.map(drop)
    }

    /// All of the rows, new or not.
    async fn upsert(&mut self, rows: &[&RowWrite]) -> sqlx::Result<()> {
        let columns = self.table.view.columns;
        let each = |make: &dyn Fn(usize, &Column) -> String| -> String {
            (0..).zip(columns).map(|(place, column)| make(place, column)).collect()
        };
        let (name, last, key, table) = (&self.name, columns.len() + 2, self.key(), self.table);
        let sql = format!(
            "INSERT INTO {name} (key{}, document)
             SELECT n.key{}, n.document::json FROM unnest($1::{key}[]{}, ${last}::text[]) AS n (key{}, document)
             ON CONFLICT (key) DO UPDATE SET document = excluded.document{}",
            each(&|_, column| format!(", \"{}\"", column.name)),
            each(&|place, _| format!(", n.c{place}")),
            each(&|place, column| format!(", ${}::{}", place + 2, array_of(column.kind))),
            each(&|place, _| format!(", c{place}")),
            each(&|_, column| format!(", \"{0}\" = excluded.\"{0}\"", column.name)),
        );
        self.execute(sql, |mut query| {
            query = bind_keys(query, table, keys(rows));
            for (place, column) in columns.iter().enumerate() {
                query = bind_all(query, column.kind, rows.iter().map(|row| row.facets.columns.get(place)));
            }
            query.bind(documents(rows))
        })
        .await
    }

    /// The documents alone.
    async fn update(&mut self, rows: &[&RowWrite]) -> sqlx::Result<()> {
        let sql = format!(
            "UPDATE {} t SET document = n.document::json FROM unnest($1::{}[], $2::text[]) AS n (key, document)
             WHERE t.key = n.key",
            self.name,
            self.key()
        );
        let table = self.table;
        self.execute(sql, |query| bind_keys(query, table, keys(rows)).bind(documents(rows))).await
    }

    /// The value of a column of the row.
    fn column<'f>(&self, facets: &'f Facets, name: &str) -> Option<&'f Value> {
        let index = self.table.view.columns.iter().position(|column| column.name == name);
        index.and_then(|index| facets.columns.get(index))
    }

    async fn labels(&mut self, rows: Vec<&RowWrite>) -> sqlx::Result<()> {
        let Some(labels) = &self.table.view.labels else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        let delete = format!("DELETE FROM {}_labels WHERE key = ANY ($1)", self.name);
        let table = self.table;
        self.execute(delete, |query| bind_keys(query, table, keys(&rows))).await?;
        let labeled = rows.iter().flat_map(|row| row.facets.labels.iter().map(|label| (*row, label.as_str())));
        let labeled: Vec<(&RowWrite, &str)> = labeled.collect();
        if labeled.is_empty() {
            return Ok(());
        }
        let kind = |name: &str| {
            let column = self.table.view.columns.iter().find(|column| column.name == name);
            column.map_or(Kind::Integer, |column| column.kind)
        };
        let equal: String =
            (4..).zip(labels.equal).map(|(place, name)| format!("${place}::{}, ", array_of(kind(name)))).collect();
        let insert = format!(
            "INSERT INTO {}_labels SELECT * FROM unnest({equal}$1::text[], $2::int8[], $3::{}[]) ON CONFLICT DO NOTHING",
            self.name,
            self.key()
        );
        let of = |name: &'static str| {
            let values = labeled.iter().map(|(row, _)| self.column(&row.facets, name));
            (kind(name), values.map(Option::<&Value>::cloned).collect::<Vec<_>>())
        };
        let (_, sort) = of(labels.sort);
        let equal: Vec<_> = labels.equal.iter().map(|name| of(name)).collect();
        self.execute(insert, |query| {
            let texts: Vec<String> = labeled.iter().map(|(_, label)| text(label).into_owned()).collect();
            let query = bind_all(query.bind(texts), Kind::Integer, sort.iter().map(Option::as_ref));
            let query = bind_keys(query, table, labeled.iter().map(|(row, _)| row.key));
            equal.iter().fold(query, |query, (kind, values)| bind_all(query, *kind, values.iter().map(Option::as_ref)))
        })
        .await
    }

    /// In pieces: while words are made out, the server hears nothing of the transaction, and gives it up after a while.
    async fn search_texts(&mut self, rows: Vec<&RowWrite>) -> sqlx::Result<()> {
        let Some(searched) = &self.table.view.search else { return Ok(()) };
        let length = |row: &RowWrite| row.facets.search_text.iter().flatten().map(String::len).sum();
        for rows in pieces(&rows, TEXT_AT_ONCE, length) {
            self.search_text(searched, rows).await?;
        }
        Ok(())
    }

    async fn search_text(&mut self, searched: &Searched, rows: &[&RowWrite]) -> sqlx::Result<()> {
        let (mut found, mut words, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match (&row.facets.search_text, self.column(&row.facets, searched.scope)) {
                (Some(texts), Some(Value::Id(scope))) => {
                    found.push(*row);
                    words.push(words::indexed(searched, *scope, texts));
                }
                _ => gone.push(row.key),
            }
        }
        if !gone.is_empty() {
            let delete = format!("DELETE FROM {}_search WHERE key = ANY ($1)", self.name);
            let table = self.table;
            self.execute(delete, |query| bind_keys(query, table, gone.into_iter())).await?;
        }
        if !found.is_empty() {
            let upsert = format!(
                "INSERT INTO {}_search
                 SELECT n.key, n.tie, n.words::tsvector FROM unnest($1::{}[], $2::int8[], $3::text[]) AS n (key, tie, words)
                 ON CONFLICT (key) DO UPDATE SET tie = excluded.tie, words = excluded.words",
                self.name,
                self.key()
            );
            let ties = self.ties_of(searched, &found);
            let table = self.table;
            self.execute(upsert, |query| bind_keys(query, table, keys(&found)).bind(ties).bind(words)).await?;
        }
        Ok(())
    }

    /// What orders equally good hits may have changed without the words.
    async fn ties(&mut self, rows: Vec<&RowWrite>) -> sqlx::Result<()> {
        let Some(searched) = &self.table.view.search else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        let update = format!(
            "UPDATE {}_search s SET tie = n.tie FROM unnest($1::{}[], $2::int8[]) AS n (key, tie)
             WHERE s.key = n.key AND s.tie <> n.tie",
            self.name,
            self.key()
        );
        let ties = self.ties_of(searched, &rows);
        let table = self.table;
        self.execute(update, |query| bind_keys(query, table, keys(&rows)).bind(ties)).await
    }

    fn ties_of(&self, searched: &Searched, rows: &[&RowWrite]) -> Vec<i64> {
        let tie = |row: &&RowWrite| match self.column(&row.facets, searched.then) {
            Some(Value::Integer(integer)) => *integer,
            // The smallest, as in every order.
            _ => i64::MIN,
        };
        rows.iter().map(tie).collect()
    }

    async fn history(&mut self, history: &[(RowKey, Position)]) -> sqlx::Result<()> {
        if history.is_empty() {
            return Ok(());
        }
        let insert = format!(
            "INSERT INTO {}_history SELECT * FROM unnest($1::{}[], $2::int8[]) ON CONFLICT DO NOTHING",
            self.name,
            self.key()
        );
        let positions: Vec<i64> = history.iter().map(|(_, at)| number(*at)).collect();
        let (table, keys) = (self.table, history.iter().map(|(key, _)| *key));
        self.execute(insert, |query| bind_keys(query, table, keys).bind(positions)).await
    }

    async fn stores(&mut self, stores: &[(StoreId, String)]) -> sqlx::Result<()> {
        if stores.is_empty() {
            return Ok(());
        }
        let upsert = format!(
            "INSERT INTO {}_stores
             SELECT n.store, n.document::json FROM unnest($1::uuid[], $2::text[]) AS n (store, document)
             ON CONFLICT (store) DO UPDATE SET document = excluded.document",
            self.name
        );
        let (ids, documents): (Vec<Uuid>, Vec<&str>) =
            stores.iter().map(|(store, document)| (store.0, document.as_str())).unzip();
        self.execute(upsert, |query| query.bind(ids).bind(documents)).await
    }

    /// The type of the rows' keys.
    fn key(&self) -> &'static str {
        key_type(self.table.view)
    }

    async fn park(&mut self, parked: &Parked) -> sqlx::Result<()> {
        let ParkedColumns { row, parts, stream } = columns_of(&parked.unit);
        let sql =
            "INSERT INTO views_parked (view, generation, row_key, stream, position, event_type, reason, row_parts)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
                .to_owned();
        let (view, generation) = (self.table.view.name, self.table.generation as i32);
        self.execute(sql, |query| {
            let query = query.bind(view).bind(generation).bind(row).bind(stream).bind(number(parked.position));
            query.bind(without_nul(&parked.event_type)).bind(without_nul(&parked.reason)).bind(parts)
        })
        .await
    }

    async fn unpark(&mut self, unit: &ParkedUnit) -> sqlx::Result<()> {
        let ParkedColumns { row, parts, stream } = columns_of(unit);
        let sql = "DELETE FROM views_parked
                   WHERE view = $1 AND generation = $2 AND (row_key = $3 OR stream = $4 OR row_parts = $5)"
            .to_owned();
        let (view, generation) = (self.table.view.name, self.table.generation as i32);
        self.execute(sql, |query| query.bind(view).bind(generation).bind(row).bind(stream).bind(parts)).await
    }
}

/// A statement to which values are bound.
type Bare = Query<'static, Postgres, PgArguments>;

/// How a parked unit stands in its table: in one of these columns.
#[derive(Default)]
struct ParkedColumns {
    row: Option<Uuid>,
    parts: Option<Vec<u8>>,
    stream: Option<String>,
}

fn columns_of(unit: &ParkedUnit) -> ParkedColumns {
    match unit {
        ParkedUnit::Row(RowKey::Id(id)) => ParkedColumns { row: Some(*id), ..Default::default() },
        ParkedUnit::Row(RowKey::Parts(parts)) => {
            ParkedColumns { parts: Some(parts.as_bytes().to_vec()), ..Default::default() }
        }
        ParkedUnit::Stream(stream) => ParkedColumns { stream: Some(stream.clone()), ..Default::default() },
    }
}

fn keys(rows: &[&RowWrite]) -> impl Iterator<Item = RowKey> {
    rows.iter().map(|row| row.key)
}

/// Keys of the view's kind, all of which are.
fn bind_keys(query: Bare, table: Table, keys: impl Iterator<Item = RowKey>) -> Bare {
    match table.view.key {
        KeyKind::Id => query.bind(keys.filter_map(RowKey::id).collect::<Vec<_>>()),
        KeyKind::Parts => query.bind(keys.map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>()),
    }
}

fn documents(rows: &[&RowWrite]) -> Vec<String> {
    rows.iter().map(|row| row.document.clone()).collect()
}

fn array_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "int8[]",
        Kind::Text => "text[]",
        Kind::Id => "uuid[]",
    }
}

/// Binds the values of one column, which are all of its kind or null.
fn bind_all<'v>(query: Bare, kind: Kind, values: impl Iterator<Item = Option<&'v Value>>) -> Bare {
    match kind {
        Kind::Integer => query.bind(
            values
                .map(|value| if let Some(Value::Integer(integer)) = value { Some(*integer) } else { None })
                .collect::<Vec<_>>(),
        ),
        Kind::Text => query.bind(
            values
                .map(|value| if let Some(Value::Text(plain)) = value { Some(text(plain).into_owned()) } else { None })
                .collect::<Vec<_>>(),
        ),
        Kind::Id => query.bind(
            values.map(|value| if let Some(Value::Id(id)) = value { Some(*id) } else { None }).collect::<Vec<_>>(),
        ),
    }
}

/// The rows in pieces of about so many bytes, each row by its length.
fn pieces<'r, 'w>(
    rows: &'r [&'w RowWrite],
    at_once: usize,
    length: impl Fn(&RowWrite) -> usize,
) -> impl Iterator<Item = &'r [&'w RowWrite]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |row: &&&RowWrite| {
            bytes += length(row) + 128;
            bytes <= at_once
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (piece, others) = rest.split_at(count);
        rest = others;
        (!piece.is_empty()).then_some(piece)
    })
}
