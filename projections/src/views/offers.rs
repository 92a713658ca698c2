//! What products were called and cost, at any time: what carts of the past are shown with. Never folded from the products' streams when
//! it is asked for, as each hold of each cart stands there.

use crate::at::ViewsAt;
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{existing, stream_id};
use crate::{KeyPart, Keys, Misfit, ReadError, RowKey, Source, TimeRange, View, Views};
use domain::product::ProductEvent;
use domain::{Category, Cents, Event, ProductId, StoreId, Timestamp};
use eventlog::Position;
use futures::future::try_join_all;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A product as it was offered from some event on; or, without a position, as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferRow {
    pub store_id: StoreId,
    pub product_id: ProductId,
    /// Of the event since which it is so.
    pub since: Option<Position>,
    pub title: String,
    pub vendor: String,
    pub product_type: String,
    pub sale_price_in_cents: Cents,
}

pub struct Offers;

/// The rows of a product that have a position, in the order of these.
const BY_PRODUCT: Index = Index { name: "by_product", equal: &["product_id"], sort: Some("since"), covering: &[] };
/// Products that are looked at together.
const AT_ONCE: usize = 16;

impl View for Offers {
    type Row = OfferRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "offers",
        version: 1,
        key: KeyKind::Parts,
        stores: false,
        columns: &[Column::id("product_id"), Column::integer("since").or_null()],
        indexes: &[BY_PRODUCT],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::Streams(&[Category::Product]);
    const FOLLOWED: bool = true;

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        match &envelope.event {
            Event::Product(
                ProductEvent::ProductCreated(_) | ProductEvent::ProductDescribed(_) | ProductEvent::ProductRepriced(_),
            ) => stream_id(envelope.stream.as_str()).map_or(Keys::None, |id| Keys::One(RowKey::of(&[KeyPart::Id(id)]))),
            _ => Keys::None,
        }
    }

    fn begins(envelope: &Envelope) -> bool {
        envelope.revision == 0
    }

    fn apply(row: &mut Option<OfferRow>, _: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Product(event) = &envelope.event else { return Err(Misfit("the event is not a product's")) };
        match event {
            ProductEvent::ProductCreated(event) => {
                *row = Some(OfferRow {
                    store_id: event.store_id,
                    product_id: event.product_id,
                    since: None,
                    title: event.title.clone(),
                    vendor: event.vendor.clone(),
                    product_type: event.product_type.clone(),
                    sale_price_in_cents: event.sale_price_in_cents,
                });
            }
            ProductEvent::ProductDescribed(event) => {
                let row = existing(row)?;
                let set = |field: &mut String, to: &Option<String>| to.iter().for_each(|to| field.clone_from(to));
                set(&mut row.title, &event.title);
                set(&mut row.vendor, &event.vendor);
                set(&mut row.product_type, &event.product_type);
            }
            ProductEvent::ProductRepriced(event) => existing(row)?.sale_price_in_cents = event.sale_price_in_cents,
            _ => return Err(Misfit("the event changes nothing of the offer")),
        }
        Ok(())
    }

    fn fold(
        row: &mut Option<OfferRow>,
        key: RowKey,
        envelope: &Envelope,
        store: &(),
        _: &mut (),
    ) -> Result<Vec<(RowKey, OfferRow)>, Misfit> {
        Self::apply(row, key, envelope, store)?;
        let offer = existing(row)?.clone();
        let key = RowKey::of(&[KeyPart::Id(offer.product_id.0), KeyPart::Number(envelope.position.0)]);
        Ok(vec![(key, OfferRow { since: Some(envelope.position), ..offer })])
    }

    fn columns(row: &OfferRow) -> Vec<Value> {
        vec![row.product_id.0.into(), row.since.map_or(Value::Null, Value::from)]
    }
}

impl ViewsAt {
    /// What the products were called and cost, in the order of the ids; `None` for one that the store did not have.
    pub async fn offers(
        &self,
        store: StoreId,
        products: &[ProductId],
    ) -> Result<Vec<Option<Arc<OfferRow>>>, ReadError> {
        let mut offers = Vec::with_capacity(products.len());
        for products in products.chunks(AT_ONCE) {
            let at_once = products.iter().map(|product| offer_at(&self.views, store, *product, self.position()));
            offers.extend(try_join_all(at_once).await?);
        }
        Ok(offers)
    }
}

async fn offer_at(
    views: &Views,
    store: StoreId,
    product: ProductId,
    at: Position,
) -> Result<Option<Arc<OfferRow>>, ReadError> {
    let end = i64::try_from(at.0).unwrap_or(i64::MAX).saturating_add(1);
    // What has no position is in no range.
    let range = TimeRange { from: Some(Timestamp::from_millis(0)), until: Some(Timestamp::from_millis(end)) };
    let list = List::through(&BY_PRODUCT, vec![product.0.into()]).range(range).limit(1);
    let found = views.of::<Offers>()?.list(list).await?;
    Ok(found.into_iter().next().filter(|offer| offer.store_id == store))
}
