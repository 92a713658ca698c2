//! A customer with all that belongs to it (api.md §4).

use super::{Answer, carts, customers};
use crate::answers::credit::Credit;
use crate::answers::gift_card::GiftCard;
use crate::answers::invoice::Invoice;
use crate::answers::order::Order;
use crate::answers::product::{OrderedProduct, Product};
use crate::answers::snapshot::{Snapshot, SnapshotAnswer};
use crate::codes::Code;
use crate::problem::Problem;
use crate::requests::as_of::AsOf;
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::glance::Glance;
use domain::{CustomerId, StoreId};
use projections::views::{GiftCardFilter, InvoiceFilter, OrderFilter};
use projections::{AnyViews, PageRequest};

/// The last so many of each.
const LAST: u32 = 10;
/// So many balances with something left are shown, the newest.
const BALANCES: u32 = 250;

/// One customer with all that belongs to it
///
/// All six parts are always there: `cart` null and lists empty where there is nothing.
#[utoipa::path(
    get, path = "", operation_id = "getCustomerSnapshot", tag = "Customer", params(AsOf),
    responses((status = 200, description = "The customer with its cart, and the last of what it did", body = SnapshotAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let id: CustomerId = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let found = find(&glance, call.store_id(), id).await?;
    let (revision, snapshot) = found.ok_or_else(|| Problem::of(Code::CustomerNotFound))?;
    Ok(call.glanced(&glance, Single::at(revision, &SnapshotAnswer::new(snapshot))))
}

/// The snapshot and the customer's revision; `None`: no such customer.
async fn find(glance: &Glance, store: StoreId, id: CustomerId) -> Result<Option<(u64, Snapshot)>, Problem> {
    let views = &glance.views;
    let Some((revision, customer)) = customers::find(glance, store, id).await? else { return Ok(None) };
    let last = PageRequest::first(LAST);
    let invoices = InvoiceFilter { closed_too: true, ..InvoiceFilter::default() };
    let invoices = views.customer_invoices(store, id, &invoices, &last).await?;
    let numbers = views.numbers(&Invoice::documents(&invoices.items)).await?;
    let orders = views.customer_orders(store, id, &OrderFilter::default(), &last).await?;
    let received = GiftCardFilter { gifter: None, recipient: Some(id), active_only: true };
    let gift_cards = views.gift_cards(store, &received, &PageRequest::first(BALANCES)).await?;
    let credits = views.credits(store, id, true, &PageRequest::first(BALANCES)).await?;
    let snapshot = Snapshot {
        customer,
        cart: carts::find_open(glance, store, id).await?.map(|(_, cart)| cart),
        last_10_invoices: invoices.items.iter().map(|row| Invoice::new(row, &numbers)).collect(),
        last_10_orders: orders.items.iter().map(|row| Order::from(&**row)).collect(),
        active_giftcards: gift_cards.items.iter().map(|row| GiftCard::from(&**row)).collect(),
        active_credits: credits.items.iter().map(|row| Credit::from(&**row)).collect(),
        top_10_ordered_products: top_products(views, store, id).await?,
    };
    Ok(Some((revision, snapshot)))
}

async fn top_products(views: &AnyViews, store: StoreId, id: CustomerId) -> Result<Vec<OrderedProduct>, Problem> {
    let Some(purchases) = views.purchases(store, id).await? else { return Ok(Vec::new()) };
    let top = purchases.top_products(LAST as usize);
    let products: Vec<_> = top.iter().map(|(product, _)| *product).collect();
    let rows = views.products_by_ids(store, &products).await?;
    let joined = rows.into_iter().zip(top).filter_map(|(row, (_, ordered))| {
        let num_ordered = i64::try_from(ordered).unwrap_or(i64::MAX);
        Some(OrderedProduct { product: Product::from(&*row?), num_ordered })
    });
    Ok(joined.collect())
}
