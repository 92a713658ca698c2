//! Products and their stock (api.md §3).

use super::{Answer, count as counted, timezone};
use crate::answers::CountAnswer;
use crate::answers::product::{FoundProduct, FoundProducts, Product, ProductAnswer, ProductList};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::requests::as_of::AsOf;
use crate::requests::dates::DateParam;
use crate::requests::product::{InventoryChange, NewProduct, ProductChange, ProductParams, SearchParams};
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, PageOnly, PageParams, Paging};
use crate::wire::query::check_text;
use commands::InventoryChange as Change;
use domain::product::ChangeProduct;
use domain::{ProductId, StoreId};
use http::StatusCode;
use projections::views::{ProductFilter, ProductRow, ProductSearch};
use projections::{Page, PageRequest, Start, Views};

/// How deep a search reaches.
const SEARCH_DEPTH: u64 = 1_000;

/// What a command on the product answers; also when it was deleted since, which a repeat of the command does not undo.
pub(super) async fn show(api: &Api, store: StoreId, product: ProductId) -> Result<Option<Single>, Problem> {
    let rows = api.parts.views.products_by_ids(store, &[product]).await?;
    Ok(rows.into_iter().flatten().next().map(|row| single(&row)))
}

fn single(row: &ProductRow) -> Single {
    Single::at(row.revision, &ProductAnswer::new(Product::from(row)))
}

pub(super) fn ids(product: ProductId) -> [(&'static str, String); 1] {
    [("product_id", product.to_string())]
}

async fn filter(views: &Views, store: StoreId, params: ProductParams) -> Result<ProductFilter, Problem> {
    let timezone = timezone(views, store).await?;
    Ok(ProductFilter {
        vendor: params.vendor,
        product_type: params.producttype,
        tag: params.tag,
        created: DateParam::range(params.created_at_startdate, params.created_at_enddate, timezone),
        updated: DateParam::range(params.updated_at_startdate, params.updated_at_enddate, timezone),
    })
}

/// Lists products, newest first
///
/// All filters that are given must hold. Deleted ones are not listed.
#[utoipa::path(
    get, path = "", operation_id = "listProducts", tag = "Product", params(ProductParams, CursorParams),
    responses((status = 200, description = "One page", body = ProductList))
)]
pub async fn list(call: Call) -> Answer {
    let (params, paging) = call.parts.params::<(ProductParams, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let views = call.views().await?;
    let filter = filter(views, call.store_id(), params).await?;
    let page = views.products(call.store_id(), &filter, &request).await?;
    Ok(call.page::<ProductList, _>(&paging, page, |row| Product::from(&*row)))
}

/// Counts products
///
/// With the filters of the list.
#[utoipa::path(
    get, path = "", operation_id = "countProducts", tag = "Product", params(ProductParams),
    responses((status = 200, description = "How many", body = CountAnswer)), extensions(("x-unversioned" = json!(true)))
)]
pub async fn count(call: Call) -> Answer {
    let params = call.parts.params()?;
    let views = call.views().await?;
    let filter = filter(views, call.store_id(), params).await?;
    Ok(counted(views.count_products(call.store_id(), &filter).await?))
}

/// Searches products, best first
///
/// Full text over title, description, product type, vendor and tags. All words must be found, in any form of theirs and of their
/// letters; without articles and the like, if there are other words.
#[utoipa::path(
    get, path = "", operation_id = "searchProducts", tag = "Product", params(SearchParams, PageParams),
    responses((status = 200, description = "One page", body = FoundProducts))
)]
pub async fn search(call: Call) -> Answer {
    let (params, paging) = call.parts.params::<(SearchParams, PageOnly)>()?;
    let text = call.parts.segment("query").replace('_', " ");
    check_text(&text).map_err(|detail| Problem::field(FieldError::path("query", detail)))?;
    let search = ProductSearch {
        text,
        available_only: params.available == Some(true),
        is_beginning: params.prefix == Some(true),
    };
    let paging = Paging::from(paging);
    let views = call.views().await?;
    let page = search_page(views, call.store_id(), &search, &paging).await?;
    let explains = params.explain == Some(true);
    Ok(call.page::<FoundProducts, _>(&paging, page, |(row, score)| FoundProduct {
        product: Product::from(&*row),
        search_score: score,
        missed_words: explains.then(|| search.missed_words(&row)),
    }))
}

/// A product, and how well it fits, in thousandths.
type ScoredProduct = (std::sync::Arc<ProductRow>, i64);

