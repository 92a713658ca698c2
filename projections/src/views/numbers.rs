//! The numbers of invoices and credit notes: a row for each document, filled in the log's order for each store, whatever else is parked.

use super::STORE;
use crate::at::ViewsAt;
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{StoreState, Unread, create, stream_id};
use crate::{Keys, Misfit, ReadError, RowKey, Source, View, Views};
use domain::invoice::InvoiceEvent;
use domain::numbers::{Document, Number, Numbering, NumberingEvent};
use domain::{Category, Event, InvoiceId, RefundId, StoreId};
use eventlog::Position;
use journal::{Envelope, Unreadable};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A document's number. Its key is the invoice's id, or the refund's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberRow {
    pub store_id: StoreId,
    pub of: Document,
    /// As people see it.
    pub number: String,
    /// From 1, in all or within its year.
    pub rank: u64,
    pub invoice_id: InvoiceId,
    /// Where it is of a refund.
    pub refund_id: Option<RefundId>,
    pub issued_position: Position,
}

pub struct Numbers;

const BY_NUMBER: Index = Index { name: "by_number", equal: &["store_id", "kind", "number"], sort: None, covering: &[] };

impl View for Numbers {
    type Row = NumberRow;
    type Store = Numbering;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "numbers",
        version: 1,
        key: KeyKind::Id,
        stores: true,
        columns: &[STORE, Column::integer("kind"), Column::text("number")],
        indexes: &[BY_NUMBER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::Streams(&[Category::Store, Category::Invoice]);

    fn keys(envelope: &Envelope, _: &Numbering) -> Keys {
        match &envelope.event {
            Event::Invoice(InvoiceEvent::InvoiceIssued(event)) => Keys::id(event.invoice_id.0),
            Event::Invoice(InvoiceEvent::RefundIssued(event)) => Keys::id(event.refund_id.0),
            _ => Keys::None,
        }
    }

    /// Each row has one event.
    fn begins(_: &Envelope) -> bool {
        true
    }

    fn apply(row: &mut Option<NumberRow>, _: RowKey, envelope: &Envelope, store: &Numbering) -> Result<(), Misfit> {
        let Some(number) = numbered(store, NumberingEvent::of(&envelope.event, envelope.metadata.occurred_at)) else {
            return Err(Misfit("the event makes no document"));
        };
        let (invoice_id, refund_id) = match &envelope.event {
            Event::Invoice(InvoiceEvent::RefundIssued(event)) => {
                let invoice = stream_id(envelope.stream.as_str()).ok_or(Misfit("the stream is not an invoice's"))?;
                (InvoiceId(invoice), Some(event.refund_id))
            }
            Event::Invoice(InvoiceEvent::InvoiceIssued(event)) => (event.invoice_id, None),
            _ => return Err(Misfit("the event makes no document")),
        };
        let store_id = envelope.metadata.store_id;
        create(row, NumberRow::new(store_id, number, invoice_id, refund_id, envelope.position))
    }

    /// The invoice has its number all the same; a refund takes its own, and nobody can tell whose it is until it can be read. Where even
    /// its store is not known, or how a store numbers its documents, numbers are not right from there on.
    fn unreadable(unreadable: &Unreadable, store: &Numbering) -> Unread<NumberRow> {
        let Some(store_id) = unreadable.store_id else { return Unread::Parks };
        let Some(number) = numbered(store, unreadable.numbering.as_deref().cloned()) else {
            let is_of_settings = ["StoreCreated", "StoreNumberingChanged"].contains(&&*unreadable.event_type);
            return if is_of_settings && unreadable.numbering.is_none() { Unread::Parks } else { Unread::Nothing };
        };
        match (number.of, stream_id(unreadable.stream.as_str())) {
            (Document::Invoice, Some(invoice)) => {
                let row = NumberRow::new(store_id, number, InvoiceId(invoice), None, unreadable.position);
                Unread::Makes(invoice.into(), row)
            }
            (Document::Invoice, None) => Unread::Parks,
            (Document::CreditNote, _) => Unread::ParksAlone,
        }
    }

    fn columns(row: &NumberRow) -> Vec<Value> {
        vec![row.store_id.0.into(), kind_column(row.of), row.number.clone().into()]
    }
}

/// The number that the event gives, after all that came before it.
fn numbered(store: &Numbering, event: Option<NumberingEvent>) -> Option<Number> {
    event.and_then(|event| store.clone().fold(event))
}

/// Stable: stand in the view's tables.
fn kind_column(of: Document) -> Value {
    match of {
        Document::Invoice => 0.into(),
        Document::CreditNote => 1.into(),
    }
}

impl NumberRow {
    fn new(
        store_id: StoreId,
        number: Number,
        invoice_id: InvoiceId,
        refund_id: Option<RefundId>,
        at: Position,
    ) -> Self {
        let Number { of, rank, text } = number;
        Self { store_id, of, number: text, rank: rank.get(), invoice_id, refund_id, issued_position: at }
    }
}

/// Counted whatever is parked, so that no number is given twice.
impl StoreState for Numbering {
    fn concerns(envelope: &Envelope) -> bool {
        NumberingEvent::of(&envelope.event, envelope.metadata.occurred_at).is_some()
    }

