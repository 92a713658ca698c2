//! Refunds, each with its lines. An invoice's row has the last of them only.

use super::STORE;
use super::invoices::RefundRow;
use crate::at::{ListAt, ViewsAt};
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, View, Views};
use domain::invoice::InvoiceEvent;
use domain::numbers::Document;
use domain::{Category, Event, InvoiceId, RefundId, StoreId};
use eventlog::{Position, StreamName};
use futures::FutureExt;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A refund of an invoice (api.md §6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceRefundRow {
    pub store_id: StoreId,
    pub invoice_id: InvoiceId,
    /// In the order of these they were issued.
    pub issued_position: Position,
    pub refund: RefundRow,
}

pub struct Refunds;

const BY_INVOICE: Index =
    Index { name: "by_invoice", equal: &["store_id", "invoice_id"], sort: Some("issued_position"), covering: &[] };

impl View for Refunds {
    type Row = InvoiceRefundRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "refunds",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE, Column::id("invoice_id"), Column::integer("issued_position")],
        indexes: &[BY_INVOICE],
        labels: None,
        search: None,
    };
    /// An invoice's refunds share its stream.
    const SOURCE: Source = Source::Streams(&[Category::Invoice]);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        match &envelope.event {
            Event::Invoice(InvoiceEvent::RefundIssued(event)) => Keys::id(event.refund_id.0),
            Event::Invoice(InvoiceEvent::RefundsClosed(event)) => {
                Keys::Many(event.refund_ids.iter().map(|refund| refund.0.into()).collect())
            }
            _ => Keys::None,
        }
    }

    fn begins(envelope: &Envelope) -> bool {
        matches!(&envelope.event, Event::Invoice(InvoiceEvent::RefundIssued(_)))
    }

    fn apply(row: &mut Option<InvoiceRefundRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let at = envelope.metadata.occurred_at;
        match &envelope.event {
            Event::Invoice(InvoiceEvent::RefundIssued(event)) => {
                let invoice = crate::view::stream_id(envelope.stream.as_str());
                create(
                    row,
                    InvoiceRefundRow {
                        store_id: envelope.metadata.store_id,
                        invoice_id: InvoiceId(invoice.ok_or(Misfit("the stream is not an invoice's"))?),
                        issued_position: envelope.position,
                        refund: RefundRow::issued(event, at),
                    },
                )
            }
            Event::Invoice(InvoiceEvent::RefundsClosed(_)) => {
                existing(row)?.refund.closed_at = Some(at);
                Ok(())
            }
            _ => Err(Misfit("the event is not of a refund")),
        }
    }

    fn columns(row: &InvoiceRefundRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.invoice_id.0.into(), row.issued_position.into()]
    }
}

impl Views {
    pub async fn refund(&self, store: StoreId, refund: RefundId) -> Result<Option<Arc<InvoiceRefundRow>>, ReadError> {
        let row = self.of::<Refunds>()?.get(refund.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The invoice's refunds, newest first; with a number the one whose credit note has it.
    pub async fn refunds(
        &self,
        store: StoreId,
        invoice: InvoiceId,
        number: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Arc<InvoiceRefundRow>>, ReadError> {
        if let Some(number) = number {
            let numbered = self.numbered(store, Document::CreditNote, number).await?;
            let row = match numbered.and_then(|numbered| numbered.refund_id) {
                Some(refund) => self.refund(store, refund).await?,
                None => None,
            };
            return Ok(page.of_one(row.filter(|row| row.invoice_id == invoice))?);
        }
        let list = List::through(&BY_INVOICE, vec![store.0.into(), invoice.0.into()]);
        self.of::<Refunds>()?.page("refunds", &[store.0, invoice.0], list, page).await
    }
}

impl ViewsAt {
    /// As [`Views::refunds`].
    pub async fn refunds(
        &self,
        store: StoreId,
        invoice: InvoiceId,
        number: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Arc<InvoiceRefundRow>>, ReadError> {
        if let Some(number) = number {
            let numbered = self.numbered(store, Document::CreditNote, number).await?;
            let refund = numbered.filter(|numbered| numbered.invoice_id == invoice).and_then(|row| row.refund_id);
            let row = match refund {
                Some(refund) => self.refunds_as_they_were(invoice, vec![refund]).await?.pop().flatten(),
                None => None,
            };
            return Ok(page.of_one(row)?);
        }
        let among = List::through(&BY_INVOICE, vec![store.0.into(), invoice.0.into()]);
        let list = ListAt { name: "refunds", scope: &[store.0, invoice.0], wanted: among.clone(), among };
        let ids = |now: Vec<Arc<InvoiceRefundRow>>| now.iter().map(|row| row.refund.refund_id).collect();
        self.page::<Refunds>(list, page, &|now| self.refunds_as_they_were(invoice, ids(now)).boxed()).await
    }

    /// Refunds of one invoice, whose stream is read once for all of them.
    async fn refunds_as_they_were(
        &self,
        invoice: InvoiceId,
        refunds: Vec<RefundId>,
    ) -> Result<Vec<Option<Arc<InvoiceRefundRow>>>, ReadError> {
        let stream = StreamName::new(Category::Invoice.stream(invoice.0));
        let keys: Vec<RowKey> = refunds.iter().map(|refund| refund.0.into()).collect();
        let mut then = self.rows_in::<Refunds>(&stream, &keys).await?;
        Ok(keys.iter().map(|key| then.remove(key)).collect())
    }
}
