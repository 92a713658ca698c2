//! Products with their stock.

use crate::page::{Page, PageRequest};
use crate::range::TimeRange;
use crate::reader::{ReadError, Views};
use crate::store::{Column, Filter, Index, Labels, List, Search, SearchField, Searched, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::product::ProductEvent;
use domain::{Category, Cents, Decider, Event, ProductId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A product, also once deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRow {
    pub product_id: ProductId,
    pub store_id: StoreId,
    /// Of the last event that changed what a client sees; stock held by carts doesn't change it.
    pub revision: u64,
    pub title: String,
    pub product_type: String,
    pub description: Option<String>,
    pub vendor: String,
    /// What can still be put into a cart.
    pub inventory: i64,
    /// What open carts, open invoices and pending orders hold.
    pub reserved: i64,
    pub sale_price_in_cents: Cents,
    pub tags: Vec<TagRow>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRow {
    pub tag: String,
    pub created_at: Timestamp,
}

/// Which products a list shows; `None` and [`TimeRange::ALL`]: whatever it is.
#[derive(Clone, Debug, Default)]
pub struct ProductFilter {
    pub vendor: Option<String>,
    pub product_type: Option<String>,
    pub tag: Option<String>,
    pub created_at: TimeRange,
    pub updated_at: TimeRange,
}

/// Products by id.
pub struct Products;

const OF_STORE: Index = Index {
    name: "of_store",
    equal: &["store_id", "deleted"],
    sort: Some("created_at"),
    covering: &["updated_at", "vendor", "product_type"],
};
const OF_VENDOR: Index = Index {
    name: "of_vendor",
    equal: &["store_id", "deleted", "vendor"],
    sort: Some("created_at"),
    covering: &["updated_at", "product_type"],
};
const OF_TYPE: Index = Index {
    name: "of_type",
    equal: &["store_id", "deleted", "product_type"],
    sort: Some("created_at"),
    covering: &["updated_at", "vendor"],
};

impl View for Products {
    type Row = ProductRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "products",
        version: 1,
        columns: &[
            Column::id("store_id"),
            Column::integer("deleted"),
            Column::integer("created_at"),
            Column::integer("updated_at"),
            Column::text("vendor"),
            Column::text("product_type"),
            Column::integer("available"),
        ],
        indexes: &[OF_STORE, OF_VENDOR, OF_TYPE],
        labels: Some(Labels { name: "tags", equal: &["store_id", "deleted"], sort: "created_at" }),
        search: Some(Searched {
            scope: "store_id",
            fields: &[
                SearchField { name: "title", weight: 10 },
                SearchField { name: "tags", weight: 5 },
                SearchField { name: "product_type", weight: 4 },
                SearchField { name: "vendor", weight: 4 },
                SearchField { name: "description", weight: 1 },
            ],
            then: "created_at",
        }),
    };
    const SOURCE: Source = Source::OwnStream(Category::Product);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<ProductRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Product(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        if let ProductEvent::ProductCreated(created) = event {
            let tags = created.tags.iter().map(|tag| TagRow { tag: tag.clone(), created_at: at }).collect();
            let new = ProductRow {
                product_id: created.product_id,
                store_id: created.store_id,
                revision: envelope.revision,
                title: created.title.clone(),
                product_type: created.product_type.clone(),
                description: created.description.clone(),
                vendor: created.vendor.clone(),
                inventory: created.inventory,
                reserved: 0,
                sale_price_in_cents: created.sale_price_in_cents,
                tags,
                created_at: at,
                updated_at: at,
                deleted_at: None,
            };
            return create(row, new);
        }
        let row = existing(row)?;
        change(row, event, at);
        if domain::product::Product::changes_representation(event) {
            row.revision = envelope.revision;
            row.updated_at = at;
        }
        Ok(())
    }

    fn columns(row: &ProductRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.deleted_at.is_some().into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.vendor.clone().into(),
            row.product_type.clone().into(),
            (row.inventory > 0).into(),
        ]
    }

    fn labels(row: &ProductRow) -> Vec<String> {
        row.tags.iter().map(|tag| tag.tag.clone()).collect()
    }

    fn search_text(row: &ProductRow) -> Option<Vec<String>> {
        let tags: Vec<&str> = row.tags.iter().map(|tag| tag.tag.as_str()).collect();
        row.deleted_at.is_none().then(|| {
            vec![
                row.title.clone(),
                tags.join(" "),
                row.product_type.clone(),
                row.vendor.clone(),
                row.description.clone().unwrap_or_default(),
            ]
        })
    }
}

fn change(row: &mut ProductRow, event: &ProductEvent, at: Timestamp) {
    match event {
        ProductEvent::ProductCreated(_) => {}
        ProductEvent::ProductDescribed(described) => {
            if let Some(title) = &described.title {
                row.title.clone_from(title);
            }
            if let Some(product_type) = &described.product_type {
                row.product_type.clone_from(product_type);
            }
            if let Some(vendor) = &described.vendor {
                row.vendor.clone_from(vendor);
            }
            if let Some(description) = &described.description {
                row.description.clone_from(description);
            }
        }
        ProductEvent::ProductRepriced(repriced) => row.sale_price_in_cents = repriced.sale_price_in_cents,
        ProductEvent::ProductDeleted(_) => row.deleted_at = Some(at),
        ProductEvent::InventoryAdjusted(adjusted) => row.inventory = adjusted.inventory,
        ProductEvent::ProductTagged(tagged) => row.tags.push(TagRow { tag: tagged.tag.clone(), created_at: at }),
        ProductEvent::ProductTagRemoved(removed) => row.tags.retain(|tag| tag.tag != removed.tag),
        ProductEvent::StockHeld(held) => hold(row, i64::from(held.quantity) - i64::from(held.previous_quantity)),
        ProductEvent::StockReleased(released) => hold(row, i64::from(released.quantity) - i64::from(released.previous_quantity)),
        ProductEvent::StockConsumed(consumed) => row.reserved -= i64::from(consumed.quantity),
    }
}

fn hold(row: &mut ProductRow, more: i64) {
    row.reserved += more;
    row.inventory -= more;
}

impl Views {
    /// The product, unless deleted.
    pub async fn product(&self, store: StoreId, product: ProductId) -> Result<Option<ProductRow>, ReadError> {
        let row = self.get::<Products>(product.0).await?;
        Ok(row.filter(|row| row.store_id == store && row.deleted_at.is_none()))
    }

    /// The products of these ids, in their order, also deleted ones; `None` where the store has none.
    pub async fn products_by_ids(&self, store: StoreId, products: &[ProductId]) -> Result<Vec<Option<ProductRow>>, ReadError> {
        let keys = products.iter().map(|product| product.0).collect();
        let rows = self.get_many::<Products>(keys).await?;
        Ok(rows.into_iter().map(|row| row.filter(|row| row.store_id == store)).collect())
    }

    /// The store's products, newest first.
    pub async fn products(&self, store: StoreId, filter: &ProductFilter, page: &PageRequest) -> Result<Page<ProductRow>, ReadError> {
        self.page::<Products>("products", &[store.0], listed(store, filter), page).await
    }

    pub async fn count_products(&self, store: StoreId, filter: &ProductFilter) -> Result<u64, ReadError> {
        self.count::<Products>(listed(store, filter)).await
    }

    /// The products that match the text, best first, with their scores; `_` stands for a space.
    pub async fn search_products(
        &self,
        store: StoreId,
        text: &str,
        available_only: bool,
        page: &PageRequest,
    ) -> Result<Page<(ProductRow, f64)>, ReadError> {
        let filters = if available_only { vec![Filter::Equal("available", true.into())] } else { Vec::new() };
        let search =
            Search { scope: store.0, text: text.replace('_', " "), filters, offset: page.offset(), limit: page.limit };
        self.search::<Products>(search).await
    }
}

fn listed(store: StoreId, filter: &ProductFilter) -> List {
    let of_store = || vec![store.0.into(), false.into()];
    let with = |value: &String| of_store().into_iter().chain([Value::Text(value.clone())]).collect();
    let (mut vendor, mut product_type) = (filter.vendor.clone(), filter.product_type.clone());
    let list = match (&filter.tag, &filter.vendor, &filter.product_type) {
        (Some(tag), _, _) => List::labeled(tag.clone(), of_store()),
        (None, Some(value), _) => {
            vendor = None;
            List::through(&OF_VENDOR, with(value))
        }
        (None, None, Some(value)) => {
            product_type = None;
            List::through(&OF_TYPE, with(value))
        }
        (None, None, None) => List::through(&OF_STORE, of_store()),
    };
    let mut list = list.range(filter.created_at).within("updated_at", filter.updated_at);
    for (column, value) in [("vendor", vendor), ("product_type", product_type)] {
        if let Some(value) = value {
            list = list.filter(Filter::Equal(column, value.into()));
        }
    }
    list
}