/// One page of a search, with scores in thousandths; nothing beyond its depth.
async fn search_page(
    views: &Views,
    store: StoreId,
    search: &ProductSearch,
    paging: &Paging,
) -> Result<Page<ScoredProduct>, Problem> {
    let (number, limit) = (paging.page.unwrap_or(1), u64::from(paging.limit()));
    let before = (number - 1).saturating_mul(limit);
    if before >= SEARCH_DEPTH {
        return Ok(Page::empty());
    }
    let start = Start::Page(u32::try_from(number).unwrap_or(u32::MAX));
    let request = PageRequest { start, limit: paging.limit() };
    let found = views.search_products(store, search, &request).await?;
    let mut page = found.map(|(row, score)| (row, (score * 1_000.0).round() as i64));
    let left = SEARCH_DEPTH - before;
    if left <= limit {
        page.items.truncate(left as usize);
        page.next = None;
    }
    Ok(page)
}

/// One product
///
/// With its stock and its tags.
#[utoipa::path(
    get, path = "", operation_id = "getProduct", tag = "Product", params(AsOf),
    responses((status = 200, description = "The product", body = ProductAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let product = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let row = glance.views.product(call.store_id(), product).await?;
    Ok(call.glanced(&glance, single(&*row.ok_or_else(|| Problem::of(Code::ProductNotFound))?)))
}

/// Creates a product
///
/// What is in `inventory` can be put into carts at once.
#[utoipa::path(
    post, path = "", operation_id = "createProduct", tag = "Product", request_body = NewProduct,
    responses((status = 201, description = "The new product", body = ProductAnswer)),
    extensions(("x-errors" = json!(["AMOUNT_OUT_OF_RANGE", "TOO_MANY_TAGS"])))
)]
pub async fn create(call: Call) -> Answer {
    let ((), new) = call.parts.params_and_body::<(), NewProduct>()?;
    let done = call.commands().create_product(&call.request_with_body()?, new.try_into()?).await?;
    let product = done.outcome;
    let shown = show(&call.api, call.store_id(), product);
    Ok(call.created(&format!("/product/{product}"), done, ids(product), shown).await)
}

/// Changes a product
///
/// A new price never alters what is already in an invoice. What else `GET` answers is ignored; `inventory` and `tags` may be named as
/// they are, and are refused otherwise.
#[utoipa::path(
    put, path = "", operation_id = "changeProduct", tag = "Product", request_body = ProductChange,
    responses((status = 200, description = "The changed product", body = ProductAnswer)),
    extensions(("x-errors" = json!(["AMOUNT_OUT_OF_RANGE"])))
)]
pub async fn change(call: Call) -> Answer {
    let product = call.parts.id()?;
    let ((), change) = call.parts.params_and_body::<(), ProductChange>()?;
    let change = ChangeProduct::try_from(change)?;
    let done = call.commands().change_product(&call.request_with_body()?, product, change).await?;
    Ok(call.done(StatusCode::OK, done, ids(product), show(&call.api, call.store_id(), product)).await)
}

/// Deletes a product
///
/// It is gone from lists and searches; it stays in open carts and can be billed.
#[utoipa::path(
    delete, path = "", operation_id = "deleteProduct", tag = "Product",
    responses((status = 204, description = "It is deleted"))
)]
pub async fn delete(call: Call) -> Answer {
    let product = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().delete_product(&call.request()?, product).await?;
    Ok(call.deleted(done, ids(product)))
}

/// Deletes a product
///
/// The same as `DELETE /product/{product_id}`.
#[utoipa::path(
    delete, path = "", operation_id = "deleteProductAsAdmin", tag = "Product",
    responses((status = 204, description = "It is deleted"))
)]
pub async fn delete_as_admin(call: Call) -> Answer {
    delete(call).await
}

/// Adds to what is available, or sets it
///
/// What carts, invoices and orders hold stays as it is. Below zero: `INSUFFICIENT_INVENTORY`.
#[utoipa::path(
    put, path = "", operation_id = "changeInventory", tag = "Product", request_body = InventoryChange,
    responses((status = 200, description = "The product", body = ProductAnswer)),
    extensions(("x-errors" = json!(["INSUFFICIENT_INVENTORY"])))
)]
pub async fn change_inventory(call: Call) -> Answer {
    let product = call.parts.id()?;
    let ((), change) = call.parts.params_and_body::<(), InventoryChange>()?;
    let change = match (change.amount, change.set) {
        (Some(amount), None) => Change::By(amount),
        (None, Some(set)) => Change::To(set),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::field(FieldError::body("", "must name either 'amount' or 'set'")));
        }
    };
    let done = call.commands().change_inventory(&call.request_with_body()?, product, change).await?;
    Ok(call.done(StatusCode::OK, done, ids(product), show(&call.api, call.store_id(), product)).await)
}