    fn apply(&mut self, envelope: &Envelope) {
        if let Some(event) = NumberingEvent::of(&envelope.event, envelope.metadata.occurred_at) {
            self.fold(event);
        }
    }

    fn apply_unreadable(&mut self, unreadable: &Unreadable) {
        if let Some(event) = unreadable.numbering.as_deref().cloned() {
            self.fold(event);
        }
    }
}

/// Numbers by the ids of invoices and refunds.
#[derive(Clone, Debug, Default)]
pub struct DocumentNumbers(HashMap<Uuid, String>);

impl DocumentNumbers {
    /// `None`: it is not known, as what numbers come of is parked.
    pub fn get(&self, document: Uuid) -> Option<String> {
        self.0.get(&document).cloned()
    }
}

impl Views {
    /// The numbers of documents that were found in other views.
    ///
    /// # Errors
    /// [`ReadError::NotReady`] also where one is not known yet: a document never has a number later on that it did not have at first.
    pub async fn numbers(&self, documents: &[Uuid]) -> Result<DocumentNumbers, ReadError> {
        if documents.is_empty() {
            return Ok(DocumentNumbers::default());
        }
        let view = self.of::<Numbers>()?;
        let rows = view.get_many(documents).await?;
        let known = documents.iter().zip(rows).filter_map(|(id, row)| Some((*id, row?.number.clone())));
        let known: HashMap<Uuid, String> = known.collect();
        if documents.iter().any(|id| !known.contains_key(id)) && view.parked().await?.is_empty() {
            return Err(ReadError::NotReady(Numbers::DECLARATION.name));
        }
        Ok(DocumentNumbers(known))
    }

    /// The document of the store that has the number.
    pub async fn numbered(
        &self,
        store: StoreId,
        of: Document,
        number: &str,
    ) -> Result<Option<Arc<NumberRow>>, ReadError> {
        let equal = vec![store.0.into(), kind_column(of), number.to_owned().into()];
        Ok(self.of::<Numbers>()?.list(List::through(&BY_NUMBER, equal).limit(1)).await?.into_iter().next())
    }
}

impl ViewsAt {
    /// As [`Views::numbers`]: what was issued keeps its number.
    ///
    /// # Errors
    /// As there.
    pub async fn numbers(&self, documents: &[Uuid]) -> Result<DocumentNumbers, ReadError> {
        self.views.numbers(documents).await
    }

    /// As [`Views::numbered`].
    pub async fn numbered(
        &self,
        store: StoreId,
        of: Document,
        number: &str,
    ) -> Result<Option<Arc<NumberRow>>, ReadError> {
        let found = self.views.numbered(store, of, number).await?;
        Ok(found.filter(|row| row.issued_position <= self.position()))
    }
}
