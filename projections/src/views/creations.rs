//! Requests with an `Idempotency-Key` that made something in a stream that makes many: whose keys a stream's state is too small
//! to remember for ever. Commands ask here for a key that is older than those that the state holds.

use super::STORE;
use crate::store::{Flaw, KeyKind, ReadStoreError, Value, ViewDeclaration};
use crate::{Keys, Misfit, ReadError, RowKey, Source, View, Views};
use domain::{Category, StoreId, Timestamp};
use journal::{Envelope, Idempotency};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// The last event of a creation that carried a key (api.md §1, Idempotency).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreationRow {
    pub store_id: StoreId,
    /// As the event's metadata has it.
    pub key: String,
    pub stream: String,
    pub revision: u64,
    pub created_at: Timestamp,
}

pub struct Creations;

impl View for Creations {
    type Row = CreationRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "creations",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE],
        indexes: &[],
        labels: None,
        search: None,
    };
    /// Of streams that are of one creation alone, the state remembers it.
    const SOURCE: Source = Source::Streams(&[Category::Store, Category::Customer, Category::Cart, Category::Invoice]);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        // The stream's first command is remembered by its state.
        let created = envelope.event.creates() && envelope.revision > 0;
        created.then(|| envelope.metadata.idempotency.as_ref().and_then(row_key)).flatten().into()
    }

    /// Of a key that was used twice, in a log from before keys of creations were remembered for ever, the last counts.
    fn apply(row: &mut Option<CreationRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let idempotency = envelope.metadata.idempotency.as_ref().ok_or(Misfit("the event carries no key"))?;
        *row = Some(CreationRow {
            store_id: envelope.metadata.store_id,
            key: idempotency.key.clone(),
            stream: envelope.stream.as_str().to_owned(),
            revision: envelope.revision,
            created_at: envelope.metadata.occurred_at,
        });
        Ok(())
    }

    fn columns(row: &CreationRow) -> Vec<Value> {
        vec![row.store_id.0.into()]
    }
}

/// A stored key is 128 bits in hex, keyed by a secret of its store.
fn row_key(idempotency: &Idempotency) -> Option<Uuid> {
    Uuid::try_parse(&idempotency.key).ok()
}

impl Views {
    /// The creation that the stored key belongs to.
    ///
    /// # Errors
    /// Also while a stream of this view is parked: its creations may be missing, and nobody may be told that there is none.
    pub async fn creation(&self, store: StoreId, key: &str) -> Result<Option<Arc<CreationRow>>, ReadError> {
        let status = self.status();
        if status.views.iter().any(|view| view.name == Creations::DECLARATION.name && view.parked > 0) {
            return Err(ReadStoreError::Damaged(Flaw::CreationsParked.into()).into());
        }
        let Ok(row_key) = Uuid::try_parse(key) else { return Ok(None) };
        let row = self.of::<Creations>()?.get(row_key).await?;
        Ok(row.filter(|row| row.store_id == store && row.key == key))
    }
}
