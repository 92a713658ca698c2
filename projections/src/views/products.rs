//! Products and what of them is in stock.

use super::{CREATED, STORE};
use crate::at::ViewsAt;
use crate::store::{
    Column, Filter, Index, KeyKind, Labels, List, Search, SearchField, Searched, Value, ViewDeclaration,
};
use crate::view::{create, existing};
use crate::words::Typed;
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, TimeRange, View, Views};
use domain::product::{Product, ProductEvent};
use domain::{Category, Cents, Decider, Event, ProductId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// A product (api.md §3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductRow {
    pub product_id: ProductId,
    pub store_id: StoreId,
    pub title: String,
    pub product_type: String,
    pub vendor: String,
    pub description: Option<String>,
    /// What can still be put into a cart.
    pub inventory: i64,
    /// What open carts, open invoices and pending orders hold.
    pub reserved: i64,
    pub sale_price_in_cents: Cents,
    /// In the order they were added.
    pub tags: Vec<TagRow>,
    pub created_at: Timestamp,
    /// Stock that carts take or give back doesn't move it.
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagRow {
    pub tag: String,
    pub created_at: Timestamp,
}

/// Which products a list or count takes in: those that meet all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductFilter {
    pub vendor: Option<String>,
    pub product_type: Option<String>,
    pub tag: Option<String>,
    pub created: TimeRange,
    pub updated: TimeRange,
}

pub struct Products;

const LIVE: Index =
    Index { name: "live", equal: &["store_id", "live"], sort: Some("created_at"), covering: &["updated_at"] };
const BY_VENDOR: Index = Index {
    name: "by_vendor",
    equal: &["store_id", "live", "vendor"],
    sort: Some("created_at"),
    covering: &["product_type", "updated_at"],
};
const BY_TYPE: Index = Index {
    name: "by_type",
    equal: &["store_id", "live", "product_type"],
    sort: Some("created_at"),
    covering: &["updated_at"],
};

impl View for Products {
    type Row = ProductRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "products",
        version: 3,
        key: KeyKind::Id,
        stores: false,
        columns: &[
            STORE,
            CREATED,
            Column::integer("updated_at"),
            Column::integer("live"),
            Column::integer("available"),
            Column::text("vendor"),
            Column::text("product_type"),
        ],
        indexes: &[LIVE, BY_VENDOR, BY_TYPE],
        labels: Some(Labels { name: "tag", equal: &["store_id"], sort: "created_at" }),
        search: Some(Searched {
            scope: "store_id",
            fields: &[
                SearchField { name: "title", weight: 8 },
                SearchField { name: "product_type", weight: 4 },
                SearchField { name: "vendor", weight: 4 },
                SearchField { name: "tags", weight: 4 },
                SearchField { name: "description", weight: 1 },
            ],
            then: "created_at",
        }),
    };
    const SOURCE: Source = Source::OwnStream(Category::Product);
    const CACHE_SHARE: u64 = 4;

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<ProductRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Product(event) = &envelope.event else {
            return Err(Misfit("the event is not a product's"));
        };
        if let ProductEvent::ProductCreated(_) = event {
            return created(row, event, envelope);
        }
        changed(existing(row)?, event, envelope)
    }

    fn columns(row: &ProductRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.deleted_at.is_none().into(),
            (row.inventory > 0).into(),
            row.vendor.clone().into(),
            row.product_type.clone().into(),
        ]
    }

    fn labels(row: &ProductRow) -> Vec<String> {
        match row.deleted_at {
            None => row.tags.iter().map(|tag| tag.tag.clone()).collect(),
            Some(_) => Vec::new(),
        }
    }

    fn search_text(row: &ProductRow) -> Option<Vec<String>> {
        if row.deleted_at.is_some() {
            return None;
        }
        let tags: Vec<&str> = row.tags.iter().map(|tag| tag.tag.as_str()).collect();
        Some(vec![
            row.title.clone(),
            row.product_type.clone(),
            row.vendor.clone(),
            tags.join("\n"),
            row.description.clone().unwrap_or_default(),
        ])
    }
}

fn created(row: &mut Option<ProductRow>, event: &ProductEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let ProductEvent::ProductCreated(event) = event else {
        return Err(Misfit("the event creates no product"));
    };
    let at = envelope.metadata.occurred_at;
    let tag = |tag: &String| TagRow { tag: tag.clone(), created_at: at };
    create(
        row,
        ProductRow {
            product_id: event.product_id,
            store_id: event.store_id,
            title: event.title.clone(),
            product_type: event.product_type.clone(),
            vendor: event.vendor.clone(),
            description: event.description.clone(),
            inventory: event.inventory,
            reserved: 0,
            sale_price_in_cents: event.sale_price_in_cents,
            tags: event.tags.iter().map(tag).collect(),
            created_at: at,
            updated_at: at,
            deleted_at: None,
            revision: envelope.revision,
        },
    )
}

fn changed(row: &mut ProductRow, event: &ProductEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        ProductEvent::ProductCreated(_) => return Err(Misfit("the row exists already")),
        ProductEvent::ProductDescribed(event) => {
            let set = |field: &mut String, new: &Option<String>| {
                if let Some(new) = new {
                    field.clone_from(new);
                }
            };
            set(&mut row.title, &event.title);
            set(&mut row.product_type, &event.product_type);
            set(&mut row.vendor, &event.vendor);
            if let Some(description) = &event.description {
                row.description.clone_from(description);
            }
        }
        ProductEvent::ProductRepriced(event) => row.sale_price_in_cents = event.sale_price_in_cents,
        ProductEvent::ProductDeleted(_) => row.deleted_at = Some(at),
        ProductEvent::InventoryAdjusted(event) => row.inventory = event.inventory,
        ProductEvent::ProductTagged(event) => row.tags.push(TagRow { tag: event.tag.clone(), created_at: at }),
        ProductEvent::ProductTagRemoved(event) => row.tags.retain(|tag| tag.tag != event.tag),
        ProductEvent::StockHeld(event) => {
            move_stock(row, i64::from(event.quantity) - i64::from(event.previous_quantity))
        }
        ProductEvent::StockReleased(event) => {
            move_stock(row, i64::from(event.quantity) - i64::from(event.previous_quantity))
        }
        ProductEvent::StockConsumed(event) => row.reserved -= i64::from(event.quantity),
    }
    if Product::changes_representation(event) {
        row.updated_at = at;
        row.revision = envelope.revision;
    }
    Ok(())
}

