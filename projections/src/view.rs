//! What a view is: a pure fold of events into rows.
//!
//! A view knows nothing of SQL, time or other rows. It says which rows an event touches, what becomes of them, and what of a
//! row can be filtered, ordered and searched by.

use crate::RowKey;
use crate::store::{Value, ViewDeclaration};
use domain::{Category, Event};
use journal::{Envelope, Unreadable};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A view: rows by key, each folded from the events that name the key.
pub trait View: Send + Sync + 'static {
    /// The document that is stored. Its columns, labels and search text follow from it.
    type Row: Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What is kept of each store beside the rows; `()`, unless the declaration says that something is.
    type Store: StoreState;

    /// Name, version, columns and indexes. A change of the row, the fold or the declaration raises the version.
    const DECLARATION: ViewDeclaration;
    /// Where its events stand.
    const SOURCE: Source;
    /// How much of the memory for rows it gets, against other views.
    const CACHE_SHARE: u64 = 1;

    /// The rows that the event touches, from the event and what its store was before it.
    fn keys(envelope: &Envelope, store: &Self::Store) -> Keys;

    /// Whether the event is a row's first: the row need not be looked for. A wrong `true` would lose the row.
    fn begins(envelope: &Envelope) -> bool {
        match Self::SOURCE {
            Source::OwnStream(_) => envelope.revision == 0,
            Source::Streams(_) => false,
        }
    }

    /// Folds the event into the row. On an error the row is as before.
    fn apply(row: &mut Option<Self::Row>, key: RowKey, envelope: &Envelope, store: &Self::Store) -> Result<(), Misfit>;

    /// Whether [`Self::fold`] does more than [`Self::apply`].
    const FOLLOWED: bool = false;

    /// Folds the event as `apply` does, and gives what follows from it: rows that nothing else makes or changes. Of what is kept of the
    /// store it may change what `keys`, `apply` and [`StoreState::apply`] do not look at: they are a batch ahead of it. Events come in the
    /// log's order; those of a row that is parked do not come. Where nothing is kept of stores, what follows must be the same whenever the
    /// row is folded anew.
    fn fold(
        row: &mut Option<Self::Row>,
        key: RowKey,
        envelope: &Envelope,
        store: &Self::Store,
        _kept: &mut Self::Store,
    ) -> Result<Vec<(RowKey, Self::Row)>, Misfit> {
        Self::apply(row, key, envelope, store).map(|()| Vec::new())
    }

    /// The row's values, in the order of the declared columns.
    fn columns(row: &Self::Row) -> Vec<Value>;

    /// What becomes of an event of the view's streams that can't be read, from what its store was before it. What it parks is told to
    /// operators, and waits; where another view tells of it and nothing here depends on it, it need not.
    fn unreadable(_: &Unreadable, _store: &Self::Store) -> Unread<Self::Row> {
        Unread::Parks
    }

    /// What the row can also be found by, any number of texts; none while it is deleted.
    fn labels(_row: &Self::Row) -> Vec<String> {
        Vec::new()
    }

    /// The texts that a search looks at, in the order of the declared fields; `None` while it is deleted.
    fn search_text(_row: &Self::Row) -> Option<Vec<String>> {
        None
    }
}

/// What a view keeps of each store beside its rows, such as the time zone by which days are told apart, or the last number that was
/// given. It is folded from those of the view's events that are of the store, in the log's order, whichever rows they touch and whatever is
/// parked.
///
/// A view that keeps any is filled in the log's order for each store. So none of its rows is folded alone: where what is parked of it
/// is tried again, the view is rebuilt.
pub trait StoreState:
    Clone + Default + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Whether the event may change it. Of others it is neither copied nor folded: where many events of the view's streams change nothing,
    /// they cost nothing.
    fn concerns(_: &Envelope) -> bool {
        true
    }

    /// Folds an event that concerns it; one that does not matter to it changes nothing.
    fn apply(&mut self, envelope: &Envelope);

    /// Folds an event of the store's that can't be read; of one whose metadata do not even name the store nothing is known.
    fn apply_unreadable(&mut self, _: &Unreadable) {}
}

/// Nothing is kept.
impl StoreState for () {
    fn concerns(_: &Envelope) -> bool {
        false
    }

    fn apply(&mut self, _: &Envelope) {}
}

/// Where a view's events stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A row's events are those of one stream, whose id is the row's key.
    OwnStream(Category),
    /// A row's events stand in several streams, or beside those of other rows: where is kept for each row.
    Streams(&'static [Category]),
}

impl Source {
    pub fn has(self, category: Category) -> bool {
        match self {
            Source::OwnStream(own) => own == category,
            Source::Streams(categories) => categories.contains(&category),
        }
    }
}

/// What becomes of an event that can't be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Unread<R> {
    /// Its row, or its stream, waits from here on.
    Parks,
    /// It waits alone, by its own id: nothing depends on it.
    ParksAlone,
    /// It makes this row of its own.
    Makes(RowKey, R),
    /// Nothing comes of it, also once it can be read.
    Nothing,
}

/// The keys of the rows that an event touches: mostly none or one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    None,
    One(RowKey),
    Many(Vec<RowKey>),
}

impl Keys {
    pub fn as_slice(&self) -> &[RowKey] {
        match self {
            Keys::None => &[],
            Keys::One(key) => std::slice::from_ref(key),
            Keys::Many(keys) => keys,
        }
    }

    /// Of the row that is found by the id alone.
    pub fn id(id: Uuid) -> Self {
        Keys::One(id.into())
    }

    /// The id that the event's stream is named by.
    pub(crate) fn of_stream(envelope: &Envelope) -> Self {
        stream_id(envelope.stream.as_str()).into()
    }
}

impl From<Option<Uuid>> for Keys {
    fn from(key: Option<Uuid>) -> Self {
        key.map_or(Keys::None, Keys::id)
    }
}

/// The rows of the view that the event touches. What only remembers a request touches none, whichever stream it stands in.
pub(crate) fn touched<V: View>(envelope: &Envelope, store: &V::Store) -> Keys {
    match &envelope.event {
        Event::Remembered(_) => Keys::None,
        _ => V::keys(envelope, store),
    }
}

/// The id behind the category of a stream's name.
pub(crate) fn stream_id(stream: &str) -> Option<Uuid> {
    let (_, id) = stream.split_once('-')?;
    Uuid::try_parse(id).ok()
}

/// The id that a row is found by, in a view whose keys are ids.
pub(crate) fn id_of(key: RowKey) -> Result<Uuid, Misfit> {
    key.id().ok_or(Misfit("the row's key is no id"))
}

/// An event that can't follow on what the row is: the row is parked, and the rest goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misfit(pub &'static str);

/// The row that an event needs.
pub(crate) fn existing<R>(row: &mut Option<R>) -> Result<&mut R, Misfit> {
    row.as_mut().ok_or(Misfit("there is no row that it could change"))
}

/// Makes the row that an event creates.
pub(crate) fn create<R>(row: &mut Option<R>, new: R) -> Result<(), Misfit> {
    if row.is_some() {
        return Err(Misfit("the row exists already"));
    }
    *row = Some(new);
    Ok(())
}