/// A cart holds so many more (or, negative, fewer) than before.
fn move_stock(row: &mut ProductRow, more: i64) {
    row.inventory -= more;
    row.reserved += more;
}

/// What is searched for.
#[derive(Clone, Debug)]
pub struct ProductSearch {
    /// As it was typed: any text. `_` stands for a space.
    pub text: String,
    /// Leaves out what can't be put into a cart now.
    pub available_only: bool,
    /// The last word may be only the beginning of one.
    pub is_beginning: bool,
}

/// The way to the products that leaves the fewest to filter, and the conditions that remain.
fn list(store: StoreId, filter: &ProductFilter) -> List {
    let equal = |extra: Option<&String>| {
        let mut values = vec![store.0.into(), true.into()];
        values.extend(extra.map(|extra| extra.clone().into()));
        values
    };
    let (list, vendor, product_type) = match (&filter.tag, &filter.vendor, &filter.product_type) {
        (Some(tag), vendor, product_type) => {
            (List::labeled(tag.clone(), vec![store.0.into()]), vendor.as_ref(), product_type.as_ref())
        }
        (None, Some(vendor), product_type) => {
            (List::through(&BY_VENDOR, equal(Some(vendor))), None, product_type.as_ref())
        }
        (None, None, Some(product_type)) => (List::through(&BY_TYPE, equal(Some(product_type))), None, None),
        (None, None, None) => (List::through(&LIVE, equal(None)), None, None),
    };
    let mut list = list.range(filter.created).within("updated_at", filter.updated);
    if let Some(vendor) = vendor {
        list = list.filter(Filter::Equal("vendor", vendor.clone().into()));
    }
    if let Some(product_type) = product_type {
        list = list.filter(Filter::Equal("product_type", product_type.clone().into()));
    }
    list
}

impl Views {
    /// The product, unless deleted.
    pub async fn product(&self, store: StoreId, product: ProductId) -> Result<Option<Arc<ProductRow>>, ReadError> {
        let row = self.of::<Products>()?.get(product.0).await?;
        Ok(row.filter(|row| row.store_id == store && row.deleted_at.is_none()))
    }

    /// The products in the order of the ids, deleted ones too: what carts and top lists show. `None` for one that the store
    /// doesn't have.
    pub async fn products_by_ids(
        &self,
        store: StoreId,
        products: &[ProductId],
    ) -> Result<Vec<Option<Arc<ProductRow>>>, ReadError> {
        let keys: Vec<Uuid> = products.iter().map(|product| product.0).collect();
        let rows = self.of::<Products>()?.get_many(&keys).await?;
        Ok(rows.into_iter().map(|row| row.filter(|row| row.store_id == store)).collect())
    }

    /// The products, newest first.
    pub async fn products(
        &self,
        store: StoreId,
        filter: &ProductFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<ProductRow>>, ReadError> {
        let list = list(store, filter);
        self.of::<Products>()?.page("products", &[store.0], list, page).await
    }

    pub async fn count_products(&self, store: StoreId, filter: &ProductFilter) -> Result<u64, ReadError> {
        self.of::<Products>()?.count(list(store, filter)).await
    }

    /// The products that a search finds, best first, each with its score (larger is better). Without a word in the text nothing is
    /// found. The cursor of the answer only says that there is a next page: a search is paged by number.
    pub async fn search_products(
        &self,
        store: StoreId,
        search: &ProductSearch,
        page: &PageRequest,
    ) -> Result<Page<(Arc<ProductRow>, f64)>, ReadError> {
        let available = search.available_only.then(|| Filter::Equal("available", true.into()));
        let search = Search {
            scope: store.0,
            text: search.text.clone(),
            is_beginning: search.is_beginning,
            filters: available.into_iter().collect(),
            offset: page.offset(),
            limit: page.limit,
        };
        self.of::<Products>()?.search(search).await
    }
}

impl ProductSearch {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), available_only: false, is_beginning: false }
    }

    /// The words of the text that the product does not have, as they were typed. Of one that was found these are articles and the like.
    pub fn missed_words(&self, product: &ProductRow) -> Vec<String> {
        let texts = Products::search_text(product).unwrap_or_default();
        Typed::new(&self.text, self.is_beginning).missed(&texts)
    }
}

impl ViewsAt {
    /// As [`Views::product`]. Folds all that was ever held of it: the more, the longer it takes.
    pub async fn product(&self, store: StoreId, product: ProductId) -> Result<Option<Arc<ProductRow>>, ReadError> {
        let row = self.row::<Products>(product.0).await?;
        Ok(row.filter(|row| row.store_id == store && row.deleted_at.is_none()))
    }

    /// As [`Views::products_by_ids`].
    pub async fn products_by_ids(
        &self,
        store: StoreId,
        products: &[ProductId],
    ) -> Result<Vec<Option<Arc<ProductRow>>>, ReadError> {
        let mut rows = Vec::with_capacity(products.len());
        for product in products {
            rows.push(self.row::<Products>(product.0).await?.filter(|row| row.store_id == store));
        }
        Ok(rows)
    }
}
